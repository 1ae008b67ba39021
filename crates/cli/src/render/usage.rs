//! Help, the version, and what is wrong with the words of a command.

use clap::error::{ContextValue, ErrorKind};
use serde_json::{Value, json};
use tenure_core::escape::Escaped;

use super::{Look, Report};
use crate::exit::Exit;
use crate::out::Out;

/// Says what clap has to say: help as an answer, anything wrong as a failure.
pub(crate) fn say(error: clap::Error, out: &Out) -> Exit {
    let usage = Usage(escaped(error));
    match usage.0.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever asked for help and does not read it has lost nothing.
            drop(out.text(&usage.text(&out.look())).and_then(|()| out.flush()));
            Exit::Success
        }
        _ => {
            drop(out.fail(&usage));
            Exit::Usage
        }
    }
}

/// The same error with what was typed escaped, which clap repeats as it is.
fn escaped(mut error: clap::Error) -> clap::Error {
    let facts: Vec<_> = error.context().map(|(kind, value)| (kind, escaped_value(value))).collect();
    for (kind, value) in facts {
        error.insert(kind, value);
    }
    error
}

/// A usage line is the grammar's own; everything else may hold what was typed.
fn escaped_value(value: &ContextValue) -> ContextValue {
    let escaped = |text: &str| Escaped(text).to_string();
    match value {
        ContextValue::String(text) => ContextValue::String(escaped(text)),
        ContextValue::Strings(texts) => {
            ContextValue::Strings(texts.iter().map(|text| escaped(text)).collect())
        }
        ContextValue::StyledStrs(tips) => {
            ContextValue::StyledStrs(tips.iter().map(|tip| escaped(&tip.to_string()).into()).collect())
        }
        other => other.clone(),
    }
}

/// What clap has to say.
struct Usage(clap::Error);

impl Report for Usage {
    fn text(&self, look: &Look) -> String {
        let words = self.0.render();
        if look.is_colored { words.ansi().to_string() } else { words.to_string() }
    }

    fn json(&self) -> Value {
        let words = self.0.render().to_string();
        let message = words.trim_end().trim_start_matches("error: ");
        json!({ "ok": false, "code": "USAGE", "message": message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;

    #[test]
    fn what_was_typed_is_escaped_in_colour_too() {
        let words = ["tenure", "show", "--a\n\x1b[5m"].map(Into::into);
        let usage = Usage(escaped(Cli::read(&words).unwrap_err()));
        let text = usage.text(&Look { is_colored: true });
        assert!(text.contains(r"--a\n\x1B[5m"), "{text:?}");
        assert!(text.contains('\x1b') && !text.contains("\x1b[5m") && !text.contains("--a\n"), "{text:?}");
    }
}

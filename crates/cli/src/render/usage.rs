//! Help, the version, and what is wrong with the words of a command.

use clap::error::ErrorKind;
use serde_json::{Value, json};

use super::{Look, Report};
use crate::exit::Exit;
use crate::out::Out;

/// Says what clap has to say: help as an answer, anything wrong as a failure.
pub(crate) fn say(error: &clap::Error, out: &Out) -> Exit {
    let usage = Usage(error);
    match error.kind() {
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

/// What clap has to say.
struct Usage<'a>(&'a clap::Error);

impl Report for Usage<'_> {
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

//! Help, the version, and what is wrong with the words of a command.

use clap::error::ErrorKind;
use serde_json::json;

use crate::args::{Color, Form};
use crate::exit::Exit;
use crate::out::{Out, complain};

/// Says what clap has to say: help to standard output, anything wrong to standard error, or as JSON.
pub(crate) fn say(error: &clap::Error, as_json: bool) -> Exit {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let out = Out::new(if as_json { Form::Json } else { Form::Text }, Color::Auto);
    let words = error.render();
    if is_asked_for {
        let text = if out.look().is_colored { words.ansi().to_string() } else { words.to_string() };
        // Whoever asked for help and does not read it has lost nothing.
        drop(out.text(&text).and_then(|()| out.flush()));
        return Exit::Success;
    }
    if as_json {
        let message = words.to_string();
        let message = message.trim_end().trim_start_matches("error: ");
        let document = json!({ "ok": false, "code": "USAGE", "message": message });
        drop(out.json(&document).and_then(|()| out.flush()));
    } else {
        complain(words.to_string().as_bytes());
    }
    Exit::Usage
}

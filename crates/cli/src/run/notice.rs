//! What a runner says to people beside the command's own output.

use std::io::Write;

/// Says things on standard error, readably also while the terminal is in raw mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notices {
    /// Whether lines must end with a carriage return.
    pub(super) raw: bool,
}

impl Notices {
    /// Says one line.
    pub(super) fn say(self, line: &str) {
        let (before, after) = if self.raw { ("\r\n", "\r\n") } else { ("", "\n") };
        // Nobody may be listening; the command goes on all the same.
        drop(write!(std::io::stderr(), "{before}tenure: {line}{after}"));
    }
}

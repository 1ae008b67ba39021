//! How far something is, on the terminal of whoever waits for it.

use std::io::{IsTerminal as _, stderr};

use crate::out::complain;

/// How far something is. Nothing is said where nobody looks.
#[derive(Debug)]
pub(crate) struct Progress {
    what: &'static str,
    is_seen: bool,
    told: Option<u64>,
}

impl Progress {
    /// `what` reads before a number of percent.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, is_seen: stderr().is_terminal(), told: None }
    }

    /// So much of so much is done.
    pub(crate) fn tell(&mut self, done: u64, of: u64) {
        let percent = done.saturating_mul(100).checked_div(of).unwrap_or(100).min(100);
        if self.is_seen && self.told != Some(percent) {
            self.told = Some(percent);
            complain(format!("\r{}: {percent} %", self.what).as_bytes());
        }
    }
}

impl Drop for Progress {
    /// The line is left to what is said next.
    fn drop(&mut self) {
        if self.told.is_some() {
            complain(b"\r\x1b[K");
        }
    }
}

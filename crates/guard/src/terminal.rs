//! The real terminal: is there one, its size, raw mode.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use crate::jobs;
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{OptionalActions, Termios, Winsize, isatty, tcgetattr, tcgetwinsize, tcsetattr};

/// A terminal's size in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// What a new pseudo-terminal takes over from the real terminal.
#[derive(Clone)]
pub struct Screen {
    /// Its size.
    pub size: Size,
    /// Its line settings, taken before raw mode.
    pub settings: Termios,
    /// Standard error is not the terminal, so the command's is a pipe of its own.
    pub separate_stderr: bool,
}

/// The real terminal on standard input, if standard input and output are both terminals.
pub fn screen() -> io::Result<Option<Screen>> {
    if !isatty(stdin()) || !isatty(stdout()) {
        return Ok(None);
    }
    let settings = tcgetattr(stdin())?;
    Ok(Some(Screen { size: size_of(stdout())?, settings, separate_stderr: !isatty(stderr()) }))
}

/// The size of this terminal.
pub fn size_of(terminal: impl AsFd) -> io::Result<Size> {
    Ok(Size::from(tcgetwinsize(terminal)?))
}

/// The real terminal passes keys and output through untouched until this is dropped.
///
/// Dropping, also by a panic, restores the settings found before.
pub struct RawMode {
    terminal: OwnedFd,
    before: Termios,
}

impl RawMode {
    /// Sets raw mode on the terminal at standard input; typed-ahead characters are kept.
    ///
    /// Only for the foreground: a background process that sets a terminal is stopped by the system.
    pub fn enter() -> io::Result<Self> {
        let terminal = stdin().try_clone_to_owned()?;
        let before = tcgetattr(&terminal)?;
        let raw = Self { terminal, before };
        raw.set()?;
        Ok(raw)
    }

    /// Sets raw mode again after somebody else has changed the terminal, as shells do for stopped jobs. Only
    /// in the foreground.
    ///
    /// What is restored in the end stays what was found at first.
    pub(crate) fn set_again(&self) {
        // A terminal that is gone needs no mode.
        let _ = self.set();
    }

    /// The settings found, and to be restored.
    pub(crate) fn before(&self) -> &Termios {
        &self.before
    }

    fn set(&self) -> rustix::io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        tcsetattr(&self.terminal, OptionalActions::Now, &raw)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // Set from the background it would stop this process; a terminal that is gone needs no restoring.
        if jobs::in_foreground() {
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }
}

impl From<Winsize> for Size {
    fn from(size: Winsize) -> Self {
        Self { columns: size.ws_col, rows: size.ws_row }
    }
}

impl From<Size> for Winsize {
    fn from(size: Size) -> Self {
        Self { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("size", &self.size)
            .field("separate_stderr", &self.separate_stderr)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMode").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

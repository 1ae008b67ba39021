//! Connects a command's terminal or pipes to the real ones and to a recording.

use std::io;

use crate::control::{ControlError, Place};
use crate::signals::Caught;
use crate::terminal::Size;
use crate::{Control, Output};

/// Which of the command's outputs some bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its terminal, output and error together.
    Terminal,
    /// Standard output, a pipe.
    Stdout,
    /// Standard error, a pipe.
    Stderr,
}

/// The connection; made once for each command.
///
/// With a terminal: keys go to the command while the runner is in the foreground ([`Self::enter`]), and are
/// never recorded. What the command prints is shown and then given to the recording, by threads of this value.
/// A slow terminal or recording slows the command down; nothing is dropped.
#[derive(Debug)]
pub struct Console {}

impl Console {
    /// Begins to show and record. `record` is called with every piece of output, in order within each
    /// stream, one call at a time; while it takes its time the command's writes block.
    ///
    /// When the reader of the runner's standard output is gone, the command's pipe is closed as well, so that
    /// the command meets the same error or signal as if it wrote there itself.
    pub fn open(output: Output, record: impl FnMut(Stream, &[u8]) + Send + 'static) -> io::Result<Self> {
        drop((output, record));
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether the command has a terminal of its own; everything about keys and sizes is idle otherwise.
    pub fn has_terminal(&self) -> bool {
        false
    }

    /// Takes the real terminal: raw mode, keys to the command, size copied. At the start and after a stop.
    ///
    /// In the background the terminal is left alone until the shell brings the runner to the foreground.
    pub fn enter(&self) -> io::Result<Place> {
        Ok(Place::Background)
    }

    /// Gives the real terminal back as it was found; call it before [`crate::jobs::stop_self`].
    pub fn leave(&self) {}

    /// Copies size and raw mode again; the size if it is a new one, for the recording.
    pub fn refresh(&self) -> Option<Size> {
        None
    }

    /// Passes a caught signal on as [`Caught::route`] says; the terminal's size if it is a new one.
    pub fn pass(&self, control: &Control, caught: Caught) -> Result<Option<Size>, ControlError> {
        let _ = (control, caught);
        Ok(None)
    }

    /// Shows and records what is left, then restores the terminal. Call it after
    /// [`crate::GuardEvent::TreeGone`]: output held open by strangers is not waited for.
    pub fn close(self) {}
}

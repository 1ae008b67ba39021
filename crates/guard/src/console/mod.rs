//! Connects a command's terminal or pipes to the real ones and to a recording.

mod keys;
mod pump;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::stdio::{stderr, stdout};
use rustix::termios::tcsetwinsize;

use crate::control::{Control, ControlError};
use crate::launch::Output;
use crate::signals::{Caught, Route};
use crate::terminal::{self, Size};
use keys::Keys;
use pump::{Pump, Source};

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

/// Output that could not be shown, although somebody was there to read it: a full disk, say.
#[derive(Debug)]
pub struct Unshown {
    /// Which output.
    pub stream: Stream,
    /// What went wrong.
    pub error: io::Error,
}

/// The connection; made once for each command.
///
/// With a terminal: keys go to the command while the runner is in the foreground ([`Self::enter`]), and are
/// never recorded. What the command prints is shown and then given to the recording, by threads of this value.
/// A slow terminal or recording slows the command down; nothing is dropped.
#[derive(Debug)]
pub struct Console {
    screen: Option<Screen>,
    pumps: Vec<Pump>,
}

/// The parts that only a command with its own terminal has.
#[derive(Debug)]
struct Screen {
    master: Arc<OwnedFd>,
    keys: Keys,
    size: Mutex<Option<Size>>,
}

impl Console {
    /// Begins to show and record. `record` is called with every piece of output, in order within each
    /// stream, one call at a time; while it takes its time the command's writes block.
    ///
    /// When the runner's standard output cannot be written to, mostly because its reader is gone, the command's
    /// pipe is closed as well, so that the command meets SIGPIPE as if it wrote there itself. What else went wrong
    /// it cannot learn; [`Self::close`] tells.
    pub fn open(
        output: Output,
        control: &Control,
        record: impl FnMut(Stream, &[u8]) + Send + 'static,
    ) -> io::Result<Self> {
        let record = pump::share(record);
        let (screen, pumps) = match output {
            Output::Pipes { stdout: out, stderr: err } => {
                let out = Source::pipe(Stream::Stdout, out, stdout().try_clone_to_owned()?)?;
                let err = Source::pipe(Stream::Stderr, err, stderr().try_clone_to_owned()?)?;
                (None, vec![Pump::start(out, Arc::clone(&record))?, Pump::start(err, record)?])
            }
            Output::Terminal { master, slave, stderr: err } => {
                let source = Source::terminal(master.try_clone()?, slave, stdout().try_clone_to_owned()?)?;
                let mut pumps = vec![Pump::start(source, Arc::clone(&record))?];
                if let Some(err) = err {
                    let err = Source::pipe(Stream::Stderr, err, stderr().try_clone_to_owned()?)?;
                    pumps.push(Pump::start(err, record)?);
                }
                (Some(Screen::open(master, control.clone())?), pumps)
            }
        };
        Ok(Self { screen, pumps })
    }

    /// Whether the command has a terminal of its own; everything about keys and sizes is idle otherwise.
    pub fn has_terminal(&self) -> bool {
        self.screen.is_some()
    }

    /// Takes the real terminal: raw mode, keys to the command, size copied. At the start and after a stop; the
    /// size if it is a new one, for the recording.
    ///
    /// In the background the terminal is left alone until the shell brings the runner to the foreground, and
    /// a command that uses its own is stopped as a background job is ([`crate::GuardEvent::Stopped`]).
    pub fn enter(&self) -> io::Result<Option<Size>> {
        let Some(screen) = &self.screen else { return Ok(None) };
        let size = screen.copy_size();
        screen.keys.enter()?;
        Ok(size)
    }

    /// Shows what the command has printed so far and gives the real terminal back as it was found; call it
    /// before [`crate::jobs::stop_self`].
    pub fn leave(&self) {
        for pump in &self.pumps {
            pump.catch_up();
        }
        if let Some(screen) = &self.screen {
            screen.keys.leave();
        }
    }

    /// Copies the real terminal's size and sets raw mode again, if it had been set; the size if it is a new
    /// one, for the recording.
    pub fn refresh(&self) -> Option<Size> {
        let screen = self.screen.as_ref()?;
        screen.keys.refresh();
        screen.copy_size()
    }

    /// Passes a caught signal on as [`Caught::route`] says; the terminal's size if it is a new one.
    pub fn pass(&self, control: &Control, caught: Caught) -> Result<Option<Size>, ControlError> {
        match caught.route(self.has_terminal()) {
            Route::Command => control.signal(caught.signal)?,
            Route::Foreground => control.signal_foreground(caught.signal)?,
            Route::Refresh => return Ok(self.refresh()),
            Route::Nothing => {}
        }
        Ok(None)
    }

    /// Shows and records what is left, then restores the terminal. Call it after
    /// [`crate::GuardEvent::TreeGone`]: output held open by strangers is not waited for.
    ///
    /// Says what could not be shown. A panic of the recording goes on here.
    pub fn close(self) -> Vec<Unshown> {
        let finished: Vec<_> = self.pumps.into_iter().map(Pump::finish).collect();
        drop(self.screen);
        let finished = finished.into_iter().filter_map(|pump| {
            // Only once the terminal is restored.
            pump.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        finished.collect()
    }
}

impl Screen {
    fn open(master: OwnedFd, control: Control) -> io::Result<Self> {
        let master = Arc::new(master);
        let size = Mutex::new(terminal::size_of(&master).ok());
        Ok(Self { keys: Keys::start(Arc::clone(&master), control)?, master, size })
    }

    /// Gives the command's terminal the real one's size; the size if that changed it.
    fn copy_size(&self) -> Option<Size> {
        let real = terminal::size_of(stdout()).ok()?;
        let mut known = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == Some(real) {
            return None;
        }
        tcsetwinsize(self.master.as_fd(), real.into()).ok()?;
        *known = Some(real);
        Some(real)
    }
}

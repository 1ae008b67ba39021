//! What the runner tells the guard.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use thiserror::Error;

use crate::BootTime;
use crate::frame::ToGuard;
use crate::link;

/// The runner's voice to the guard; clones speak on the same socket.
///
/// Each call sends one frame and does not wait for its effect, which comes back as a
/// [`crate::GuardEvent`]. When every copy is closed, in every process, the guard ends the command.
#[derive(Clone, Debug)]
pub struct Control {
    socket: Arc<OwnedFd>,
}

/// The guard could not be told.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The guard is gone; events say what became of the command.
    #[error("the guard is gone")]
    Gone,
    /// The guard has not read what it was sent for a second: it is stopped or starved.
    #[error("the guard does not read")]
    Stuck,
    /// The system refused.
    #[error("sending to the guard")]
    Io(#[from] std::io::Error),
}

impl Control {
    /// Lets the command live until `deadline`; an earlier one than already sent changes nothing.
    ///
    /// At the deadline the guard sends SIGTERM, and SIGKILL one grace later, so send *renewal attempt's
    /// start + ttl − margin − grace*. [`BootTime::NEVER`] leaves only the runner's own end as a limit.
    pub fn extend(&self, deadline: BootTime) -> Result<(), ControlError> {
        self.send(&ToGuard::Deadline(deadline))
    }

    /// Sends a signal to the command's own process.
    pub fn signal(&self, signal: i32) -> Result<(), ControlError> {
        self.send(&ToGuard::Signal { signal, foreground: false })
    }

    /// Sends a signal to the process group in the foreground of the command's terminal, as a key would.
    ///
    /// With pipes there is no such group, and the command's own process gets it.
    pub fn signal_foreground(&self, signal: i32) -> Result<(), ControlError> {
        self.send(&ToGuard::Signal { signal, foreground: true })
    }

    /// Lets a command go on that job control had stopped ([`crate::GuardEvent::Stopped`]).
    ///
    /// Call [`crate::Console::enter`] before, so that the command meets a terminal that is right.
    pub fn resume(&self) -> Result<(), ControlError> {
        self.send(&ToGuard::Resume)
    }

    /// Whether the keys of the real terminal reach the command's: it is in the foreground of its own if so.
    pub(crate) fn keys(&self, given: bool) -> Result<(), ControlError> {
        self.send(&ToGuard::Keys { given })
    }

    /// Stops every process of the tree; [`crate::GuardEvent::Frozen`] follows.
    pub fn freeze(&self) -> Result<(), ControlError> {
        self.send(&ToGuard::Freeze)
    }

    /// Lets go on what [`Self::freeze`] stopped, and nothing that was stopped before it.
    pub fn thaw(&self) -> Result<(), ControlError> {
        self.send(&ToGuard::Thaw)
    }

    /// Ends the tree: SIGTERM now, SIGKILL after the grace. Cannot be taken back.
    pub fn stop(&self) -> Result<(), ControlError> {
        self.send(&ToGuard::Stop)
    }

    /// A copy of the socket for another process, which makes a [`Control`] of it with [`Self::from_fd`].
    ///
    /// The guard counts it as the runner: whoever has it must close it or exit when the runner is gone.
    /// It is closed on exec; pass it as a standard stream of the child.
    pub fn share(&self) -> std::io::Result<OwnedFd> {
        self.socket.try_clone()
    }

    /// Speaks on a socket got from [`Self::share`]. Only the runner that launched hears the answers.
    pub fn from_fd(socket: OwnedFd) -> Self {
        Self { socket: Arc::new(socket) }
    }

    fn send(&self, frame: &ToGuard) -> Result<(), ControlError> {
        link::send(&self.socket, &frame.encode(), &[])
    }
}

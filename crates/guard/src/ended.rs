//! How a command ended, and ending the same way.

use std::fmt;

use rustix::process::{Resource, Rlimit, WaitStatus, setrlimit};
use signal_hook::low_level::{emulate_default_handler, signal_name};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code, 0 to 255.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

impl Ended {
    /// What `wait` said, unless the process is only stopped or continued.
    pub(crate) fn from_wait(status: WaitStatus) -> Option<Self> {
        status.exit_status().map(Self::Code).or_else(|| status.terminating_signal().map(Self::Signal))
    }

    /// The exit code a shell would show: the code itself, or 128 and the signal's number.
    pub const fn shell_code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }

    /// Ends this process as the command ended, so that a caller sees no difference.
    ///
    /// A death by signal is repeated on this process, without a second core dump. A signal that cannot be
    /// repeated becomes exit code 128 and its number. No destructor runs: close the [`crate::Console`] and
    /// drop the [`crate::HoldLock`] before.
    pub fn exit_like(self) -> ! {
        if let Self::Signal(signal) = self {
            let none = Rlimit { current: Some(0), maximum: Some(0) };
            // The command has left its own core dump, if any; failing to forbid a second one changes nothing.
            let _ = setrlimit(Resource::Core, none);
            let _ = emulate_default_handler(signal);
        }
        std::process::exit(self.shell_code())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
        }
    }
}

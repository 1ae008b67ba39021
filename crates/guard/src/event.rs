//! What the guard tells the runner.

use std::fmt;
use std::io;

use crate::{BootTime, Ended};

/// A fact about the guarded command, in the order it became known.
///
/// `Started … Exited, TreeGone` is the usual course; `Failed, TreeGone` when the command could not be started.
/// `TreeGone` is always the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardEvent {
    /// The command runs, as this process.
    Started {
        /// The command's process id.
        pid: u32,
    },
    /// The command could not be started.
    Failed(StartFailure),
    /// The command was stopped by a signal that did not come from [`crate::Control::freeze`]: job control.
    Stopped {
        /// The stopping signal's number.
        signal: i32,
    },
    /// The command goes on after having been stopped.
    Continued,
    /// Every process of the tree is stopped, as asked by [`crate::Control::freeze`].
    Frozen,
    /// What was frozen goes on, as asked by [`crate::Control::thaw`].
    Thawed,
    /// The command itself has ended; what it left behind is being ended.
    Exited(Ended),
    /// The deadline passed without a later one: the tree is being ended.
    Overdue {
        /// When the guard began to end it.
        at: BootTime,
    },
    /// The guard died or broke the protocol; the runner is killing what is left.
    GuardLost,
    /// No process of the tree is left, and the guard is gone too.
    TreeGone,
}

/// Why a command was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartFailure {
    /// What was being done.
    pub step: StartStep,
    /// The system's error number; 0 if the system was not at fault.
    pub errno: i32,
}

/// The steps of starting a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartStep {
    /// Becoming the process that adopts orphans.
    Subreaper,
    /// Making the terminal's session.
    Session,
    /// Starting the stage.
    Stage,
    /// The deadline had passed before the command could start.
    Deadline,
    /// Tying the command's life to the guard's.
    ParentDeath,
    /// Entering the working directory.
    Directory,
    /// Connecting standard input, output, error and the hold lock.
    Descriptors,
    /// Executing the program.
    Exec,
    /// Understanding what the runner sent.
    Protocol,
}

impl StartFailure {
    /// The exit code a shell gives for this: 127 if the program was not found, else 126.
    pub fn shell_code(self) -> i32 {
        let not_found = rustix::io::Errno::NOENT.raw_os_error();
        if self.step == StartStep::Exec && self.errno == not_found { 127 } else { 126 }
    }

    /// The system's error.
    pub fn error(self) -> io::Error {
        io::Error::from_raw_os_error(self.errno)
    }
}

impl fmt::Display for StartFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            StartStep::Subreaper => write!(f, "adopting orphans: {}", self.error()),
            StartStep::Session => write!(f, "making the terminal's session: {}", self.error()),
            StartStep::Stage => write!(f, "starting the stage: {}", self.error()),
            StartStep::Deadline => f.write_str("the deadline passed before the command could start"),
            StartStep::ParentDeath => write!(f, "tying the command to its guard: {}", self.error()),
            StartStep::Directory => write!(f, "entering the working directory: {}", self.error()),
            StartStep::Descriptors => write!(f, "connecting standard streams: {}", self.error()),
            StartStep::Exec => write!(f, "executing the program: {}", self.error()),
            StartStep::Protocol => f.write_str("the guard did not understand the runner"),
        }
    }
}

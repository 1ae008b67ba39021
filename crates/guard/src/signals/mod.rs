//! Signals the runner catches, and what is to be done with each.

pub(crate) mod watch;

use signal_hook::consts::{SIGCHLD, SIGCONT, SIGINT, SIGQUIT, SIGTSTP, SIGWINCH};
use signal_hook::low_level::siginfo::{Cause, Origin};

/// A signal that came to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Its number.
    pub signal: i32,
    /// Who sent it.
    pub from: Sender,
}

/// Who sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The kernel: a key, a resize or a hang-up of the terminal.
    Kernel,
    /// A process, by `kill` or the like.
    Process(u32),
    /// The system does not say.
    Unknown,
}

/// What is to be done with a caught signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Send it to the command's process: it was meant for the program the runner stands for.
    Command,
    /// Send it to the foreground of the command's terminal: it was a key or a hang-up of the real one.
    Foreground,
    /// The real terminal may have a new size or other settings: [`crate::Console::refresh`].
    Refresh,
    /// The command has it already, or it is of no concern to it.
    Nothing,
}

impl Caught {
    /// What to do with it, given whether the command has a terminal of its own.
    ///
    /// With pipes the command is in the runner's process group: what the terminal sends reaches both, so only
    /// what a process sent to the runner is passed on. A process that signals the whole group reaches the
    /// command twice. Where the system does not name the sender, SIGINT, SIGQUIT and SIGTSTP count as keys.
    pub fn route(self, own_terminal: bool) -> Route {
        let us = std::process::id();
        match self.signal {
            SIGWINCH | SIGCONT if own_terminal => Route::Refresh,
            SIGWINCH | SIGCONT => Route::Nothing,
            _ if self.from == Sender::Process(us) => Route::Nothing,
            _ if !self.is_from_terminal() => Route::Command,
            _ if own_terminal => Route::Foreground,
            _ => Route::Nothing,
        }
    }

    fn is_from_terminal(self) -> bool {
        match self.from {
            Sender::Kernel => true,
            Sender::Process(_) => false,
            Sender::Unknown => [SIGINT, SIGQUIT, SIGTSTP].contains(&self.signal),
        }
    }
}

impl From<Origin> for Caught {
    fn from(origin: Origin) -> Self {
        let from = match (origin.cause, origin.process) {
            (Cause::Kernel, _) => Sender::Kernel,
            (_, Some(process)) => Sender::Process(process.pid.unsigned_abs()),
            _ => Sender::Unknown,
        };
        Self { signal: origin.signal, from }
    }
}

/// Those of `signals` that were not ignored when this process started.
pub(crate) fn wanted(signals: &[i32]) -> Vec<i32> {
    let ignored = ignored_mask();
    let is_ignored = |signal: i32| ignored & (1_u64 << (signal - 1)) != 0;
    signals.iter().copied().filter(|signal| *signal == SIGCHLD || !is_ignored(*signal)).collect()
}

/// Bit n−1 is set for an ignored signal n; zero where the system does not tell.
fn ignored_mask() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;

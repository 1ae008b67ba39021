//! Stopping the whole tree, and continuing what was stopped.

use std::time::Duration;

use rustix::event::poll;
use rustix::process::{Pid, Signal};

use crate::BootTime;
use crate::clock::timespec;
use crate::tree::{Member, walk};

/// How long the deadline may go unwatched while the tree is being stopped. A process in an uninterruptible
/// wait stops when that ends.
const PATIENCE: Duration = Duration::from_millis(200);
const SETTLE_INTERVAL: Duration = Duration::from_millis(1);

/// Which processes this guard has stopped; those that job control had stopped before are not among them.
#[derive(Debug, Default)]
pub(super) struct Freezer {
    /// Process and when it started: a number alone may come to mean another process.
    stopped: Vec<(Pid, u64)>,
    /// The command's own stop, and later its continuing, are this guard's doing and no news to the runner.
    hushed: Hushed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hushed {
    #[default]
    Nothing,
    Stop,
    Continue,
}

impl Freezer {
    /// Stops everything below. A process that forks while it is being stopped is met at the next pass.
    pub(super) fn freeze(&mut self, main: Pid) {
        let give_up_at = BootTime::now().saturating_add(PATIENCE);
        while BootTime::now() < give_up_at {
            let mut running = false;
            walk(&[], &mut |member| running |= self.stop(member, main));
            if !running {
                return;
            }
            // A signal that cuts this short only repeats the search earlier.
            let _ = poll(&mut [], Some(&timespec(SETTLE_INTERVAL)));
        }
    }

    /// Whether the process was still running.
    fn stop(&mut self, member: &Member, main: Pid) -> bool {
        let Some(state) = member.state().filter(|state| !state.is_dead() && !state.is_stopped()) else {
            return false;
        };
        let identity = (member.pid, state.started);
        if !self.stopped.contains(&identity) {
            self.stopped.push(identity);
            if member.pid == main {
                self.hushed = Hushed::Stop;
            }
        }
        member.signal(Signal::STOP);
        true
    }

    /// Continues what [`Self::freeze`] stopped.
    pub(super) fn thaw(&mut self) {
        let stopped = std::mem::take(&mut self.stopped);
        if self.hushed == Hushed::Stop {
            self.hushed = Hushed::Continue;
        }
        walk(&[], &mut |member| {
            let identity = member.state().map(|state| (member.pid, state.started));
            if identity.is_some_and(|identity| stopped.contains(&identity)) {
                member.signal(Signal::CONT);
            }
        });
    }

    /// Whether the command's being stopped by `signal` is this guard's doing.
    pub(super) fn explains_stop(&self, signal: i32) -> bool {
        self.hushed == Hushed::Stop && signal == Signal::STOP.as_raw()
    }

    /// Whether the command's going on is this guard's doing; once for each thaw.
    pub(super) fn explains_continue(&mut self) -> bool {
        let explained = self.hushed == Hushed::Continue;
        if explained {
            self.hushed = Hushed::Nothing;
        }
        explained
    }
}

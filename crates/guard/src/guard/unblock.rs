//! A runner that is stopped while it holds a lock that others wait for.

use std::ffi::OsString;
use std::path::Path;

use rustix::process::{Pid, Signal, getppid, kill_process};

use crate::{hold, tree};

/// The runner, and the locks it must not keep when it is stopped past its deadline.
#[derive(Debug)]
pub(super) struct Blockade {
    runner: Option<Pid>,
    locks: Vec<OsString>,
}

impl Blockade {
    /// Of this guard's runner, its parent.
    pub(super) fn new(locks: &[OsString]) -> Self {
        Self { runner: getppid(), locks: locks.to_vec() }
    }

    /// Kills the runner if it is stopped and holds one of the locks. Its lease and its command are over by then, and
    /// a lock dies with its process, so everybody else can go on.
    pub(super) fn lift(&self) {
        let Some(runner) = self.runner.filter(|runner| getppid() == Some(*runner)) else { return };
        let pid = runner.as_raw_nonzero().get().unsigned_abs();
        let is_in_the_way = || self.locks.iter().any(|lock| hold::is_holder(pid, Path::new(lock)));
        if tree::is_stopped(runner) && is_in_the_way() {
            // A runner that may not be killed was started with other rights; people have to end it.
            let _ = kill_process(runner, Signal::KILL);
        }
    }
}

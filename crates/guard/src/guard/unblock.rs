//! A runner that is stopped while it holds a lock that others wait for.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, getppid, kill_process};

use crate::{hold, tree};

/// The runner, and the lock it must not keep when it is stopped past its deadline.
#[derive(Debug)]
pub(super) struct Blockade {
    runner: Option<Pid>,
    lock: PathBuf,
}

impl Blockade {
    /// Of this guard's runner, its parent.
    pub(super) fn new(lock: &Path) -> Self {
        Self { runner: getppid(), lock: lock.to_owned() }
    }

    /// Kills the runner if it is stopped and holds the lock. Its lease and its command are over by then, and
    /// a lock dies with its process, so everybody else can go on.
    pub(super) fn lift(&self) {
        let Some(runner) = self.runner.filter(|runner| getppid() == Some(*runner)) else { return };
        if tree::is_stopped(runner)
            && hold::is_holder(runner.as_raw_nonzero().get().unsigned_abs(), &self.lock)
        {
            // A runner that may not be killed was started with other rights; people have to end it.
            let _ = kill_process(runner, Signal::KILL);
        }
    }
}

//! Killing whole process groups: the kernel lets no fork slip out of that.

use std::collections::HashSet;

use rustix::process::{Pid, Signal, getpid, kill_process_group};

use super::jobs::Job;
use super::system;

/// The groups that were killed in one search, so that none is killed again and again.
#[derive(Debug)]
pub(super) struct Groups {
    /// Where this process is. While that is not known, no group can be told from its own.
    ours: Option<Job>,
    killed: HashSet<Pid>,
}

impl Groups {
    pub(super) fn new() -> Self {
        Self { ours: system::job_of(getpid()), killed: HashSet::new() }
    }

    /// Kills the group of a child of this process, if all of the group must be of the tree.
    ///
    /// Only of a child, dead or alive: as long as this process has not reaped it, neither its number nor its
    /// group's can come to mean anybody else. An orphan becomes a child soon enough.
    pub(super) fn kill_around(&mut self, child: Pid) {
        let (Some(ours), Some(theirs)) = (self.ours, system::job_of(child)) else { return };
        let Some(group) = theirs.group_apart_from(ours, getpid()) else { return };
        if self.killed.insert(group) {
            // A group that is gone is what we want.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

//! Killing whole process groups: the kernel lets no fork slip out of that.

use std::collections::HashSet;

use rustix::process::{Pid, Signal, getpgid, getpgrp, getpid, getsid, kill_process_group};

/// The groups that were killed in one search, so that none is killed again and again.
#[derive(Debug)]
pub(super) struct Groups {
    ours: Pid,
    /// The session that this process shares with strangers; none if it leads its own.
    shared: Option<Pid>,
    killed: HashSet<Pid>,
}

impl Groups {
    pub(super) fn new() -> Self {
        let session = getsid(None).ok().filter(|session| *session != getpid());
        Self { ours: getpgrp(), shared: session, killed: HashSet::new() }
    }

    /// Kills the group of a child of this process, if all of the group must be of the tree.
    ///
    /// Only of a child, dead or alive: as long as this process has not reaped it, neither its number nor its
    /// group's can come to mean anybody else. An orphan becomes a child soon enough.
    ///
    /// That is so in every session that was begun below this process, or by it. In a session that is shared
    /// with strangers they could be in the group, so there each process is killed by itself only.
    pub(super) fn kill_around(&mut self, child: Pid) {
        let (Ok(group), Ok(session)) = (getpgid(Some(child)), getsid(Some(child))) else { return };
        if group != self.ours && Some(session) != self.shared && self.killed.insert(group) {
            // A group that is gone is what we want.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

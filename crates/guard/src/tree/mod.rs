//! The processes below this one: finding, stopping and killing all of them.
//!
//! On Linux this process adopts orphans (child subreaper), so whoever leaves its group, its session or its
//! parent is still found below. Elsewhere a process whose parent has died is missed.
//!
//! A process may fork while it is being looked for. So each one is signalled the moment it is found, its group
//! with it when it is to be killed, and the search is repeated until no child is left to wait for.

mod groups;
mod jobs;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other;
mod spared;

#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as system;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use other as system;

use std::io;
use std::time::Duration;

use rustix::event::poll;
use rustix::process::{Pid, Signal, WaitOptions, waitpid};

pub use spared::Spared;
pub(crate) use system::{Member, all_pids, die_with, is_stopped, job_of, name_of, parent_of};

use crate::BootTime;
use crate::clock::timespec;
use groups::Groups;

/// How soon a search for the killed is repeated while they are dying.
const SETTLE_INTERVAL: Duration = Duration::from_millis(2);

/// Makes this process the parent of every orphan below it, on Linux. May be called again.
///
/// Its own children do not inherit this.
pub fn become_subreaper() -> io::Result<()> {
    system::become_subreaper()
}

/// Ends every process below this one but the spared and what is below them; returns when none is left.
///
/// SIGTERM first, SIGKILL after `grace`; with no grace SIGKILL at once. A process that cannot be killed (it
/// changed its user, or hangs in the kernel) is waited for as long as it lives.
pub fn kill_descendants(spared: &Spared, grace: Duration) {
    let kill_at = BootTime::now().saturating_add(grace);
    if !grace.is_zero() {
        terminate(&spared.pids());
    }
    while reap_children(&spared.pids()) {
        if BootTime::now() >= kill_at {
            kill(&spared.pids());
        }
        // A signal that cuts this short only repeats the search earlier.
        let _ = poll(&mut [], Some(&timespec(SETTLE_INTERVAL)));
    }
}

/// Visits every process below this one, parents first, but the spared and what is below them.
pub(crate) fn walk(spared: &[Pid], visit: &mut dyn FnMut(&Member)) {
    system::walk(spared, visit);
}

/// Asks every process below to end; a stopped one is continued so that it can.
pub(crate) fn terminate(spared: &[Pid]) {
    walk(spared, &mut |member| {
        member.signal(Signal::TERM);
        member.signal(Signal::CONT);
    });
}

/// Kills every process found below, and its group where that is safe, once.
pub(crate) fn kill(spared: &[Pid]) {
    let mut groups = Groups::new();
    walk(spared, &mut |member| {
        member.signal(Signal::KILL);
        if member.is_own_child() {
            groups.kill_around(member.pid);
        }
    });
}

/// Reaps the dead among the children but the spared; says whether there were any children, dead or not.
///
/// A child that is reaped here may have left its own children to this process, so only a search that finds
/// nobody is the end.
fn reap_children(spared: &[Pid]) -> bool {
    let children = system::own_children(spared);
    for child in &children {
        // It may live, or somebody else in this process may have reaped it: the next search shows.
        let _ = waitpid(Some(*child), WaitOptions::NOHANG);
    }
    !children.is_empty()
}

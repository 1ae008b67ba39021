//! Job control of the runner itself: foreground, and stopping as the command stopped.

use std::io;

use rustix::process::{Signal, getpid, getppid, kill_current_process_group};
use rustix::stdio::stdin;
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGSTOP, SIGTTIN, SIGTTOU};
use signal_hook::low_level::raise;

use crate::tree;

/// Whether this process's group is in the foreground of the terminal at standard input.
///
/// True as well where that terminal controls some other session or none: nobody takes turns there.
pub fn in_foreground() -> bool {
    // Only the terminal that controls this session answers with a group.
    match (tcgetpgrp(stdin()), tree::job_of(getpid())) {
        (Ok(front), Some(ours)) => front.as_raw_nonzero().get() == ours.group,
        _ => true,
    }
}

/// This process's group; none if it was begun outside a container and so has no number in here.
pub(crate) fn own_group() -> Option<u32> {
    let job = tree::job_of(getpid())?;
    u32::try_from(job.group).ok().filter(|group| *group != 0)
}

/// Whether this process should stop because `signal` stopped the command; ask before [`stop_self`].
///
/// Not where no shell could continue it: the kernel ignores such stops too. Nor when the command stopped
/// because it wanted the terminal from the background and this process has meanwhile got it.
pub fn should_stop(signal: i32) -> bool {
    can_be_continued() && !(wants_terminal(signal) && in_foreground())
}

/// Stops this process as `signal` stopped the command, and returns when it is continued.
///
/// A stop by SIGTSTP, SIGTTIN or SIGTTOU takes the runner's whole process group along, as the terminal
/// would. Leave raw mode before ([`crate::Console::leave`]). Nothing in this process runs meanwhile, so
/// somebody else must renew the lease and extend the deadline.
pub fn stop_self(signal: i32) -> io::Result<()> {
    if signal != SIGSTOP {
        // This process catches it; the others of its group stop by it.
        kill_current_process_group(Signal::TSTP)?;
    }
    // To this very thread: it must not go on before the whole process has stopped.
    raise(if wants_terminal(signal) { signal } else { SIGSTOP })
}

/// The signals by which the kernel stops a background process that uses its terminal.
fn wants_terminal(signal: i32) -> bool {
    signal == SIGTTIN || signal == SIGTTOU
}

/// Whether the process group has a parent in its session that could notice the stop and continue it.
fn can_be_continued() -> bool {
    let Some(ours) = tree::job_of(getpid()) else { return false };
    let mut parent = getppid();
    while let Some(pid) = parent {
        match tree::job_of(pid) {
            Some(theirs) if theirs.session != ours.session => return false,
            Some(theirs) if theirs.group != ours.group => return true,
            Some(_) => parent = tree::parent_of(pid),
            None => return false,
        }
    }
    false
}

//! Job control of the runner itself: foreground, and stopping as the command stopped.

use rustix::process::{Pid, Signal, getpgid, getpgrp, getpid, getppid, getsid, kill_process};
use rustix::stdio::stdin;
use rustix::termios::{tcgetpgrp, tcgetsid};

use crate::control::Place;

/// Whether this process's group is in the foreground of the terminal at standard input.
///
/// True as well where that terminal controls some other session or none: nobody takes turns there.
pub fn in_foreground() -> bool {
    match (tcgetpgrp(stdin()), tcgetsid(stdin()), getsid(None)) {
        (Ok(front), Ok(session), Ok(ours)) => session != ours || front == getpgrp(),
        _ => true,
    }
}

/// [`Place::Foreground`] if [`in_foreground`].
pub fn place() -> Place {
    if in_foreground() { Place::Foreground } else { Place::Background }
}

/// Stops this process as `signal` stopped the command, and returns when it is continued.
///
/// A stop by SIGTSTP, SIGTTIN or SIGTTOU takes the runner's whole process group along, as the terminal
/// would. Leave raw mode before ([`crate::Console::leave`]). Nothing in this process runs meanwhile, so
/// somebody else must renew the lease and extend the deadline.
///
/// Returns false without stopping where no shell could continue it: the kernel ignores such stops too.
pub fn stop_self(signal: i32) -> bool {
    if !can_be_continued() {
        return false;
    }
    if [Signal::TSTP, Signal::TTIN, Signal::TTOU].iter().any(|stop| stop.as_raw() == signal) {
        // This process catches SIGTSTP; others of its group stop by it.
        let _ = rustix::process::kill_current_process_group(Signal::TSTP);
    }
    kill_process(getpid(), Signal::STOP).is_ok()
}

/// Whether the process group has a parent in its session that could notice the stop and continue it.
fn can_be_continued() -> bool {
    let group = getpgrp();
    let mut parent = getppid();
    while let Some(pid) = parent {
        if getsid(Some(pid)).ok() != getsid(None).ok() {
            return false;
        }
        if getpgid(Some(pid)) != Ok(group) {
            return true;
        }
        parent = parent_of(pid);
    }
    false
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn parent_of(pid: Pid) -> Option<Pid> {
    crate::tree::parent_of(pid)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn parent_of(_pid: Pid) -> Option<Pid> {
    None
}

//! What the tests share: runs, probes, pipes with names, waiting with a limit.

mod fifo;
mod pty;
mod run;
mod tmux;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tenure_guard::BootTime;

pub(crate) use fifo::Fifo;
pub(crate) use pty::Pty;
pub(crate) use run::{Arrange, Run};
pub(crate) use tmux::Tmux;

/// Far beyond what anything takes on a loaded machine; reaching it is a failure.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Later than this after an instant is not "at" it any more, even on a machine that stands still for a while.
pub(crate) const SLACK: Duration = Duration::from_secs(30);

/// The binary that plays runner, guard and stage.
pub(crate) fn probe_path() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_guard-probe"))
}

pub(crate) fn probe(args: &[&str]) -> Command {
    let mut command = Command::new(probe_path());
    command.args(args);
    command
}

/// Waits for the condition; panics with `what` at the limit.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let give_up_at = BootTime::now().saturating_add(LIMIT);
    while !condition() {
        assert!(BootTime::now() < give_up_at, "still waiting: {what}");
        let _ = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 2_000_000 }));
    }
}

/// Waits until the process has ended, reaped or not.
pub(crate) fn wait_gone(pid: u32) {
    let Ok(pinned) = pidfd_open(to_pid(pid), PidfdFlags::empty()) else { return };
    let limit = Timespec { tv_sec: i64::try_from(LIMIT.as_secs()).unwrap(), tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(&pinned, PollFlags::IN)], Some(&limit)).unwrap();
    assert_eq!(ready, 1, "process {pid} still lives");
}

pub(crate) fn to_pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// Whether the process lives; one that is dead but not reaped does not.
pub(crate) fn lives(pid: u32) -> bool {
    letter(pid).is_some_and(|letter| letter != 'Z' && letter != 'X')
}

/// The letter `ps` would show for the process.
pub(crate) fn letter(pid: u32) -> Option<char> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text[text.rfind(')')? + 2..].chars().next()
}

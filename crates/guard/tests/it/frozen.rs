//! A runner that is stopped cannot renew, and its command dies in time.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tenure_guard::BootTime;
use tenure_guard::hold::{Probe, probe as probe_hold};

use crate::support::{Fifo, Pty, SLACK, letter, probe, probe_path, to_pid, until, wait_gone};

const TTL: Duration = Duration::from_millis(600);
const RENEW: Duration = Duration::from_millis(100);
const GRACE: Duration = Duration::from_millis(200);
/// Stops a renewing runner and judges by what the command itself has written down.
fn freeze(seat: impl FnOnce(&mut Command)) {
    let dir = TempDir::new().unwrap();
    let (mut events, mut witness) = (Fifo::new(dir.path(), "events"), Fifo::new(dir.path(), "witness"));
    let hold = dir.path().join("hold");
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--events", events.path()]);
    command.args(["--deadline-ms", "600", "--renew-ms", "100", "--grace-ms", "200", "--"]);
    command.arg(probe_path()).args(["__witness", witness.path()]);
    seat(&mut command);
    let mut runner = command.spawn().unwrap();
    let main: u32 = events.number("started");
    // Renewed beyond the first deadline.
    let first: u64 = events.number("sent");
    while witness.number::<u64>("alive") < first {}
    kill_process(to_pid(runner.id()), Signal::STOP).unwrap();
    let stopped_at = BootTime::now();
    wait_gone(main);
    let sent: u64 =
        events.rest().iter().rev().find_map(|line| line.strip_prefix("sent ")?.parse().ok()).unwrap();
    let lines = witness.rest();
    let term: u64 = lines.iter().find_map(|line| line.strip_prefix("term ")?.parse().ok()).unwrap();
    let last: u64 = lines.last().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert!(term >= sent, "not before the last deadline that was sent");
    let latest = stopped_at.saturating_add(TTL).saturating_add(RENEW).saturating_add(GRACE);
    assert!(last <= latest.saturating_add(SLACK).as_nanos(), "dead at deadline and grace");
    assert_eq!(probe_hold(&hold).unwrap(), Probe::Held, "the runner itself lives");
    kill_process(to_pid(runner.id()), Signal::KILL).unwrap();
    runner.wait().unwrap();
    until("the lock to be free", || probe_hold(&hold).unwrap() == Probe::Free);
}

#[test]
fn with_pipes_the_command_dies_at_the_deadline_and_grace() {
    freeze(|command| {
        command.stdin(Stdio::null()).stdout(Stdio::null());
    });
}

#[test]
fn on_a_terminal_the_command_dies_at_the_deadline_and_grace() {
    let pty = Pty::new();
    freeze(|command| {
        pty.seat(command);
    });
}

#[test]
fn a_runner_that_holds_a_lock_others_wait_for_is_killed_after_its_tree_and_any_other_is_not() {
    for (path, is_killed) in [(Some("shared"), true), (None, false)] {
        let dir = TempDir::new().unwrap();
        let mut events = Fifo::new(dir.path(), "events");
        let shared = dir.path().join(path.unwrap_or("shared"));
        let hold = dir.path().join("hold");
        let mut command = probe(&["--hold", hold.to_str().unwrap(), "--events", events.path()]);
        command.args(["--deadline-ms", "600", "--grace-ms", "100"]);
        if path.is_some() {
            command.arg("--shared-lock").arg(&shared);
        }
        command.args(["--", "sleep", "1000"]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut runner = command.spawn().unwrap();
        let (guard, main): (u32, u32) = (events.number("guard"), events.number("started"));
        kill_process(to_pid(runner.id()), Signal::STOP).unwrap();
        wait_gone(main);
        wait_gone(guard);
        if is_killed {
            assert_eq!(runner.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
            assert_eq!(probe_hold(&shared).unwrap(), Probe::Free);
        } else {
            assert_eq!(letter(runner.id()), Some('T'));
            kill_process(to_pid(runner.id()), Signal::KILL).unwrap();
            runner.wait().unwrap();
        }
    }
}

//! Freezing stops the whole tree, thawing continues it, and neither is taken for job control.

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tenure_guard::{Ended, GuardEvent};

use crate::support::{Arrange, Fifo, letter, to_pid, until};

#[test]
fn the_whole_tree_stops_and_goes_on() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    let script = format!(
        "setsid sh -c 'echo $$ > {0}; while :; do :; done' & sh -c 'echo $$ > {0}; while :; do :; done' & wait",
        told.path()
    );
    let run = Arrange::shell(&script).start();
    let mut pids = vec![run.started()];
    pids.extend((0..2).map(|_| told.line().parse::<u32>().unwrap()));
    for _ in 0..3 {
        run.control.freeze().unwrap();
        assert_eq!(run.next(), GuardEvent::Frozen);
        assert!(pids.iter().all(|pid| letter(*pid) == Some('T')));
        run.control.thaw().unwrap();
        assert_eq!(run.next(), GuardEvent::Thawed);
        until("everything to go on", || pids.iter().all(|pid| letter(*pid) != Some('T')));
    }
    run.control.stop().unwrap();
    assert_eq!(run.rest(), [GuardEvent::Exited(Ended::Signal(Signal::TERM.as_raw())), GuardEvent::TreeGone]);
}

#[test]
fn what_was_stopped_before_stays_stopped() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    let script = format!("sleep 1000 & echo $! > {0}; wait", told.path());
    let run = Arrange::shell(&script).start();
    let (main, job) = (run.started(), told.line().parse().unwrap());
    kill_process(to_pid(job), Signal::STOP).unwrap();
    until("the job to stop", || letter(job) == Some('T'));
    run.control.freeze().unwrap();
    run.control.thaw().unwrap();
    assert_eq!([run.next(), run.next()], [GuardEvent::Frozen, GuardEvent::Thawed]);
    until("the command to go on", || letter(main) != Some('T'));
    assert_eq!(letter(job), Some('T'));
    run.control.stop().unwrap();
    run.rest();
}

#[test]
fn a_frozen_tree_ends_when_stopped() {
    let run = Arrange::command(["sleep", "1000"]).start();
    run.started();
    run.control.freeze().unwrap();
    assert_eq!(run.next(), GuardEvent::Frozen);
    run.control.stop().unwrap();
    assert_eq!(run.rest(), [GuardEvent::Exited(Ended::Signal(Signal::TERM.as_raw())), GuardEvent::TreeGone]);
}

#[test]
fn a_stop_and_a_continue_by_others_are_told() {
    let run = Arrange::command(["sleep", "1000"]).start();
    let main = run.started();
    kill_process(to_pid(main), Signal::STOP).unwrap();
    assert_eq!(run.next(), GuardEvent::Stopped { signal: Signal::STOP.as_raw() });
    run.control.resume().unwrap();
    assert_eq!(run.next(), GuardEvent::Continued);
    run.control.stop().unwrap();
    run.rest();
}

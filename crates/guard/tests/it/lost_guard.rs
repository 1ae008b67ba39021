//! A guard that is killed takes the command along, and the runner ends the rest.

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tenure_guard::{ControlError, GuardEvent, tree};

use crate::support::{Arrange, Fifo, lives, to_pid, until, wait_gone};

#[test]
fn the_runner_ends_what_the_guard_leaves() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    let script = format!(
        r#"setsid sh -c 'trap "" TERM; echo $$ > {0}; sleep 1000' & trap "" TERM; read never < {0}.never"#,
        told.path()
    );
    let _never = Fifo::new(dir.path(), "told.never");
    let run = Arrange::shell(&script).start();
    let main = run.started();
    let daemon: u32 = told.line().parse().unwrap();
    kill_process(to_pid(run.guard_pid), Signal::KILL).unwrap();
    assert_eq!(run.rest(), [GuardEvent::GuardLost, GuardEvent::TreeGone]);
    for pid in [run.guard_pid, main, daemon] {
        assert!(!lives(pid), "{pid} lives");
    }
    assert!(matches!(run.control.stop(), Err(ControlError::Gone)));
}

#[test]
fn other_children_of_the_runner_are_spared() {
    let mut sitter = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let (spared, unspared) = (tree::Spared::default(), tree::Spared::default());
    spared.add(sitter.id());
    let mut other = std::process::Command::new("sh").args(["-c", "sleep 1000 & wait"]).spawn().unwrap();
    tree::become_subreaper().unwrap();
    tree::kill_descendants(&spared, std::time::Duration::ZERO);
    assert!(lives(sitter.id()) && !lives(other.id()));
    drop(other.try_wait());
    tree::kill_descendants(&unspared, std::time::Duration::from_secs(10));
    assert!(!lives(sitter.id()));
    drop(sitter.try_wait());
}

#[test]
fn a_killed_guard_takes_a_stopped_command_along() {
    let run = Arrange::shell("kill -STOP $$").start();
    let main = run.started();
    until("the command to stop", || crate::support::letter(main) == Some('T'));
    kill_process(to_pid(run.guard_pid), Signal::KILL).unwrap();
    wait_gone(main);
    assert_eq!(run.rest().last(), Some(&GuardEvent::TreeGone));
}

#[test]
fn a_frozen_guard_does_not_hold_the_runner_up_for_long() {
    let run = Arrange::command(["sleep", "1000"]).start();
    run.started();
    kill_process(to_pid(run.guard_pid), Signal::STOP).unwrap();
    until("the guard to be stuck", || {
        matches!(run.control.extend(tenure_guard::BootTime::NEVER), Err(ControlError::Stuck))
    });
    kill_process(to_pid(run.guard_pid), Signal::KILL).unwrap();
    assert_eq!(run.rest(), [GuardEvent::GuardLost, GuardEvent::TreeGone]);
}

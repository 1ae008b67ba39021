//! At the deadline the tree is ended: SIGTERM, and SIGKILL one grace later.

use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use tenure_guard::{BootTime, Ended, GuardEvent, StartStep};

use crate::support::{Arrange, Fifo, SLACK, lives, probe_path, wait_gone};

const TTL: Duration = Duration::from_millis(300);
const GRACE: Duration = Duration::from_millis(200);

fn soon() -> BootTime {
    BootTime::now().saturating_add(TTL)
}

fn overdue(events: &[GuardEvent]) -> BootTime {
    let found = events.iter().find_map(|event| match event {
        GuardEvent::Overdue { at } => Some(*at),
        _ => None,
    });
    found.expect("the guard says that the deadline has passed")
}

#[test]
fn a_command_that_minds_is_terminated_at_the_deadline() {
    let deadline = soon();
    let run = Arrange { deadline, ..Arrange::command(["sleep", "1000"]) }.start();
    run.started();
    let events = run.rest();
    let at = overdue(&events);
    assert!(at >= deadline && at < deadline.saturating_add(SLACK));
    assert!(events.contains(&GuardEvent::Exited(Ended::Signal(Signal::TERM.as_raw()))));
    assert!(BootTime::now() < deadline.saturating_add(SLACK));
}

#[test]
fn a_command_that_does_not_is_killed_one_grace_later() {
    let dir = TempDir::new().unwrap();
    let mut witness = Fifo::new(dir.path(), "witness");
    let deadline = soon();
    let argv = [probe_path().into_os_string(), "__witness".into(), witness.path().into()];
    let run = Arrange { deadline, grace: GRACE, ..Arrange::command(argv) }.start();
    let events = run.rest();
    assert!(events.contains(&GuardEvent::Exited(Ended::Signal(Signal::KILL.as_raw()))));
    let lines = witness.rest();
    let terms: Vec<u64> =
        lines.iter().filter_map(|line| line.strip_prefix("term ")).map(|at| at.parse().unwrap()).collect();
    assert_eq!(terms.len(), 1, "SIGTERM comes once");
    assert!(terms[0] >= deadline.as_nanos());
    let last: u64 = lines.last().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let kill_at = deadline.saturating_add(GRACE);
    assert!(last < kill_at.saturating_add(SLACK).as_nanos());
    // It was let live up to the grace's end, but for a moment in which it did not come to write.
    assert!(last > kill_at.saturating_sub(Duration::from_millis(100)).as_nanos());
}

#[test]
fn a_later_deadline_lets_it_live_and_an_earlier_one_changes_nothing() {
    let first = soon();
    let run = Arrange { deadline: first, ..Arrange::command(["sleep", "1000"]) }.start();
    let second = first.saturating_add(TTL);
    run.control.extend(second).unwrap();
    run.control.extend(first).unwrap();
    assert!(overdue(&run.rest()) >= second);
}

#[test]
fn a_deadline_in_the_past_starts_nothing() {
    let dir = TempDir::new().unwrap();
    let mark = dir.path().join("mark");
    let script = format!("echo started > {}", mark.display());
    let run = Arrange { deadline: BootTime::now(), ..Arrange::shell(&script) }.start();
    let GuardEvent::Failed(failure) = run.next() else { panic!("started") };
    assert_eq!(failure.step, StartStep::Deadline);
    assert_eq!(run.rest(), [GuardEvent::TreeGone]);
    assert!(!mark.exists());
}

#[test]
fn a_daemon_that_left_session_group_and_parent_is_killed_too() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    let daemon = r#"trap "" TERM HUP; cd /; exec <&- >&- 2>&-; echo $$ > $0; while :; do sleep 1000; done"#;
    let script =
        format!("setsid sh -c '(setsid sh -c \"$1\" \"$0\" &)' {} '{daemon}'; sleep 1000", told.path());
    let run = Arrange { deadline: soon(), ..Arrange::shell(&script) }.start();
    let daemon: u32 = told.line().parse().unwrap();
    let pid = crate::support::to_pid(daemon);
    assert_eq!(rustix::process::getsid(Some(pid)), Ok(pid), "it has a session of its own");
    overdue(&run.rest());
    assert!(!lives(daemon));
}

#[test]
fn a_tree_that_forks_all_the_time_is_killed() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    // Each process starts two and goes away after a while, at most so many at once.
    let script = format!(
        r#"trap "" TERM; echo up > {0}; breed() {{ while :; do (sleep 0.0$1; :) & (sh -c ":" &) ; wait; done; }}
        for n in 1 2 3 4 5; do breed $n & done; wait"#,
        told.path()
    );
    let run = Arrange { deadline: soon(), grace: GRACE, ..Arrange::shell(&script) }.start();
    told.line();
    overdue(&run.rest());
    assert_nobody_holds(&run);
}

#[test]
fn a_chain_in_which_each_process_is_followed_by_its_child_is_killed() {
    let dir = TempDir::new().unwrap();
    let script = dir.path().join("chain");
    // Bounded, so that a guard that fails this does not take the machine with it.
    let follow = "trap '' TERM\n[ $1 -gt 2000 ] && exec sleep 1000\n(exec sh $0 $(($1 + 1))) &\n";
    std::fs::write(&script, follow).unwrap();
    let argv = ["sh".into(), "-c".into(), format!("sh {} 1 & sleep 1000", script.display()).into()];
    let run =
        Arrange { deadline: soon(), grace: GRACE, ..Arrange::command::<std::ffi::OsString>(argv) }.start();
    overdue(&run.rest());
    assert_nobody_holds(&run);
}

#[test]
fn chains_that_fork_faster_than_their_dead_are_reaped_are_killed() {
    // In the test's own session, where groups may not be killed as a whole. Should it survive, it ends by itself
    // long after it is too late.
    let chains = r#"$SIG{TERM} = "IGNORE"; my $end = time + 60;
        for (1..8) { next if fork; while (time < $end) { exit if fork } exit } sleep 60"#;
    let deadline = soon();
    let arrange = Arrange { deadline, grace: GRACE, ..Arrange::command(["perl", "-e", chains]) };
    let run = arrange.start();
    overdue(&run.rest());
    assert!(BootTime::now() < deadline.saturating_add(GRACE).saturating_add(SLACK));
    assert_nobody_holds(&run);
}

#[test]
fn a_stopped_command_is_ended_as_well() {
    let deadline = soon();
    let run = Arrange { deadline, ..Arrange::shell("kill -STOP $$") }.start();
    run.started();
    assert_eq!(run.next(), GuardEvent::Stopped { signal: Signal::STOP.as_raw() });
    let events = run.rest();
    overdue(&events);
    assert!(events.contains(&GuardEvent::Exited(Ended::Signal(Signal::TERM.as_raw()))));
}

#[test]
fn what_the_command_leaves_behind_is_ended_with_it() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    let script =
        format!(r#"sh -c 'echo $$ > {0}; exec sleep 1000' & read line < {0}.go; exit 4"#, told.path());
    let go = Fifo::new(dir.path(), "told.go");
    let run = Arrange::shell(&script).start();
    run.started();
    let left: u32 = told.line().parse().unwrap();
    std::fs::write(go.path(), "go\n").unwrap();
    assert_eq!(run.rest(), [GuardEvent::Exited(Ended::Code(4)), GuardEvent::TreeGone]);
    assert!(!lives(left));
}

#[test]
fn asked_to_stop_it_terminates_and_then_kills() {
    let dir = TempDir::new().unwrap();
    let mut witness = Fifo::new(dir.path(), "witness");
    let argv = [probe_path().into_os_string(), "__witness".into(), witness.path().into()];
    let run = Arrange { grace: GRACE, ..Arrange::command(argv) }.start();
    witness.after("alive");
    let asked = BootTime::now();
    run.control.stop().unwrap();
    assert_eq!(run.ended(), Ended::Signal(Signal::KILL.as_raw()));
    assert!(BootTime::now() >= asked.saturating_add(GRACE));
}

#[test]
fn the_guard_stops_at_sigterm_and_minds_no_other_signal() {
    let run = Arrange::command(["sleep", "1000"]).start();
    let pid = run.started();
    let guard = crate::support::to_pid(run.guard_pid);
    for signal in
        [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TSTP, Signal::TTIN, Signal::TTOU, Signal::PIPE]
    {
        rustix::process::kill_process(guard, signal).unwrap();
    }
    run.control.signal(0).unwrap();
    assert!(lives(pid) && lives(run.guard_pid));
    rustix::process::kill_process(guard, Signal::TERM).unwrap();
    assert_eq!(run.ended(), Ended::Signal(Signal::TERM.as_raw()));
    wait_gone(run.guard_pid);
}

/// The hold lock is free but for the test's own copy: nothing of the tree lives.
fn assert_nobody_holds(run: &crate::support::Run) {
    let holders = tenure_guard::hold::holders(&run.dir.path().join("hold")).unwrap();
    let pids: Vec<u32> = holders.iter().map(|holder| holder.pid).collect();
    assert_eq!(pids, [std::process::id()]);
}

//! A guard that is not understood, or does not understand, leaves nothing behind.

use std::process::Stdio;

use rustix::net::{SendFlags, send};
use tenure_guard::GuardEvent;

use crate::support::{Arrange, lives, probe};

#[test]
fn a_frame_that_is_none_ends_the_tree() {
    for garbage in [&b"garbage"[..], b"\x01", b"\x02\x08", b"\x01\x08\x00", &[1; 4096]] {
        let run = Arrange::command(["sleep", "1000"]).start();
        let pid = run.started();
        send(run.control.share().unwrap(), garbage, SendFlags::empty()).unwrap();
        assert_eq!(run.rest().last(), Some(&GuardEvent::TreeGone), "{garbage:?}");
        assert!(!lives(pid) && !lives(run.guard_pid));
    }
}

#[test]
fn called_by_hand_guard_and_stage_do_nothing() {
    for role in ["__guard", "__stage"] {
        for stdin in [Stdio::null(), Stdio::piped()] {
            let status = probe(&[role]).stdin(stdin).stdout(Stdio::null()).status().unwrap();
            assert!(!status.success(), "{role}");
        }
    }
}

#[test]
fn a_program_that_is_no_guard_is_a_lost_guard() {
    let (sender, events) = std::sync::mpsc::channel::<GuardEvent>();
    let dir = tempfile::TempDir::new().unwrap();
    let hold = tenure_guard::HoldLock::acquire(&dir.path().join("hold")).unwrap();
    let program =
        tenure_guard::Reexec { exe: "/bin/true".into(), guard_args: Vec::new(), stage_args: Vec::new() };
    let request = tenure_guard::Launch {
        program,
        argv: vec!["x".repeat(100_000).into(), "y".repeat(100_000).into()],
        cwd: "/".into(),
        env: Vec::new(),
        stdio: tenure_guard::Stdio::Pipes,
        hold: &hold,
        grace: std::time::Duration::ZERO,
        deadline: tenure_guard::BootTime::NEVER,
        shared_locks: Vec::new(),
    };
    // Whether the plan is still taken depends on how soon the program ends.
    drop(tenure_guard::launch(request, &sender));
    drop(sender);
    assert_eq!(events.iter().collect::<Vec<_>>(), [GuardEvent::GuardLost, GuardEvent::TreeGone]);
}

//! Signals sent to the runner reach the command it stands for.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tenure_guard::{Control, Ended, Stdio as Streams};

use crate::support::{Arrange, Fifo, Pty, probe, to_pid};

/// Notes each signal, and waits for the next.
const LISTENER: &str = r#"for s in HUP INT QUIT USR1 USR2; do trap "echo got $s" $s; done; echo ready
while :; do sleep 0.01; done"#;

/// Starts a runner of the listener on the streams that `seat` gives it, and returns once the listener listens.
fn listen(dir: &TempDir, seat: impl FnOnce(&mut Command) -> &mut Command) -> (Child, Fifo) {
    let (mut told, hold) = (Fifo::new(dir.path(), "told"), dir.path().join("hold"));
    let script = format!("exec > {}; {LISTENER}", told.path());
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--", "sh", "-c", &script]);
    seat(&mut command);
    let runner = command.spawn().unwrap();
    told.after("ready");
    (runner, told)
}

fn check((mut runner, mut told): (Child, Fifo)) {
    for (signal, name) in
        [(Signal::INT, "INT"), (Signal::HUP, "HUP"), (Signal::USR1, "USR1"), (Signal::QUIT, "QUIT")]
    {
        kill_process(to_pid(runner.id()), signal).unwrap();
        assert_eq!(told.after("got"), name);
    }
    kill_process(to_pid(runner.id()), Signal::TERM).unwrap();
    assert_eq!(runner.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    assert_eq!(told.rest(), Vec::<String>::new(), "each signal came once");
}

#[test]
fn with_pipes() {
    let dir = TempDir::new().unwrap();
    check(listen(&dir, |command| command.stdin(Stdio::null())));
}

#[test]
fn on_a_terminal() {
    let (dir, pty) = (TempDir::new().unwrap(), Pty::new());
    check(listen(&dir, |command| pty.seat(command)));
}

#[test]
fn keys_of_the_terminal_reach_the_commands_foreground() {
    let (dir, pty) = (TempDir::new().unwrap(), Pty::new());
    let (mut runner, mut told) = listen(&dir, |command| pty.seat(command));
    pty.type_keys(b"\x03");
    assert_eq!(told.after("got"), "INT");
    pty.type_keys(b"\x1c");
    assert_eq!(told.after("got"), "QUIT");
    kill_process(to_pid(runner.id()), Signal::TERM).unwrap();
    runner.wait().unwrap();
}

#[test]
fn a_copy_of_the_control_speaks_like_the_first() {
    let run = Arrange::command(["sleep", "1000"]).start();
    run.started();
    let copy = Control::from_fd(run.control.share().unwrap());
    copy.signal(Signal::USR1.as_raw()).unwrap();
    assert_eq!(run.ended(), Ended::Signal(Signal::USR1.as_raw()));
}

#[test]
fn the_foreground_of_the_commands_terminal_can_be_signalled() {
    let dir = TempDir::new().unwrap();
    let mut told = Fifo::new(dir.path(), "told");
    let pty = Pty::new();
    // An interactive shell puts its job in the foreground; only the job gets the signal.
    let script =
        format!("set -m; sh -c 'echo ready > {0}; exec sleep 1000'; echo status $? > {0}", told.path());
    let arrange = Arrange { stdio: Streams::Terminal(pty.screen()), ..Arrange::shell(&script) };
    let run = arrange.start();
    run.started();
    told.after("ready");
    run.control.signal_foreground(Signal::TERM.as_raw()).unwrap();
    assert_eq!(told.after("status"), "143");
    run.rest();
}

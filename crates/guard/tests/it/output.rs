//! Everything the command prints is shown and recorded, in order, however slow the recording.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tenure_guard::{Console, Output, Stream};

use crate::support::{Arrange, Fifo, Pty, probe, until};

/// Numbers counted up to more than 10 MiB.
const LAST: u32 = 1_500_000;

fn counted(end: &str) -> Vec<u8> {
    (1..=LAST).flat_map(|number| format!("{number}{end}").into_bytes()).collect()
}

fn counting(dir: &TempDir, record: &Fifo) -> (Command, std::path::PathBuf) {
    let (hold, done) = (dir.path().join("hold"), dir.path().join("done"));
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--record", record.path(), "--"]);
    command.args(["sh", "-c", &format!("seq 1 {LAST}; : > {}", done.display())]);
    (command, done)
}

/// Reads the recording in small pieces; the command must not be done long before its output is.
fn read_slowly(record: &mut Fifo, total: usize, done: &std::path::Path) -> Vec<u8> {
    let (mut all, mut room) = (Vec::new(), [0; 3000]);
    while all.len() < total {
        assert!(all.len() > total - 1024 * 1024 || !done.exists(), "the command was not held back");
        let length = record.read(&mut room);
        all.extend(&room[..length]);
    }
    all
}

fn assert_same(got: &[u8], expected: &[u8]) {
    let differs = got.iter().zip(expected).position(|(one, other)| one != other);
    assert_eq!((got.len(), differs), (expected.len(), None));
}

#[test]
fn ten_mebibytes_through_pipes_with_a_slow_recording() {
    let dir = TempDir::new().unwrap();
    let mut record = Fifo::new(dir.path(), "record");
    let (mut command, done) = counting(&dir, &record);
    let shown = dir.path().join("shown");
    let mut runner: Child = command.stdout(File::create(&shown).unwrap()).spawn().unwrap();
    let expected = counted("\n");
    assert_same(&read_slowly(&mut record, expected.len(), &done), &expected);
    assert!(runner.wait().unwrap().success());
    assert_same(&std::fs::read(&shown).unwrap(), &expected);
    assert_eq!(record.rest(), Vec::<String>::new());
}

#[test]
fn ten_mebibytes_through_a_terminal_with_a_slow_recording() {
    let dir = TempDir::new().unwrap();
    let mut record = Fifo::new(dir.path(), "record");
    let (mut command, done) = counting(&dir, &record);
    let pty = Pty::new();
    let mut runner = pty.seat(&mut command).spawn().unwrap();
    drop(command);
    let (_kept, shown) = pty.watch();
    let expected = counted("\r\n");
    assert_same(&read_slowly(&mut record, expected.len(), &done), &expected);
    assert!(runner.wait().unwrap().success());
    assert_same(&shown.join().unwrap(), &expected);
}

#[test]
fn a_reader_that_leaves_ends_the_command_as_without_a_runner() {
    let dir = TempDir::new().unwrap();
    let hold = dir.path().join("hold");
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--", "yes"]);
    let mut runner = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = [0; 2];
    runner.stdout.take().unwrap().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"y\n");
    assert_eq!(runner.wait().unwrap().signal(), Some(rustix::process::Signal::PIPE.as_raw()));
}

#[test]
fn output_and_error_stay_apart_and_in_order() {
    let mut run = Arrange::shell("for n in 1 2 3; do echo out $n; echo err $n >&2; done").start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let record = move |stream, bytes: &[u8]| log.lock().unwrap().push((stream, bytes.to_vec()));
    let console = Console::open(run.output.take().unwrap(), &run.control, record).unwrap();
    run.rest();
    console.close();
    let seen = seen.lock().unwrap();
    let of = |wanted: Stream| -> Vec<u8> {
        seen.iter().filter(|(stream, _)| *stream == wanted).flat_map(|(_, bytes)| bytes.clone()).collect()
    };
    assert_eq!(of(Stream::Stdout), b"out 1\nout 2\nout 3\n");
    assert_eq!(of(Stream::Stderr), b"err 1\nerr 2\nerr 3\n");
}

#[test]
fn a_stranger_that_keeps_the_output_open_is_not_waited_for() {
    for terminal in [false, true] {
        let pty = Pty::new();
        let mut arrange = Arrange::shell("echo before; echo ready >&2; read line; echo after");
        if terminal {
            arrange.stdio = tenure_guard::Stdio::Terminal(pty.screen());
        } else {
            arrange.argv[2] = "echo before; echo after".into();
        }
        let mut run = arrange.start();
        let pid = run.started();
        // Only a copy made while the command lives keeps its output open.
        let stranger = File::options().write(true).open(format!("/proc/{pid}/fd/1"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let output = run.output.take().unwrap();
        if let Output::Terminal { master, .. } = &output {
            rustix::io::write(master, b"go\n").unwrap();
        }
        let record = move |_, bytes: &[u8]| log.lock().unwrap().extend_from_slice(bytes);
        let console = Console::open(output, &run.control, record).unwrap();
        run.rest();
        console.close();
        let text = String::from_utf8(seen.lock().unwrap().clone()).unwrap();
        assert!(text.contains("before") && text.contains("after"), "{text:?}");
        drop(stranger);
    }
}

#[test]
fn a_command_that_closes_and_reopens_its_terminal_is_still_heard() {
    let pty = Pty::new();
    let script = "exec </dev/null >/dev/null 2>&1; sleep 0.05; echo again >/dev/tty";
    let mut run =
        Arrange { stdio: tenure_guard::Stdio::Terminal(pty.screen()), ..Arrange::shell(script) }.start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let record = move |_, bytes: &[u8]| log.lock().unwrap().extend_from_slice(bytes);
    let console = Console::open(run.output.take().unwrap(), &run.control, record).unwrap();
    run.rest();
    console.close();
    assert_eq!(*seen.lock().unwrap(), b"again\r\n");
}

#[test]
fn standard_error_that_is_not_the_terminal_stays_apart() {
    let dir = TempDir::new().unwrap();
    let (hold, apart) = (dir.path().join("hold"), dir.path().join("apart"));
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--"]);
    command.args(["sh", "-c", "test -t 1 && echo shown; test -t 2 || echo apart >&2"]);
    let pty = Pty::new();
    let mut runner = pty.seat(&mut command).stderr(File::create(&apart).unwrap()).spawn().unwrap();
    assert!(runner.wait().unwrap().success());
    drop(command);
    assert_eq!(pty.watch().1.join().unwrap(), b"shown\r\n");
    assert_eq!(std::fs::read(&apart).unwrap(), b"apart\n");
}

#[test]
fn keys_are_never_recorded() {
    let dir = TempDir::new().unwrap();
    let (hold, record) = (dir.path().join("hold"), dir.path().join("record"));
    let mut told = Fifo::new(dir.path(), "told");
    let script = format!("stty -echo; echo ready > {0}; read secret; echo ${{#secret}} > {0}", told.path());
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--record", record.to_str().unwrap(), "--"]);
    let pty = Pty::new();
    let mut runner = pty.seat(command.args(["sh", "-c", &script])).spawn().unwrap();
    told.after("ready");
    pty.type_keys(b"hunter2\r");
    assert_eq!(told.line(), "7");
    assert!(runner.wait().unwrap().success());
    assert!(!String::from_utf8(std::fs::read(&record).unwrap()).unwrap().contains("hunter2"));
}

#[test]
fn a_new_size_reaches_the_command_and_is_told() {
    let dir = TempDir::new().unwrap();
    let (hold, mut events) = (dir.path().join("hold"), Fifo::new(dir.path(), "events"));
    let mut told = Fifo::new(dir.path(), "told");
    let script =
        format!("trap 'stty size > {0}' WINCH; stty size > {0}; while :; do sleep 0.01; done", told.path());
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--events", events.path(), "--"]);
    let pty = Pty::new();
    let mut runner = pty.seat(command.args(["sh", "-c", &script])).spawn().unwrap();
    assert_eq!(told.line(), "24 80");
    pty.resize(132, 43);
    // This terminal controls nobody, so the kernel does not tell the runner.
    rustix::process::kill_process(crate::support::to_pid(runner.id()), rustix::process::Signal::WINCH)
        .unwrap();
    assert_eq!(told.line(), "43 132");
    assert_eq!(events.after("resize"), "132 43");
    runner.kill().unwrap();
    runner.wait().unwrap();
    until("the tree to end", || tenure_guard::hold::probe(&hold).unwrap() == tenure_guard::hold::Probe::Free);
}

//! A command under a guard ends as it would without one.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use rustix::io::Errno;
use tempfile::TempDir;
use tenure_guard::{Ended, GuardEvent, StartStep};

use crate::support::{Arrange, Pty, lives, probe, probe_path};

/// How `guard-probe -- COMMAND` ended.
fn status(command: &[&str]) -> ExitStatus {
    let dir = TempDir::new().unwrap();
    let hold = dir.path().join("hold");
    let mut probe = probe(&["--hold", hold.to_str().unwrap(), "--"]);
    probe.args(command).stderr(Stdio::null()).status().unwrap()
}

#[test]
fn the_exit_code_is_the_commands() {
    for code in [0, 1, 7, 125, 255] {
        assert_eq!(status(&["sh", "-c", &format!("exit {code}")]).code(), Some(code));
    }
}

#[test]
fn a_death_by_signal_is_repeated() {
    for signal in [1, 2, 3, 6, 9, 11, 13, 14, 15, 10, 12] {
        let status = status(&["sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(status.signal(), Some(signal), "{status:?}");
        assert!(!status.core_dumped(), "the runner leaves no core dump of its own");
    }
}

#[test]
fn a_real_time_signal_becomes_its_shell_code() {
    assert_eq!(status(&["sh", "-c", "kill -40 $$"]).code(), Some(168));
}

#[test]
fn a_program_that_is_not_found_is_127_and_one_that_cannot_run_is_126() {
    assert_eq!(status(&["no-such-program-anywhere"]).code(), Some(127));
    assert_eq!(status(&["/no/such/program"]).code(), Some(127));
    assert_eq!(status(&["/etc/passwd"]).code(), Some(126));
    assert_eq!(status(&["/"]).code(), Some(126));
}

#[test]
fn the_reason_for_not_starting_is_told() {
    let run = Arrange::command(["/no/such/program"]).start();
    let GuardEvent::Failed(failure) = run.next() else { panic!("started") };
    assert_eq!((failure.step, failure.errno), (StartStep::Exec, Errno::NOENT.raw_os_error()));
    assert_eq!(run.rest(), [GuardEvent::TreeGone]);

    let run = Arrange { cwd: "/no/such/place".into(), ..Arrange::shell("exit 0") }.start();
    let GuardEvent::Failed(failure) = run.next() else { panic!("started") };
    assert_eq!((failure.step, failure.shell_code()), (StartStep::Directory, 126));
}

#[test]
fn events_come_in_order_and_the_guard_is_gone_at_the_end() {
    let run = Arrange::shell("exit 3").start();
    let pid = run.started();
    assert_eq!(run.rest(), [GuardEvent::Exited(Ended::Code(3)), GuardEvent::TreeGone]);
    assert!(!lives(pid) && !lives(run.guard_pid));
}

#[test]
fn arguments_environment_and_directory_arrive_untouched() {
    let dir = TempDir::new().unwrap();
    let odd = OsString::from_vec(b"a b\n\x1b[1m\xff'\"$".to_vec());
    let mut arrange = Arrange::shell(r#"printf '%s|%s|%s|%s|' "$1" "$2" "$ADDED" "${HOME-none}"; pwd"#);
    arrange.argv.extend(["sh".into(), odd.clone(), OsString::new()]);
    arrange.env = vec![("ADDED".into(), Some("x=y".into())), ("HOME".into(), None)];
    arrange.cwd = dir.path().canonicalize().unwrap();
    let place = arrange.cwd.display().to_string();
    let mut run = arrange.start();
    let Some(tenure_guard::Output::Pipes { stdout, .. }) = run.output.take() else { panic!("no pipes") };
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::fs::File::from(stdout), &mut bytes).unwrap();
    let expected = [odd.into_vec(), format!("||x=y|none|{place}\n").into_bytes()].concat();
    assert_eq!(bytes, expected);
}

#[test]
fn a_command_line_of_a_megabyte_arrives() {
    let long = "x".repeat(100_000);
    let mut arrange = Arrange::shell(r#"echo "$# ${#1}""#);
    arrange.argv.push("sh".into());
    arrange.argv.extend((0..12).map(|_| OsString::from(&long)));
    assert_eq!(arrange.start().stdout(), "12 100000\n");
}

#[test]
fn the_command_has_what_it_would_have_and_the_hold_lock() {
    // Whoever runs the tests may have left more open than this test knows of.
    let list = ["ls", "-l", "/proc/self/fd"];
    let targets = |text: &str| -> Vec<String> {
        let links = text.lines().filter_map(|line| line.split_once(" -> "));
        links.map(|(_, target)| target.to_owned()).filter(|target| !target.ends_with("/fd")).collect()
    };
    let plain = Command::new(list[0]).args(&list[1..]).stdin(Stdio::null()).output().unwrap();
    let plain = targets(&String::from_utf8(plain.stdout).unwrap());
    let mut run = Arrange::command(list).start();
    let guarded = targets(&run.stdout());
    assert_eq!(guarded.len(), plain.len() + 1, "{guarded:?} instead of {plain:?}");
    assert!(guarded.contains(&run.dir.path().join("hold").display().to_string()), "{guarded:?}");
}

#[test]
fn the_command_ignores_the_signals_it_would_ignore() {
    let ignored = |line: &str| {
        let out = Command::new("sh").args(["-c", line]).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let dir = TempDir::new().unwrap();
    let probe = format!("{} --hold {}/hold --", probe_path().display(), dir.path().display());
    let show = "sed -n s/^SigIgn://p /proc/self/status";
    for trap in ["", "trap '' HUP USR1 INT;", "trap '' TERM CHLD TSTP TTOU;"] {
        let (plain, guarded) =
            (ignored(&format!("{trap} {show}")), ignored(&format!("{trap} {probe} {show}")));
        assert_eq!(guarded, plain, "after {trap}");
        assert!(!plain.is_empty());
    }
}

#[test]
fn standard_input_reaches_the_command_through_pipes() {
    use std::io::Write;
    let dir = TempDir::new().unwrap();
    let hold = dir.path().join("hold");
    let mut child =
        probe(&["--hold", hold.to_str().unwrap(), "--", "sh", "-c", "read one; echo got $one; cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    child.stdin.take().unwrap().write_all(b"first\nsecond\n").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.stdout, b"got first\nsecond\n");
    assert!(out.status.success());
}

#[test]
fn on_a_terminal_the_exit_code_is_the_commands_too() {
    let dir = TempDir::new().unwrap();
    let hold = dir.path().join("hold");
    let pty = Pty::new();
    let before = pty.settings();
    let mut command = probe(&["--hold", hold.to_str().unwrap(), "--", "sh", "-c"]);
    command.arg("test -t 0 && test -t 1 && test -t 2 && stty size && tty >/dev/tty && exit 9");
    let mut child = pty.seat(&mut command).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
    let after = pty.settings();
    assert_eq!(after.local_modes, before.local_modes);
    assert_eq!((after.input_modes, after.output_modes), (before.input_modes, before.output_modes));
    drop(command);
    let shown = pty.watch().1.join().unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.starts_with("24 80\r\n/dev/pts/"), "{shown:?}");
}

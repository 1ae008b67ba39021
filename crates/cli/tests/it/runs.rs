//! `tenure run` and `tenure wait` as whoever started them sees them, to their end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Answer, Home, Running, answer, document, eventually, succeeded};

/// A run whose words are read at its end.
struct Heard(Child);

impl Heard {
    /// Starts `tenure run --key job` with these words; returns once it holds the session.
    fn start(home: &Home, words: &[&str]) -> Self {
        let mut command = home.command();
        command.args([&["run", "--key", "job"], words].concat());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually(|| home.ask(&["show", "job"]).code == 0);
        Self(child)
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn end(self) -> Answer {
        told(self.0)
    }
}

/// What a process answered in the end. Streams that are not for this test are empty.
fn told(child: Child) -> Answer {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("no exit code: {:?}", output.status));
    Answer { code, out: text(output.stdout), err: text(output.stderr) }
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn a_run_that_was_cancelled_says_by_whom_and_why() {
    let home = Home::new();
    let run = Heard::start(&home, &["--refused-exit", "42", "--", "sleep", "60"]);
    home.ok(&["cancel", "job", "--actor-id", "ops", "--reason", "not\ntoday"]);
    let ended = run.end();
    assert_eq!(ended.code, 42);
    says(&ended.err, &["the session is cancelled: the command is being stopped"]);
    says(&ended.err, &["(key job) was cancelled by ops: not\\ntoday\n"]);

    let home = Home::new();
    let run = Heard::start(&home, &["--output", "json", "--", "sleep", "60"]);
    home.ok(&["cancel", "job"]);
    let ended = run.end();
    assert_eq!(ended.code, 3);
    let told = document(&ended.out);
    assert_eq!(
        (&told["code"], &told["state"], &told["key"]),
        (&"CANCELLED".into(), &"cancelled".into(), &"job".into())
    );
    assert!(told["message"].as_str().unwrap().ends_with("(key job) was cancelled"), "{told}");
}

#[test]
fn a_run_that_was_silent_for_too_long_says_for_how_long() {
    let home = Home::new();
    let ended = Heard::start(&home, &["--idle-timeout", "300ms", "--", "sleep", "60"]).end();
    assert_eq!(ended.code, 3);
    says(&ended.err, &["(key job) expired: nothing was heard of it for 300ms"]);
}

#[test]
fn a_frozen_run_that_was_taken_over_says_by_whom_and_why() {
    for output in ["text", "json"] {
        let home = Home::new();
        let words =
            ["--ttl", "2s", "--grace", "50ms", "--output", output, "--", "sh", "-c", "echo; sleep 60"];
        let run = Heard::start(&home, &words);
        // Once its first output is recorded, nothing is written before the next renewal.
        eventually(|| home.ok(&["events", "job", "--raw"]) == "\n");
        run.send(Signal::STOP);
        let takeover = ["takeover", "job", "--actor-id", "me", "--reason", "it froze"];
        eventually(|| home.ask(&takeover).code == 0);
        run.send(Signal::CONT);
        let ended = run.end();
        assert_eq!(ended.code, 3);
        if output == "json" {
            let told = document(ended.out.trim_start());
            let facts = (&told["code"], &told["holder"]["id"], &told["reason"]);
            assert_eq!(facts, (&"TAKEN_OVER".into(), &"me".into(), &"it froze".into()));
            assert!(told["current_fence"].as_u64() > told["given_fence"].as_u64(), "{told}");
        } else {
            says(&ended.err, &["(key job) was taken over by me", ": it froze (fence 2)"]);
        }
    }
}

/// A process that said something and waits.
struct Waiting(Child, BufReader<ChildStderr>);

impl Waiting {
    fn start(home: &Home, words: &[&str]) -> Self {
        let mut command = home.command();
        let mut child = command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self(child, said)
    }

    /// The next lines that it says.
    fn says(&mut self, lines: usize) -> String {
        let mut said = String::new();
        for _ in 0..lines {
            self.1.read_line(&mut said).unwrap();
        }
        said
    }

    fn end(mut self) -> Answer {
        let (mut out, mut err) = (String::new(), String::new());
        self.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.1.read_to_string(&mut err).unwrap();
        Answer { code: self.0.wait().unwrap().code().unwrap(), out, err }
    }
}

const WAYS: &str = "take it over: tenure takeover <name> --actor-id <actor-id> --reason <reason>, or end it: \
                    tenure cancel <name>\n";

#[test]
fn a_run_that_waits_for_an_abandoned_key_says_how_to_go_on_and_runs_once_somebody_does() {
    let home = Home::new();
    Running::start(&home, "job", "sleep 60").vanish(&home);
    let mut waiting =
        Waiting::start(&home, &["run", "--key", "job", "--if-held", "wait", "--", "echo", "ran"]);
    let said = waiting.says(2);
    says(
        &said,
        &["tenure: waiting: session ses_", "(key job) was left by run/", "it expires by itself in ", WAYS],
    );
    // Taken over, it is held again, and not abandoned.
    home.ok(&["takeover", "job", "--actor-id", "me", "--reason", "a look"]);
    home.ok(&["cancel", "job"]);
    let ended = succeeded(waiting.end());
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("ran\n", ""));
}

#[test]
fn an_abandoned_key_is_not_skipped_because_nobody_is_at_it() {
    let home = Home::beside_its_store();
    Running::start(&home, "job", "sleep 60").vanish(&home);
    let skip = ["run", "--key", "job", "--if-held", "skip"];
    let refused = home.refused(&[&skip[..], &["--", "true"]].concat());
    says(&refused.err, &["(key job) was left by run/", "--takeover <reason>"]);
    let taken = [&skip[..], &["--takeover", "died", "--", "echo", "ran"]].concat();
    assert_eq!(home.ok(&taken), "ran\n");
}

#[test]
fn whoever_waits_for_an_abandoned_session_hears_so_once_and_how_to_go_on() {
    let home = Home::new();
    Running::start(&home, "job", "sleep 60").vanish(&home);
    let mut waiting = Waiting::start(&home, &["wait", "job"]);
    let said = waiting.says(2);
    says(&said, &["warning: session ses_", "(key job) was left by run/", "it expires by itself in ", WAYS]);
    home.ok(&["append", "job", "--type", "note"]);
    home.ok(&["cancel", "job"]);
    let ended = waiting.end();
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    says(&ended.out, &["(key `job`) cancelled"]);
}

#[test]
fn whoever_waits_for_an_abandoned_session_ends_it_once_it_was_idle_for_too_long() {
    let home = Home::new();
    Running::start_with(&home, "job", &["--ttl", "2s", "--grace", "50ms"], "sleep 60").vanish(&home);
    let ended = answer(home.at("+31m").args(["wait", "job", "--output", "json"]));
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert_eq!(document(&ended.out)["session"]["state"], "expired");
}

#[test]
fn output_that_cannot_be_written_fails_the_run_as_it_would_the_command() {
    let home = Home::new();
    for (script, stream) in [("echo hi", "output"), ("echo hi >&2", "error")] {
        let mut command = home.command();
        command.args(["run", "--key", "job", "--", "sh", "-c", &format!("{script}; exit 0")]);
        let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
        let answer = match stream {
            "output" => told(command.stdout(full()).stderr(Stdio::piped()).spawn().unwrap()),
            _ => told(command.stdout(Stdio::piped()).stderr(full()).spawn().unwrap()),
        };
        assert_eq!(answer.code, 1, "{answer:?}");
        let told = format!("standard {stream} could not be written: No space left on device");
        if stream == "output" {
            says(&answer.err, &[&told]);
        }
        let shown = home.json(&["show", "job"]);
        assert_eq!(shown["state"], "failed");
        says(shown["error"].as_str().unwrap(), &["exited with code 0", &told]);
        assert_eq!(
            home.ok(&["events", "job", "--type", "terminal"]).matches("hi").count(),
            2,
            "it is recorded"
        );
    }
}

#[test]
fn a_reader_that_leaves_ends_the_command_as_without_a_run() {
    use std::os::unix::process::ExitStatusExt;
    let home = Home::new();
    let mut command = home.command();
    command.args(["run", "--key", "job", "--", "yes"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "y\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(Signal::PIPE.as_raw()));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

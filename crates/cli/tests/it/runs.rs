//! `tenure run` as whoever started it sees it, to its end.

use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Answer, Home, document, eventually};

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
        let output = self.0.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer {
            code: output.status.code().unwrap_or_else(|| panic!("{output:?}")),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
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

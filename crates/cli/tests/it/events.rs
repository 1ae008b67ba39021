//! `tenure events`: what people read, what programs read, live and raw.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::home::{Home, Running, answer};

/// Prints to both streams, splits a character between two writes, colours a line.
const CHATTY: &str = "echo out; sleep 0.3; echo err >&2; sleep 0.3; printf 'caf\\303'; sleep 0.3; printf '\\251\\n'; \
                      printf '\\033[31mred\\033[0m\\n'; exit 4";

fn documents(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run(home: &Home, script: &str) {
    answer(home.command().args(["run", "--key", "job", "--", "sh", "-c", script]));
}

#[test]
fn a_log_reads_as_lines_with_the_output_behind_a_gutter() {
    let home = Home::new();
    run(&home, CHATTY);
    let text = home.steady(&home.ok(&["events", "job"]));
    let text: Vec<_> =
        text.lines().filter(|line| !line.contains("lease_granted") && !line.contains("$ sh")).collect();
    let text = text.join("\n").replace("(9", "(");
    let (head, _) = text.split_once("exited with code 4 (").unwrap();
    assert_snapshot!(head.trim_end(), @"
    [at]    #2  state_changed     pending → active: session started
      │ out
      ┊ err
      │ café
      │ red
    [at]    #9  terminal          exited with code 4
    [at]   #10  state_changed     active → failed: session failed
    [at]   #11  error
    ");
}

#[test]
fn a_log_in_json_has_every_byte_and_camel_case_payloads() {
    let home = Home::new();
    run(&home, CHATTY);
    let events = documents(&home.ok(&["events", "job", "--output", "json"]));
    let seqs: Vec<_> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap");
    let data = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["type"] == kind).map(|event| &event["data"]).collect()
    };
    let moved = data("state_changed");
    assert_eq!(*moved[0], json!({ "from": "pending", "to": "active", "reason": "session started" }));
    let terminal = data("terminal");
    assert_eq!(terminal[0]["command"][0], "sh");
    assert_eq!(*terminal[1], json!({ "output": "out\n", "stream": "stdout" }));
    assert_eq!(*terminal[2], json!({ "error": "err\n", "stream": "stderr" }));
    assert_eq!(*terminal[terminal.len() - 1], json!({ "exitCode": 4 }));
    let error = data("error");
    assert_eq!(error[0]["message"], "exited with code 4");
    assert_eq!((&error[0]["stats"]["exitCode"], &error[0]["stats"]["outputBytes"]), (&4.into(), &27.into()));
}

#[test]
fn raw_output_is_what_the_command_wrote_byte_for_byte() {
    let home = Home::new();
    run(&home, "printf 'a\\000b\\377\\033[1m\\303'; printf 'no\\n' >&2; exit 0");
    let raw = home.command().args(["events", "job", "--raw"]).output().unwrap();
    assert_eq!(raw.stdout, b"a\0b\xFF\x1b[1m\xC3");
    assert_eq!(raw.stderr, b"no\n");
}

#[test]
fn events_are_chosen_by_position_type_and_number() {
    let home = Home::new();
    run(&home, "true");
    let seqs = |words: &[&str]| -> Vec<u64> {
        let text = home.ok(&[&["events", "job", "--output", "json"], words].concat());
        documents(&text).iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    let all = seqs(&[]);
    assert_eq!(seqs(&["--after", "3"]), all[3..]);
    assert_eq!(seqs(&["--limit", "2"]), [1, 2]);
    assert!(seqs(&["--after", "999"]).is_empty());
    assert_eq!(seqs(&["--type", "lease_granted", "--type", "lease_released"]).len(), 2);
    assert!(seqs(&["--type", "no_such_type"]).is_empty());
    assert_eq!(home.ask(&["events", "job", "--limit", "0"]).code, 2);
}

#[test]
fn a_followed_log_comes_as_it_grows_and_ends_with_its_session() {
    let home = Home::new();
    let gate = home.workspace().join("gate");
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let running = Running::start(&home, "job", "echo first; read -r line < gate; echo second");
    let mut command = home.command();
    command.args(["events", "job", "--follow", "--output", "json", "--type", "terminal"]);
    let mut following = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["data"]["command"][0], "sh");
    assert_eq!(next()["data"]["output"], "first\n");
    std::fs::write(&gate, "go\n").unwrap();
    assert_eq!(next()["data"]["output"], "second\n");
    assert_eq!(next()["data"]["exitCode"], 0);
    assert!(lines.next().is_none(), "the end of the session ends it");
    assert!(following.wait().unwrap().success());
    assert_eq!(running.code(), Some(0));
}

#[test]
fn a_reader_that_leaves_ends_the_log_quietly() {
    let home = Home::new();
    run(&home, "seq 1 20000");
    let mut command = home.command();
    let mut child =
        command.args(["events", "job"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_follower_whose_reader_leaves_ends_quietly_although_nothing_happens() {
    let home = Home::new();
    let _running = Running::start(&home, "job", "sleep 60");
    let mut command = home.command();
    command.args(["events", "job", "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The last that happens: the command is started.
    while !lines.next().unwrap().unwrap().contains("$ sh") {}
    drop(lines);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
    assert_eq!(home.json(&["show", "job"])["state"], "active", "it did not wait for the end");
}

#[test]
fn what_others_wrote_cannot_control_the_terminal_of_who_reads_it() {
    let home = Home::new();
    let running = Running::start(&home, "job", "printf '\\033]0;title\\007\\033[2Jx\\001\\n'; sleep 60");
    let hostile = json!({ "text": "\u{1b}[2J\u{202e}", "more": "a\nb" }).to_string();
    home.ok(&["append", "job", "--type", "note", "--data", &hostile]);
    home.ok(&["heartbeat", "job", "--fence", "1", "--activity", "\u{1b}[31mred\nline"]);
    home.ok(&["cancel", "job", "--reason", "\u{1b}]0;x\u{7}", "--actor-id", "ev\ni\u{1b}l"]);
    drop(running);
    for words in [&["events", "job"][..], &["show", "job"], &["list"]] {
        let text = home.ok(words);
        let is_safe = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(text.chars().all(is_safe), "{words:?}: {text:?}");
    }
    let log = home.ok(&["events", "job"]);
    assert!(log.contains("\\x1B[31mred\\nline"), "{log}");
    assert!(log.contains("(by ev\\ni\\x1Bl)"), "{log}");
}

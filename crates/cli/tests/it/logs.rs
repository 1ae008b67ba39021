//! Ids of events, batches, the newest, dropped beginnings, and how a session was.

use std::io::Write;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::home::{Answer, Home, Running, answer, json_words};

/// A session of a person: its log grows only when it is told to.
fn workspace(home: &Home) -> String {
    home.json(&["start", "--mode", "implement"])["session_id"].as_str().unwrap().to_owned()
}

fn documents(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn events(home: &Home, id: &str, words: &[&str]) -> Vec<Value> {
    documents(&home.ok(&json_words(&[&["events", id], words].concat())))
}

fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

/// What `tenure` answers to these words and this input.
fn fed(command: &mut Command, words: &[&str], input: &str) -> Answer {
    let command = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    // It may stop reading at a line that it refuses.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

fn note(number: usize) -> String {
    json!({ "type": "note", "data": { "step": number }, "id": format!("step-{number}") }).to_string() + "\n"
}

#[test]
fn an_event_with_an_id_is_appended_once_and_then_found() {
    let home = Home::new();
    let id = workspace(&home);
    let words = ["append", &id, "--type", "note", "--data", "{\"step\": 1}", "--id", "step-1"];
    let first = home.json(&words);
    let seq = first["seq"].as_u64().unwrap();
    assert_eq!(first.get("known"), None);
    let again = home.json(&words);
    assert_eq!((again["seq"].as_u64(), &again["known"]), (Some(seq), &Value::Bool(true)));
    assert!(home.ok(&words).contains(&format!("has it already, as event {seq}")));
    let shown = events(&home, &id, &["--type", "note"]);
    assert_eq!((shown.len(), &shown[0]["id"]), (1, &json!("step-1")));
    assert!(home.ok(&["events", &id]).contains("{\"step\":1}  (step-1)"));
}

#[test]
fn an_id_that_names_another_event_is_refused_with_what_to_do() {
    let home = Home::new();
    let id = workspace(&home);
    home.ok(&["append", &id, "--type", "note", "--data", "1", "--id", "a"]);
    for (kind, data) in [("note", "2"), ("note", "1 "), ("other", "1")] {
        let words = ["append", &id, "--type", kind, "--data", data, "--id", "a"];
        let document = home.refused_json(&words);
        assert_eq!((&document["code"], &document["id"]), (&json!("ID_REUSED"), &json!("a")));
    }
    let refused = home.refused(&["append", &id, "--type", "note", "--data", "2", "--id", "a"]);
    assert_snapshot!(home.steady(&refused.err), @"
    error: the id `a` names event 3, which says something else
      one id stands for one type and one payload, text for text
    hint: give what is new another id, or look at what has this one:
    hint: tenure events <name> --after 2 --limit 1
    ");
    for wrong in ["", " ", "a b", "\u{e9}", &"x".repeat(129)] {
        assert_eq!(home.refused_json(&["append", &id, "--type", "note", "--id", wrong])["code"], "LIMIT");
    }
}

#[test]
fn lines_are_appended_in_order_and_again_only_where_they_are_new() {
    let home = Home::new();
    let id = workspace(&home);
    let lines: String = (0..2500).map(note).collect();
    let told = fed(&mut home.command(), &["append", &id, "--batch", "-", "--output", "json"], &lines);
    assert_eq!(told.code, 0, "{told:?}");
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((&told["lines"], &told["known"]), (&json!(2500), &json!(0)));
    let file = home.file("lines", &(lines + &note(2500)));
    let told = home.json(&["append", &id, "--batch", &file]);
    assert_eq!((&told["lines"], &told["known"]), (&json!(2501), &json!(2500)));
    let shown = events(&home, &id, &["--type", "note"]);
    let steps: Vec<_> = shown.iter().map(|event| event["data"]["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, (0..=2500).collect::<Vec<_>>());
    let empty = fed(&mut home.command(), &["append", &id, "--batch", "-"], "");
    assert!(empty.code == 0 && empty.out.starts_with("Nothing to append"), "{empty:?}");
}

#[test]
fn a_line_that_is_refused_is_named_and_what_was_before_it_stays() {
    let home = Home::new();
    let id = workspace(&home);
    let large = json!({ "type": "note", "data": "x".repeat(1 << 20) }).to_string() + "\n";
    let endless = "x".repeat(2 << 20) + "\n";
    let cases = [
        ("not json\n", "USAGE", 2),
        ("{\"type\": \"note\"\n", "USAGE", 2),
        ("{\"data\": 1}\n", "USAGE", 2),
        ("{\"type\": \"note\", \"more\": 1}\n", "USAGE", 2),
        ("\n", "USAGE", 2),
        ("{\"type\": \"No Name\"}\n", "LIMIT", 3),
        ("{\"type\": \"state_changed\"}\n", "RESERVED_TYPE", 3),
        ("{\"type\": \"note\", \"id\": \" \"}\n", "LIMIT", 3),
        (&large, "LIMIT", 3),
        (&endless, "LIMIT", 3),
    ];
    for (round, (line, code, exit)) in cases.into_iter().enumerate() {
        let fine = json!({ "type": "fine", "data": round }).to_string() + "\n";
        let before = home.json(&["show", &id])["head_seq"].as_u64().unwrap();
        let input = format!("{fine}{fine}{line}{fine}");
        let told = fed(&mut home.command(), &["append", &id, "--batch", "-", "--output", "json"], &input);
        assert_eq!(told.code, exit, "{line:.40}: {told:?}");
        let told: Value = serde_json::from_str(&told.out).unwrap();
        assert_eq!((&told["code"], &told["line"]), (&json!(code), &json!(3)), "{line:.40}: {told}");
        assert_eq!(
            (&told["lines_appended"], &told["last_seq"]),
            (&json!(2), &json!(before + 2)),
            "{line:.40}"
        );
        assert_eq!(home.json(&["show", &id])["head_seq"], json!(before + 2));
    }
    let reused = note(1) + &note(2) + "{\"type\": \"note\", \"id\": \"step-1\"}\n";
    let told = fed(&mut home.command(), &["append", &id, "--batch", "-"], &reused);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.err.contains("the id `step-1` names"), "{told:?}");
    let missing = home.ask(&["append", &id, "--batch", "/no/such/file"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    for words in [&["--batch", "-", "--type", "x"][..], &["--batch", "-", "--id", "x"], &["--data", "1"]] {
        assert_eq!(home.ask(&[&["append", &id], words].concat()).code, 2, "{words:?}");
    }
}

#[test]
fn lines_that_come_slowly_are_appended_as_they_come() {
    let home = Home::new();
    let id = workspace(&home);
    let mut command = home.command();
    let mut child = command
        .args(["append", &id, "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for number in 0..3 {
        stdin.write_all(note(number).as_bytes()).unwrap();
        crate::home::eventually(|| events(&home, &id, &["--type", "note"]).len() == number + 1);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_former_holder_is_told_so_though_its_event_is_known() {
    let home = Home::new();
    let running = Running::start(&home, "job", "sleep 60");
    home.ok(&["append", "job", "--type", "note", "--id", "a", "--fence", "1"]);
    running.vanish(&home);
    home.ok(&["takeover", "job", "--actor-id", "me", "--reason", "died"]);
    let refused = home.refused_json(&["append", "job", "--type", "note", "--id", "a", "--fence", "1"]);
    assert_eq!(refused["code"], "FENCED");
    assert_eq!(home.json(&["append", "job", "--type", "note", "--id", "a", "--fence", "2"])["known"], true);
}

#[test]
fn the_newest_events_come_in_order() {
    let home = Home::new();
    let id = workspace(&home);
    let lines: String = (0..30).map(note).collect();
    fed(&mut home.command(), &["append", &id, "--batch", "-"], &lines);
    let all = seqs(&events(&home, &id, &[]));
    assert_eq!(seqs(&events(&home, &id, &["--newest", "3"])), all[all.len() - 3..]);
    assert_eq!(seqs(&events(&home, &id, &["--newest", "999"])), all);
    assert_eq!(seqs(&events(&home, &id, &["--newest", "1", "--type", "state_changed"])), [2]);
    assert!(events(&home, &id, &["--newest", "5", "--type", "no_such_type"]).is_empty());
    for words in [&["--newest", "0"][..], &["--newest", "1", "--after", "1"], &["--newest", "1", "--raw"]] {
        assert_eq!(home.ask(&[&["events", &id], words].concat()).code, 2, "{words:?}");
    }
}

#[test]
fn a_dropped_beginning_is_gone_and_everybody_is_told() {
    let home = Home::new();
    let id = workspace(&home);
    let lines: String = (0..30).map(note).collect();
    fed(&mut home.command(), &["append", &id, "--batch", "-"], &lines);
    let dry = home.ok(&["compact", &id, "--keep", "10", "--dry-run"]);
    assert_snapshot!(home.steady(&dry), @"Would drop 22 events of session `[id]`; its log would begin at 23.");
    assert_eq!(events(&home, &id, &[]).len(), 32, "nothing was dropped");
    let done = home.json(&["compact", &id, "--before", "23"]);
    assert_eq!(
        (&done["dropped"], &done["earliest"], &done["head_seq"]),
        (&json!(22), &json!(23), &json!(32))
    );
    let shown = home.json(&["show", &id]);
    assert_eq!((&shown["head_seq"], &shown["earliest_seq"]), (&json!(32), &json!(23)));
    assert!(home.ok(&["show", &id]).contains("10 events (23 to 32; what was before was dropped)"));
    let whole = home.ask(&["events", &id, "--output", "json"]);
    assert_eq!(seqs(&documents(&whole.out)), (23..=32).collect::<Vec<_>>());
    assert_eq!(whole.err, "warning: what was before position 23 was dropped from this log\n");
    assert_eq!(seqs(&events(&home, &id, &["--after", "22"])), (23..=32).collect::<Vec<_>>());
    assert_eq!(seqs(&events(&home, &id, &["--newest", "20"])), (23..=32).collect::<Vec<_>>());
    let gone = home.ask(&json_words(&["events", &id, "--after", "5"]));
    let document: Value = serde_json::from_str(&gone.out).unwrap();
    assert_eq!((gone.code, &document["code"], &document["earliest"]), (1, &json!("COMPACTED"), &json!(23)));
    let gone = home.ask(&["show", &id, "--at", "7"]);
    assert_snapshot!(gone.err, @"
    error: the session's log begins at position 23; what was before was dropped
    hint: tenure events <name> --after 22
    ");
    let nothing = home.ok(&["compact", &id, "--keep", "500"]);
    assert!(nothing.contains("there is nothing to drop"), "{nothing}");
    assert_eq!(home.ask(&["compact", &id, "--before", "34"]).code, 2, "beyond the newest event");
    for words in [&[][..], &["--before", "3", "--keep", "3"], &["--before", "0"]] {
        assert_eq!(home.ask(&[&["compact", &id], words].concat()).code, 2, "{words:?}");
    }
    assert_eq!(home.json(&["compact", &id, "--keep", "0"])["earliest"], 33);
    assert!(events(&home, &id, &["--after", "32"]).is_empty());
    assert_eq!(answer(home.command().args(["doctor", "--deep"])).code, 0);
}

#[test]
fn a_session_is_shown_as_it_was_at_any_position() {
    let home = Home::new();
    let held = home.hold("runtime/w1", "60");
    let id = held["session_id"].as_str().unwrap().to_owned();
    home.ok(&["heartbeat", "--actor-id", "runtime/w1", "--activity", "step 1"]);
    home.ok(&["append", &id, "--type", "note", "--data", "1"]);
    home.ok(&["heartbeat", "--actor-id", "runtime/w1", "--activity", "step 2"]);
    home.ok(&["clear", "--actor-id", "runtime/w1"]);
    let head = home.json(&["show", &id])["head_seq"].as_u64().unwrap();
    let shown: Vec<_> = (1..=head).map(|at| home.json(&["show", &id, "--at", &at.to_string()])).collect();
    let states: Vec<_> = shown.iter().map(|shown| shown["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["pending", "active", "active", "active", "active", "completed", "completed"]);
    let activities: Vec<_> =
        shown.iter().map(|shown| shown["activity"]["text"].as_str().unwrap_or("-")).collect();
    assert_eq!(activities, ["-", "-", "step 1", "step 1", "step 2", "-", "-"]);
    let holders: Vec<_> =
        shown.iter().map(|shown| shown["lease"]["holder"]["id"].as_str().unwrap_or("-")).collect();
    assert_eq!(holders, [["runtime/w1"; 6].as_slice(), &["-"]].concat());
    assert_eq!(shown[4]["activity"]["actor_id"], "runtime/w1");
    let text = home.steady(&home.ok(&["show", &id, "--at", "5"]));
    let text: Vec<_> = text.lines().map(|line| line.split(" (just now").next().unwrap()).collect();
    assert_eq!(text[0], "Session:  [id] (workspace)");
    assert_eq!(text[2..4], ["As of:    event 5, [at]", "State:    active since [at]: session started"]);
    assert_eq!(text[5], "Activity: step 2");
    let beyond = home.ask(&["show", &id, "--at", "99"]);
    assert_eq!(beyond.code, 1, "{beyond:?}");
    assert!(beyond.err.contains("has no event 99 yet"), "{beyond:?}");
}

#[test]
fn a_followed_log_goes_on_after_the_newest_events() {
    let home = Home::new();
    let running = Running::start(&home, "job", "sleep 60");
    let lines: String = (0..10).map(note).collect();
    fed(&mut home.command(), &["append", "job", "--batch", "-"], &lines);
    let mut command = home.command();
    command.args(["events", "job", "--follow", "--newest", "2", "--type", "note", "--output", "json"]);
    let mut following = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(following.stdout.take().unwrap()));
    let mut step = || {
        let event: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        event["data"]["step"].as_u64().unwrap()
    };
    assert_eq!((step(), step()), (8, 9));
    fed(&mut home.command(), &["append", "job", "--batch", "-"], &note(10));
    assert_eq!(step(), 10);
    home.ok(&["cancel", "job"]);
    assert!(lines.next().is_none());
    assert!(following.wait().unwrap().success());
    drop(running);
}

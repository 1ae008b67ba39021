//! Which files a command changes is recorded, and what was in them comes back.

use std::fs;

use serde_json::{Value, json};

use crate::home::{Home, eventually};

/// What a list of files says of each: what became of it, and its path.
fn listed(home: &Home) -> Vec<(String, String)> {
    let files = home.json(&["files", "job"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let each = files["data"].as_array().unwrap().iter();
    each.map(|file| (text(&file["action"]), text(&file["path"]))).collect()
}

fn told(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(action, path)| ((*action).to_owned(), (*path).to_owned())).collect()
}

fn run(home: &Home, options: &[&str], script: &str) {
    home.ok(&[&["run", "--key", "job"], options, &["--", "sh", "-c", script]].concat());
}

#[test]
fn a_watched_run_records_what_its_command_changes_and_gives_it_back() {
    let home = Home::new();
    let ws = home.workspace();
    fs::create_dir(ws.join(".git")).unwrap();
    fs::write(ws.join(".gitignore"), "*.log\n").unwrap();
    fs::write(ws.join("old"), "before").unwrap();
    fs::write(ws.join("gone"), "before").unwrap();
    let script = "mkdir -p src; printf one > src/new; printf after > old; rm gone; printf x > a.log; printf 1 > .git/x";
    run(&home, &["--watch"], script);
    assert_eq!(listed(&home), told(&[("deleted", "gone"), ("modified", "old"), ("created", "src/new")]));
    assert_eq!(home.ok(&["files", "job", "src/new"]), "one");
    assert_eq!(home.ok(&["files", "job", "old"]), "after");
    let deleted = home.ask(&["files", "job", "gone", "--output", "json"]);
    assert_eq!((deleted.code, deleted.out.contains("FILE_DELETED")), (1, true), "{deleted:?}");
    let unknown = home.ask(&["files", "job", "a.log", "--output", "json"]);
    assert_eq!((unknown.code, unknown.out.contains("FILE_NOT_FOUND")), (1, true), "{unknown:?}");
    let text = home.ok(&["files", "job"]);
    assert!(text.starts_with("CHANGE    SIZE     SEQ"), "{text}");
    assert!(text.contains("created   3 bytes"), "{text}");
}

#[test]
fn changes_are_events_before_the_end_with_the_hash_of_what_was_kept() {
    let home = Home::beside_its_store();
    run(&home, &["--watch"], "printf one > a");
    let log = home.ok(&["events", "job", "--output", "json"]);
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let place = |kind: &str| events.iter().position(|event| event["type"] == kind).unwrap();
    assert!(place("file_change") < place("completion"), "{log}");
    let data = &events[place("file_change")]["data"];
    let sha256 = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
    assert_eq!(*data, json!({ "path": "a", "action": "created", "size": 3, "sha256": sha256 }));
    assert!(home.ok(&["doctor", "--deep"]).contains("Everything is as it should be"));
}

#[test]
fn every_version_that_stood_for_a_while_comes_back_by_its_position() {
    let home = Home::new();
    let script = "printf one > a; while [ ! -e go ]; do sleep 0.02; done; printf two > a";
    let mut running = home.command();
    running.args(["run", "--key", "job", "--watch", "--", "sh", "-c", script]);
    let mut running = running.spawn().unwrap();
    eventually(|| home.ask(&["files", "job"]).out.contains(" a\n"));
    let first = home.json(&["files", "job"])["data"][0]["seq"].as_u64().unwrap();
    fs::write(home.workspace().join("go"), "").unwrap();
    assert!(running.wait().unwrap().success());
    assert_eq!(home.ok(&["files", "job", "a", "--at", &first.to_string()]), "one");
    assert_eq!(home.ok(&["files", "job", "a"]), "two");
    assert_eq!(home.ask(&["files", "job", "a", "--at", "1"]).code, 1);
    let to = home.file("copy", "");
    let written = home.json(&["files", "job", "a", "--to", &to]);
    assert_eq!((&written["file"]["path"], &written["to"]), (&json!("a"), &json!(to)));
    assert_eq!(fs::read_to_string(to).unwrap(), "two");
}

#[test]
fn another_directory_is_watched_and_one_that_is_not_there_is_told() {
    let home = Home::new();
    fs::create_dir(home.workspace().join("out")).unwrap();
    run(&home, &["--watch=out"], "printf 1 > out/a; printf 2 > b");
    assert_eq!(listed(&home), told(&[("created", "a")]));
    let missing = home.ask(&["run", "--key", "other", "--watch=nowhere", "--", "touch", "ran"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("nowhere"), "{missing:?}");
    assert!(!home.workspace().join("ran").exists(), "the command is not run unwatched");
}

#[test]
fn contents_beyond_the_limit_are_told_and_not_kept() {
    let home = Home::new();
    run(&home, &["--watch", "--watch-limit", "4"], "printf 12345 > large");
    let files = home.json(&["files", "job"]);
    assert_eq!(files["data"][0]["kept"], json!(false));
    assert_eq!(files["data"][0]["size"], json!(5));
    let missing = home.ask(&["files", "job", "large", "--output", "json"]);
    assert_eq!((missing.code, missing.out.contains("FILE_NOT_KEPT")), (1, true), "{missing:?}");
}

#[test]
fn a_run_that_is_not_watched_records_no_files() {
    let home = Home::new();
    run(&home, &[], "printf one > a");
    assert!(home.ok(&["files", "job"]).starts_with("No changed files."));
    assert_eq!(home.json(&["files", "job"]), json!({ "data": [] }));
}

#[test]
fn a_file_may_be_called_anything() {
    let home = Home::new();
    let name = "a \u{1b}[31m\n\"b\"";
    fs::write(home.workspace().join("name"), name).unwrap();
    run(&home, &["--watch"], "printf one > \"$(cat name; printf x)\"");
    let path = format!("{name}x");
    assert_eq!(listed(&home), told(&[("created", &path)]));
    let text = home.ok(&["files", "job"]);
    assert!(!text.contains('\u{1b}') && text.contains("a \\x1B[31m\\n\"b\"x"), "{text}");
    assert_eq!(home.ok(&["files", "job", &path]), "one");
}

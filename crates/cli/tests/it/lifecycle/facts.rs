//! What is kept with a session.

use insta::assert_snapshot;
use serde_json::json;

use super::log::{events, held, history, says};
use crate::home::Home;

#[test]
fn an_update_merges_adds_and_counts_and_is_shown() {
    let home = Home::new();
    held(&home, "job");
    let patch = "{\"a\": {\"x\": 1}, \"files_changed_delta\": 3, \"increment_iteration\": true}";
    let first = ["update", "job", "--fence", "1", "--metadata", patch, "--label", "team=web"];
    let more = ["--progress", "3/10", "--timing", "build=1m1s", "--cost", "0.25", "--input-tokens", "1200"];
    home.ok(&[&first[..], &more].concat());
    let patch = "{\"a\": null, \"b\": 2, \"files_changed_delta\": -1, \"increment_iteration\": true}";
    let second = ["update", "job", "--fence", "1", "--metadata", patch, "--tool-calls", "2", "--cost", "0.5"];
    let updated = home.json(&[&second[..], &["--progress", "4/10", "--timing", "test=2s"]].concat());
    let usage =
        json!({ "iterations": 2, "input_tokens": 1200, "output_tokens": 0, "tool_calls": 2, "cost": 0.75 });
    assert_eq!((&updated["usage"], &updated["progress"]), (&usage, &json!({ "current": 4, "total": 10 })));
    let shown = home.json(&["show", "job"]);
    assert_eq!(shown["metadata"], json!({ "b": 2, "files_changed": 2 }));
    assert_eq!((&shown["timings_ms"], &shown["usage"]), (&json!({ "build": 61_000, "test": 2_000 }), &usage));
    let text = home.ok(&["show", "job"]);
    for row in [
        "4 of 10",
        "b=2  files_changed=2",
        "build=1m 1s  test=2s",
        "2 iterations, 1200 input tokens, 2 tool calls, cost 0.75",
    ] {
        assert!(text.contains(row), "`{row}` is not in {text}");
    }
    let told = events(&home, "job", &["progress", "usage"]);
    assert_eq!((told.len(), &told[3]["data"]["cost"]), (4, &json!(0.75)));
}

#[test]
fn an_update_that_makes_no_sense_is_told_so() {
    let home = Home::new();
    held(&home, "job");
    let update = |words: &[&str]| home.ask(&[&["update", "job", "--fence", "1"], words].concat());
    for words in
        [&[][..], &["--progress", "3/"], &["--cost", "1e3"], &["--timing", "build"], &["--label", "team"]]
    {
        assert_eq!(update(words).code, 2, "{words:?}");
    }
    for metadata in ["[1]", "{oops", "1"] {
        assert_eq!(update(&["--metadata", metadata]).code, 2, "{metadata}");
    }
    let refused =
        home.refused(&["update", "job", "--fence", "1", "--metadata", "{\"files_changed_delta\": \"x\"}"]);
    says(&refused, &["the files_changed_delta is not a whole number"]);
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(65_536));
    says(&home.refused(&["update", "job", "--fence", "1", "--metadata", &large]), &["the maximum is 65536"]);
}

#[test]
fn an_update_with_an_error_fails_the_session() {
    let home = Home::new();
    held(&home, "job");
    let failed = home.json(&["update", "job", "--fence", "1", "--error", "out of disk", "--label", "a=b"]);
    assert_eq!((&failed["state"], &failed["error"]), (&"failed".into(), &"out of disk".into()));
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["error"], &shown["labels"]["a"]), (&"out of disk".into(), &"b".into()));
    assert!(shown["completed_at"].is_string());
    assert_eq!(history(&home, "job")[2], "active>failed \"session failed\"");
}

#[test]
fn what_others_wrote_into_facts_cannot_control_a_terminal() {
    let home = Home::new();
    held(&home, "job");
    let hostile = "a\u{1b}[2Jb\n";
    let metadata = json!({ hostile: hostile }).to_string();
    let words = ["update", "job", "--fence", "1", "--metadata", &metadata, "--timing", "x\u{1b}=1s"];
    home.ok(&[&words[..], &["--label", &format!("l={hostile}")]].concat());
    home.ok(&["send", "job", hostile]);
    home.ok(&["fail", "job", "--fence", "1", "--error", hostile]);
    for words in [&["show", "job"][..], &["events", "job"], &["list"], &["wait", "job"]] {
        let said = home.ask(words);
        assert!(said.out.chars().all(|c| c == '\n' || !c.is_control()), "{words:?}: {said:?}");
    }
}

#[test]
fn a_session_driven_by_hand_reads_as_a_block() {
    let home = Home::new();
    home.ok(&["create", "--id", "boss"]);
    home.ok(&["create", "--id", "job", "--parent", "boss", "--label", "team=web"]);
    home.ok(&["start", "job", "--actor-id", "w1"]);
    home.ok(&[
        "update",
        "job",
        "--fence",
        "1",
        "--progress",
        "1/4",
        "--iterations",
        "1",
        "--metadata",
        "{\"goal\": \"ship\"}",
    ]);
    home.ok(&["complete", "job", "--fence", "1", "--output-tokens", "7"]);
    let text = home.steady(&home.ok(&["show", "job"]));
    let stable: Vec<_> = text
        .lines()
        .filter(|line| ![" ago", "just now", "Duration"].iter().any(|part| line.contains(part)))
        .collect();
    assert_snapshot!(stable.join("\n"), @r#"
    Session:     job (agent)
    Holder:      nobody; the highest fence given out is 1
    Labels:      team=web
    Metadata:    goal="ship"
    Progress:    1 of 4
    Usage:       1 iteration, 7 output tokens
    Log:         8 events, revision 4
    Parent:      boss
    "#);
}

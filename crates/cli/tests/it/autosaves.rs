//! What a command saves in its file is there for it when it goes on.

use std::fs;

use serde_json::Value;

use crate::home::{Home, document, eventually};

/// Counts up in its file from where it was saved, and says what it found.
const COUNTS: &str = "n=$(cat \"${TENURE_CHECKPOINT:-/dev/null}\"); n=$((${n:-0} + 1)); \
    echo \"resumed=${TENURE_RESUMED:-no} n=$n\"; printf %s $n > state.new; mv state.new state; \
    if [ $n -lt 3 ]; then touch ready; while :; do sleep 0.05; done; fi";

fn checkpoints(home: &Home) -> Vec<Value> {
    home.json(&["checkpoint", "list", "job"])["data"].as_array().unwrap().clone()
}

/// What was saved last, besides the session's own record, which a pause saves.
fn newest(home: &Home) -> String {
    let checkpoints = checkpoints(home);
    let saved = checkpoints.iter().find(|checkpoint| checkpoint["content"] == "given").unwrap();
    home.ok(&["checkpoint", "show", "job", saved["id"].as_str().unwrap(), "--raw"])
}

#[test]
fn a_command_goes_on_from_what_it_saved_through_one_shutdown_after_the_other() {
    let home = Home::new();
    let ready = home.workspace().join("ready");
    let saving = ["--checkpoint-file", "state", "--checkpoint-interval", "1h"];
    let mut first = home.command();
    first.env("TENURE_CHECKPOINT", "/etc/passwd").args(["run", "--key", "job"]).args(saving);
    let mut running = first.args(["--", "sh", "-c", COUNTS]).spawn().unwrap();
    for round in ["1", "2"] {
        eventually(|| ready.exists());
        fs::remove_file(&ready).unwrap();
        home.ok(&["stop", "job"]);
        running.wait().unwrap();
        assert_eq!(newest(&home), round, "saved when the command has ended, before the session's pause");
        running = home.command().args(["resume", "job"]).spawn().unwrap();
    }
    assert!(running.wait().unwrap().success());
    assert_eq!(newest(&home), "3");
    let said = home.ok(&["events", "job", "--type", "terminal", "--output", "json"]);
    let said: String = said
        .lines()
        .filter_map(|line| document(line)["data"]["output"].as_str().map(str::to_owned))
        .collect();
    for line in ["resumed=no n=1", "resumed=1 n=2", "resumed=1 n=3"] {
        assert!(said.contains(line), "`{line}` is not in {said}");
    }
    assert!(checkpoints(&home).iter().any(|checkpoint| checkpoint["reason"] == "autosave"));
}

#[test]
fn the_file_is_saved_while_the_command_is_at_work_and_only_what_has_changed() {
    let home = Home::new();
    let script = "printf one > state; while [ ! -e go ]; do sleep 0.02; done; printf two > state.new; mv state.new state; \
        while [ ! -e end ]; do sleep 0.02; done";
    let mut run = home.command();
    run.args(["run", "--key", "job", "--checkpoint-file", "state", "--checkpoint-interval", "20ms"]);
    let mut running = run.args(["--", "sh", "-c", script]).spawn().unwrap();
    let is_saved = |content: &str| {
        let shown = home.ask(&["checkpoint", "show", "job", "--raw"]);
        shown.code == 0 && shown.out == content
    };
    eventually(|| is_saved("one"));
    fs::write(home.workspace().join("go"), "").unwrap();
    eventually(|| is_saved("two"));
    fs::write(home.workspace().join("end"), "").unwrap();
    assert!(running.wait().unwrap().success());
    assert_eq!(checkpoints(&home).len(), 2, "what stays as it is is saved once");
}

#[test]
fn what_was_saved_by_hand_is_found_as_well_in_a_private_file_that_goes_with_the_run() {
    let home = Home::new();
    let script = "if [ -n \"$TENURE_CHECKPOINT\" ]; then stat -c %a \"$TENURE_CHECKPOINT\"; \
        cat \"$TENURE_CHECKPOINT\"; printf %s \"$TENURE_CHECKPOINT\" > where; exit; fi; \
        printf mine | \"$0\" checkpoint create \"$TENURE_SESSION_ID\" --file - && touch ready; sleep 1000";
    let mut run = home.command();
    run.args(["run", "--key", "job", "--", "sh", "-c", script, env!("CARGO_BIN_EXE_tenure")]);
    let mut running = run.spawn().unwrap();
    eventually(|| home.workspace().join("ready").exists());
    home.ok(&["stop", "job"]);
    running.wait().unwrap();
    assert_eq!(home.ok(&["resume", "job"]), "600\nmine");
    let place = fs::read_to_string(home.workspace().join("where")).unwrap();
    assert!(place.starts_with(home.storage().to_str().unwrap()), "{place}");
    assert!(!fs::exists(place).unwrap());
}

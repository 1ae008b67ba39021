//! The verbs about sessions of any kind: list, show, append, check, cancel, wait, pause, takeover.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::home::{Answer, Home, Running, answer, document, keys, succeeded};

fn says(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(answer.err.contains(part), "`{part}` is not in {answer:?}");
    }
}

fn run(home: &Home, key: &str, script: &str) -> Answer {
    answer(home.command().args(["run", "--key", key, "--label", "team=web", "--", "sh", "-c", script]))
}

#[test]
fn a_session_is_shown_to_people_and_to_programs() {
    let home = Home::new();
    assert_eq!(run(&home, "nightly", "exit 4").code, 4);
    let shown = home.json(&["show", "nightly"]);
    assert_eq!(
        keys(&shown).join(" "),
        "id namespace kind key state error lease revision fence head_seq earliest_seq start_count \
         duration_ms created_at started_at last_started_at last_activity_at completed_at labels command directory \
         auto_resume idle_timeout_ms idle_spares_held"
    );
    assert_eq!((&shown["state"], &shown["error"]), (&"failed".into(), &"exited with code 4".into()));
    assert_eq!((&shown["labels"], &shown["lease"]), (&json!({ "team": "web" }), &Value::Null));
    let text = home.steady(&home.ok(&["show", "nightly"]));
    let stable: Vec<_> = text
        .lines()
        .filter(|line| ![" ago", "just now", "Duration"].iter().any(|part| line.contains(part)))
        .collect();
    assert_snapshot!(stable.join("\n"), @"
    Session:     [id] (agent)
    Key:         nightly
    Holder:      nobody; the highest fence given out is 1
    Command:     sh -c 'exit 4'
    Directory:   [base]/ws
    Labels:      team=web
    Log:         7 events, revision 2
    ");
}

#[test]
fn sessions_are_listed_newest_first_page_by_page() {
    let home = Home::new();
    assert_eq!(home.ok(&["list"]), "No sessions.\n");
    assert_eq!(home.json(&["list"]), json!({ "data": [], "next_cursor": null }));
    for key in ["a", "b", "c"] {
        run(&home, key, "true");
    }
    let keys = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
    };
    let first = home.json(&["list", "--limit", "2"]);
    assert_eq!(keys(&first).join(" "), "c b");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = home.json(&["list", "--limit", "2", "--cursor", cursor]);
    assert_eq!((keys(&second), &second["next_cursor"]), (vec!["a".to_owned()], &Value::Null));
    assert!(home.ok(&["list", "--limit", "2"]).contains(&format!("more: tenure list --cursor {cursor}")));
}

#[test]
fn a_list_is_filtered_by_state_kind_and_label() {
    let home = Home::new();
    run(&home, "good", "true");
    run(&home, "bad", "false");
    home.ok(&["start"]);
    let count = |words: &[&str]| home.json(&[&["list"], words].concat())["data"].as_array().unwrap().len();
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--kind", "agent"]), 2);
    assert_eq!(count(&["--state", "completed"]), 1);
    assert_eq!(count(&["--state", "completed", "--state", "failed"]), 2);
    assert_eq!(count(&["--label", "team=web"]), 2);
    assert_eq!(count(&["--label", "team=other"]), 0);
    assert_eq!(count(&["--kind", "workspace", "--state", "failed"]), 0);
}

#[test]
fn a_list_reads_as_a_table() {
    let home = Home::new();
    run(&home, "nightly", "true");
    home.hold("runtime/w1", "86400");
    let table = home.steady(&home.ok(&["list"])).replace("23h 59m", "1d");
    let table: Vec<_> =
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_snapshot!(table.join("\n"), @"
    STATE SESSION KEY KIND HOLDER LEASE ACTIVE
    active [id] [base]/ws#main workspace runtime/w1 1d just now
    completed [id] nightly agent - - just now
    ");
}

#[test]
fn inside_a_run_its_session_is_appended_to_checked_and_spoken_for() {
    let home = Home::new();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let script = format!(
        "set -e; {tenure} heartbeat --activity 'step 1'; {tenure} check; \
         {tenure} append $TENURE_SESSION_ID --type note --data '{{\"a\": [1, \"é\"]}}'"
    );
    assert_eq!(run(&home, "job", &script).code, 0);
    let events = home.ok(&["events", "job", "--output", "json", "--type", "note", "--type", "activity"]);
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = events.iter().map(|event| (&event["type"], &event["data"], &event["fence"])).collect();
    assert_eq!(
        told,
        [
            (&json!("activity"), &json!({ "text": "step 1" }), &json!(1)),
            (&json!("note"), &json!({ "a": [1, "é"] }), &json!(1)),
        ]
    );
}

#[test]
fn an_append_without_a_fence_is_a_message_and_one_with_an_old_fence_is_refused() {
    let home = Home::new();
    let _running = Running::start(&home, "job", "sleep 60");
    let message = home.json(&["append", "job", "--type", "note", "--data", "1"]);
    assert_eq!(message.get("fence"), None);
    let owners = home.json(&["append", "job", "--type", "note", "--fence", "1"]);
    assert_eq!((&owners["command"], &owners["fence"]), (&"append".into(), &1.into()));
    let refused = home.refused_json(&["append", "job", "--type", "note", "--fence", "0"]);
    assert_eq!((&refused["code"], &refused["holder"]["kind"]), (&"FENCED".into(), &"run".into()));
}

#[test]
fn a_payload_must_be_json_of_bounded_size_and_of_a_type_that_is_free() {
    let home = Home::new();
    let running = Running::start(&home, "job", "sleep 60");
    let with_input = |input: Vec<u8>| {
        let input_file = home.file("input", std::str::from_utf8(&input).unwrap());
        let input = std::fs::File::open(input_file).unwrap();
        answer(home.command().args(["append", "job", "--type", "note", "--data", "-"]).stdin(input))
    };
    assert_eq!(with_input(b"{\"from\": \"stdin\"}".to_vec()).code, 0);
    let most = 1024 * 1024;
    assert_eq!(with_input(format!("\"{}\"", "x".repeat(most - 2)).into_bytes()).code, 0);
    let refused = with_input(format!("\"{}\"", "x".repeat(most - 1)).into_bytes());
    assert_eq!(refused.code, 3);
    says(&refused, &["the payload has 1048577 bytes; the maximum is 1048576"]);

    assert_eq!(home.ask(&["append", "job", "--type", "note", "--data", "{oops"]).code, 2);
    says(&home.refused(&["append", "job", "--type", "state_changed"]), &["written by Tenure only"]);
    says(&home.refused(&["append", "job", "--type", "No Such\n"]), &["the event type holds a character"]);
    drop(running);
}

#[test]
fn check_succeeds_only_for_the_current_fence_of_a_live_lease() {
    let home = Home::new();
    let nothing = home.ask(&["check", "job", "--fence", "1"]);
    assert_eq!(nothing.code, 3);
    let running = Running::start(&home, "job", "sleep 60");
    assert_eq!(document(&home.ok(&["check", "job", "--fence", "1", "--output", "json"]))["ok"], true);
    says(&home.refused(&["check", "job", "--fence", "2"]), &["fence 2 was never given out"]);
    assert_eq!(home.ask(&["check", "job"]).code, 2, "no fence was given");
    home.ok(&["cancel", "job"]);
    says(
        &home.refused(&["check", "job", "--fence", "1"]),
        &["fence 1 is not current", "nobody holds the session"],
    );
    drop(running);

    home.hold("a", "60");
    assert_eq!(home.ask(&["check", &home.key(), "--fence", "1"]).code, 0);
    let late = answer(home.at("+61s").args(["check", &home.key(), "--fence", "1"]));
    assert_eq!(late.code, 3);
    says(&late, &["the lease under fence 1 is over"]);
}

#[test]
fn a_cancelled_run_is_stopped_and_stays_cancelled() {
    let home = Home::new();
    let running = Running::start(&home, "job", "sleep 60");
    let cancelled = home.json(&["cancel", "job", "--reason", "enough", "--actor-id", "me"]);
    assert_eq!((&cancelled["state"], &cancelled["reason"]), (&"cancelled".into(), &"enough".into()));
    assert_ne!(running.code(), Some(0));
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["state"], &shown["reason"]), (&"cancelled".into(), &"enough".into()));
    let again = home.refused_json(&["cancel", "job"]);
    assert_eq!((&again["code"], &again["from"]), (&"INVALID_TRANSITION".into(), &"cancelled".into()));
    assert!(
        again["message"].as_str().unwrap().starts_with("Invalid state transition: cancelled → cancelled")
    );
}

#[test]
fn a_workspace_is_not_cancelled_or_paused() {
    let home = Home::new();
    home.ok(&["start"]);
    for words in [["cancel", &home.key()], ["pause", &home.key()], ["resume", &home.key()]] {
        let refused = home.refused(&words);
        says(&refused, &[&format!("`tenure {}` is not for workspace sessions", words[0])]);
    }
}

#[test]
fn wait_tells_how_it_ended_in_its_exit_code() {
    let home = Home::new();
    run(&home, "good", "true");
    run(&home, "bad", "exit 7");
    let good = home.ask(&["wait", "good"]);
    assert_eq!((good.code, home.steady(&good.out).as_str()), (0, "Session `[id]` (key `good`) completed\n"));
    let bad = home.ask(&["wait", "bad"]);
    assert_eq!(bad.code, 1);
    assert_eq!(home.steady(&bad.out), "Session `[id]` (key `bad`) failed: exited with code 7\n");

    let _running = Running::start(&home, "long", "sleep 60");
    let early = home.ask(&["wait", "long", "--timeout", "50ms"]);
    assert_eq!(early.code, 1);
    says(&early, &["has not ended within 50ms"]);
}

#[test]
fn a_run_is_paused_and_resumed_by_its_owner_when_others_ask() {
    let home = Home::new();
    let _running = Running::start(&home, "job", "sleep 60");
    let wait = ["--timeout", "30s"];
    let paused = home.json(&[&["pause", "job"], &wait[..]].concat());
    assert_eq!((&paused["command"], &paused["state"]), (&"pause".into(), &"paused".into()));
    assert_eq!(home.json(&["show", "job"])["state"], "paused");
    let twice = home.refused(&["pause", "job"]);
    says(&twice, &["Invalid state transition: paused → paused"]);
    assert_eq!(home.json(&[&["resume", "job"], &wait[..]].concat())["state"], "active");
}

#[test]
fn a_request_that_nobody_answers_is_told_so() {
    let home = Home::new();
    Running::start(&home, "job", "sleep 60").vanish(&home);
    let unanswered = home.ask(&["pause", "job", "--timeout", "50ms"]);
    assert_eq!(unanswered.code, 1);
    says(&unanswered, &["the owner was asked to pause, and has not done it within 50ms"]);
}

#[test]
fn what_a_dead_runner_left_is_taken_over_at_once() {
    let home = Home::beside_its_store();
    Running::start(&home, "job", "sleep 60").vanish(&home);
    let words = ["takeover", "job", "--actor-id", "me", "--reason", "runner died", "--lease-seconds", "60"];
    let taken = home.json(&words);
    assert_eq!(
        (&taken["fence"], &taken["actor_id"], &taken["reason"]),
        (&2.into(), &"me".into(), &"runner died".into())
    );
    home.ok(&["heartbeat", "job", "--fence", "2", "--activity", "looking"]);
    assert_eq!(home.json(&["show", "job"])["activity"]["text"], "looking");
    let old = home.refused_json(&["heartbeat", "job", "--fence", "1"]);
    assert_eq!((&old["code"], &old["holder"]["id"]), (&"FENCED".into(), &"me".into()));
    let held = home.refused_json(&["takeover", "job", "--actor-id", "you", "--reason", "r"]);
    assert_eq!((&held["code"], &held["holder"]["id"]), (&"HELD".into(), &"me".into()));
}

#[test]
fn a_takeover_by_hand_says_how_to_go_on_and_that_is_how_it_goes_on() {
    let home = Home::beside_its_store();
    Running::start(&home, "job", "sleep 60").vanish(&home);
    let words = ["takeover", "job", "--actor-id", "me", "--reason", "runner died", "--lease-seconds", "1"];
    let told = home.ok(&words);
    let hints: Vec<_> = told.lines().skip(1).collect();
    assert_snapshot!(hints.join("\n"), @"
    hint: end it: tenure cancel <name>
    hint: run it again, as soon as this lease is over: tenure run --key <key> --takeover <reason> --if-held wait -- <command>
    ");
    home.ok(&["run", "--key", "job", "--takeover", "again", "--if-held", "wait", "--", "true"]);
    assert_eq!(home.json(&["show", "job"])["state"], "completed");
}

#[test]
fn a_run_whose_process_is_gone_is_shown_as_abandoned_while_its_lease_has_time_left() {
    let home = Home::beside_its_store();
    let running = Running::start_with(&home, "job", &["--ttl", "10m"], "sleep 60");
    let lease =
        |document: &Value| (document["lease"]["standing"].clone(), document["lease"]["holder_gone"].clone());
    assert_eq!(lease(&home.json(&["show", "job"])), ("live".into(), false.into()));
    assert!(home.ok(&["show", "job"]).contains(" left of 10m, renewed "));

    running.vanish(&home);
    let (shown, listed) = (home.json(&["show", "job"]), home.json(&["list"]));
    assert_eq!((&shown["state"], lease(&shown)), (&"active".into(), ("live".into(), true.into())));
    assert_eq!(lease(&listed["data"][0]), ("live".into(), true.into()));
    assert!(home.ok(&["show", "job"]).contains("abandoned (its process is gone), renewed "));
    assert!(home.ok(&["list"]).contains("  abandoned  "));

    let words = ["run", "--key", "job", "--", "true"];
    says(&home.refused(&words), &["(key job) was left by run/", ", whose process is gone\n"]);
    let refused = home.ask(&["run", "--key", "job", "--output", "json", "--", "true"]);
    assert_eq!(document(&refused.out)["holder_gone"], true);
    let unanswered = home.ask(&["pause", "job", "--timeout", "0ms"]);
    says(&unanswered, &["its process is gone: nobody is there to do it"]);
}

#[test]
fn a_takeover_of_a_run_has_limits_and_needs_a_late_holder() {
    let home = Home::new();
    let running = Running::start(&home, "job", "sleep 60");
    let words = ["takeover", "job", "--actor-id", "me", "--reason", "r"];
    let live = home.refused(&words);
    says(
        &live,
        &["only allowed after the active autonomous lease becomes stale", "(key job) is held by run/"],
    );
    let long = home.refused(&[&words[..], &["--lease-seconds", "601"]].concat());
    says(&long, &["the lease is not from 1 s to 600 s"]);
    drop(running);
}

#[test]
fn a_session_that_has_ended_takes_nothing_more() {
    let home = Home::new();
    run(&home, "job", "true");
    assert_eq!(home.refused_json(&["append", "job", "--type", "note"])["code"], "ENDED");
    assert_eq!(
        home.refused_json(&["takeover", "job", "--actor-id", "a", "--reason", "r"])["code"],
        "NOT_HELD"
    );
    assert_eq!(home.refused_json(&["resume", "job"])["code"], "INVALID_TRANSITION");
    assert_eq!(home.refused_json(&["heartbeat", "job", "--fence", "1"])["code"], "FENCED");
}

#[test]
fn a_held_run_names_its_holder_and_how_to_go_on() {
    let home = Home::new();
    let _running = Running::start(&home, "job", "sleep 60");
    let refused = home.refused(&["run", "--key", "job", "--", "true"]);
    says(
        &refused,
        &["(key job) is held by run/", "(pid ", "tenure events <name> --follow", "tenure takeover <name>"],
    );
    let own = answer(home.command().args(["run", "--key", "job", "--refused-exit", "42", "--", "true"]));
    assert_eq!(own.code, 42);
    let skipped =
        succeeded(answer(home.command().args(["run", "--key", "job", "--if-held", "skip", "--", "true"])));
    assert!(skipped.out.starts_with("Skipped: "), "{skipped:?}");
}

#[test]
fn a_verb_that_writes_expires_what_was_idle_for_too_long_and_one_that_reads_does_not() {
    let home = Home::beside_its_store();
    let words = ["run", "--key", "job", "--idle-timeout", "30m", "--detach", "--", "sleep", "60"];
    succeeded(answer(home.command().args(words)));
    home.ok_at("+31m", &["list"]);
    assert_eq!(home.json(&["show", "job"])["state"], "active");
    let started = succeeded(answer(home.at("+31m").arg("start")));
    assert_eq!(started.err, "", "a sweep that succeeds says nothing");
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["state"], &shown["reason"]), (&"expired".into(), &"session timeout".into()));
}

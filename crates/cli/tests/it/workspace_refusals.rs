//! What the workspace verbs refuse: who holds it, what to try, nothing changed.

use serde_json::{Value, json};

use crate::home::{Answer, Home, answer, autonomous, document};

const TAKE_OVER: &str = "tenure takeover --actor-id <actor-id> --reason <reason>";

fn says(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(answer.err.contains(part), "`{part}` is not in {answer:?}");
    }
}

/// A refusal at a moved clock, which changed nothing.
fn refused_at(home: &Home, offset: &str, words: &[&str]) -> Answer {
    let before = home.state();
    let refused = answer(home.at(offset).args(words));
    assert_eq!(refused.code, 3, "{words:?}: {refused:?}");
    assert_eq!(home.state(), before, "{words:?} changed something");
    refused
}

#[test]
fn an_interactive_start_refuses_each_autonomous_option_by_name() {
    let home = Home::new();
    let options = [
        ["--owner-kind", "runtime_worker"],
        ["--actor-id", "a"],
        ["--supervisor-id", "s"],
        ["--lease-seconds", "60"],
    ];
    for [option, value] in options {
        let refused = home.refused(&["start", option, value]);
        says(&refused, &[&format!("`{option}` is only valid with `--lifecycle autonomous`")]);
    }
    assert!(!home.storage().exists(), "a refused start makes no store");
}

#[test]
fn an_autonomous_start_needs_an_actor_and_a_lease_and_is_never_of_the_interactive_sort() {
    let home = Home::new();
    let refused = home.refused(&["start", "--lifecycle", "autonomous", "--lease-seconds", "60"]);
    says(&refused, &["`--actor-id` is required with `--lifecycle autonomous`"]);
    let refused = home.refused(&["start", "--lifecycle", "autonomous", "--actor-id", "a"]);
    says(&refused, &["`--lease-seconds` is required with `--lifecycle autonomous`"]);
    let refused = home.refused(&[&autonomous("a", "60")[..], &["--owner-kind", "interactive"]].concat());
    says(&refused, &["`--owner-kind interactive` is not valid with `--lifecycle autonomous`"]);
    assert!(!home.storage().exists());

    assert_eq!(home.hold("a", "60")["owner_kind"], "runtime_worker");
    home.ok(&["clear", "--actor-id", "a"]);
    let chosen = home.hold_with("a", "60", &["--owner-kind", "runtime_supervisor"]);
    assert_eq!(chosen["owner_kind"], "runtime_supervisor");
}

#[test]
fn an_autonomous_start_is_refused_while_a_person_is_there() {
    let home = Home::new();
    home.ok(&["start"]);
    says(
        &home.refused(&autonomous("a", "60")),
        &["active interactive session exists", "clear it or wait until it is stale"],
    );
    assert_eq!(home.refused_json(&autonomous("a", "60"))["code"], "HELD");
}

#[test]
fn nobody_else_starts_while_a_runtime_is_there() {
    let home = Home::new();
    home.hold("runtime/w1", "60");
    let person = home.refused(&["start"]);
    says(
        &person,
        &["active autonomous session is owned by `runtime/w1`", "clear it or wait until it is stale"],
    );
    let other = home.refused(&autonomous("runtime/w2", "60"));
    says(&other, &["active autonomous session is owned by `runtime/w1`", "explicit takeover", "clear"]);
    let document = home.refused_json(&autonomous("runtime/w2", "60"));
    assert_eq!((&document["code"], &document["holder"]), (&"HELD".into(), &json!({ "id": "runtime/w1" })));
}

#[test]
fn nobody_else_starts_where_a_runtime_has_left_a_session() {
    let home = Home::new();
    home.hold("runtime/w1", "60");
    let person = refused_at(&home, "+61s", &["start"]);
    says(
        &person,
        &["stale autonomous session is owned by `runtime/w1`", "clear or an explicit takeover", TAKE_OVER],
    );
    let other = refused_at(&home, "+61s", &autonomous("runtime/w2", "60"));
    says(&other, &["stale autonomous session is owned by `runtime/w1`", "use `tenure takeover`", TAKE_OVER]);
}

#[test]
fn an_owner_that_no_record_names_is_called_unknown() {
    let home = Home::new();
    home.import(&json!({
        "schema_version": 4, "started_at_epoch_s": 100, "last_started_at_epoch_s": 100, "start_count": 1,
        "session_id": "ses_old", "owner_kind": "runtime_worker", "lease_ttl_secs": 60,
        "last_heartbeat_at_epoch_s": 100, "revision": 3,
    }));
    says(&home.refused(&autonomous("a", "60")), &["stale autonomous session is owned by `unknown`"]);
}

#[test]
fn an_active_session_of_another_actor_is_not_cleared_and_takeover_is_not_mentioned() {
    let home = Home::new();
    home.hold("runtime/w1", "60");
    let refused = home.refused(&["clear", "--actor-id", "runtime/w2"]);
    says(&refused, &["active autonomous session is owned by `runtime/w1`"]);
    assert!(!refused.err.contains("takeover"), "{refused:?}");
    let nobody = home.refused(&["clear"]);
    says(&nobody, &["`--actor-id` matching the owner or supervisor is required"]);
}

#[test]
fn a_stale_session_of_another_actor_is_not_cleared_but_the_takeover_is_spelled_out() {
    let home = Home::new();
    home.hold("runtime/w1", "60");
    let refused = refused_at(&home, "+61s", &["clear", "--actor-id", "foo; rm -rf /"]);
    says(&refused, &["stale autonomous session is owned by `runtime/w1`", &format!("hint: {TAKE_OVER}\n")]);
    let hints: Vec<_> = refused.err.lines().filter(|line| line.starts_with("hint:")).collect();
    assert!(hints.iter().all(|hint| !hint.contains("rm -rf")), "{refused:?}");
}

#[test]
fn a_stale_session_without_ttl_or_id_is_called_active_without_a_word_of_takeover() {
    let record = json!({
        "schema_version": 4, "started_at_epoch_s": 100, "last_started_at_epoch_s": 100, "start_count": 1,
        "session_id": "ses_old", "owner_kind": "runtime_worker", "owner_id": "runtime/w1",
        "lease_ttl_secs": 60, "last_heartbeat_at_epoch_s": 100, "revision": 3,
    });
    for absent in ["lease_ttl_secs", "session_id"] {
        let home = Home::new();
        let mut record = record.clone();
        record.as_object_mut().unwrap().remove(absent);
        home.import(&record);
        let refused = home.refused(&["clear", "--actor-id", "other"]);
        says(&refused, &["active autonomous session is owned by `runtime/w1`"]);
        assert!(!refused.err.contains("takeover"), "without {absent}: {refused:?}");
    }
}

#[test]
fn owner_and_supervisor_may_clear_a_stale_session() {
    for actor in ["runtime/w1", "boss"] {
        let home = Home::new();
        home.hold_with("runtime/w1", "60", &["--supervisor-id", "boss"]);
        let cleared = answer(home.at("+61s").args(["clear", "--actor-id", actor, "--output", "json"]));
        assert_eq!(document(&cleared.out)["cleared"], true, "{cleared:?}");
        assert_eq!(document(&cleared.out)["supervisor_id"], "boss");
    }
}

#[test]
fn a_heartbeat_is_the_owners_of_a_live_session_only() {
    let home = Home::new();
    let beat = |actor| ["heartbeat", "--actor-id", actor];
    says(&home.refused(&beat("a")), &["run `tenure start` first"]);
    home.ok(&["start"]);
    says(&home.refused(&beat("a")), &["heartbeat requires an active autonomous session"]);
    home.ok(&["clear"]);
    home.hold_with("a", "60", &["--supervisor-id", "boss"]);
    says(&home.refused(&beat("b")), &["owned by `a`, not by `b`"]);
    says(&home.refused(&beat("boss")), &["owned by `a`, not by `boss`"]);
    let stale = refused_at(&home, "+61s", &beat("a"));
    says(&stale, &["lease of `a` is stale", "restart with the same actor or use takeover deliberately"]);
}

#[test]
fn a_heartbeat_on_a_record_without_an_id_says_so() {
    let home = Home::new();
    home.import(&json!({
        "schema_version": 4, "started_at_epoch_s": 100, "last_started_at_epoch_s": 100, "start_count": 1,
        "owner_kind": "runtime_worker", "owner_id": "a", "lease_ttl_secs": 60,
        "last_heartbeat_at_epoch_s": 4_000_000_000_u64, "revision": 3,
    }));
    says(&home.refused(&["heartbeat", "--actor-id", "a"]), &["missing session_id"]);
    says(
        &home.refused(&["takeover", "--actor-id", "b", "--reason", "r"]),
        &["missing session_id", "cannot be taken over"],
    );
}

#[test]
fn a_takeover_needs_a_stale_autonomous_session_of_somebody_else() {
    let home = Home::new();
    let take = |actor| ["takeover", "--actor-id", actor, "--reason", "gone"];
    says(&home.refused(&take("b")), &["no stale autonomous session exists to take over"]);
    home.ok(&["start"]);
    says(&home.refused(&take("b")), &["takeover only applies to stale autonomous sessions"]);
    home.ok(&["clear"]);
    home.hold("a", "60");
    let live = home.refused(&take("b"));
    says(&live, &["only allowed after the active autonomous lease becomes stale", "is held by a"]);
    let document = home.refused_json(&take("b"));
    assert_eq!((&document["code"], &document["holder"]["id"]), (&"HELD".into(), &"a".into()));
    says(
        &refused_at(&home, "+61s", &take("a")),
        &["`a` already owns the session", "use `tenure start` to recover it"],
    );
}

#[test]
fn a_session_without_a_ttl_is_not_taken_over() {
    let home = Home::new();
    home.import(&json!({
        "schema_version": 4, "started_at_epoch_s": 100, "last_started_at_epoch_s": 100, "start_count": 1,
        "session_id": "ses_old", "owner_kind": "runtime_worker", "owner_id": "a", "revision": 3,
    }));
    let refused = home.refused(&["takeover", "--actor-id", "b", "--reason", "r"]);
    says(&refused, &["missing lease_ttl_secs and cannot be taken over safely"]);
}

#[test]
fn a_given_fence_must_be_the_current_one() {
    let home = Home::new();
    home.hold("a", "60");
    let with_flag = |words: &[&'static str]| [words, &["--fence", "7"]].concat();
    for words in [
        with_flag(&["heartbeat", "--actor-id", "a"]),
        with_flag(&["clear", "--actor-id", "a"]),
        with_flag(&autonomous("a", "60")),
        with_flag(&["takeover", "--actor-id", "b", "--reason", "r"]),
    ] {
        let document = home.refused_json(&words);
        assert_eq!(
            (&document["code"], &document["current_fence"]),
            (&"FENCED".into(), &1.into()),
            "{words:?}"
        );
    }
    let from_environment =
        answer(home.command().env("TENURE_FENCE", "0").args(["heartbeat", "--actor-id", "a"]));
    assert_eq!(from_environment.code, 3, "{from_environment:?}");
    says(&from_environment, &["fence 0 is not current", "is held by a under fence 1"]);
    home.ok(&["heartbeat", "--actor-id", "a", "--fence", "1"]);
}

#[test]
fn a_fence_of_another_session_in_the_environment_says_nothing_about_the_workspace() {
    let home = Home::new();
    let id = home.hold("a", "60")["session_id"].as_str().unwrap().to_owned();
    let inside = |session: &str, fence: &str| {
        let mut command = home.command();
        command.env("TENURE_SESSION_ID", session).env("TENURE_FENCE", fence);
        answer(command.args(["heartbeat", "--actor-id", "a"])).code
    };
    assert_eq!(inside("ses_of_some_run", "9"), 0);
    assert_eq!(inside(&id, "1"), 0);
    assert_eq!(inside(&id, "9"), 3);
}

#[test]
fn ids_in_refusals_are_shown_escaped() {
    let home = Home::new();
    home.hold("own\ner\x1b[31m", "60");
    for (words, shown) in [
        (vec!["clear", "--actor-id", "attacker\nroot\x1b[2J"], "`attacker\\nroot\\x1B[2J`"),
        (vec!["heartbeat", "--actor-id", "a\tb\\c"], "`a\\tb\\\\c`"),
        (vec!["start"], "`own\\ner\\x1B[31m`"),
    ] {
        let refused = home.refused(&words);
        says(&refused, &[shown, "own\\ner\\x1B[31m"]);
        assert!(!refused.err.contains('\x1b'), "{refused:?}");
        assert!(refused.err.lines().all(|line| !line.starts_with("root")), "{refused:?}");
    }
    let document = home.refused_json(&["start"]);
    assert_eq!(document["holder"]["id"], "own\ner\x1b[31m", "JSON has the id as it is");
}

#[test]
fn a_profile_that_does_not_exist_is_named_with_its_path() {
    let home = Home::new();
    let refused = home.ask(&["start", "--profile", "review"]);
    assert_eq!(refused.code, 1);
    let path = home.storage().join("profiles/review");
    says(
        &refused,
        &[&format!("profile `review` does not exist at {}", path.display()), "tenure profile create"],
    );
    assert!(!home.storage().exists(), "nothing is made for a profile that is not there");
}

#[test]
fn a_reason_and_an_activity_have_their_limits() {
    let home = Home::new();
    home.hold("a", "60");
    for blank in ["", "  ", "\n"] {
        says(&home.refused(&["takeover", "--actor-id", "b", "--reason", blank]), &["the reason is blank"]);
        says(&home.refused(&["clear", "--actor-id", "a", "--reason", blank]), &["the reason is blank"]);
    }
    let long = "ä".repeat(281);
    let refused = home.refused(&["heartbeat", "--actor-id", "a", "--activity", &long]);
    says(&refused, &["281 characters; the maximum is 280"]);
    let fits = format!("  {}  ", "ä".repeat(280));
    home.ok(&["heartbeat", "--actor-id", "a", "--activity", &fits]);
    for seconds in ["0", "86401", "18446744073709551615"] {
        let words = ["start", "--lifecycle", "autonomous", "--actor-id", "a", "--lease-seconds", seconds];
        says(&home.refused(&words), &["the lease is not from 1 s to 86400 s"]);
    }
}

#[test]
fn a_record_without_an_id_is_replaced_with_a_warning() {
    let home = Home::new();
    let now = std::process::Command::new("date").arg("+%s").output().unwrap();
    let now: u64 = String::from_utf8(now.stdout).unwrap().trim().parse().unwrap();
    home.import(&json!({
        "schema_version": 2, "started_at_epoch_s": now, "last_started_at_epoch_s": now, "start_count": 2,
    }));
    let fresh = home.json(&["start"]);
    assert_eq!(
        (&fresh["start_count"], &fresh["revision"], &fresh["reset"]),
        (&1.into(), &1.into(), &true.into())
    );
    let warning = fresh["warning"].as_str().unwrap_or_else(|| panic!("no warning: {fresh}"));
    assert!(warning.contains("legacy session state detected"), "{warning}");
    assert!(warning.contains("starting a fresh session"), "{warning}");
    assert_ne!(fresh["session_id"], Value::Null);
}

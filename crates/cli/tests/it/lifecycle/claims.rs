//! Creating a session, and holding it.

use serde_json::{Value, json};

use super::log::{held, says};
use crate::home::{Home, answer, keys, succeeded};

#[test]
fn a_session_is_created_pending_and_shown_with_everything_it_was_given() {
    let home = Home::new();
    home.ok(&["create", "--id", "boss"]);
    let words = ["create", "--id", "job-1", "--key", "nightly", "--parent", "boss", "--label", "team=web"];
    let more = ["--metadata", "{\"goal\": [1, \"é\"]}", "--directory", "/srv", "--expires-in", "2h"];
    let last = ["--pending-timeout", "10m", "--idle-timeout", "never"];
    let created = home.json(&[&words[..], &more, &last].concat());
    assert_eq!(
        keys(&created),
        ["command", "ok", "session", "key", "state", "revision", "fence", "created", "parent", "expires_at"]
    );
    assert_eq!((&created["session"], &created["state"]), (&"job-1".into(), &"pending".into()));
    let shown = home.json(&["show", "nightly"]);
    assert_eq!(
        (&shown["metadata"], &shown["labels"]),
        (&json!({ "goal": [1, "é"] }), &json!({ "team": "web" }))
    );
    assert_eq!(shown["parent"], json!({ "id": "boss", "deleted": false }));
    assert_eq!((&shown["pending_timeout_ms"], shown.get("idle_timeout_ms")), (&600_000.into(), None));
    assert_eq!((&shown["directory"], &shown["lease"]), (&"/srv".into(), &Value::Null));
    assert_eq!(shown.get("duration_ms"), None, "it was not started");
    assert_eq!(home.json(&["show", "boss"])["children"], json!(["job-1"]));
    assert_eq!(home.ok(&["create", "--id", "plain"]), "Created session `plain`.\n");
}

#[test]
fn creating_it_again_returns_it_and_creating_it_otherwise_is_refused() {
    let home = Home::new();
    let words = ["create", "--id", "job-1", "--key", "nightly", "--label", "team=web"];
    assert_eq!(home.json(&words)["created"], true);
    home.ok(&["start", "job-1", "--actor-id", "w1"]);
    let again = home.json(&words);
    assert_eq!(
        (&again["created"], &again["state"], &again["fence"]),
        (&false.into(), &"active".into(), &1.into())
    );
    let text = home.ok(&words);
    assert_eq!(text, "Session `job-1` (key `nightly`) was created before: it is active.\n");
    let refused = home.refused_json(&["create", "--id", "job-1", "--key", "nightly"]);
    assert_eq!((&refused["code"], &refused["session"]), (&"ID_IN_USE".into(), &"job-1".into()));
    let other = home.refused_json(&["create", "--key", "nightly"]);
    assert_eq!((&other["code"], &other["state"]), (&"KEY_IN_USE".into(), &"active".into()));
    assert_eq!(home.ask(&["create", "--parent", "nobody"]).code, 1);
}

#[test]
fn a_start_holds_it_names_its_terms_and_refuses_everybody_else() {
    let home = Home::new();
    home.ok(&["create", "--key", "job"]);
    assert_eq!(home.ask(&["start", "job"]).code, 2, "nobody said who");
    assert_eq!(home.ask(&["start", "job", "--mode", "research", "--actor-id", "w1"]).code, 2);
    let started = home.json(&["start", "job", "--actor-id", "w1", "--lease-seconds", "120"]);
    assert_eq!(
        (&started["command"], &started["state"], &started["fence"], &started["start_count"]),
        (&"start".into(), &"active".into(), &1.into(), &1.into())
    );
    assert_eq!((&started["actor_id"], &started["lease_ttl_ms"]), (&"w1".into(), &120_000.into()));
    for verb in ["start", "acquire"] {
        let refused = home.refused_json(&[verb, "job", "--actor-id", "w2"]);
        assert_eq!((&refused["code"], &refused["holder"]["id"]), (&"HELD".into(), &"w1".into()));
    }
    let long = home.refused(&["acquire", "job", "--actor-id", "w2", "--lease-seconds", "601"]);
    says(&long, &["the lease is not from 1 s to 600 s"]);
}

#[test]
fn what_is_let_go_is_acquired_by_the_next_who_asks_and_keeps_its_state() {
    let home = Home::new();
    held(&home, "job");
    home.ok(&["pause", "job", "--fence", "1"]);
    let released = home.json(&["release", "job", "--fence", "1"]);
    assert_eq!((&released["state"], &released["fence"]), (&"paused".into(), &1.into()));
    let again = home.refused_json(&["release", "job"]);
    assert_eq!((&again["code"], &again["state"]), (&"NOT_HELD".into(), &"paused".into()));
    let acquired = home.json(&["acquire", "job", "--actor-id", "w2"]);
    assert_eq!((&acquired["state"], &acquired["fence"]), (&"paused".into(), &2.into()));
    let old = home.refused_json(&["complete", "job", "--fence", "1"]);
    assert_eq!((&old["code"], &old["holder"]["id"]), (&"FENCED".into(), &"w2".into()));
    assert_eq!(home.json(&["resume", "job", "--fence", "2"])["state"], "active");
}

#[test]
fn whoever_says_who_it_is_claims_whatever_fence_an_earlier_time_left_in_its_environment() {
    let home = Home::new();
    held(&home, "job");
    let id = home.json(&["show", "job"])["id"].as_str().unwrap().to_owned();
    let with_env = |words: &[&str]| {
        answer(home.command().env("TENURE_SESSION_ID", &id).env("TENURE_FENCE", "1").args(words))
    };
    for (release, claim) in [("1", "start"), ("2", "acquire")] {
        home.ok(&["release", "job", "--fence", release]);
        succeeded(with_env(&[claim, "job", "--actor-id", "w1"]));
    }
    assert_eq!(home.json(&["show", "job"])["fence"], 3);
    assert_eq!(with_env(&["acquire", "job"]).code, 3, "the old fence is not current");
}

#[test]
fn a_key_is_free_once_its_session_is_over() {
    let home = Home::new();
    home.ok(&["create", "--key", "job", "--pending-timeout", "10m"]);
    let create = |offset: &str| answer(home.at(offset).args(["create", "--key", "job"]));
    assert_eq!(create("+9m").code, 3);
    succeeded(create("+11m"));
}

#[test]
fn a_renewal_goes_on_and_never_revives_and_its_own_holder_gets_it_back() {
    let home = Home::new();
    home.ok(&["create", "--key", "job"]);
    home.ok(&["start", "job", "--actor-id", "w1", "--lease-seconds", "1"]);
    crate::home::eventually(|| home.json(&["show", "job"])["lease"]["standing"] == "over");
    let late = home.refused(&["renew", "job", "--fence", "1"]);
    says(&late, &["never revives", "tenure acquire <name> --fence <fence>"]);
    let others = home.refused_json(&["acquire", "job", "--actor-id", "w2"]);
    assert_eq!((&others["code"], &others["holder"]["id"]), (&"ABANDONED".into(), &"w1".into()));
    let back = home.json(&["acquire", "job", "--fence", "1"]);
    assert_eq!((&back["fence"], &back["actor_id"]), (&1.into(), &"w1".into()));
    assert_eq!(home.ask(&["renew", "job"]).code, 2, "no fence was given");
    assert_eq!(home.refused_json(&["renew", "job", "--fence", "2"])["code"], "FENCED");
}

#[test]
fn a_run_starts_what_was_created_for_its_key() {
    let home = Home::new();
    home.ok(&["create", "--id", "tonight", "--key", "nightly", "--metadata", "{\"a\": 1}"]);
    assert_eq!(answer(home.command().args(["run", "--key", "nightly", "--", "true"])).code, 0);
    let shown = home.json(&["show", "nightly"]);
    assert_eq!(
        (&shown["id"], &shown["state"], &shown["metadata"]["a"]),
        (&"tonight".into(), &"completed".into(), &1.into())
    );
}

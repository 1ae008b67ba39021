//! From what a person types to the one session that is meant.

use crate::home::{Home, answer};

fn run(home: &Home, key: &str) -> String {
    answer(home.command().args(["run", "--key", key, "--", "true"]));
    home.json(&["show", key])["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_name_is_an_id_else_the_key_of_the_newest_session() {
    let home = Home::new();
    let first = run(&home, "nightly");
    let second = run(&home, "nightly");
    assert_ne!(first, second);
    assert_eq!(home.json(&["show", "nightly"])["id"], second);
    assert_eq!(home.json(&["show", &first])["id"], first);
}

#[test]
fn a_name_that_nothing_has_is_an_error_that_shows_it_escaped() {
    let home = Home::new();
    run(&home, "job");
    for verb in ["show", "events", "cancel", "wait", "pause", "resume"] {
        let missing = home.ask(&[verb, "no\nsuch\x1b"]);
        assert_eq!((missing.code, missing.out.as_str()), (1, ""), "{verb}: {missing:?}");
        assert!(missing.err.contains("no session with the id or key `no\\nsuch\\x1B`"), "{missing:?}");
    }
}

#[test]
fn a_key_that_two_kinds_of_slots_have_is_refused_with_the_ids_to_use() {
    let home = Home::new();
    let key = home.key();
    home.ok(&["start"]);
    let run = answer(home.command().args(["run", "--key", &key, "--detach", "--", "sleep", "60"]));
    assert_eq!(run.code, 0, "{run:?}");
    let document = home.refused_json(&["show", &key]);
    assert_eq!(document["code"], "AMBIGUOUS");
    let matches = document["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 2, "{document}");
    let refused = home.refused(&["cancel", &key]);
    for found in matches {
        let id = found["id"].as_str().unwrap();
        assert!(refused.err.contains(id), "{refused:?}");
        assert_eq!(home.json(&["show", id])["kind"], found["kind"]);
        drop(home.ask(&["cancel", id]));
    }
}

#[test]
fn namespaces_do_not_see_each_other() {
    let home = Home::new();
    run(&home, "job");
    assert_eq!(home.ask(&["--namespace", "other", "show", "job"]).code, 1);
    assert_eq!(home.ok(&["--namespace", "other", "list"]), "No sessions.\n");
    let from_environment = answer(home.command().env("TENURE_NAMESPACE", "other").arg("list"));
    assert_eq!(from_environment.out, "No sessions.\n");
}

#[test]
fn a_run_in_a_namespace_finds_its_own_session_and_is_no_orphan_elsewhere() {
    let home = Home::new();
    let script = format!("{0} check && {0} --namespace default doctor", env!("CARGO_BIN_EXE_tenure"));
    let words = ["--namespace", "team", "run", "--key", "job", "--", "sh", "-c", &script];
    let told = answer(home.command().args(words));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("with a lease: 1\n") && told.out.contains("orphans:      0\n"), "{told:?}");
}

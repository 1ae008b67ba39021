//! Input that is too long, malformed, or hostile: a clear error, nothing changed.

use crate::home::{Home, answer, document};

/// What somebody could give where an id is expected.
const HOSTILE: [&str; 9] = [
    "\n",
    "a\nb",
    "a\x1b[2Jb",
    "a\tb",
    "../../etc/passwd",
    "'; DROP TABLE session; --",
    "\"quoted\"",
    "\u{202e}abc",
    "a\x7f",
];

fn is_safe(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}'))
}

#[test]
fn names_of_sessions_may_be_anything_and_are_shown_escaped() {
    let home = Home::new();
    home.ok(&["start"]);
    for name in HOSTILE {
        for words in
            [&["show", name][..], &["cancel", name], &["events", name], &["append", name, "--type", "x"]]
        {
            let before = home.state();
            let answer = home.ask(words);
            assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{words:?}: {answer:?}");
            assert!(is_safe(&answer.err), "{words:?}: {answer:?}");
            assert_eq!(home.state(), before);
        }
    }
}

#[test]
fn words_that_make_no_sense_are_repeated_escaped() {
    let home = Home::new();
    let word = "a\nerror: b\x1b[5m";
    let option = format!("--{word}");
    for words in [
        &[word][..],
        &["start", "--mode", word],
        &["start", &option],
        &["show", "job", word],
        &["list", "--limit", word],
        &["list", "--label", word],
        &["wait", "job", "--timeout", word],
        &["run", "--if-held", word, "--", "true"],
        &["status", "--output", word],
    ] {
        let wrong = home.ask(words);
        assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{words:?}: {wrong:?}");
        assert!(is_safe(&wrong.err) && wrong.err.contains(r"a\nerror: b\x1B[5m"), "{words:?}: {wrong:?}");
    }
}

#[test]
fn keys_and_actors_may_be_anything_and_are_shown_escaped() {
    for id in HOSTILE.into_iter().filter(|id| !id.trim().is_empty()) {
        let home = Home::new();
        let started = home.hold(id, "60");
        assert_eq!(started["actor_id"], id);
        let words = ["run", "--key", id, "--label", &format!("{}={id}", id.replace('=', "")), "--", "true"];
        assert_eq!(answer(home.command().args(words)).code, 0, "{id:?}");
        for words in [&["status"][..], &["list"], &["show", id], &["events", id], &["start"]] {
            let answer = home.ask(words);
            assert!(is_safe(&answer.out) && is_safe(&answer.err), "{words:?}: {answer:?}");
        }
    }
}

#[test]
fn documents_hold_any_name_as_it_is_and_are_safe_to_look_at() {
    let home = Home::new();
    let id = "a\n\x1b[2J\u{9b}2J\x7f\u{202e}\"é\u{1f600}";
    home.hold(id, "60");
    let told = home.ok(&["list", "--output", "json"]);
    assert!(is_safe(&told) && !told.contains('\u{9b}'), "{told:?}");
    assert_eq!(document(&told)["data"][0]["lease"]["holder"]["id"], id);
}

#[test]
fn ids_that_are_blank_or_too_long_are_refused() {
    let home = Home::new();
    home.hold("a", "60");
    let long = "x".repeat(257);
    for (actor, why) in [
        ("", "the actor id is blank"),
        (" \n", "the actor id is blank"),
        (&long, "257 bytes; the maximum is 256"),
    ] {
        for words in [
            &["heartbeat", "--actor-id", actor][..],
            &["clear", "--actor-id", actor],
            &["status", "--actor-id", actor],
            &["takeover", "--actor-id", actor, "--reason", "r"],
            &["start", "--lifecycle", "autonomous", "--actor-id", actor, "--lease-seconds", "60"],
        ] {
            let refused = home.refused(words);
            assert!(refused.err.contains(why), "{words:?}: {refused:?}");
        }
    }
    let key = "k".repeat(4097);
    let refused = home.refused(&["run", "--key", &key, "--", "true"]);
    assert!(refused.err.contains("the key has 4097 bytes; the maximum is 4096"), "{refused:?}");
}

#[test]
fn a_record_with_hostile_or_oversized_content_is_refused() {
    let home = Home::new();
    let record = |id: &str, owner: &str| {
        serde_json::json!({
            "schema_version": 4, "started_at_epoch_s": 1, "session_id": id, "owner_kind": "runtime_worker",
            "owner_id": owner,
        })
        .to_string()
    };
    let megabyte = "x".repeat(1024 * 1024);
    for (content, why) in [
        (record("../x", "a"), "session_id holds a character that is not allowed"),
        (record("a\u{1b}b", "a"), "session_id holds a character that is not allowed"),
        (record("ses_x", &"y".repeat(257)), "owner_id has 257 bytes"),
        (record(&megabyte, "a"), "larger than 1048576 bytes"),
        ("{\"schema_version\": 4".to_owned(), "EOF"),
        ("\u{1b}[2J".to_owned(), "expected value"),
    ] {
        let file = home.file("record.json", &content);
        let failed = home.ask(&["import", &file]);
        assert_eq!((failed.code, failed.out.as_str()), (1, ""), "{failed:?}");
        assert!(failed.err.contains(why) && failed.err.contains("record.json"), "{why}: {failed:?}");
        assert!(is_safe(&failed.err), "{failed:?}");
        assert!(!home.storage().exists());
    }
}

#[test]
fn times_of_a_run_are_checked() {
    let home = Home::new();
    for (words, why) in [
        (&["--ttl", "0s"][..], "a ttl of 0ms is not from 1s to 10m"),
        (&["--ttl", "11m"], "a ttl of 11m is not from 1s to 10m"),
        (&["--ttl", "5s", "--grace", "4s"], "is too short to stop the command in time"),
        (&["--idle-timeout", "0s"], "the idle time-out is shorter than"),
        (&["--takeover", " "], "the reason is blank"),
    ] {
        let refused = home.refused(&[&["run"], words, &["--", "true"]].concat());
        assert!(refused.err.contains(why), "{words:?}: {refused:?}");
    }
    assert_eq!(home.ask(&["run", "--ttl", "soon", "--", "true"]).code, 2);
}

#[test]
fn a_cursor_and_a_profile_that_were_made_up_are_refused() {
    let home = Home::new();
    home.ok(&["start"]);
    for cursor in ["", "1", "AAAA", "\u{1b}", "MTo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"] {
        let failed = home.ask(&["list", "--cursor", cursor]);
        assert_eq!(failed.code, 2, "{cursor:?}: {failed:?}");
        assert!(is_safe(&failed.err), "{failed:?}");
    }
    for profile in ["../main", "a b", "\u{1b}"] {
        let failed = home.ask(&["start", "--profile", profile]);
        assert_eq!(failed.code, 2, "{profile:?}: {failed:?}");
        assert!(is_safe(&failed.err), "{failed:?}");
    }
}

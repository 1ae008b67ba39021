//! A wall clock that jumps, and one that stands before 1970.

use crate::home::{Home, answer, document};

/// Far enough back for any date to be before the epoch.
const BEFORE_1970: &str = "-100y";

fn autonomous(home: &Home) {
    home.hold_with("a", "60", &["--supervisor-id", "boss"]);
}

#[test]
fn without_a_usable_clock_only_owner_and_supervisor_clear() {
    for actor in ["a", "boss"] {
        let home = Home::new();
        autonomous(&home);
        let other = answer(home.at(BEFORE_1970).args(["clear", "--actor-id", "other"]));
        assert_eq!(other.code, 3, "{other:?}");
        assert!(other.err.contains("active autonomous session"), "{other:?}");
        assert!(!other.err.contains("takeover"), "{other:?}");
        let cleared = answer(home.at(BEFORE_1970).args(["clear", "--actor-id", actor, "--output", "json"]));
        assert_eq!(cleared.code, 0, "{cleared:?}");
        assert_eq!(cleared.err, "", "no sweep is tried");
        assert_eq!(document(&cleared.out)["cleared"], true);
        assert_eq!(home.json(&["status"])["status"], "missing");
    }
}

#[test]
fn without_a_usable_clock_everything_else_that_writes_is_refused() {
    let home = Home::new();
    autonomous(&home);
    let key = home.key();
    let before = home.state();
    for words in [
        &["start"][..],
        &["heartbeat", "--actor-id", "a"],
        &["takeover", "--actor-id", "b", "--reason", "r"],
        &["run", "--key", "k", "--", "true"],
    ] {
        let refused = answer(home.at(BEFORE_1970).args(words));
        assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{words:?}: {refused:?}");
        assert!(refused.err.contains("the system clock is before UNIX_EPOCH"), "{words:?}: {refused:?}");
        assert_eq!(home.state(), before, "{words:?}");
    }
    let check = answer(home.at(BEFORE_1970).args(["check", &key, "--fence", "1"]));
    assert_eq!(check.code, 3, "{check:?}");
}

#[test]
fn without_a_usable_clock_reads_still_work() {
    let home = Home::new();
    autonomous(&home);
    let key = home.key();
    let status = answer(home.at(BEFORE_1970).args(["status", "--output", "json"]));
    assert_eq!(document(&status.out)["status"], "unknown", "{status:?}");
    for words in [&["status"][..], &["list"], &["show", &key], &["events", &key]] {
        let read = answer(home.at(BEFORE_1970).args(words));
        assert_eq!((read.code, read.err.as_str()), (0, ""), "{words:?}: {read:?}");
    }
    let doctor = answer(home.at(BEFORE_1970).arg("doctor"));
    assert_eq!(doctor.code, 1, "{doctor:?}");
    assert!(doctor.out.contains("wrong: the system clock is before UNIX_EPOCH"), "{doctor:?}");
}

#[test]
fn a_wall_clock_that_jumps_neither_ends_nor_extends_the_lease_of_a_run() {
    let home = Home::new();
    let running = crate::home::Running::start(&home, "job", "sleep 60");
    for offset in ["+1d", "-1d"] {
        let held = answer(home.at(offset).args(["run", "--key", "job", "--", "true"]));
        assert_eq!(held.code, 3, "{offset}: {held:?}");
        let check = answer(home.at(offset).args(["check", "job", "--fence", "1"]));
        assert_eq!(check.code, 0, "{offset}: {check:?}");
    }
    drop(running);
}

#[test]
fn after_the_clock_was_set_back_nothing_impossible_is_shown_of_a_workspace() {
    let home = Home::new();
    autonomous(&home);
    let (status, key) = (home.ok_at("-1d", &["status"]), home.key());
    for text in [status, home.ok_at("-1d", &["show", &key])] {
        let lease = text.lines().find(|line| line.starts_with("Lease:")).unwrap();
        assert!(lease.contains("until 2"), "{lease}");
        assert!(lease.contains("Z, because the clock was set back, renewed "), "{lease}");
        assert!(lease.ends_with(" ahead of the clock, fence 1"), "{lease}");
    }
}

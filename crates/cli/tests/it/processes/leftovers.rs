//! What an ended process leaves beside the store: nothing that grows with their number.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::world::{Process, World, until};

/// How many processes are listed as watching, and how many watches there are.
fn listed(world: &World) -> String {
    let rows = "SELECT (SELECT count(*) FROM process) || ' ' || (SELECT count(*) FROM watch)";
    let told =
        Command::new("sqlite3").arg("-readonly").arg(world.path("tenure.db")).arg(rows).output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

/// Every file below a directory, by its name there.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// What stays beside a store, however often it was used.
const STAYS: [&str; 6] = [
    "tenure.db",
    "tenure.db-run/gate",
    "tenure.db-run/open",
    "tenure.db-run/write",
    "tenure.db-shm",
    "tenure.db-wal",
];

#[test]
fn fifty_runs_leave_nothing_however_they_end() {
    let world = World::new();
    let mut held = Process(
        world.tenure(&["run", "--key", "held", "--", "sleep", "60"]).stderr(Stdio::null()).spawn().unwrap(),
    );
    until("a held session", || world.answer(&["show", "held"]).status.success().then_some(()));
    for round in 0..10 {
        let key = format!("job-{round}");
        world.ok(&["run", "--key", &key, "--", "true"]);
        assert_eq!(world.answer(&["run", "--", "sh", "-c", "exit 7"]).status.code(), Some(7));
        assert!(!world.answer(&["run", "--", "sh", "-c", "kill -KILL $$"]).status.success());
        assert!(!world.answer(&["run", "--", "/no/such/program"]).status.success());
        assert!(!world.answer(&["run", "--key", "held", "--", "true"]).status.success());
        world.ok(&["run", "--key", "held", "--if-held", "skip", "--", "true"]);
        world.ok(&["wait", &key]);
        world.ok(&["append", "held", "--type", "note", "--data", "1"]);
        assert!(!world.answer(&["append", &key, "--type", "note", "--data", "1"]).status.success());
    }
    held.send(Signal::TERM);
    held.end();
    assert_eq!(listed(&world), "0 0");
    assert_eq!(files(&world.path("")), STAYS);
    assert!(fs::metadata(world.path("tenure.db-wal")).unwrap().len() < 5 << 20);
}

#[test]
fn what_a_killed_process_left_is_removed_by_the_next_one_that_writes() {
    let world = World::new();
    world.ok(&["run", "--key", "job", "--", "true"]);
    let mut waiting = Process(
        world.tenure(&["run", "--key", "held", "--", "sleep", "60"]).stderr(Stdio::null()).spawn().unwrap(),
    );
    until("a runner that listens", || (listed(&world) == "1 1").then_some(()));
    waiting.send(Signal::KILL);
    waiting.end();
    assert_eq!(listed(&world), "1 1");
    assert_eq!(world.json(&["doctor"])[0]["store"]["listening"], serde_json::json!([]));
    world.answer(&["run", "--key", "other", "--", "true"]);
    assert_eq!(listed(&world), "0 0");
    let left: Vec<_> = files(&world.path("")).into_iter().filter(|name| !name.contains("/hold/")).collect();
    assert_eq!(left, STAYS);
}

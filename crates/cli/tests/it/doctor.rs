//! `tenure doctor`, and what is left of runs whose guard was killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Home, Running, answer, document, eventually};

#[test]
fn a_healthy_store_is_told_in_full() {
    let home = Home::new();
    let nothing = home.ok(&["doctor"]);
    assert!(nothing.contains("not there yet"), "{nothing}");
    home.ok(&["start"]);
    let told = home.steady(&home.ok(&["doctor", "--deep"]));
    let told: Vec<_> =
        told.lines().filter(|line| !line.contains("bytes") && !line.contains("SQLite")).collect();
    assert_snapshot!(told.join("\n"), @"
    Settings
      storage-dir:     [base]/home (TENURE_HOME)
      db:              [base]/home/tenure.db (default)
      namespace:       default (default)
      output:          text (default)
      color:           auto (default)
      profile:         main (default)
      idle-timeout:    as the kind says (default)
      expires-in:      never (default)
      pending-timeout: never (default)
      tenure.toml:     [base]/home/tenure.toml (not there)

    Store
      schema:     version 10
      write lock: free
      watched by: nobody

    Files
      storage directory: 0700  [base]/home
      lock files:        0700  [base]/home/tenure.db-run

    Runs
      with a lease: 0
      late:         0
      ended:        0
      orphans:      0

    Everything is as it should be.
    ");
}

#[test]
fn a_running_command_is_counted_and_its_runner_listed() {
    let home = Home::new();
    let _running = Running::start(&home, "job", "sleep 60");
    let told = home.json(&["doctor"]);
    assert_eq!((&told["ok"], &told["runs"]["live"]), (&true.into(), &1.into()), "{told}");
    // It begins to listen when it has begun to run; each look takes a moment.
    let listens = || home.json(&["doctor"])["store"]["listening"].as_array().unwrap().len() == 1;
    assert!((0..500).any(|_| listens()), "the runner listens");
}

#[test]
fn runs_of_other_namespaces_are_counted_too() {
    let home = Home::new();
    let _here = Running::start(&home, "job", "sleep 60");
    let mut there = home.command();
    there.args(["--namespace", "other", "run", "--key", "job", "--", "sleep", "60"]);
    let mut there = there.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually(|| home.ask(&["--namespace", "other", "show", "job"]).code == 0);
    let told = home.json(&["doctor"]);
    there.kill().unwrap();
    there.wait().unwrap();
    assert_eq!(
        told["runs"],
        serde_json::json!({ "live": 2, "late": 0, "gone": 0, "orphans": [], "ending": [] })
    );
}

#[test]
fn a_runner_that_is_late_without_its_command_is_no_orphan() {
    let home = Home::new();
    let mut runner = home.command();
    runner.args(["run", "--key", "job", "--ttl", "3s", "--grace", "0s", "--", "sleep", "60"]);
    let mut runner = runner.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Until it has written what there is to write: stopped with the write lock it would be killed.
    eventually(|| home.ask(&["events", "job", "--type", "terminal"]).out.contains("sleep"));
    kill(runner.id(), Signal::STOP);
    // Its guard ends the command and itself.
    eventually(|| home.json(&["doctor"])["runs"]["late"] == 1);
    let told = home.json(&["doctor"]);
    kill(runner.id(), Signal::KILL);
    runner.wait().unwrap();
    assert_eq!((&told["ok"], &told["runs"]["orphans"]), (&true.into(), &serde_json::json!([])), "{told}");
}

#[test]
fn files_that_others_may_read_are_complained_about() {
    let home = Home::new();
    home.ok(&["start"]);
    fs::set_permissions(home.db(), fs::Permissions::from_mode(0o644)).unwrap();
    let told = home.ask(&["doctor"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains("wrong: others may use the store"), "{told:?}");
}

#[test]
fn of_a_linked_store_the_mode_of_what_it_leads_to_is_told() {
    let home = Home::new();
    home.ok(&["start"]);
    let there = home.storage().join("there.db");
    fs::rename(home.db(), &there).unwrap();
    std::os::unix::fs::symlink(&there, home.db()).unwrap();
    let told = home.ask(&["doctor", "--output", "json"]);
    let told = document(&told.out);
    let files = told["files"].as_array().unwrap();
    let store = files.iter().find(|file| file["what"] == "store").unwrap();
    assert_eq!(store["mode"], "0600", "{told}");
    let wrong = told["wrong"].to_string();
    assert!(wrong.contains("a link") && !wrong.contains("others may use"), "{told}");
}

#[test]
fn only_the_file_that_was_made_open_is_complained_about() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    fs::write(home.db(), "").unwrap();
    fs::set_permissions(home.db(), fs::Permissions::from_mode(0o644)).unwrap();
    home.ok(&["run", "--", "true"]);
    let told = home.ask(&["doctor", "--output", "json"]);
    let wrong = document(&told.out)["wrong"].as_array().unwrap().clone();
    assert!(matches!(&wrong[..], [one] if one.as_str().unwrap().contains("the store ")), "{told:?}");
}

#[test]
fn a_store_that_cannot_be_opened_is_told_with_all_the_rest() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    fs::write(home.db(), "my notes\n".repeat(1000)).unwrap();
    let told = home.ask(&["doctor", "--output", "json"]);
    assert_eq!(told.code, 1, "{told:?}");
    let told = document(&told.out);
    assert_eq!((&told["ok"], &told["store"]), (&false.into(), &serde_json::Value::Null));
    assert!(told["wrong"][0].as_str().unwrap().contains("not a session store"), "{told}");
}

/// The processes that a process has started.
fn children(pid: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn what_a_killed_guard_left_alive_is_named_and_nothing_is_taken_over_until_it_is_gone() {
    let home = Home::new();
    let mut command = home.command();
    command.args([
        "run",
        "--key",
        "job",
        "--ttl",
        "1s",
        "--grace",
        "0s",
        "--",
        "sh",
        "-c",
        "sleep 60 & sleep 60",
    ]);
    let mut runner = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let shell = |guard: u32| children(guard).first().copied().filter(|shell| children(*shell).len() == 2);
    let mut guard = 0;
    eventually(|| {
        guard = children(runner.id()).first().copied().unwrap_or_default();
        guard != 0 && shell(guard).is_some()
    });
    let sleeps = children(shell(guard).unwrap());
    // Stopped first, so that it has not the time to notice the guard's death and to end the command itself.
    kill(runner.id(), Signal::STOP);
    kill(guard, Signal::KILL);
    kill(runner.id(), Signal::KILL);
    runner.wait().unwrap();
    eventually(|| home.ask(&["check", "job", "--fence", "1"]).err.contains("is over"));

    let told = answer(home.command().args(["doctor", "--output", "json"]));
    assert_eq!(told.code, 1, "{told:?}");
    let orphan = &document(&told.out)["runs"]["orphans"][0];
    let pids = |list: &serde_json::Value| -> Vec<u64> {
        let mut pids: Vec<_> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["pid"].as_u64().or(one.as_u64()).unwrap())
            .collect();
        pids.sort_unstable();
        pids
    };
    let mut alive: Vec<u64> = sleeps.iter().map(|pid| u64::from(*pid)).collect();
    alive.sort_unstable();
    assert_eq!(pids(&orphan["processes"]), alive, "{told:?}");

    let take = ["takeover", "job", "--actor-id", "me", "--reason", "runner died"];
    let refused = home.refused_json(&take);
    assert_eq!(refused["code"], "STILL_ALIVE");
    assert_eq!(pids(&refused["pids"]), alive, "{refused}");
    let run = home.refused(&["run", "--key", "job", "--takeover", "runner died", "--", "true"]);
    assert!(run.err.contains("still live") && run.err.contains("kill -KILL"), "{run:?}");

    sleeps.into_iter().for_each(|pid| kill(pid, Signal::KILL));
    eventually(|| home.ask(&take).code == 0);
    assert_eq!(home.json(&["doctor"])["ok"], true);
}

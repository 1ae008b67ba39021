//! Runs that are told to stop, and go on later in the same session.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::world::{Process, World, told, until};

/// Works until it is told to end; run again, it says so and is done.
const JOB: &str =
    "[ -n \"$TENURE_RESUMED\" ] && { echo again $TENURE_FENCE; exit 0; }; echo first; exec sleep 1000";

/// `tenure run` with these words, once its command has said something.
fn running(world: &World, key: &str, words: &[&str]) -> Process {
    let mut command = world.tenure(&[&["run", "--key", key], words].concat());
    let process = Process(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    until("the first word of the command", || {
        let said = world.answer(&["events", key, "--raw"]);
        (said.status.success() && !said.stdout.is_empty()).then_some(())
    });
    process
}

fn job(world: &World, key: &str) -> Process {
    running(world, key, &["--", "sh", "-c", JOB])
}

fn shown(world: &World, key: &str) -> Value {
    world.json(&["show", key]).remove(0)
}

fn refusal(world: &World, words: &[&str]) -> Value {
    let answer = world.answer(&[&["--output", "json"], words].concat());
    assert_eq!(answer.status.code(), Some(3), "{}", told(&answer));
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// The state, its reason, how often it was started, and its fence.
fn standing(world: &World, key: &str) -> [Value; 4] {
    let shown = shown(world, key);
    ["state", "reason", "start_count", "fence"].map(|name| shown[name].clone())
}

fn paused(start_count: u64) -> [Value; 4] {
    ["paused".into(), "shutdown".into(), start_count.into(), start_count.into()]
}

fn moves(world: &World, key: &str) -> Vec<Value> {
    let events = world.json(&["events", key, "--type", "state_changed"]);
    events.into_iter().map(|event| event["data"]["to"].clone()).collect()
}

#[test]
fn a_run_that_is_stopped_is_paused_and_resumed_in_the_same_session_to_its_end() {
    let world = World::new();
    let mut run = job(&world, "job");
    let id = shown(&world, "job")["id"].clone();
    let stopped = world.json(&["stop", "job"]).remove(0);
    assert_eq!((&stopped["state"], &stopped["reason"]), (&"paused".into(), &"shutdown".into()));
    assert_eq!(run.end().code(), None, "it ends as its command did");
    assert_eq!(standing(&world, "job"), paused(1));
    assert_eq!(shown(&world, "job")["lease"], Value::Null);
    // Asked for once more, it is so already, and nothing is written.
    let head = shown(&world, "job")["head_seq"].clone();
    assert_eq!(world.json(&["stop", "job"])[0]["request_seq"], Value::Null);
    assert_eq!(shown(&world, "job")["head_seq"], head);
    assert_eq!(world.ok(&["resume", "job"]), "again 2\n");
    assert_eq!(standing(&world, "job"), ["completed".into(), Value::Null, 2.into(), 2.into()]);
    assert_eq!(shown(&world, "job")["id"], id);
    assert_eq!(moves(&world, "job"), ["active", "paused", "active", "completed"].map(Value::from));
    assert_eq!(world.ok(&["events", "job", "--raw"]), "first\nagain 2\n");
}

#[test]
fn a_runner_that_is_told_to_go_pauses_its_session_and_one_that_is_interrupted_does_not() {
    for (signal, state) in
        [(Signal::TERM, "paused"), (Signal::HUP, "paused"), (Signal::INT, "failed"), (Signal::QUIT, "failed")]
    {
        let world = World::new();
        let mut run = job(&world, "job");
        run.send(signal);
        run.end();
        assert_eq!(shown(&world, "job")["state"], state, "{signal:?}");
    }
}

#[test]
fn a_machine_that_tells_the_command_as_well_pauses_the_session_too() {
    let world = World::new();
    let mut run = running(&world, "job", &["--", "sh", "-c", "echo $$; exec sleep 1000"]);
    let command: i32 = run.line().parse().unwrap();
    let command = rustix::process::Pid::from_raw(command).unwrap();
    run.send(Signal::STOP);
    rustix::process::kill_process(command, Signal::TERM).unwrap();
    run.send(Signal::TERM);
    run.send(Signal::CONT);
    run.end();
    assert_eq!(standing(&world, "job"), paused(1));
}

#[test]
fn a_command_that_comes_to_its_own_end_while_it_is_stopped_has_ended_by_that() {
    let cases = [
        ("trap 'exit 0' TERM", "completed"),
        ("trap 'exit 7' TERM", "failed"),
        ("trap 'exit 143' TERM", "paused"),
        ("trap 'exit 75' TERM", "paused"),
        ("trap '' TERM", "paused"),
    ];
    for (trap, state) in cases {
        let world = World::new();
        let script = format!("{trap}; echo; while :; do sleep 0.01; done");
        let mut run = running(&world, "job", &["--grace", "200ms", "--", "sh", "-c", &script]);
        assert_eq!(world.json(&["stop", "job"])[0]["state"], state, "{trap}");
        run.end();
    }
}

#[test]
fn a_run_whose_runner_was_killed_is_resumed_when_somebody_asks_for_it() {
    let world = World::new();
    let mut run = job(&world, "job");
    run.send(Signal::KILL);
    run.end();
    until("the end of its tree", || {
        let code = refusal(&world, &["recover", "job"])["code"].clone();
        assert_eq!(code, "NOT_SHUT_DOWN");
        let resumed = world.answer(&["resume", "job", "--timeout", "10ms"]);
        resumed.status.success().then_some(())
    });
    assert_eq!(standing(&world, "job"), ["completed".into(), Value::Null, 2.into(), 2.into()]);
}

#[test]
fn recover_runs_again_what_a_shutdown_paused_and_nothing_else() {
    let world = World::new();
    let mut tenant = world.tenure(&["--namespace", "other", "run", "--key", "job", "--", "sh", "-c", JOB]);
    let mut tenant = Process(tenant.stdout(Stdio::piped()).spawn().unwrap());
    assert_eq!(tenant.line(), "first");
    let mut runs = vec![
        job(&world, "shut-1"),
        job(&world, "shut-2"),
        running(&world, "opted-out", &["--no-auto-resume", "--", "sh", "-c", JOB]),
        job(&world, "put-aside"),
    ];
    world.ok(&["pause", "put-aside"]);
    runs.push(tenant);
    for run in &runs {
        run.send(Signal::TERM);
    }
    for run in &mut runs {
        run.end();
    }
    let mut killed = job(&world, "killed");
    killed.send(Signal::KILL);
    killed.end();
    let recovered = world.json(&["recover", "--all"]).remove(0);
    let keys: Vec<_> = recovered["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| (session["namespace"].as_str().unwrap(), session["key"].as_str().unwrap()))
        .collect();
    assert_eq!(keys, [("default", "shut-1"), ("default", "shut-2"), ("other", "job")]);
    for (namespace, key) in keys {
        world.ok(&["--namespace", namespace, "wait", key, "--timeout", "30s"]);
    }
    assert_eq!(world.json(&["recover", "--all"])[0]["sessions"], json!([]));
    assert_eq!(shown(&world, "put-aside")["reason"], "requested");
    assert_eq!(standing(&world, "opted-out"), paused(1));
    assert_eq!(shown(&world, "killed")["state"], "active");
    let fresh = ["run", "--key", "put-aside", "--fresh", "--", "true"];
    assert_eq!(refusal(&world, &fresh)["code"], "PAUSED");
    for key in ["put-aside", "opted-out"] {
        assert_eq!(refusal(&world, &["recover", key])["code"], "NOT_SHUT_DOWN");
        assert_eq!(refusal(&world, &["run", "--key", key, "--", "true"])["code"], "PAUSED");
        assert_eq!(world.ok(&["resume", key]), "again 2\n", "{key}");
    }
}

#[test]
fn a_run_of_the_key_goes_on_with_what_a_shutdown_paused_unless_it_is_to_be_fresh() {
    let world = World::new();
    let mut run = job(&world, "job");
    let id = shown(&world, "job")["id"].clone();
    world.ok(&["stop", "job"]);
    run.end();
    let script = "echo [$TENURE_RESUMED]; kill -TERM $$";
    let mut again = world.tenure(&["run", "--key", "job", "--", "sh", "-c", script]);
    // A command that ends itself has ended.
    assert_eq!(again.output().unwrap().stdout, b"[1]\n");
    assert_eq!((&shown(&world, "job")["state"], &shown(&world, "job")["id"]), (&"failed".into(), &id));

    let mut run = job(&world, "other");
    let id = shown(&world, "other")["id"].as_str().unwrap().to_owned();
    world.ok(&["stop", "other"]);
    run.end();
    assert_eq!(
        world.ok(&["run", "--key", "other", "--fresh", "--", "sh", "-c", "echo [$TENURE_RESUMED]"]),
        "[]\n"
    );
    let old = shown(&world, &id);
    assert_eq!((&old["state"], &old["reason"]), (&"cancelled".into(), &"replaced by a fresh run".into()));
    let new = shown(&world, "other");
    assert_eq!((&new["state"], &new["start_count"]), (&"completed".into(), &1.into()));
    assert_ne!(new["id"], *id);
}

#[test]
fn what_is_run_again_has_the_words_and_the_directory_it_had_and_no_value_of_the_environment() {
    let world = World::new();
    let directory = world.path("wörk");
    std::fs::create_dir(&directory).unwrap();
    let script = "echo \"$1\" \"$(basename \"$PWD\")\" \"${SECRET-unset}\"; [ -n \"$TENURE_RESUMED\" ] || exec sleep 1000";
    let mut command = world.tenure(&["run", "--key", "job", "--", "sh", "-c", script, "sh"]);
    command.arg(OsStr::from_bytes(b"a b\xFF")).env("SECRET", "hunter2").current_dir(&directory);
    let mut run = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    assert!(run.line_bytes().starts_with(b"a b\xFF w"));
    world.ok(&["stop", "job"]);
    run.end();
    let again = world.answer(&["resume", "job"]);
    let said = [b"a b\xFF ".as_slice(), "wörk unset\n".as_bytes()].concat();
    assert_eq!(again.stdout, said, "{}", told(&again));
}

#[test]
fn a_session_that_cannot_be_run_again_stays_as_it_is() {
    let world = World::new();
    let (directory, program) = (world.path("work"), world.path("work/program"));
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
    let mut command = world.tenure(&["run", "--key", "job", "--", "./program", "-c", JOB]);
    let mut run = Process(command.current_dir(&directory).stdout(Stdio::piped()).spawn().unwrap());
    assert_eq!(run.line(), "first");
    world.ok(&["stop", "job"]);
    run.end();
    std::fs::rename(&program, world.path("elsewhere")).unwrap();
    assert_eq!(world.answer(&["resume", "job"]).status.code(), Some(127));
    assert_eq!(standing(&world, "job"), paused(2));
    std::fs::remove_dir(&directory).unwrap();
    let gone = world.answer(&["resume", "job", "--output", "json"]);
    let said: Value = serde_json::from_slice(&gone.stdout).unwrap();
    assert_eq!((gone.status.code(), &said["code"]), (Some(1), &"DIRECTORY_GONE".into()));
    assert_eq!(standing(&world, "job"), paused(2));
    std::fs::create_dir(&directory).unwrap();
    std::fs::rename(world.path("elsewhere"), &program).unwrap();
    assert_eq!(world.ok(&["resume", "job"]), "again 3\n");
}

#[test]
fn a_run_inside_of_one_that_goes_on_does_not_go_on_itself() {
    let world = World::new();
    let script = format!(
        "echo; [ -n \"$TENURE_RESUMED\" ] || exec sleep 1000; exec {} run -- sh -c 'echo [$TENURE_RESUMED]'",
        env!("CARGO_BIN_EXE_tenure")
    );
    let mut run = running(&world, "job", &["--", "sh", "-c", &script]);
    world.ok(&["stop", "job"]);
    run.end();
    assert_eq!(world.ok(&["resume", "job"]), "\n[]\n");
}

#[test]
fn only_what_somebody_is_at_can_be_stopped() {
    let world = World::new();
    world.ok(&["create", "--key", "made"]);
    assert_eq!(refusal(&world, &["stop", "made"])["code"], "NOT_HELD");
    world.ok(&["cancel", "made"]);
    assert_eq!(refusal(&world, &["stop", "made"])["code"], "ENDED");
    let mut run = job(&world, "job");
    run.send(Signal::KILL);
    run.end();
    until("the proof that its tree is gone", || {
        let answer = world.answer(&["stop", "job", "--timeout", "10ms", "--output", "json"]);
        let said: Value = serde_json::from_slice(&answer.stdout).unwrap();
        (answer.status.code() == Some(3)).then(|| assert_eq!(said["code"], "ABANDONED"))
    });
    assert_eq!(refusal(&world, &["resume", "made"])["code"], "INVALID_TRANSITION");
}

#[test]
fn an_agent_that_is_driven_by_hand_is_asked_to_stop_and_does_it_itself() {
    let world = World::new();
    world.ok(&["create", "--key", "job"]);
    world.ok(&["start", "job", "--actor-id", "agent"]);
    world.ok(&["stop", "job", "--no-wait"]);
    let asked = world.json(&["events", "job", "--type", "message"]).remove(0);
    assert_eq!(asked["data"], json!({ "request": "stop" }));
    let late = world.answer(&["stop", "job", "--timeout", "10ms", "--output", "json"]);
    let said: Value = serde_json::from_slice(&late.stdout).unwrap();
    assert_eq!((late.status.code(), &said["code"]), (Some(1), &"NOT_ANSWERED".into()));
    world.ok(&["pause", "job", "--fence", "1", "--reason", "shutdown"]);
    world.ok(&["release", "job", "--fence", "1"]);
    assert_eq!(world.json(&["stop", "job"])[0]["reason"], "shutdown");
    assert_eq!(world.json(&["recover", "--all"])[0]["sessions"], json!([]), "there is nothing to run");
}

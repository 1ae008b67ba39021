//! Groups: never more at work than allowed, whoever contends and dies.

use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::world::{Process, World, told, until};

const LIMIT: usize = 3;
const CONTENDERS: usize = 8;
const RUNS: usize = 48;

/// Takes one of three locks at once, or says that all are taken: four were at work. A lock goes with its process.
const WORK: &str = "
import fcntl, os, sys, time
files = [open(f'place.{n}', 'w') for n in range(3)]
def take(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
if not any(take(file) for file in files):
    sys.exit('four at once')
print('at work', flush=True)
time.sleep(float(sys.argv[1]))
";

fn run(world: &World, options: &[&str], seconds: &str) -> Command {
    let mut words = vec!["run", "--group", "web", "--grace", "50ms", "--ttl", "5s"];
    words.extend(options);
    words.extend(["--", "python3", "-c", WORK, seconds]);
    let mut command = world.tenure(&words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(world: &World, options: &[&str], seconds: &str) -> Process {
    Process(run(world, options, seconds).spawn().unwrap())
}

fn group(world: &World) -> Value {
    world.json(&["group", "web"]).remove(0)
}

fn keys(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|member| member["key"].as_str().unwrap()).collect()
}

/// Returns once as many are at work, and as many wait.
fn has(world: &World, active: usize, waiting: usize) {
    until("the group as it is to be", || {
        let answer = world.answer(&["group", "web", "--output", "json"]);
        let group: Value = serde_json::from_slice(&answer.stdout).ok()?;
        let count = |of: &Value| of.as_array().map(Vec::len);
        (count(&group["active"]) == Some(active) && count(&group["waiting"]) == Some(waiting)).then_some(())
    });
}

#[test]
fn of_eight_processes_that_contend_and_are_killed_never_more_than_three_are_at_work() {
    let world = World::new();
    world.ok(&["group", "web", "--limit", "3"]);
    let mut contenders: Vec<Process> = Vec::new();
    let (mut begun, mut killed) = (0, 0);
    while begun < RUNS || !contenders.is_empty() {
        while begun < RUNS && contenders.len() < CONTENDERS {
            begun += 1;
            contenders.push(start(&world, &["--if-full", "wait"], "0.03"));
        }
        let there = |member: &&Value| member["holder_there"] == true;
        let at_work = group(&world)["active"].as_array().unwrap().iter().filter(there).count();
        assert!(at_work <= LIMIT, "{at_work} at work");
        if killed < begun / 4 {
            killed += 1;
            let victim = contenders.remove(begun % contenders.len());
            victim.send(Signal::KILL);
        }
        let ended = contenders.iter_mut().position(|contender| contender.0.try_wait().unwrap().is_some());
        if let Some(mut ended) = ended.map(|at| contenders.remove(at)) {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            std::io::Read::read_to_end(ended.0.stdout.as_mut().unwrap(), &mut out).unwrap();
            std::io::Read::read_to_end(ended.0.stderr.as_mut().unwrap(), &mut err).unwrap();
            let said = String::from_utf8_lossy(&err);
            assert!(ended.end().success(), "{said}");
            assert_eq!(String::from_utf8_lossy(&out), "at work\n");
        }
    }
    until("the end of those that were killed", || {
        let group = group(&world);
        let is_there =
            |of: &Value| of.as_array().unwrap().iter().any(|member| member["holder_there"] == true);
        (!is_there(&group["active"]) && !is_there(&group["waiting"])).then_some(())
    });
    world.ok(&["doctor", "--deep"]);
}

#[test]
fn who_waits_gets_a_place_in_the_order_of_arrival_and_whoever_does_not_wait_is_refused() {
    let world = World::new();
    let mut first = start(&world, &["--group-limit", "1", "--key", "first"], "1000");
    assert_eq!(first.line(), "at work");
    let mut waiting = Vec::new();
    for (number, key) in ["second", "third", "fourth"].iter().enumerate() {
        waiting.push(start(&world, &["--key", key, "--if-full", "wait"], "1000"));
        has(&world, 1, number + 1);
    }
    let shown = world.json(&["show", "third"]).remove(0);
    assert_eq!((&shown["state"], &shown["waits_for_place"]), (&"pending".into(), &true.into()));
    let refused = run(&world, &["--key", "fifth", "--output", "json"], "0").output().unwrap();
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &said["code"]), (Some(3), &"GROUP_FULL".into()), "{}", told(&refused));
    assert_eq!((&said["limit"], &said["waiting"]), (&1.into(), &3.into()));
    assert!(!world.answer(&["show", "fifth"]).status.success(), "nothing was opened");
    // A pause gives the place to whoever came first; going on takes one.
    world.ok(&["pause", "first"]);
    assert_eq!(waiting[0].line(), "at work");
    let resumed = world.answer(&["resume", "first", "--timeout", "300ms"]);
    assert_eq!(resumed.status.code(), Some(3), "{}", told(&resumed));
    assert_eq!(keys(&group(&world)["waiting"]), ["third", "fourth"]);
    // Whoever is killed gives back its place, and whoever gives up is passed over.
    waiting[1].send(Signal::INT);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&waiting[1].end()), Some(2));
    assert_eq!(world.json(&["show", "third"])[0]["state"], "cancelled");
    waiting[0].send(Signal::KILL);
    assert_eq!(waiting[2].line(), "at work");
    world.ok(&["stop", "fourth"]);
    world.ok(&["resume", "first"]);
    assert_eq!(keys(&group(&world)["active"]), ["first", "second"], "the second one is only left");
    world.ok(&["stop", "first"]);
}

#[test]
fn what_waits_when_it_is_shut_down_goes_on_later() {
    let world = World::new();
    let mut first = start(&world, &["--group-limit", "1", "--key", "first"], "1000");
    assert_eq!(first.line(), "at work");
    let mut second = start(&world, &["--key", "second", "--if-full", "wait"], "0");
    has(&world, 1, 1);
    world.ok(&["stop", "second"]);
    assert_eq!(world.json(&["stop", "second"])[0]["request_seq"], Value::Null, "it is stopped already");
    second.end();
    let shown = world.json(&["show", "second"]).remove(0);
    assert_eq!((&shown["state"], &shown["lease"]), (&"pending".into(), &Value::Null));
    // In the background it waits, and whoever began it need not.
    assert_eq!(world.json(&["recover", "--all"])[0]["sessions"][0]["resumed"], true);
    has(&world, 1, 1);
    world.ok(&["stop", "first"]);
    world.ok(&["wait", "second", "--timeout", "30s"]);
    assert_eq!(
        world.json(&["list", "--group", "web", "--state", "completed"])[0]["data"][0]["key"],
        "second"
    );
}

#[test]
fn a_group_has_one_limit_and_whoever_means_another_is_refused() {
    let world = World::new();
    let unknown = world.answer(&["group", "web", "--output", "json"]);
    assert_eq!(unknown.status.code(), Some(1));
    world.ok(&["create", "--key", "a", "--group", "web", "--group-limit", "2"]);
    let other = ["--output", "json", "run", "--group", "web", "--group-limit", "3", "--", "true"];
    let refused = world.answer(&other);
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(
        (refused.status.code(), &said["code"], &said["limit"]),
        (Some(3), &"GROUP_LIMIT".into(), &2.into())
    );
    assert_eq!(world.json(&["group", "web", "--limit", "3"])[0]["limit"], 3);
    world.ok(&other[2..]);
    assert_eq!(world.json(&["group", "web", "--limit", "none"])[0]["limit"], json!(null));
}

#[test]
fn sessions_that_are_started_by_hand_take_places_and_wait_as_well() {
    let world = World::new();
    for key in ["a", "b"] {
        world.ok(&["create", "--key", key, "--group", "web", "--group-limit", "1"]);
    }
    world.ok(&["start", "a", "--actor-id", "one"]);
    let refused = world.answer(&["start", "b", "--actor-id", "two", "--output", "json"]);
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &said["code"]), (Some(3), &"GROUP_FULL".into()));
    let words = ["start", "b", "--actor-id", "two", "--if-full", "wait", "--output", "json"];
    let waiting = world.tenure(&words).stdout(Stdio::piped()).spawn().unwrap();
    has(&world, 1, 1);
    world.ok(&["complete", "a", "--fence", "1"]);
    let started: Value = serde_json::from_slice(&waiting.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!((&started["state"], &started["fence"]), (&"active".into(), &1.into()));
}

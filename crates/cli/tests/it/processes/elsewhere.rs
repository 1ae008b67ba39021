//! Runs that go on in another store than the one they began in.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use super::world::{Process, World, told, until};

fn at(world: &World, name: &str) -> String {
    world.path(name).to_str().unwrap().to_owned()
}

/// A run of the group `web`, whose standard output is read.
fn start(world: &World, key: &str, options: &[&str], script: &str) -> Process {
    let words =
        [&["run", "--key", key, "--group", "web", "--grace", "50ms"], options, &["--", "sh", "-c", script]];
    Process(world.tenure(&words.concat()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

fn shown(world: &World, db: &str, key: &str) -> Value {
    world.json(&["--db", db, "show", key]).remove(0)
}

/// The keys of those at work, and of those that wait.
fn group(world: &World, db: &str) -> [Vec<String>; 2] {
    let group = world.json(&["--db", db, "group", "web"]).remove(0);
    ["active", "waiting"].map(|name| {
        let members = group[name].as_array().unwrap().iter();
        members.map(|member| member["key"].as_str().unwrap().to_owned()).collect()
    })
}

fn refused(world: &World, words: &[&str]) -> Value {
    let answer = world.answer(&[&["--output", "json"], words].concat());
    assert_eq!(answer.status.code(), Some(3), "{words:?}: {}", told(&answer));
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// It ends because its session belongs to another store.
fn is_told(mut process: Process) {
    let status = process.end();
    let mut said = String::new();
    std::io::Read::read_to_string(process.0.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains("handed over to"), "{said}");
}

/// Saves itself, changes a file and waits; run again, it says what it finds of that.
const SAVES: &str = "if [ -n \"$TENURE_RESUMED\" ]; then cat \"$TENURE_CHECKPOINT\"; echo again $TENURE_FENCE; exit; fi; \
    printf 'kept ' > state; printf one > made; echo first; exec sleep 1000";

#[test]
fn how_a_run_is_run_again_goes_with_it_and_so_do_its_group_its_file_and_what_it_changed() {
    let world = World::new();
    let (here, there, file) = (at(&world, "tenure.db"), at(&world, "other.db"), at(&world, "job.jsonl"));
    let options = ["--group-limit", "1", "--watch", "--checkpoint-file", "state", "--refused-exit", "9"];
    let mut run = start(&world, "job", &options, SAVES);
    assert_eq!(run.line(), "first");
    world.ok(&["stop", "job"]);
    run.end();
    world.ok(&["export", "job", "--to", &file]);
    world.ok(&["--db", &there, "import", &file]);
    let (ours, theirs) = (shown(&world, &here, "job"), shown(&world, &there, "job"));
    assert_eq!((&theirs["group"], &theirs["reason"]), (&json!("web"), &json!("shutdown")));
    for field in ["group", "state", "reason", "command", "directory", "auto_resume", "fence"] {
        assert_eq!(theirs[field], ours[field], "{field}");
    }
    assert_eq!(world.ok(&["--db", &there, "files", "job", "made"]), "one");
    let listed = world.json(&["--db", &there, "list", "--group", "web"]).remove(0);
    assert_eq!(listed["data"][0]["key"], "job");
    assert_eq!(world.ok(&["--db", &there, "resume", "job"]), "kept again 2\n");
    assert_eq!(shown(&world, &there, "job")["state"], "completed");
    // How many may be at work is for each store to say.
    let limit = |db: &str| world.json(&["--db", db, "group", "web"])[0]["limit"].clone();
    assert_eq!((limit(&here), limit(&there)), (json!(1), Value::Null));
    // A copy that goes on changes nothing of the original.
    assert_eq!(world.ok(&["export", "job"]), fs::read_to_string(&file).unwrap());
    world.ok(&["--db", &there, "doctor", "--deep"]);
}

#[test]
fn who_moves_gives_back_its_place_or_the_one_in_the_queue_and_goes_on_elsewhere() {
    let world = World::new();
    let (here, there, copy) = (at(&world, "tenure.db"), at(&world, "other.db"), at(&world, "copy.db"));
    let mut first = start(&world, "first", &["--group-limit", "1"], "echo first; exec sleep 1000");
    assert_eq!(first.line(), "first");
    let mut waiting = Vec::new();
    for key in ["second", "third"] {
        let script = format!("echo {key}; exit 0");
        waiting.push(start(&world, key, &["--if-full", "wait"], &script));
        until("the wait", || group(&world, &here)[1].contains(&key.to_owned()).then_some(()));
    }
    // A copy waits for nothing: nobody holds it.
    let file = at(&world, "second.jsonl");
    world.ok(&["export", "second", "--to", &file]);
    world.ok(&["--db", &copy, "import", &file]);
    world.ok(&["move", "second", "--to", &there]);
    is_told(waiting.remove(0));
    assert_eq!(group(&world, &here), [vec!["first".to_owned()], vec!["third".to_owned()]]);
    for db in [&copy, &there] {
        let second = shown(&world, db, "second");
        assert_eq!((&second["state"], &second["group"]), (&json!("pending"), &json!("web")));
        assert_eq!((&second["waits_for_place"], &second["lease"]), (&Value::Null, &Value::Null));
    }
    for words in [
        &["stop", "second"][..],
        &["recover", "second"],
        &["resume", "second"],
        &["run", "--key", "second", "--", "true"],
    ] {
        assert_eq!(refused(&world, words)["code"], "HANDED_OVER", "{words:?}");
    }
    world.ok(&["move", "first", "--to", &there]);
    is_told(first);
    assert_eq!(waiting[0].line(), "third", "the place is free");
    assert!(waiting[0].end().success());
    assert_eq!(world.json(&["recover", "--all"])[0]["sessions"], json!([]));
    // There, what had waited goes on by itself; what was at work is resumed by whoever moved it.
    let recovered = world.json(&["--db", &there, "recover", "--all"]).remove(0);
    assert_eq!(recovered["sessions"].as_array().unwrap().len(), 1, "{recovered}");
    assert_eq!(recovered["sessions"][0]["key"], "second");
    world.ok(&["--db", &there, "wait", "second", "--timeout", "30s"]);
    let words = ["--db", &there, "resume", "first"];
    let mut again =
        Process(world.tenure(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    assert_eq!(again.line(), "first");
    world.ok(&["--db", &there, "stop", "first"]);
    again.end();
    for db in [&here, &there, &copy] {
        world.ok(&["--db", db, "doctor", "--deep"]);
    }
}

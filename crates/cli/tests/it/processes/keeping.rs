//! Exporting, taking in, copying, pruning and moving: killed at any moment, and without room.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::event::poll;
use rustix::process::Signal;
use rustix::time::Timespec;
use serde_json::Value;

use super::world::{Process, World, told};

/// How often each is killed; more with `TENURE_KILLS`.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn kills() -> u64 {
    std::env::var("TENURE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(24)
}

/// Bytes that do not shrink, and are brought to a store in several pieces.
fn payload() -> Vec<u8> {
    let mut random = Random(11);
    (0..300_000).map(|_| u8::try_from(random.below(256)).unwrap()).collect()
}

/// A session with this many events, held by nobody.
fn session(world: &World, key: &str, events: usize) {
    world.ok(&["create", "--key", key, "--id", key]);
    let line = |number: usize| {
        format!("{{\"type\":\"note\",\"data\":{{\"n\":{number}}},\"id\":\"{key}-{number}\"}}\n")
    };
    let lines: String = (0..events).map(line).collect();
    fs::write(world.path("batch"), lines).unwrap();
    world.ok(&["append", key, "--batch", world.path("batch").to_str().unwrap()]);
}

/// The same with a checkpoint of [`payload`].
fn saved_session(world: &World, key: &str, events: usize) {
    session(world, key, events);
    fs::write(world.path("payload"), payload()).unwrap();
    world.ok(&["checkpoint", "create", key, "--file", world.path("payload").to_str().unwrap()]);
}

/// The payload of its only checkpoint.
fn saved(world: &World, db: &str, key: &str) -> Vec<u8> {
    let list = world.json(&["--db", db, "checkpoint", "list", key]);
    assert_eq!(list[0]["data"].as_array().unwrap().len(), 1);
    let shown = world.answer(&["--db", db, "checkpoint", "show", key, "--raw"]);
    assert!(shown.status.success(), "{}", told(&shown));
    shown.stdout
}

fn at(world: &World, name: &str) -> String {
    world.path(name).to_str().unwrap().to_owned()
}

fn is_sound(world: &World, db: &str) {
    let said = world.ok(&["--db", db, "doctor", "--deep"]);
    assert!(said.contains("Everything is as it should be."), "{said}");
}

fn listed(world: &World, db: &str) -> Vec<String> {
    let list = world.json(&["--db", db, "list", "--limit", "1000"]);
    list[0]["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn remove_store(db: &str) {
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{db}{suffix}")));
    }
    drop(fs::remove_dir_all(format!("{db}-run")));
}

/// What unfinished files are there.
fn orphans(world: &World) -> Vec<String> {
    let names = fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.contains(".tenure-part")).collect()
}

/// A number that is another one each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Starts it, and kills it after so many milliseconds, unless it ended before. Says whether it was killed.
fn killed(mut command: Command, after_ms: u64) -> bool {
    let mut process = Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let nanos = i64::try_from(after_ms * 1_000_000).unwrap();
    poll(&mut [], Some(&Timespec { tv_sec: nanos / 1_000_000_000, tv_nsec: nanos % 1_000_000_000 })).unwrap();
    if process.0.try_wait().unwrap().is_some() {
        return false;
    }
    process.send(Signal::KILL);
    process.end();
    true
}

/// How long it takes when nobody kills it.
#[expect(clippy::disallowed_methods, reason = "what a test measures for itself")]
fn length_ms(deed: impl FnOnce()) -> u64 {
    let began = std::time::Instant::now();
    deed();
    u64::try_from(began.elapsed().as_millis()).unwrap().max(20)
}

#[test]
fn a_killed_export_or_backup_leaves_a_whole_file_or_none_and_the_next_one_sweeps_up() {
    let world = World::new();
    saved_session(&world, "job", 5000);
    let mut random = Random(7);
    for (deed, name) in [("export", "job.jsonl"), ("backup", "copy.db")] {
        let file = at(&world, name);
        let words =
            if deed == "export" { vec!["export", "job", "--to", &file] } else { vec!["backup", &file] };
        let length = length_ms(|| drop(world.ok(&words)));
        let whole = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let (mut kills_met, mut left) = (0, 0);
        for _ in 0..kills() {
            kills_met += u64::from(killed(world.tenure(&words), random.below(length)));
            left += orphans(&world).len();
            if Path::new(&file).exists() {
                if deed == "export" {
                    assert_eq!(fs::read(&file).unwrap(), whole);
                } else {
                    is_sound(&world, &file);
                }
                for suffix in ["", "-wal", "-shm"] {
                    drop(fs::remove_file(format!("{file}{suffix}")));
                }
            }
        }
        world.ok(&words);
        assert_eq!(orphans(&world), [""; 0]);
        assert!(kills_met > kills() / 4 && left > 0, "{deed}: {kills_met} killed, {left} left");
    }
    is_sound(&world, &at(&world, "tenure.db"));
}

#[test]
fn a_killed_import_leaves_nothing_that_is_seen_and_the_next_one_takes_it_in() {
    let world = World::new();
    saved_session(&world, "job", 5000);
    let (file, db) = (at(&world, "job.jsonl"), at(&world, "other.db"));
    world.ok(&["export", "job", "--to", &file]);
    let words = ["--db", &db, "import", &file];
    let length = length_ms(|| drop(world.ok(&words)));
    remove_store(&db);
    let (mut random, mut kills_met, mut taken) = (Random(8), 0, 0);
    for _ in 0..kills() {
        kills_met += u64::from(killed(world.tenure(&words), random.below(length)));
        if listed(&world, &db).is_empty() {
            continue;
        }
        taken += 1;
        assert_eq!(world.ok(&["--db", &db, "export", "job"]), fs::read_to_string(&file).unwrap());
        is_sound(&world, &db);
        remove_store(&db);
    }
    let known = &world.json(&words)[0];
    assert_eq!(known["known"], false, "{taken} were taken in");
    assert_eq!(world.ok(&["--db", &db, "export", "job"]), fs::read_to_string(&file).unwrap());
    is_sound(&world, &db);
    assert!(kills_met > kills() / 4, "{kills_met} killed");
}

#[test]
fn a_killed_pruning_leaves_each_session_whole_or_gone_and_those_that_are_needed_whole() {
    let world = World::new();
    let db = at(&world, "tenure.db");
    session(&world, "open", 50);
    let open = world.ok(&["export", "open"]);
    let (mut random, mut kills_met) = (Random(9), 0);
    for round in 0..kills() {
        for number in 0..6 {
            let key = format!("s{round}-{number}");
            // The one that stays has a checkpoint, and one of those that go.
            let create = if number == 3 || number == 4 { saved_session } else { session };
            create(&world, &key, 200);
            world.ok(&["cancel", &key]);
        }
        let kept = format!("s{round}-3");
        world.ok(&["retain", &kept, "--reason", "a case"]);
        let exported = world.ok(&["export", &kept]);
        kills_met += u64::from(killed(world.tenure(&["prune", "--older-than", "0s"]), random.below(60)));
        let this_round = format!("s{round}-");
        for id in listed(&world, &db).iter().filter(|id| id.starts_with(&this_round)) {
            world.ok(&["export", id]);
        }
        assert_eq!(world.ok(&["export", &kept]), exported);
        if round % 4 == 3 {
            is_sound(&world, &db);
        }
    }
    world.ok(&["prune", "--older-than", "0s"]);
    let left = listed(&world, &db);
    assert_eq!(left.len() as u64, kills() + 1, "{left:?}");
    assert_eq!(world.ok(&["export", "open"]), open);
    is_sound(&world, &db);
    assert!(kills_met > kills() / 4, "{kills_met} killed");
}

/// Whether somebody can become the owner of `key` there.
fn can_be_owned(world: &World, db: &str, key: &str) -> bool {
    Path::new(db).exists() && world.answer(&["--db", db, "start", key, "--actor-id", "x"]).status.success()
}

#[test]
fn a_move_that_is_killed_at_any_moment_leaves_one_side_at_most_and_is_finished_by_the_next() {
    let world = World::new();
    let (here, there) = (at(&world, "tenure.db"), at(&world, "other.db"));
    saved_session(&world, "first", 2000);
    let length = length_ms(|| drop(world.ok(&["move", "first", "--to", &there])));
    let (mut random, mut kills_met, mut between) = (Random(10), 0, 0);
    for round in 0..kills() {
        let key = format!("s{round}");
        saved_session(&world, &key, 2000);
        let words = ["move", &key, "--to", &there];
        kills_met += u64::from(killed(world.tenure(&words), random.below(length)));
        let shown = &world.json(&["show", &key])[0];
        let (is_gone, is_there) = (shown.get("handed_over").is_some(), listed(&world, &there).contains(&key));
        between += u64::from(is_gone && !is_there);
        assert!(is_gone || !is_there, "it is there only once it was let go here");
        // Half of them are owned where that is possible before the move is finished.
        if round % 2 == 0 {
            let owned = [can_be_owned(&world, &here, &key), can_be_owned(&world, &there, &key)];
            assert_eq!(owned, [!is_gone, is_there], "{shown}");
        }
        let done = &world.json(&words)[0];
        assert_eq!(done["ok"], true);
        assert!(!can_be_owned(&world, &here, &key));
        assert_eq!(world.answer(&["delete", &key]).status.code(), Some(0));
        let events = world.json(&["--db", &there, "events", &key, "--type", "note"]);
        assert_eq!(events.len(), 2000, "nothing that was acknowledged is lost");
        assert!(saved(&world, &there, &key) == payload(), "no checkpoint is lost or half");
    }
    assert_eq!(listed(&world, &there).len() as u64, kills() + 1);
    for db in [&here, &there] {
        is_sound(&world, db);
    }
    assert!(kills_met > kills() / 4, "{kills_met} killed, {between} between the two");
}

/// `tenure` whose files may not grow beyond so many blocks of 512 bytes: the same error as a full disk.
fn cramped(world: &World, blocks: u32, words: &[&str]) -> Output {
    let tenure = world.tenure(words);
    let mut command = Command::new("sh");
    command.envs(tenure.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.path(""));
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
    command.arg(tenure.get_program()).args(tenure.get_args()).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn without_room_nothing_half_is_left_and_with_room_it_is_done() {
    let world = World::new();
    saved_session(&world, "job", 20_000);
    let db = at(&world, "tenure.db");
    let (file, copy, other) = (at(&world, "job.jsonl"), at(&world, "copy.db"), at(&world, "other.db"));
    let deeds = [vec!["export", "job", "--to", &file], vec!["backup", &copy]];
    for words in &deeds {
        for blocks in [1, 64, 600] {
            let refused = cramped(&world, blocks, words);
            assert!(!refused.status.success(), "{words:?} within {blocks}: {}", told(&refused));
            assert_eq!(orphans(&world), [""; 0]);
            assert!(!Path::new(words.last().unwrap()).exists());
        }
        world.ok(words);
    }
    is_sound(&world, &copy);
    for blocks in [64, 400, 900] {
        let refused = cramped(&world, blocks, &["--db", &other, "import", &file]);
        assert!(!refused.status.success(), "{}", told(&refused));
        if blocks > 400 {
            assert_eq!(listed(&world, &other), [""; 0]);
            is_sound(&world, &other);
        }
    }
    world.ok(&["--db", &other, "import", &file]);
    assert_eq!(world.ok(&["--db", &other, "export", "job"]), fs::read_to_string(&file).unwrap());
    is_sound(&world, &other);
    // Where there is no room for it, it stays here.
    let third = at(&world, "third.db");
    for blocks in [64, 900, 2000] {
        let refused = cramped(&world, blocks, &["move", "job", "--to", &third]);
        assert!(!refused.status.success(), "within {blocks}: {}", told(&refused));
        world.ok(&["append", "job", "--type", "note"]);
        assert!(blocks < 900 || listed(&world, &third).is_empty());
    }
    world.ok(&["move", "job", "--to", &third]);
    assert!(saved(&world, &third, "job") == payload());
    world.ok(&["move", "job", "--to", &third]);
    is_sound(&world, &third);
    // A pruning that has no room to say what is gone leaves what it could not remove.
    world.ok(&["--db", &third, "cancel", "job"]);
    let pruned = cramped(&world, 8, &["--db", &third, "prune", "--older-than", "0s"]);
    let is_there = !listed(&world, &third).is_empty();
    assert_eq!(pruned.status.success(), !is_there, "{}", told(&pruned));
    is_sound(&world, &third);
    world.ok(&["--db", &third, "prune", "--older-than", "0s"]);
    assert_eq!(listed(&world, &third), [""; 0]);
    for db in [&db, &third] {
        is_sound(&world, db);
    }
}

#[test]
fn a_backup_is_of_one_moment_while_others_write_and_does_not_hold_them_up() {
    let world = World::new();
    session(&world, "job", 5000);
    let writer = "i=0; while :; do i=$((i+1)); echo line $i; done";
    let mut command = world.tenure(&["run", "--key", "busy", "--", "sh", "-c", writer]);
    let runner = Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let head = |db: &str| -> u64 {
        let shown = world.answer(&["--db", db, "show", "busy", "--output", "json"]);
        serde_json::from_slice::<Value>(&shown.stdout)
            .ok()
            .and_then(|shown| shown["head_seq"].as_u64())
            .unwrap_or(0)
    };
    let db = at(&world, "tenure.db");
    super::world::until("output", || (head(&db) > 10).then_some(()));
    for round in 0..4 {
        let copy = at(&world, &format!("copy-{round}.db"));
        let before = head(&db);
        world.ok(&["backup", &copy]);
        let (copied, after) = (head(&copy), head(&db));
        assert!(before <= copied && copied <= after, "{before} {copied} {after}");
        assert!(after > before, "the writer went on");
        is_sound(&world, &copy);
    }
    drop(runner);
}

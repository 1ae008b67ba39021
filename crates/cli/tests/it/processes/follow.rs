//! A follower outlives its writers: no gap, no event twice.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::world::{PATIENCE, Process, World, until};

const ROUNDS: u64 = 50;
/// Lines that a writer is given; it is killed before it has appended all of them, mostly.
const LINES: u64 = 400;

/// Prints a little, again and again.
const CHATTY: &str = "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done";

/// A follower, and the events that it has told so far.
struct Follower {
    process: Process,
    told: Receiver<Value>,
    seen: Vec<Value>,
}

impl Follower {
    fn start(world: &World) -> Self {
        let mut command = world.tenure(&["events", "job", "--follow", "--output", "json"]);
        let mut process = Process(command.stdout(Stdio::piped()).spawn().unwrap());
        let lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in lines {
                drop(tell.send(serde_json::from_str(&line.unwrap()).unwrap()));
            }
        });
        Self { process, told, seen: Vec::new() }
    }

    /// Waits until it has told so many events more.
    fn hears(&mut self, count: u64) {
        for _ in 0..count {
            self.seen.push(self.told.recv_timeout(PATIENCE).expect("it goes on"));
        }
    }

    /// Everything that it told, once it has ended.
    fn end(mut self) -> Vec<Value> {
        self.seen.extend(self.told.iter());
        assert!(self.process.end().success());
        self.seen
    }
}

/// Numbers that are not regular.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn line(round: u64, number: u64) -> String {
    json!({ "type": "note", "data": { "round": round, "number": number }, "id": format!("{round}-{number}") })
        .to_string()
        + "\n"
}

/// A writer that is killed in the middle of its lines, and another that is given the same ones.
fn append_twice(world: &World, follower: &mut Follower, round: u64, dice: &mut Dice) {
    let mut command = world.tenure(&["append", "job", "--batch", "-"]);
    let mut writer = Process(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    let mut stdin = writer.0.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // The writer is killed while this goes on.
        let _broken = (0..LINES).try_for_each(|number| stdin.write_all(line(round, number).as_bytes()));
    });
    follower.hears(dice.roll(LINES / 2) + 1);
    writer.send(Signal::KILL);
    writer.end();
    feeding.join().unwrap();
    let file = world.path("lines");
    std::fs::write(&file, (0..LINES).map(|number| line(round, number)).collect::<String>()).unwrap();
    world.ok(&["append", "job", "--batch", file.to_str().unwrap()]);
}

#[test]
fn a_follower_outlives_its_writers_without_a_gap_or_a_double() {
    let world = World::new();
    let run = |words: &[&str]| {
        let words: Vec<_> =
            ["run", "--key", "job"].iter().chain(words).copied().chain(["--", "sh", "-c", CHATTY]).collect();
        Process(world.tenure(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let mut runner = run(&[]);
    until("the first run", || world.answer(&["show", "job"]).status.success().then_some(()));
    let (mut follower, mut dice) = (Follower::start(&world), Dice(5));
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            append_twice(&world, &mut follower, round, &mut dice);
        }
        follower.hears(dice.roll(4) + 1);
        runner.send(Signal::KILL);
        runner.end();
        let fence = || world.json(&["show", "job"])[0]["fence"].as_u64();
        let before = fence();
        until("a takeover", || {
            let mut next = run(&["--takeover", "killed"]);
            loop {
                if fence() > before {
                    runner = next;
                    return Some(());
                }
                // Refused while processes of the killed one still live.
                if next.0.try_wait().unwrap().is_some() {
                    return None;
                }
            }
        });
    }
    world.ok(&["cancel", "job"]);
    let seen = follower.end();
    let seqs: Vec<_> = seen.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap, nothing twice");
    assert_eq!(seen, world.json(&["events", "job"]), "all of it, to its end");
    let ids: Vec<_> = seen.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(ids.len() as u64, ROUNDS / 2 * LINES, "every line once, whoever appended it");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    drop(runner);
    world.ok(&["doctor", "--deep"]);
}

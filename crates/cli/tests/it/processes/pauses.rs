//! Processes that pause and resume are killed: each pause is whole or never was.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process_group};
use serde_json::{Value, json};

use super::world::{PATIENCE, Process, World};

/// Lanes of kills, each with a session of its own, side by side.
const LANES: usize = 4;
/// Kills of one lane.
const KILLS: u64 = 50;
/// A process is killed after it has told fewer than so many deeds,
const DEEDS_MAX: u64 = 5;
/// and at most so much later.
const LATEST: Duration = Duration::from_millis(60);

/// Changes everything that a session is about, pauses it and goes on, again and again. Each deed is told once it
/// is done.
const WORK: &str = r#"
    work() {
        tenure update --metadata "{\"n\": $1, \"exact\": 1.$1}" --progress "$1/1000" --label "n=$1" \
            --timing "build=$1ms" --input-tokens 1
        echo updated $1
        tenure heartbeat --activity "step $1"
        echo said $1
        tenure pause --reason "pause $1"
        echo paused $1
    }
    resume() { tenure resume --reason "on $1"; echo resumed $1; }
    [ $1 = 0 ] || resume $1
    n=$2
    while :; do work $n; resume $n; n=$((n+1)); done"#;

/// What the worker said, while it can still say something.
struct Said {
    lines: Receiver<String>,
    /// The number of the latest work of which each deed was told.
    updated: u64,
    said: u64,
    paused: u64,
    resumed: u64,
}

#[test]
fn a_pause_and_going_on_happen_whole_or_not_at_all_whenever_the_process_is_killed() {
    let lanes: [_; LANES] =
        std::array::from_fn(|lane| std::thread::spawn(move || kill_again_and_again(lane as u64)));
    let moments = lanes.into_iter().map(|lane| lane.join().expect("every check holds"));
    let hit = moments.fold(Moments::default(), |one, other| Moments {
        paused: one.paused + other.paused,
        active: one.active + other.active,
        pauses: one.pauses + other.pauses,
        untold: one.untold + other.untold,
    });
    assert!(hit.paused > 10 && hit.active > 10 && hit.pauses > 50, "{hit:?}");
}

/// When it was killed, and how much it had done.
#[derive(Debug, Default)]
struct Moments {
    paused: u64,
    active: u64,
    pauses: u64,
    /// A pause or going on was there, and was not told any more.
    untold: u64,
}

fn kill_again_and_again(lane: u64) -> Moments {
    let world = World::new();
    world.ok(&["create", "--key", "job", "--label", "kept=yes", "--directory", "/tmp"]);
    world.ok(&["start", "job", "--actor-id", "agent", "--lease-seconds", "600"]);
    let (mut moments, mut seen, mut next) = (Moments::default(), Log::default(), 1);
    let mut random = lane.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = LATEST.mul_f64((random >> 33) as f64 / f64::from(1_u32 << 31));
        let said = killed(&world, (seen.is_paused(), next), ((random >> 40) % DEEDS_MAX, moment));
        let before = (seen.paused(), seen.resumed);
        seen.read(&world);
        seen.told = seen.told.max(said.paused);
        let number = check(&world, &seen, &said);
        next = number.max(next) + 1;
        let is_paused = seen.is_paused();
        moments.paused += u64::from(is_paused);
        moments.active += u64::from(!is_paused);
        moments.untold +=
            u64::from(seen.paused() > said.paused.max(before.0) || seen.resumed > said.resumed.max(before.1));
    }
    moments.pauses = seen.pauses.len() as u64;
    brings_back(&world);
    assert!(world.ok(&["doctor", "--deep"]).contains("Everything is as it should be."));
    moments
}

/// Lets it work, and kills it and whatever it has started at that moment.
#[expect(clippy::disallowed_methods, reason = "a real process is killed at a real moment")]
fn killed(world: &World, (is_paused, next): (bool, u64), (deeds, moment): (u64, Duration)) -> Said {
    let session = shown(world)["id"].as_str().unwrap().to_owned();
    let script = format!("set -e; tenure() {{ {} \"$@\" >&2; }}; {WORK}", env!("CARGO_BIN_EXE_tenure"));
    let mut shell = Command::new("sh");
    shell.env("TENURE_HOME", world.path("")).env("TENURE_SESSION_ID", session).env("TENURE_FENCE", "1");
    let resumes = if is_paused { next - 1 } else { 0 };
    shell.args(["-c", &script, "sh", &resumes.to_string(), &next.to_string()]).process_group(0);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut worker = Process(shell.spawn().unwrap());
    let mut said = Said::of(&mut worker);
    for _ in 0..deeds {
        let line = said.lines.recv_timeout(PATIENCE).expect("it works until it is killed");
        said.hear(&line);
    }
    let began = Instant::now();
    while let Some(left) = moment.checked_sub(began.elapsed()) {
        if let Ok(line) = said.lines.recv_timeout(left) {
            said.hear(&line);
        }
    }
    kill_process_group(worker.pid(), Signal::KILL).unwrap();
    worker.end();
    // Whatever the shell has started is gone as well once nobody has this open: a process that is being killed may
    // still be at its last write.
    let mut errors = worker.0.stderr.take().unwrap();
    errors.read_to_end(&mut Vec::new()).unwrap();
    while let Ok(line) = said.lines.recv() {
        said.hear(&line);
    }
    said
}

impl Said {
    fn of(worker: &mut Process) -> Self {
        let (tell, lines) = channel();
        let mut output = BufReader::new(worker.0.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut line = String::new();
            // A line that was cut off was not told.
            while output.read_line(&mut line).is_ok_and(|_| line.ends_with('\n')) {
                drop(tell.send(std::mem::take(&mut line)));
            }
        });
        Self { lines, updated: 0, said: 0, paused: 0, resumed: 0 }
    }

    fn hear(&mut self, line: &str) {
        let (deed, number) = line.trim_end().split_once(' ').unwrap();
        let latest = match deed {
            "updated" => &mut self.updated,
            "said" => &mut self.said,
            "paused" => &mut self.paused,
            "resumed" => &mut self.resumed,
            _ => panic!("{line}"),
        };
        *latest = number.parse().unwrap();
    }
}

/// A pause in the log.
#[derive(Debug)]
struct Pause {
    number: u64,
    checkpoint: Value,
}

/// What the log said so far.
#[derive(Debug, Default)]
struct Log {
    head: u64,
    state: String,
    pauses: Vec<Pause>,
    resumed: u64,
    /// The latest pause that was told.
    told: u64,
}

impl Log {
    fn is_paused(&self) -> bool {
        self.state == "paused"
    }

    fn paused(&self) -> u64 {
        self.pauses.last().map_or(0, |pause| pause.number)
    }

    /// Reads what is new, and checks that each pause saved something, and that going on says which pause it is from.
    fn read(&mut self, world: &World) {
        let events = world.json(&["events", "job", "--after", &self.head.to_string()]);
        let mut events = events.iter().peekable();
        while let Some(event) = events.next() {
            self.head += 1;
            assert_eq!(event["seq"], self.head, "no gap");
            if event["type"] == "state_changed" {
                self.moved(event, events.peek().map_or(&Value::Null, |event| event));
            } else if event["type"] == "checkpoint_created" {
                assert_eq!(
                    event["data"]["checkpoint"],
                    self.pauses.last().unwrap().checkpoint,
                    "one for each"
                );
            }
        }
    }

    fn moved(&mut self, event: &Value, next: &Value) {
        let data = &event["data"];
        let words = data["reason"].as_str().unwrap();
        let number = || words.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
        self.state = data["to"].as_str().unwrap().to_owned();
        if self.is_paused() {
            assert_eq!(next["type"], "checkpoint_created", "{event} saves nothing");
            assert_eq!(next["data"]["reason"], "pause");
            self.pauses.push(Pause { number: number(), checkpoint: next["data"]["checkpoint"].clone() });
        } else if data["from"] == "paused" {
            assert_eq!(next["type"], "checkpoint_restored", "{event} goes on from nothing");
            assert_eq!(next["data"]["checkpoint"], self.pauses.last().unwrap().checkpoint);
            self.resumed = number();
        }
    }
}

fn shown(world: &World) -> Value {
    world.json(&["show", "job"]).remove(0)
}

/// What was told is there; what is there is of one piece of work, and is what the last pause saved of it. Returns which
/// work that is.
fn check(world: &World, log: &Log, said: &Said) -> u64 {
    let shown = shown(world);
    assert_eq!(shown["state"], log.state.as_str());
    let number = work_of(&shown);
    assert!(number >= said.updated, "work {number}, and {} was told", said.updated);
    assert!(
        log.paused() >= said.paused && log.resumed >= said.resumed,
        "{log:?} {} {}",
        said.paused,
        said.resumed
    );
    if said.said == number && number > 0 {
        assert_eq!(shown["activity"]["text"], format!("step {number}"));
    }
    let saved = world.json(&["checkpoint", "list", "job"]).remove(0)["data"].take();
    let saved = saved.as_array().unwrap();
    let Some(pause) = log.pauses.last() else {
        assert_eq!(saved.len(), 0);
        return number;
    };
    assert_eq!(saved[0]["id"], pause.checkpoint);
    // Earlier ones are removed once a pause is there, and before it is told.
    let untold = log.pauses.iter().filter(|pause| pause.number > log.told).count();
    let most = if log.told == 0 { untold } else { untold + 1 };
    assert!(saved.len() <= most, "{untold} pauses after {} were not told: {saved:?}", log.told);
    let record: Value = serde_json::from_str(&world.ok(&["checkpoint", "show", "job", "--raw"])).unwrap();
    assert_eq!((&record["state"], work_of(&record)), (&json!("paused"), pause.number));
    assert_eq!(record["activity"]["text"], format!("step {}", pause.number));
    if number == pause.number {
        is_about(&shown, &record);
        assert_eq!(shown["usage"]["input_tokens"], record["usage"]["input_tokens"]);
    }
    number
}

/// Which piece of work a session or its record is about: all that one update wrote is of the same.
fn work_of(shown: &Value) -> u64 {
    let number = shown["metadata"]["n"].as_u64().unwrap_or(0);
    assert_eq!(shown["labels"]["kept"], "yes");
    if number > 0 {
        let exact: Value = serde_json::from_str(&format!("1.{number}")).unwrap();
        assert_eq!(shown["metadata"]["exact"], exact, "{shown}");
        assert_eq!(shown["progress"], json!({ "current": number, "total": 1000 }), "{shown}");
        assert_eq!(shown["labels"]["n"], number.to_string(), "{shown}");
        let timing = (&shown["timings_ms"]["build"], &shown["timings_ns"]["build"]);
        assert!(timing.0 == number || timing.1 == number * 1_000_000, "{shown}");
    }
    number
}

/// Everything that a record has of a session is what the session shows.
fn is_about(shown: &Value, record: &Value) {
    for name in ["id", "kind", "key", "labels", "directory", "metadata", "progress"] {
        assert_eq!(shown[name], record[name], "{name}: {shown} {record}");
    }
    assert_eq!(shown["activity"]["text"], record["activity"]["text"]);
    let length = |ms: &Value| ms.as_u64().unwrap() * 1_000_000;
    assert_eq!(length(&shown["timings_ms"]["build"]), record["timings_ns"]["build"].as_u64().unwrap());
}

/// Whatever it is about meanwhile, the last pause can be brought back.
fn brings_back(world: &World) {
    let owner = ["--fence", "1"];
    let record: Value = serde_json::from_str(&world.ok(&["checkpoint", "show", "job", "--raw"])).unwrap();
    let other =
        ["update", "job", "--metadata", "{\"n\": null, \"more\": 1}", "--progress", "0", "--label", "n=x"];
    world.ok(&[&other[..], &["--timing", "build=9h"], &owner].concat());
    world.ok(&[&["heartbeat", "job", "--activity", "something else"][..], &owner].concat());
    world.ok(&[&["checkpoint", "restore", "job"][..], &owner].concat());
    is_about(&shown(world), &record);
}

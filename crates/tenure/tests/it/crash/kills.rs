//! Kills, one after the other, and what is there afterwards.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenure::Error;
use tokio::task::JoinSet;

use super::check::{Seen, check};
use super::workload::{Place, Work, end_of};
use crate::fixture::asked;

/// How often it is killed, unless `TENURE_CRASH_KILLS` says otherwise.
const KILLS: u64 = 40;
/// The first seed, unless `TENURE_CRASH_SEED` says otherwise.
const SEED: u64 = 1;
/// After so many kills it goes on with a new store: what is looked at grows with everything that was done.
const KILLS_EACH: u64 = 40;
/// Most instances that a process waits for at once.
const IN_FLIGHT: usize = 24;
/// Tells the process that is killed where it works, and the number of its first instance.
const DIRECTORY: &str = "TENURE_CRASH_DIRECTORY";
const FIRST: &str = "TENURE_CRASH_FIRST";
/// Tells it how many milliseconds its activities take at most.
const SLOW: &str = "TENURE_CRASH_SLOW";
/// What a process that is killed after a while has as activities, and when it is killed: some take longer than it
/// lives.
const SLOW_MS: u64 = 40;
const LIFE_MS: u64 = 100;

#[expect(clippy::disallowed_methods, reason = "a process that is started for a test is told what it is for")]
fn directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Says something to whoever started this process.
fn tell(words: &str) {
    // Whoever listens may have killed it.
    drop(writeln!(std::io::stdout().lock(), "{words}"));
}

/// The process that is killed. It starts instances until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the other test"]
async fn starts_instances_until_it_is_killed() {
    let (Some(directory), Some(first)) = (directory(), asked(FIRST)) else { return };
    tell("\nopens");
    let slow = Duration::from_millis(asked(SLOW).unwrap_or(0));
    let tenure = Arc::new(Place::new(&directory).slow(slow).tenure().start().await.unwrap());
    tell("open");
    let next = Arc::new(AtomicU64::new(first));
    let mut tasks = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (tenure, next) = (Arc::clone(&tenure), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let instance = Work::of(number).start(&tenure, number).await.unwrap();
                tell(&format!("started {number}"));
                let ended = end_of(instance).await;
                tell(&format!("ended {number} {ended}"));
            }
        });
    }
    tasks.join_all().await;
}

/// What a killed process had said.
#[derive(Debug, Default)]
struct Told {
    started: BTreeSet<u64>,
    ended: BTreeSet<u64>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("started"), Some(number), None) => drop(self.started.insert(number.parse().unwrap())),
            (Some("ended"), Some(number), Some(ended)) => {
                let number = number.parse().unwrap();
                assert_eq!(ended, Work::of(number).expected(), "{line}");
                self.ended.insert(number);
            }
            (Some("panicked" | "thread"), ..) => panic!("{line}"),
            _ => {}
        }
    }
}

struct Process {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Process {
    fn start(directory: &Path, first: u64, slow: u64) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "crash::kills::starts_instances_until_it_is_killed"]);
        command.args(["--ignored", "--nocapture"]).env(DIRECTORY, directory).env(FIRST, first.to_string());
        command.env(SLOW, slow.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    /// The next whole line that it says.
    fn says(&mut self) -> Option<String> {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn random(seed: u64) -> u64 {
    let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    random ^ random >> 29
}

/// Lets it work, and kills it at any moment of what comes next: one time in eight while it opens, otherwise when
/// some have ended. An activity whose process dies too often in a row counts as the one that kills it.
fn killed(directory: &Path, seed: u64, told: &mut Told) {
    let random = random(seed);
    // Numbers that were started and never told are started again: that gives what is there.
    let first = told.started.last().map_or(0, |last| last + 1);
    let mut process = Process::start(directory, first, 0);
    let (word, mut times) = match random % 8 {
        0 => ("open", random >> 8 & 1),
        _ => ("ended", 1 + (random >> 8) % 24),
    };
    while times > 0 {
        let line = process.says().expect("it goes on until it is killed");
        told.hear(&line);
        times -= u64::from(line.starts_with(word));
    }
    for _ in 0..(random >> 24) % 500_000 {
        std::hint::spin_loop();
    }
    process.kill();
    while let Some(line) = process.says() {
        told.hear(&line);
    }
}

/// Kills it a short while after it began to open, whatever it has done until then: a loop of crashes, in which it often
/// does not live as long as what it does takes.
#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for: when it is killed is chance")]
fn killed_soon(directory: &Path, seed: u64, told: &mut Told) {
    let first = told.started.last().map_or(0, |last| last + 1);
    let mut process = Process::start(directory, first, SLOW_MS);
    while process.says().expect("it goes on until it is killed") != "opens" {}
    std::thread::sleep(Duration::from_millis(random(seed) % LIFE_MS));
    process.kill();
    while let Some(line) = process.says() {
        told.hear(&line);
    }
}

/// Kills it so often, in one store after the other, and lets everything end.
async fn kill(kills: u64, one: impl Fn(&Path, u64, &mut Told)) -> Seen {
    let mut seed = asked("TENURE_CRASH_SEED").unwrap_or(SEED);
    let (mut left, mut seen) = (kills, Seen::default());
    while left > 0 {
        let directory = tempfile::tempdir().unwrap();
        let mut told = Told::default();
        for _ in 0..KILLS_EACH.min(left) {
            one(directory.path(), seed, &mut told);
            seed += 1;
            left -= 1;
        }
        seen.add(&finish(directory.path(), &told).await);
    }
    tell(&format!("{kills} kills: {seen:?}"));
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_could_run_is_given_up_because_its_process_crashes_in_a_loop() {
    let kills = asked("TENURE_CRASH_KILLS").unwrap_or(KILLS);
    let seen = kill(kills, killed_soon).await;
    assert!(seen.instances > kills && seen.rescues > kills, "{seen:?}");
    assert!(seen.runs >= seen.results, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_instance_that_was_started_ends_as_it_should_however_often_its_process_is_killed() {
    let kills = asked("TENURE_CRASH_KILLS").unwrap_or(KILLS);
    let seen = kill(kills, killed).await;
    assert!(seen.instances > 5 * kills && seen.rescues > kills, "{seen:?}");
}

/// Lets everything end, and looks at it.
async fn finish(directory: &Path, told: &Told) -> Seen {
    let place = Place::new(directory);
    let tenure = place.tenure().start().await.unwrap();
    let mut there = BTreeSet::new();
    // Some were started, and who started them was killed before it could say so.
    for number in 0..told.started.last().map_or(0, |last| last + 1 + IN_FLIGHT as u64) {
        match tenure.instance(&Work::id(number)).await {
            Ok(instance) => {
                assert_eq!(end_of(instance).await, Work::of(number).expected(), "instance {number}");
                there.insert(number);
            }
            Err(Error::NotFound { .. }) => assert!(!told.started.contains(&number), "{number} is gone"),
            Err(error) => panic!("{error}"),
        }
    }
    tenure.stop().await;
    assert!(told.ended.is_subset(&there));
    check(&place, &there).await
}

//! Kills and freezes of workers at any moment while they work.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tenure::{Error, Tenure};
use tenure_engine::EngineError;
use tenure_store::{InstanceStore as _, TaskStore as _};
use tenure_store_sqlite::Depth;
use tokio::task::JoinSet;

use super::log::{Log, PATIENCE, What, now};
use super::process::{Place, Process, Visit, Visits};
use crate::crash::{history, look};
use crate::fixture::asked;
use crate::many::store_at;

/// How often a worker is killed, and how often one is frozen, unless `TENURE_WORKER_KILLS` and `TENURE_WORKER_FREEZES`
/// say otherwise.
const KILLS: u64 = 20;
const FREEZES: u64 = 5;
/// After so many of both it goes on with a new store.
const EACH: u64 = 100;
/// How many workers there are.
const WORKERS: usize = 3;
const TTL: Duration = Duration::from_secs(1);
/// How many activities a worker runs at once: less than there are, so that some wait for a slot when it is frozen.
const SLOTS: usize = 4;
/// How many keys there are, and how many instances run at once.
const KEYS: u64 = 40;
const IN_FLIGHT: usize = 24;
/// How often each instance visits its key.
const TIMES: u32 = 4;

/// How much of everything there was.
#[derive(Debug, Default)]
struct Seen {
    instances: u64,
    results: u64,
    runs: u64,
    /// Activities that ran more than once.
    again: u64,
    /// Runs whose process was frozen meanwhile: those that ended, and those of them whose results count.
    late: u64,
    late_and_kept: u64,
    /// How often a worker was told that its lease was over.
    over: u64,
    /// Runs that were frozen just before their first word.
    caught: u64,
    /// How often another took its place.
    replaced: u64,
}

fn id(number: u64) -> String {
    format!("visits-{number}")
}

/// Runs an instance. A process that is frozen while it writes keeps everybody from writing until it is woken.
async fn result(client: &Tenure, number: u64, visits: &Visits) -> Vec<String> {
    let id = id(number);
    let result = async || client.run("visits", visits).id(&id).await?.result::<Vec<String>>().await;
    loop {
        match result().await {
            Ok(runs) => return runs,
            Err(Error::Engine(EngineError::Store(error))) if error.is_passing() => {}
            Err(error) => panic!("{id}: {error}"),
        }
    }
}

/// Starts instances and waits for them until it is told to stop. Returns how each ended.
async fn load(path: PathBuf, stop: Arc<AtomicBool>, done: Arc<AtomicU64>) -> Vec<(u64, Vec<String>)> {
    let (client, next) = (Arc::new(Tenure::at(path).connect().unwrap()), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (client, next) = (Arc::clone(&client), Arc::clone(&next));
        let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
        tasks.spawn(async move {
            let mut ended = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let visit = Visit { takes_ms: 20, waits_for: None };
                let keys = vec![format!("key-{}", number % KEYS)];
                let visits = Visits { keys, times: TIMES, visit };
                ended.push((number, result(&client, number, &visits).await));
                done.fetch_add(1, Ordering::Relaxed);
            }
            ended
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

fn spawn(place: &Place, name: &str) -> Process {
    place.start(name).ttl(TTL).slots(SLOTS).spawn()
}

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// The workers of a store, and what becomes of them.
struct Crew {
    place: Place,
    log: Log,
    /// Each with its name.
    workers: Vec<(String, Process)>,
    chance: Chance,
    names: u64,
    replaced: u64,
}

impl Crew {
    fn start(seed: u64) -> Self {
        let place = Place::new();
        let log = place.log();
        let mut crew = Self { place, log, workers: Vec::new(), chance: Chance(seed), names: 0, replaced: 0 };
        for number in 0..WORKERS {
            let name = format!("worker-{number}");
            let process = spawn(&crew.place, &name);
            crew.workers.push((name, process));
        }
        crew
    }

    fn any(&mut self) -> usize {
        usize::try_from(self.chance.below(self.workers.len() as u64)).unwrap()
    }

    /// Kills one, and starts another: two times in three under the same name.
    fn kill(&mut self) {
        let which = self.any();
        let (name, process) = self.workers.swap_remove(which);
        process.kill();
        let name = if self.chance.below(3) > 0 {
            name
        } else {
            self.names += 1;
            format!("other-{}", self.names)
        };
        let process = spawn(&self.place, &name);
        self.workers.push((name, process));
    }

    /// Freezes one past its own deadline, and mostly past its ttl; meanwhile some others are killed.
    async fn freeze(&mut self, kills: u64) {
        let which = self.any();
        let (name, frozen) = self.workers.swap_remove(which);
        frozen.is_open(&mut self.log).await;
        frozen.freeze().await;
        let until = now() + TTL.mul_f64(0.95) + Duration::from_millis(self.chance.below(500));
        for _ in 0..kills {
            self.kill();
        }
        while now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if self.chance.below(3) == 0
            && let Some(process) = self.take_place(&name).await
        {
            self.log.catch_up();
            let (before, number) = (self.log.entries.len(), frozen.number());
            frozen.wake();
            self.log
                .until(before, "a woken worker to stop", |what| *what == What::Gone { process: number })
                .await;
            self.workers.push((name, process));
            self.replaced += 1;
            return;
        }
        self.log.catch_up();
        let before = self.log.entries.len();
        frozen.wake();
        let number = frozen.number();
        // It is back, one way or the other.
        self.log.until(before, "a woken worker", |what| what.is_news(number, &["Safe", "Over"])).await;
        self.workers.push((name, frozen));
    }

    /// Starts another worker under the name of a frozen one whose lease is over, if that does not stop everybody.
    async fn take_place(&mut self, name: &str) -> Option<Process> {
        let deadline = now() + PATIENCE;
        while now() < deadline {
            self.log.catch_up();
            let before = self.log.entries.len();
            let process = spawn(&self.place, name);
            let number = process.number();
            let begun = self.log.until(before, "another start", |what| {
                what.process() == number && matches!(what, What::Open { .. } | What::Refused { .. })
            });
            match begun.await.what {
                What::Refused { why, .. } if why.contains("a live worker") => {}
                What::Refused { .. } => return None,
                _ => return Some(process),
            }
        }
        panic!("{name} is live for ever");
    }
}

/// Lets workers work while so many of them are killed and frozen, and looks at what came of it.
async fn once(seed: u64, kills: u64, freezes: u64) -> Seen {
    let mut crew = Crew::start(seed);
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut loaded = JoinSet::new();
    loaded.spawn(load(crew.place.store(), Arc::clone(&stop), Arc::clone(&done)));
    let (mut kills, mut freezes) = (kills, freezes);
    while kills + freezes > 0 {
        let enough = done.load(Ordering::Relaxed) + crew.chance.below(8);
        let deadline = now() + PATIENCE;
        while done.load(Ordering::Relaxed) <= enough {
            assert!(now() < deadline && loaded.try_join_next().is_none(), "nothing goes on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if crew.chance.below(kills + freezes) < kills {
            crew.kill();
            kills -= 1;
        } else {
            let meanwhile = crew.chance.below(3).min(kills);
            crew.freeze(meanwhile).await;
            (kills, freezes) = (kills - meanwhile, freezes - 1);
        }
    }
    stop.store(true, Ordering::Relaxed);
    let ended = loaded.join_all().await.pop().unwrap();
    for (_, process) in crew.workers.drain(..) {
        process.kill();
    }
    crew.log.catch_up();
    Seen { replaced: crew.replaced, ..look_at(&crew.place, &crew.log, &ended).await }
}

/// Everything ended well, each result is there once, and nothing began where it must not.
async fn look_at(place: &Place, log: &Log, ended: &[(u64, Vec<String>)]) -> Seen {
    let (runs, store) = (log.check(), store_at(place.store()));
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    assert_eq!(store.next_wake().await.unwrap(), None, "nothing is left to be done");
    assert_eq!(store.next_task_at().await.unwrap(), None, "no task is left");
    let mut seen =
        Seen { instances: ended.len() as u64, over: runs.over, caught: runs.caught, ..Seen::default() };
    let mut kept = HashSet::new();
    for (number, results) in ended {
        let id = id(*number);
        let events = history(&store, &id).await;
        assert_eq!(look(&id, &events).completed.len(), TIMES as usize, "{id}");
        assert_eq!(results.len(), TIMES as usize, "{id}");
        for run in results {
            assert!(runs.ended.contains(run), "{id}: the result of {run} counts, and it never ended");
            assert!(kept.insert(run.as_str()), "the result of {run} counts twice");
        }
        let ops: BTreeSet<_> = look(&id, &events).completed.keys().map(|op| format!("{id}/1/{op}")).collect();
        let ran: HashSet<_> = ops.iter().flat_map(|op| runs.ops.get(op)).flatten().collect();
        assert!(results.iter().all(|run| ran.contains(run)), "{id}: the results of others count");
        seen.results += results.len() as u64;
    }
    for of_it in runs.ops.values() {
        seen.runs += of_it.len() as u64;
        seen.again += u64::from(of_it.len() > 1);
    }
    let late = runs.late.intersection(&runs.ended);
    for run in late {
        seen.late += 1;
        seen.late_and_kept += u64::from(kept.contains(run.as_str()));
    }
    seen
}

/// R-G: workers under load are killed and frozen past their ttl. Nothing is lost, each result counts once, the fences of
/// a key never go back, and a woken worker begins nothing before it knows what it still has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "whoever runs many of them wants to know what happened")]
async fn workers_that_are_killed_and_frozen_lose_nothing_and_begin_nothing_late() {
    let mut kills = asked("TENURE_WORKER_KILLS").unwrap_or(KILLS);
    let mut freezes = asked("TENURE_WORKER_FREEZES").unwrap_or(FREEZES);
    let mut seed = asked("TENURE_WORKER_SEED").unwrap_or(1);
    while kills + freezes > 0 {
        let rounds = (kills + freezes).div_ceil(EACH);
        let (now_killed, now_frozen) = (kills.div_ceil(rounds), freezes.div_ceil(rounds));
        let began = now();
        let seen = once(seed, now_killed, now_frozen).await;
        let took = now().saturating_sub(began);
        println!("seed {seed}: {now_killed} kills, {now_frozen} freezes in {took:?}: {seen:?}");
        assert!(seen.instances > now_killed && seen.runs >= seen.results, "{seen:?}");
        assert!(seen.over >= seen.replaced && seen.caught <= now_frozen, "{seen:?}");
        (kills, freezes, seed) = (kills - now_killed, freezes - now_frozen, seed + 1);
    }
}

//! W8 for keys: what a worker pays to renew and to claim.
//!
//! `pins 1000000` fills up to so many; otherwise to a million, by way of a thousandth of that.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, kib_written, print_disk};
use tenure_core::lease::Ttl;
use tenure_core::worker::{Queues, Serving};
use tenure_engine::{Ids, SystemIds};
use tenure_store::{
    InstanceStore, NoticeId, Placed, RegisterOutcome, RegisterRequest, RenewWorker, TaskEnd, TaskStore,
    TurnOutcome, TurnRequest, WorkerHandle, WorkerStore,
};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};
use tenure_store_testkit::fixture::{Asked, Driven, first_turn, keyed, plain, task_claim, wanted, worker};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Keys of one turn.
const AT_ONCE: usize = 100;
/// Keys of a worker that is retired.
const DRAINED: usize = 10_000;
/// How often each is measured.
const TIMES: usize = 500;

struct World {
    store: SqliteStore,
    holder: WorkerHandle,
    /// An instance of the holder's, which asks for keys.
    own: Driven,
    /// An instance of another worker's, whose activities are tasks.
    home: Driven,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let most = std::env::args().nth(1).map_or(1_000_000, |most| most.parse().expect("a number of keys"));
    let home = directory();
    println!("W8 for keys: one worker that holds them, one request at a time, {TIMES} of each");
    print_disk(home.path());
    println!(
        "{:>9}  {:<18} {:>9} {:>9} {:>9} {:>11} {:>9}",
        "keys", "", "p50 ms", "p99 ms", "p99.9 ms", "CPU-µs each", "KiB each"
    );
    let mut world = World::new(home.path()).await;
    let mut held = 0;
    for keys in [most / 1000, most / 100, most / 10, most] {
        let began = Instant::now();
        let from = held;
        while held < keys {
            let next = keys.min(held + AT_ONCE);
            world.hold(held..next).await;
            held = next;
        }
        let filled = began.elapsed();
        world.measure(keys).await;
        println!("{:>11}{} keys were filled in in {:.1} s", "", held - from, filled.as_secs_f64());
    }
    drain(home.path(), DRAINED.min(most)).await;
}

/// A worker that holds idle keys lets go of all.
async fn drain(home: &Path, keys: usize) {
    let mut world = World::new(&home.join("drained")).await;
    for from in (0..keys).step_by(AT_ONCE) {
        world.hold(from..keys.min(from + AT_ONCE)).await;
    }
    let began = Instant::now();
    world.store.retire(world.holder).await.expect("it is retired");
    println!("{keys} idle keys are let go of in {:.3} s (goal: at most 1 s)", began.elapsed().as_secs_f64());
}

impl World {
    async fn new(home: &Path) -> Self {
        std::fs::create_dir_all(home).expect("a directory");
        let options =
            SqliteOptions::new(home.join("pins.db"), SystemIds.incarnation(), Arc::new(SystemClock::new()));
        let store = SqliteStore::open(options).expect("the store opens");
        let serving = Serving { held_max: usize::MAX >> 1, idle_after: DAY, ..Serving::default() };
        let holder = register(&store, "holder", serving).await;
        let none = Serving { queues: Queues::These(Default::default()), busy_max: 0, ..Serving::default() };
        let other = register(&store, "home", none).await;
        let (own, home) = (open(&store, "ses_own", holder).await, open(&store, "ses_home", other).await);
        Self { store, holder, own, home }
    }

    /// The holder gets these keys.
    async fn hold(&mut self, keys: std::ops::Range<usize>) {
        let asked: Vec<Asked> = keys.map(|key| wanted(name(key))).collect();
        let placed = ask(&self.store, &mut self.own, &asked).await;
        assert!(placed.iter().all(|placed| matches!(placed, Placed::Here(_))), "it gets them");
    }

    async fn measure(&mut self, keys: usize) {
        let mut renewals = Vec::new();
        for progress in 0..TIMES {
            let renewal =
                RenewWorker { worker: self.holder, progress: progress as u64, noticed: NoticeId(0) };
            let since = Used::now();
            self.store.renew_worker(renewal).await.expect("an outcome");
            renewals.push(since.until_now());
        }
        print(keys, "renewal", renewals);
        for (what, of) in [("claim, own key", true), ("claim, no key", false)] {
            let mut claims = Vec::new();
            for time in 0..TIMES {
                let asked = if of { keyed(name(time * 7919 % keys)) } else { plain() };
                ask(&self.store, &mut self.home, &[asked]).await;
                let since = Used::now();
                let given = self.store.claim_tasks(task_claim(self.holder, 32)).await.expect("an answer");
                claims.push(since.until_now());
                let [task] = &given[..] else { panic!("one, not {given:?}") };
                let (worker, task, fence) = (self.holder, task.task, task.fence);
                let result = Ok(tenure_core::orchestration::Payload(Vec::new()));
                let end = TaskEnd { worker, task, fence, result, details: None, regrants: false };
                self.store.end_task(end).await.expect("an outcome");
            }
            print(keys, what, claims);
        }
        let mut claims = Vec::new();
        for _ in 0..TIMES {
            let since = Used::now();
            let given = self.store.claim_tasks(task_claim(self.holder, 32)).await.expect("an answer");
            claims.push(since.until_now());
            assert!(given.is_empty());
        }
        print(keys, "claim, none there", claims);
    }
}

/// A key, which is there for ever.
fn name(key: usize) -> &'static str {
    Box::leak(format!("key-{key:08}").into_boxed_str())
}

async fn register(store: &SqliteStore, id: &str, serving: Serving) -> WorkerHandle {
    let ttl = Ttl::stored(DAY).expect("a day");
    let request = RegisterRequest { serving, ttl, place: None, ..worker(id, 1) };
    match store.register(request).await.expect("an outcome") {
        RegisterOutcome::Registered(registered) => registered.worker,
        RegisterOutcome::Live(live) => panic!("{live:?}"),
    }
}

async fn open(store: &SqliteStore, id: &str, worker: WorkerHandle) -> Driven {
    let request = first_turn(id, worker);
    let session = request.session.as_ref().expect("it is opened").session.clone();
    let TurnOutcome::Committed(done) = store.commit_turn(request).await.expect("an outcome") else {
        panic!("nobody else has it")
    };
    Driven { handle: done.handle, fence: done.fence, turn: 1, worker, session }
}

async fn ask(store: &SqliteStore, driven: &mut Driven, asked: &[Asked]) -> Vec<Placed> {
    let request: TurnRequest = driven.asking(asked);
    let TurnOutcome::Committed(done) = store.commit_turn(request).await.expect("an outcome") else {
        panic!("nobody else has it")
    };
    driven.turn += 1;
    done.placed
}

/// What was used when something began.
struct Used {
    at: Instant,
    cpu: Duration,
    kib: f64,
}

impl Used {
    fn now() -> Self {
        Self { cpu: cpu(), kib: kib_written(), at: Instant::now() }
    }

    fn until_now(&self) -> (Duration, Duration, f64) {
        (self.at.elapsed(), cpu().saturating_sub(self.cpu), kib_written() - self.kib)
    }
}

fn print(keys: usize, what: &str, measured: Vec<(Duration, Duration, f64)>) {
    let count = measured.len() as f64;
    let cpu: Duration = measured.iter().map(|(_, cpu, _)| *cpu).sum();
    let kib: f64 = measured.iter().map(|(_, _, kib)| *kib).sum();
    let spread = Spread::of(measured.into_iter().map(|(length, ..)| length).collect());
    let (p50, p99, p999) = (spread.at(0.5), spread.at(0.99), spread.at(0.999));
    let cpu = cpu.as_secs_f64() * 1e6 / count;
    println!("{keys:>9}  {what:<18} {p50:>9.3} {p99:>9.3} {p999:>9.3} {cpu:>11.1} {:>9.2}", kib / count);
}

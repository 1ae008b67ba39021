//! What it costs to keep turns of orchestrations. No code is run.
//!
//! A *hello* is an orchestration of one activity: opened with its first turn, ended with its second. A *middle* is a
//! turn of an instance that goes on. Words choose among the workloads, and numbers among those in flight:
//! `turns hello 256`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, kib_written, print_disk};
use tenure_core::id::{CodeName, Fence, Namespace, Operation, Revision, WorkerId};
use tenure_core::lease::Ttl;
use tenure_core::orchestration::{
    Activity, End, HistoryEvent, Opening, Payload, RetryPolicy, Start, Version, end, open,
};
use tenure_core::session::{Session, Write};
use tenure_core::time::WallTime;
use tenure_core::worker::Serving;
use tenure_engine::{Ids, SystemIds};
use tenure_store::{
    Clock, Ground, Handle, InstanceStore, RegisterOutcome, RegisterRequest, TurnOutcome, TurnRequest, Wake,
    WorkerHandle, WorkerStore,
};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};
use tokio::task::JoinSet;

const IN_FLIGHT: [usize; 3] = [1, 32, 256];
const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(2);
const PAYLOAD: usize = 100;

#[derive(Clone, Copy)]
enum Workload {
    Hello,
    Middle,
}

struct Measured {
    rate: f64,
    spread: Spread,
    cpu_micros: f64,
    kib: f64,
}

/// An instance that is held.
struct Driven {
    handle: Handle,
    fence: Fence,
    turn: u64,
    session: Session,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let home = directory();
    println!(
        "Turns as the store keeps them, payloads of {PAYLOAD} bytes; medians of {ROUNDS} rounds in turn"
    );
    print_disk(home.path());
    println!(
        "{:<10} {:>9} {:>10} {:>10} {:>9} {:>9} {:>11} {:>9}",
        "", "in flight", "per s", "commits/s", "p50 ms", "p99 ms", "CPU-µs each", "KiB each"
    );
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let is_chosen = |word: &str, others: &[&str]| {
        chosen.iter().any(|one| one == word) || !chosen.iter().any(|one| others.contains(&one.as_str()))
    };
    for (name, workload, commits) in [("hello", Workload::Hello, 2.0), ("middle", Workload::Middle, 1.0)] {
        if !is_chosen(name, &["hello", "middle"]) {
            continue;
        }
        let path = home.path().join(format!("{name}.db"));
        let (store, worker) = begin(&path).await;
        let mut rounds = IN_FLIGHT.map(|_| Vec::new());
        let mut count = 0;
        for _ in 0..ROUNDS {
            for (rounds, in_flight) in rounds.iter_mut().zip(IN_FLIGHT) {
                if is_chosen(&in_flight.to_string(), &["1", "32", "256"]) {
                    let (measured, done) = measure(&store, worker, workload, in_flight).await;
                    count += done;
                    rounds.push(measured);
                }
            }
        }
        for (mut rounds, in_flight) in
            rounds.into_iter().zip(IN_FLIGHT).filter(|(rounds, _)| !rounds.is_empty())
        {
            rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
            let Measured { rate, spread, cpu_micros, kib } = &rounds[ROUNDS / 2];
            println!(
                "{name:<10} {in_flight:>9} {rate:>10.0} {:>10.0} {:>9.3} {:>9.3} {cpu_micros:>11.2} {kib:>9.3}",
                rate * commits,
                spread.at(0.5),
                spread.at(0.99)
            );
        }
        drop(store);
        println!("{name:<10} {count} of them take {:.0} bytes each", stored_bytes(&path) / count as f64);
    }
}

async fn begin(path: &Path) -> (Arc<SqliteStore>, WorkerHandle) {
    let options = SqliteOptions::new(path, SystemIds.incarnation(), Arc::new(SystemClock::new()));
    let store = SqliteStore::open(options).expect("the store opens");
    let request = RegisterRequest {
        id: WorkerId::parse("bench").expect("a name"),
        incarnation: SystemIds.incarnation(),
        place: None,
        is_elsewhere: false,
        ttl: Ttl::run(Duration::from_secs(600)).expect("a length"),
        replaces: false,
        serving: Serving::default(),
    };
    match store.register(request).await.expect("an outcome") {
        RegisterOutcome::Registered(registered) => (Arc::new(store), registered.worker),
        RegisterOutcome::Live(live) => panic!("{live:?}"),
    }
}

/// What is in use of the file, once all of it is there.
fn stored_bytes(path: &Path) -> f64 {
    let conn = rusqlite::Connection::open(path).expect("it is there");
    let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, f64>(0)).expect("a number");
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("nobody else has it open");
    (number("PRAGMA page_count") - number("PRAGMA freelist_count")) * number("PRAGMA page_size")
}

async fn measure(
    store: &Arc<SqliteStore>,
    worker: WorkerHandle,
    workload: Workload,
    in_flight: usize,
) -> (Measured, usize) {
    let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..in_flight {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut lengths = Vec::new();
            let mut driven = match workload {
                Workload::Middle => Some(first(&store, worker).await),
                Workload::Hello => None,
            };
            while start.elapsed() < LENGTH {
                let asked = Instant::now();
                match &mut driven {
                    Some(driven) => middle(&store, worker, driven).await,
                    None => hello(&store, worker).await,
                }
                lengths.push(asked.elapsed());
            }
            lengths
        });
    }
    let lengths = tasks.join_all().await.concat();
    let (length, count) = (start.elapsed(), lengths.len());
    let each = count as f64;
    let measured = Measured {
        rate: each / length.as_secs_f64(),
        spread: Spread::of(lengths),
        cpu_micros: cpu().saturating_sub(cpu_before).as_secs_f64() * 1e6 / each,
        kib: (kib_written() - kib_before) / each,
    };
    (measured, count)
}

fn now() -> WallTime {
    static CLOCK: LazyLock<SystemClock> = LazyLock::new(SystemClock::new);
    CLOCK.now().wall.expect("a usable clock")
}

fn payload() -> Payload {
    Payload(vec![b'x'; PAYLOAD])
}

fn name() -> CodeName {
    CodeName::parse("hello").expect("a name")
}

fn scheduled(op: u64) -> HistoryEvent {
    HistoryEvent::TaskScheduled(Arc::new(Activity {
        op: Operation(op),
        name: name(),
        input: payload(),
        retry: RetryPolicy::ONCE,
        timeout: None,
        heartbeat_timeout: None,
        queue: None,
        affinity: None,
        trace: None,
    }))
}

async fn first(store: &SqliteStore, worker: WorkerHandle) -> Driven {
    let at = now();
    let opening = Opening {
        id: SystemIds.session_id(Some(at)),
        namespace: Namespace::default_name(),
        principal: None,
        name: name(),
        version: Version::FIRST,
        labels: BTreeMap::new(),
        parent: None,
        at,
    };
    let write = open(opening, true);
    let session = write.session.clone();
    let started = Start {
        name: name(),
        version: Version::FIRST,
        execution: 1,
        input: payload(),
        seed: at.epoch_ms(),
        parent: None,
        carried: Vec::new(),
        trace: None,
    };
    let request = TurnRequest {
        commit_id: SystemIds.commit_id(),
        ground: Ground::New,
        worker: Some(worker),
        session: Some(Box::new(write)),
        expected: Revision(0),
        history: vec![
            HistoryEvent::ExecutionStarted(Box::new(started)),
            HistoryEvent::TurnStarted { at },
            scheduled(1),
        ],
        taken: Vec::new(),
        starts: Vec::new(),
        sends: Vec::new(),
        tasks: Vec::new(),
        withdrawn: Vec::new(),
        wake: Wake::Now,
    };
    match store.commit_turn(request).await.expect("an outcome") {
        TurnOutcome::Committed(done) => Driven { handle: done.handle, fence: done.fence, turn: 1, session },
        refused => panic!("{refused:?}"),
    }
}

fn next(worker: WorkerHandle, driven: &Driven, history: Vec<HistoryEvent>) -> TurnRequest {
    TurnRequest {
        commit_id: SystemIds.commit_id(),
        ground: Ground::Held { handle: driven.handle, fence: driven.fence, turn: driven.turn },
        worker: Some(worker),
        session: None,
        expected: Revision(1),
        history,
        taken: Vec::new(),
        starts: Vec::new(),
        sends: Vec::new(),
        tasks: Vec::new(),
        withdrawn: Vec::new(),
        wake: Wake::Now,
    }
}

async fn keep(store: &SqliteStore, request: TurnRequest) {
    let outcome = store.commit_turn(request).await.expect("an outcome");
    assert!(matches!(outcome, TurnOutcome::Committed(_)), "{outcome:?}");
}

async fn middle(store: &SqliteStore, worker: WorkerHandle, driven: &mut Driven) {
    let completed = HistoryEvent::TaskCompleted { op: Operation(driven.turn), result: payload() };
    let history = vec![HistoryEvent::TurnStarted { at: now() }, completed, scheduled(driven.turn + 1)];
    keep(store, next(worker, driven, history)).await;
    driven.turn += 1;
}

async fn hello(store: &SqliteStore, worker: WorkerHandle) {
    let driven = first(store, worker).await;
    let at = now();
    let history = vec![
        HistoryEvent::TurnStarted { at },
        HistoryEvent::TaskCompleted { op: Operation(1), result: payload() },
        HistoryEvent::ExecutionCompleted { output: payload() },
    ];
    let request = next(worker, &driven, history);
    let session = end(Write::of(driven.session), &End::Completed, at);
    keep(store, TurnRequest { session: Some(Box::new(session)), wake: Wake::Never, ..request }).await;
}

//! What it costs to start and complete a session, and to append.
//!
//! Words choose among the workloads, and numbers among those in flight: `start_complete described 256`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, kib_written, print_disk, run};
use tenure_core::event::EventBody;
use tenure_core::id::{CommitId, EventType, Fence, Seq};
use tenure_core::session::{Command, StartRun, Stats};
use tenure_engine::{Engine, Ids, NoWitness, SystemIds, Target};
use tenure_store::{AppendOutcome, AppendRequest, Handle, Store};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};
use tokio::task::JoinSet;

const IN_FLIGHT: [usize; 3] = [1, 32, 256];
const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(2);

/// What is done again and again.
#[derive(Clone, Copy)]
enum Workload {
    /// Sessions that say nothing about themselves.
    Plain,
    /// Sessions with a key, labels, a command and a directory.
    Described,
    /// One event at a time, each task to a session of its own.
    Append,
}

struct Measured {
    rate: f64,
    spread: Spread,
    cpu_micros: f64,
    kib: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let home = directory();
    println!("Start + complete, and append, as the store keeps them; medians of {ROUNDS} rounds in turn");
    print_disk(home.path());
    println!(
        "{:<10} {:>9} {:>10} {:>9} {:>9} {:>11} {:>9}",
        "", "in flight", "per s", "p50 ms", "p99 ms", "CPU-µs each", "KiB each"
    );
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let is_chosen = |word: &str, others: &[&str]| {
        chosen.iter().any(|one| one == word) || !chosen.iter().any(|one| others.contains(&one.as_str()))
    };
    for (name, workload) in
        [("plain", Workload::Plain), ("described", Workload::Described), ("append", Workload::Append)]
    {
        if !is_chosen(name, &["plain", "described", "append"]) {
            continue;
        }
        let engine = open(&home.path().join(format!("{name}.db")));
        let mut rounds = IN_FLIGHT.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (rounds, in_flight) in rounds.iter_mut().zip(IN_FLIGHT) {
                if !is_chosen(
                    &in_flight.to_string(),
                    &IN_FLIGHT.map(|one| one.to_string()).each_ref().map(String::as_str),
                ) {
                    continue;
                }
                rounds.push(measure(&engine, workload, in_flight).await);
            }
        }
        for (mut rounds, in_flight) in
            rounds.into_iter().zip(IN_FLIGHT).filter(|(rounds, _)| !rounds.is_empty())
        {
            rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
            let Measured { rate, spread, cpu_micros, kib } = &rounds[ROUNDS / 2];
            println!(
                "{name:<10} {in_flight:>9} {rate:>10.0} {:>9.3} {:>9.3} {cpu_micros:>11.2} {kib:>9.3}",
                spread.at(0.5),
                spread.at(0.99)
            );
        }
    }
}

fn open(path: &Path) -> Engine {
    let options = SqliteOptions::new(path, SystemIds.incarnation(), Arc::new(SystemClock::new()));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).expect("the store opens"));
    Engine::new(store, Arc::new(SystemIds), Arc::new(NoWitness))
}

async fn measure(engine: &Engine, workload: Workload, in_flight: usize) -> Measured {
    let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
    let mut tasks = JoinSet::new();
    for task in 0..in_flight {
        let engine = engine.clone();
        tasks.spawn(async move {
            let mut lengths = Vec::new();
            let owned = match workload {
                Workload::Append => Some(begin(&engine, run(engine.ids().as_ref(), task)).await),
                Workload::Plain | Workload::Described => None,
            };
            while start.elapsed() < LENGTH {
                let asked = Instant::now();
                match owned {
                    Some(owned) => append(&engine, owned).await,
                    None => start_and_complete(&engine, workload, task).await,
                }
                lengths.push(asked.elapsed());
            }
            lengths
        });
    }
    let lengths = tasks.join_all().await.concat();
    let (length, count) = (start.elapsed(), lengths.len() as f64);
    Measured {
        rate: count / length.as_secs_f64(),
        spread: Spread::of(lengths),
        cpu_micros: cpu().saturating_sub(cpu_before).as_secs_f64() * 1e6 / count,
        kib: (kib_written() - kib_before) / count,
    }
}

async fn begin(engine: &Engine, run: StartRun) -> (Handle, Fence) {
    let target = bench::target(&run);
    let applied = engine.apply(&target, &Command::StartRun(Box::new(run))).await.expect("it starts");
    let fence = applied.session.expect("a session").counters.fence;
    (applied.committed.expect("written").handle, fence)
}

async fn start_and_complete(engine: &Engine, workload: Workload, task: usize) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut run = run(engine.ids().as_ref(), task);
    if matches!(workload, Workload::Described) {
        bench::describe(&mut run, NEXT.fetch_add(1, Ordering::Relaxed));
    }
    let (handle, fence) = begin(engine, run).await;
    let complete = Command::Complete { fence, message: "done".to_owned(), stats: Stats::default() };
    engine.apply(&Target::Session(handle), &complete).await.expect("it completes");
}

async fn append(engine: &Engine, (handle, fence): (Handle, Fence)) {
    let kind = EventType::parse("note").expect("a plain name");
    let json = format!("\"{}\"", "x".repeat(198));
    let events = vec![EventBody::Given { kind, json }.into()];
    let commit_id = CommitId(engine.ids().incarnation().0);
    let request = AppendRequest { commit_id, handle, fence: Some(fence), events, after: Seq(0) };
    let outcome = engine.store().append(request).await.expect("an answer");
    assert!(matches!(outcome, AppendOutcome::Appended { .. }), "{outcome:?}");
}

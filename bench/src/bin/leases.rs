//! W8: heartbeats of independent owners, each a durable request of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, kib_written, print_disk, run};
use rusqlite::{Connection, params};
use tenure_core::session::Command;
use tenure_engine::{Engine, Ids, NoWitness, SystemIds, Target};
use tenure_store::{Handle, RenewOutcome, RenewRequest, Store};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};
use tokio::task::JoinSet;

const OWNERS: usize = 10_000;
const IN_FLIGHT: [usize; 5] = [1, 32, 128, 512, OWNERS];
const ROUNDS: usize = 3;
const LENGTH: Duration = Duration::from_secs(2);

/// One owner's session and the fence it is held under.
#[derive(Clone, Copy)]
struct Owned {
    handle: Handle,
    fence: tenure_core::id::Fence,
}

/// What one measurement found.
struct Measured {
    rate: f64,
    spread: Spread,
    cpu_micros: f64,
    kib: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let home = directory();
    println!(
        "W8 heartbeats of {OWNERS} independent owners (goal: at least 150,000/s), medians of {ROUNDS} rounds in turn"
    );
    print_disk(home.path());
    let path = home.path().join("tenure.db");
    let options = SqliteOptions::new(path, SystemIds.incarnation(), Arc::new(SystemClock::new()));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).expect("the store opens"));
    let owned =
        Arc::new(hold_all(&Engine::new(Arc::clone(&store), Arc::new(SystemIds), Arc::new(NoWitness))).await);
    let mut floor = Floor::open(&home.path().join("floor.db"));
    println!(
        "{:>9}  {:<8} {:>12} {:>9} {:>9} {:>9} {:>11} {:>9}",
        "in flight", "", "renewals/s", "p50 ms", "p99 ms", "p99.9", "CPU-µs each", "KiB each"
    );
    for in_flight in IN_FLIGHT {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(renew(&store, &owned, in_flight).await);
            bare.push(floor.renew(in_flight));
        }
        print(in_flight, "tenure", ours);
        print(in_flight, "floor", bare);
    }
}

fn print(in_flight: usize, name: &str, mut rounds: Vec<Measured>) {
    rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    let Measured { rate, spread, cpu_micros, kib } = &rounds[rounds.len() / 2];
    let (p50, p99, p999) = (spread.at(0.5), spread.at(0.99), spread.at(0.999));
    println!(
        "{in_flight:>9}  {name:<8} {rate:>12.0} {p50:>9.3} {p99:>9.3} {p999:>9.3} {cpu_micros:>11.2} {kib:>9.3}"
    );
}

async fn hold_all(engine: &Engine) -> Vec<Owned> {
    let mut starts = JoinSet::new();
    for n in 0..OWNERS {
        let engine = engine.clone();
        starts.spawn(async move {
            let command = Command::StartRun(Box::new(run(engine.ids().as_ref(), n)));
            let applied = engine.apply(&Target::New, &command).await.expect("it starts");
            let session = applied.session.expect("a session");
            Owned { handle: applied.committed.expect("written").handle, fence: session.counters.fence }
        });
    }
    starts.join_all().await
}

/// Every task renews its share of the owners in turn, waiting for each answer.
async fn renew(store: &Arc<dyn Store>, owned: &Arc<Vec<Owned>>, in_flight: usize) -> Measured {
    let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
    let mut tasks = JoinSet::new();
    for task in 0..in_flight {
        let (store, owned) = (Arc::clone(store), Arc::clone(owned));
        tasks.spawn(async move {
            let mut lengths = Vec::new();
            for n in (task..OWNERS).step_by(in_flight).cycle() {
                let Owned { handle, fence } = owned[n];
                let asked = Instant::now();
                let outcome = store.renew(RenewRequest { handle, fence }).await.expect("an answer");
                assert!(matches!(outcome, RenewOutcome::Renewed(_)), "{outcome:?}");
                lengths.push(asked.elapsed());
                if start.elapsed() > LENGTH {
                    return lengths;
                }
            }
            lengths
        });
    }
    let lengths = tasks.join_all().await.concat();
    measured(lengths, start.elapsed(), cpu().saturating_sub(cpu_before), kib_written() - kib_before)
}

fn measured(lengths: Vec<Duration>, length: Duration, cpu: Duration, kib: f64) -> Measured {
    let count = lengths.len() as f64;
    Measured {
        rate: count / length.as_secs_f64(),
        spread: Spread::of(lengths),
        cpu_micros: cpu.as_secs_f64() * 1e6 / count,
        kib: kib / count,
    }
}

/// The bare writes: one narrow row for each owner, updated in transactions of as many as are in flight.
struct Floor {
    connection: Connection,
    next: usize,
    /// Grows: SQLite does not write a row that stays the same.
    moment: i64,
}

impl Floor {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("the floor opens");
        let set_up = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE lease (sid INTEGER PRIMARY KEY, fence INTEGER NOT NULL, renewed_ms INTEGER NOT NULL) STRICT;";
        connection.execute_batch(set_up).expect("it takes a table");
        connection.execute_batch("BEGIN").expect("a transaction");
        for sid in 0..OWNERS {
            connection.execute("INSERT INTO lease VALUES (?1, 1, 0)", params![sid as i64]).expect("a row");
        }
        connection.execute_batch("COMMIT").expect("it is kept");
        Self { connection, next: 0, moment: 0 }
    }

    fn renew(&mut self, group: usize) -> Measured {
        let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
        let mut lengths = Vec::new();
        while start.elapsed() < LENGTH {
            let asked = Instant::now();
            self.group(group);
            lengths.extend(std::iter::repeat_n(asked.elapsed(), group));
        }
        measured(lengths, start.elapsed(), cpu().saturating_sub(cpu_before), kib_written() - kib_before)
    }

    fn group(&mut self, group: usize) {
        self.connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let update = "UPDATE lease SET renewed_ms = ?2 WHERE sid = ?1";
        let mut statement = self.connection.prepare_cached(update).expect("a statement");
        for _ in 0..group {
            self.next = (self.next + 1) % OWNERS;
            self.moment += 1;
            statement.execute(params![self.next as i64, self.moment]).expect("an update");
        }
        drop(statement);
        self.connection.execute_batch("COMMIT").expect("it is kept");
    }
}

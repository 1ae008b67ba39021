//! The other process in this crate's tests: one small deed, told.
//!
//! It is no part of the product and is not installed with it.

mod mix;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{
    ActorId, CommitId, EventType, Incarnation, Key, Namespace, Revision, Seq, SessionId, WorkerId,
};
use tenure_core::kind::Kind;
use tenure_core::lease::{Holder, HolderKind, Ttl};
use tenure_core::session::{Claimant, Command, Context, Current, GroupView, StartRun, decide};
use tenure_core::worker::Serving;
use tenure_store::{
    AppendOutcome, AppendRequest, CommitOutcome, CommitRequest, Find, Handle, InstanceStore as _,
    LogStore as _, PurgeStore as _, RegisterOutcome, RegisterRequest, SessionStore as _, Slot,
    WorkerStore as _,
};
use tenure_store_sqlite::{FaultPoint, Faults, SqliteOptions, SqliteStore, SystemClock};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words[..] {
        ["open", path] => drop(SqliteStore::open(options(path))?),
        ["find", path, key] => runtime.block_on(find(path, key))?,
        ["append", path, key, times, bytes] => {
            runtime.block_on(append(path, key, (times.parse()?, bytes.parse()?)))?;
        }
        ["fold", path, key, round, times] => runtime.block_on(fold(path, key, (round, times.parse()?)))?,
        ["write", path, key, round] => runtime.block_on(write(path, key, round))?,
        ["purge", path, round] => runtime.block_on(purge(path, round))?,
        ["mix", path, key, seed] => runtime.block_on(mix::mix(path, key, seed.parse()?))?,
        ["work", path, name] => runtime.block_on(work(path, name))?,
        ["watch", path, key] => runtime.block_on(watch(path, key))?,
        ["freeze", path, key] => {
            let mut options = options(path);
            options.faults = Arc::new(Freeze);
            runtime.block_on(append_with(options, key, (1, 1)))?;
        }
        ["hold-sqlite", path] => hold_sqlite(path)?,
        _ => return Err("which deed?".into()),
    }
    Ok(())
}

/// Tells the test something, in one line.
fn tell(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{words}")?;
    out.flush()
}

fn options(path: &str) -> SqliteOptions {
    SqliteOptions::new(path, Incarnation(name(0)), Arc::new(SystemClock::new()))
}

/// A name that no other process gives.
fn name(number: u64) -> [u8; 16] {
    let number = u128::from(number) << 64 | u128::from(std::process::id()) << 16 | 0xC;
    number.to_be_bytes()
}

/// Stops this process when it is about to make a group durable: it holds every lock then. Continued, it
/// goes on when it is told to.
#[derive(Debug)]
struct Freeze;

impl Faults for Freeze {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        if point == FaultPoint::BeforeCommit {
            tell("frozen")?;
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
            // The signal stops this thread a moment later; until it goes on, the locks must not be let go.
            io::stdin().read_line(&mut String::new())?;
        }
        Ok(())
    }
}

fn slot(key: &str) -> Result<Slot, Failure> {
    let key = Key::parse(key).map_err(|why| format!("{why:?}"))?;
    Ok(Slot { namespace: Namespace::default_name(), kind: Kind::Agent, key })
}

async fn handle(store: &SqliteStore, key: &str) -> Result<Handle, Failure> {
    let found = store.find(Find::Slot(slot(key)?)).await?;
    Ok(found.handle.ok_or("nothing there")?)
}

async fn find(path: &str, key: &str) -> Result<(), Failure> {
    match SqliteStore::open_existing(options(path))? {
        None => tell("no store")?,
        Some(store) => tell(&format!("head {}", store.find(Find::Slot(slot(key)?)).await?.head))?,
    }
    Ok(())
}

async fn append(path: &str, key: &str, amount: (u64, usize)) -> Result<(), Failure> {
    append_with(options(path), key, amount).await
}

/// Appends to the inbox of a session and tells each position, or what went wrong.
async fn append_with(options: SqliteOptions, key: &str, (times, bytes): (u64, usize)) -> Result<(), Failure> {
    let store = SqliteStore::open(options)?;
    let handle = handle(&store, key).await?;
    for number in 0..times {
        let json = format!("\"{}\"", "x".repeat(bytes));
        match append_one(&store, handle, (number, json)).await {
            Ok(last) => tell(&format!("appended {last}"))?,
            Err(why) => tell(&format!("failed {why:?}"))?,
        }
    }
    Ok(())
}

/// A store that folds little, and soon.
fn folding(path: &str) -> Result<SqliteStore, Failure> {
    let mut options = options(path);
    let limits = &mut options.limits;
    (limits.fold_rows, limits.fold_bytes, limits.chunk_bytes, limits.litter_rows) = (4, 2048, 512, 8);
    Ok(SqliteStore::open(options)?)
}

/// Appends one event after the other, so that it draws breath between them and folds what there is.
async fn fold(path: &str, key: &str, (round, times): (&str, u64)) -> Result<(), Failure> {
    let store = folding(path)?;
    let handle = handle(&store, key).await?;
    for number in 0..times {
        let json = format!("\"{round}-{number}-{}\"", "x".repeat(100));
        match append_one(&store, handle, (number, json.clone())).await {
            Ok(last) => tell(&format!("appended {last} {json}"))?,
            Err(why) => tell(&format!("failed {why:?}"))?,
        }
    }
    Ok(())
}

async fn append_one(
    store: &SqliteStore,
    handle: Handle,
    (number, json): (u64, String),
) -> Result<u64, Failure> {
    let kind = EventType::parse("note").map_err(|why| format!("{why:?}"))?;
    let events = vec![EventDraft::from(EventBody::Given { kind, json })];
    let (commit_id, after) = (CommitId(name(number)), Seq(0));
    let request = AppendRequest { commit_id, handle, fence: None, events, after };
    match store.append(request).await? {
        AppendOutcome::Appended { last, .. } => Ok(last.0),
        other => Err(format!("{other:?}").into()),
    }
}

/// Writes as much as it can from several tasks until it is killed, and tells what was acknowledged.
async fn write(path: &str, key: &str, round: &str) -> Result<(), Failure> {
    let store = Arc::new(SqliteStore::open(options(path))?);
    let handle = handle(&store, key).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_u64 {
        let (store, round) = (Arc::clone(&store), round.to_owned());
        tasks.spawn(async move {
            for number in (task..).step_by(8) {
                let json = format!("\"{round}-{number}\"");
                let seq = append_one(&store, handle, (number, json.clone())).await?;
                tell(&format!("appended {seq} {json}"))?;
                let id = format!("ses_{round}_{number}");
                open_one(&store, &id, number).await?;
                tell(&format!("opened {id}"))?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn open_one(store: &SqliteStore, id: &str, number: u64) -> Result<(), Failure> {
    let start = StartRun {
        id: parsed(id)?,
        namespace: Namespace::default_name(),
        key: None,
        claimant: claimant()?,
        ttl: Ttl::run(Duration::from_secs(15)).ok_or("a ttl")?,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        idle: None,
        recipe: None,
        group: None,
        waits: false,
        takeover: None,
        is_fresh: false,
        principal: None,
    };
    let context = Context { now: store.now().await?, gone: None, seen: None, group: GroupView::default() };
    let decision = decide(&Current::default(), &Command::StartRun(Box::new(start)), &context);
    let request = CommitRequest {
        commit_id: CommitId(name(number | 1 << 40)),
        slot: None,
        on: None,
        expected: Revision(0),
        fence: None,
        decision: decision.map_err(|why| format!("{why:?}"))?,
        capture: None,
    };
    match store.commit(request).await? {
        CommitOutcome::Committed(_) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn claimant() -> Result<Claimant, Failure> {
    let id = ActorId::parse("probe").map_err(|why| format!("{why:?}"))?;
    let holder = Holder { kind: HolderKind::Run, id, supervisor: None, place: None };
    Ok(Claimant { holder, incarnation: Incarnation(name(0)) })
}

/// Opens sessions, fills their logs, ends and purges them until it is killed, and tells how far it got.
async fn purge(path: &str, round: &str) -> Result<(), Failure> {
    const EVENTS: u64 = 700;
    let store = Arc::new(SqliteStore::open(options(path))?);
    for number in 0.. {
        let id = format!("ses_{round}_{number}");
        open_one(&store, &id, number).await?;
        let find = Find::Id { namespace: Namespace::default_name(), id: parsed(&id)? };
        let found = store.find(find).await?;
        let handle = found.handle.ok_or("it was opened")?;
        // At once, so that they share few transactions: each has a row of its own all the same.
        let mut tasks = tokio::task::JoinSet::new();
        for event in 0..EVENTS {
            let store = Arc::clone(&store);
            let named = (number << 20 | event, event.to_string());
            tasks.spawn(async move { append_one(&store, handle, named).await });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        let context =
            Context { now: store.now().await?, gone: None, seen: None, group: GroupView::default() };
        let cancel = Command::Cancel { by: None, reason: "enough".to_owned() };
        let request = CommitRequest {
            commit_id: CommitId(name(number | 1 << 41)),
            slot: None,
            on: Some(handle),
            expected: found.current.counters.revision,
            fence: None,
            decision: decide(&found.current, &cancel, &context).map_err(|why| format!("{why:?}"))?,
            capture: None,
        };
        store.commit(request).await?;
        tell(&format!("ended {id}"))?;
        store.purge(handle).await?;
        tell(&format!("purged {id}"))?;
        while store.reclaim().await? {
            tell("reclaiming")?;
        }
    }
    Ok(())
}

fn parsed(id: &str) -> Result<SessionId, Failure> {
    Ok(SessionId::parse(id).map_err(|why| format!("{why:?}"))?)
}

/// Watches a session and tells each change, until it is killed.
async fn watch(path: &str, key: &str) -> Result<(), Failure> {
    let store = SqliteStore::open(options(path))?;
    let mut watch = store.watch(handle(&store, key).await?).await?;
    tell("watching")?;
    loop {
        watch.changed().await?;
        tell("changed")?;
    }
}

/// Has a worker, which does nothing but tell when it is woken.
async fn work(path: &str, id: &str) -> Result<(), Failure> {
    let store = SqliteStore::open(options(path))?;
    let mut attention = store.attend().await?;
    let request = RegisterRequest {
        id: WorkerId::parse(id).map_err(|why| format!("{why:?}"))?,
        incarnation: Incarnation(name(1)),
        place: None,
        is_elsewhere: false,
        ttl: Ttl::run(Duration::from_secs(600)).ok_or("a ttl")?,
        replaces: false,
        serving: Serving::default(),
    };
    let outcome = store.register(request).await?;
    match outcome {
        RegisterOutcome::Registered(_) => tell("working")?,
        RegisterOutcome::Live(live) => return Err(format!("{live:?} is there").into()),
    }
    loop {
        attention.wanted().await?;
        let gone = store.workers().await?.iter().filter(|worker| worker.is_gone).count();
        tell(&format!("woken, {gone} gone"))?;
    }
}

/// Holds SQLite's own write lock, as a foreign program would, until its standard input ends.
fn hold_sqlite(path: &str) -> Result<(), Failure> {
    let conn = rusqlite::Connection::open(path)?;
    conn.execute_batch("BEGIN IMMEDIATE")?;
    tell("held")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

//! W7 and W11: many logs appended to and followed, and a long one.
//!
//! Of the long one any place is read, and what was saved of it is restored.
//!
//! Words choose among the parts: `log appends followers long`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, kib_written, print_disk};
use rusqlite::{Connection, params};
use rustix::time::{ClockId, clock_gettime};
use tenure_core::event::EventBody;
use tenure_core::id::{ActorId, EventType, Fence, Namespace, Seq};
use tenure_core::lease::{Holder, HolderKind, Ttl};
use tenure_core::session::{Claimant, Command, StartRun, Writer};
use tenure_engine::{Engine, Ids, Next, NoWitness, Save, SystemIds, Target};
use tenure_store::{AppendOutcome, AppendRequest, Handle, ReadRequest};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};
use tokio::task::JoinSet;

const SESSIONS: usize = 1_000;
/// Events in each session's log before anything is measured.
const EVENTS_BEFORE: usize = 1_000;
const PAYLOAD_BYTES: usize = 200;
const IN_FLIGHT: [usize; 4] = [1, 32, 128, 512];
const ROUNDS: usize = 3;
const LENGTH: Duration = Duration::from_secs(2);
/// The long log of W11.
const LONG_EVENTS: u64 = 10_000_000;
const LONG_PER_APPEND: usize = 20;
const LOOKS: usize = 2_000;
const RESTORES: usize = 1_000;
/// As many as are kept where nobody says otherwise.
const CHECKPOINTS: usize = 10;
/// One event to each of the followed sessions, this far apart.
const BEAT: Duration = Duration::from_millis(2);

/// One owner's session and the fence it is held under.
#[derive(Clone, Copy)]
struct Owned {
    handle: Handle,
    fence: Fence,
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
    let args: Vec<String> = std::env::args().collect();
    if let [_, role, path, handle] = &args[..]
        && role == "follow"
    {
        return follow(Path::new(path), Handle(handle.parse().expect("a handle"))).await;
    }
    let home = directory();
    let path = home.path().join("tenure.db");
    println!(
        "W7 events of {PAYLOAD_BYTES} bytes to {SESSIONS} sessions that hold {EVENTS_BEFORE} each \
         (goals: at least 50,000/s at 1 per append, 120,000/s at 16), medians of {ROUNDS} rounds in turn"
    );
    print_disk(home.path());
    let is_chosen = |part: &str| args.len() == 1 || args.iter().any(|arg| arg == part);
    let engine = engine(&path);
    let owned = Arc::new(hold_all(&engine).await);
    fill(&engine, &owned).await;
    if is_chosen("appends") {
        appends(&engine, &owned, &mut Floor::open(&home.path().join("floor.db"))).await;
        println!();
    }
    if is_chosen("followers") {
        followers(&engine, &path, &owned).await;
        println!();
    }
    if is_chosen("long") {
        let to = long_log(&engine).await;
        print_disk(home.path());
        restores(&engine, to).await;
    }
}

async fn followers(engine: &Engine, path: &Path, owned: &Arc<Vec<Owned>>) {
    println!(
        "W7 time from append to a follower (goals: p99 at most 5 ms in one process, 25 ms across, 50 ms with 1,000 followers)"
    );
    print_lateness("one process", one_process(engine, owned[0]).await);
    print_lateness("two processes", two_processes(engine, path, owned[1]).await);
    let before = cpu();
    print_lateness("1,000 followers", many_followers(engine, owned).await);
    println!("{:<16} {:.1} s of processor time", "", cpu().saturating_sub(before).as_secs_f64());
    let before = cpu();
    print_lateness("the same of one", one_followed(engine, owned[2]).await);
    println!("{:<16} {:.1} s of processor time", "", cpu().saturating_sub(before).as_secs_f64());
}

fn engine(path: &Path) -> Engine {
    let options = SqliteOptions::new(path.to_owned(), SystemIds.incarnation(), Arc::new(SystemClock::new()));
    let store = SqliteStore::open(options).expect("the store opens");
    Engine::new(Arc::new(store), Arc::new(SystemIds), Arc::new(NoWitness))
}

async fn hold_all(engine: &Engine) -> Vec<Owned> {
    let mut starts = JoinSet::new();
    for n in 0..SESSIONS {
        let engine = engine.clone();
        starts.spawn(async move { hold(&engine, n).await });
    }
    starts.join_all().await
}

async fn hold(engine: &Engine, n: usize) -> Owned {
    let actor = ActorId::parse(&format!("owner/{n}")).expect("a plain name");
    let holder = Holder { kind: HolderKind::Run, id: actor, supervisor: None, place: None };
    let start = StartRun {
        id: engine.ids().session_id(None),
        namespace: Namespace::default_name(),
        key: None,
        claimant: Claimant { holder, incarnation: engine.ids().incarnation() },
        ttl: Ttl::run(Duration::from_secs(600)).expect("ten minutes"),
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
    let applied = engine.apply(&Target::New, &Command::StartRun(Box::new(start))).await.expect("it starts");
    let session = applied.session.expect("a session");
    Owned { handle: applied.committed.expect("written").handle, fence: session.counters.fence }
}

fn paged(outcome: tenure_store::ReadOutcome) -> tenure_store::LogPage {
    match outcome {
        tenure_store::ReadOutcome::Page(page) => page,
        tenure_store::ReadOutcome::Compacted { earliest } => panic!("begins at {earliest}"),
    }
}

fn event(bytes: usize) -> EventBody {
    let kind = EventType::parse("tool.call").expect("a plain name");
    EventBody::Given { kind, json: format!("\"{}\"", "x".repeat(bytes - 2)) }
}

async fn append(engine: &Engine, to: Owned, events: Vec<EventBody>) {
    let events = events.into_iter().map(Into::into).collect();
    let commit_id = engine.ids().commit_id();
    let request =
        AppendRequest { commit_id, handle: to.handle, fence: Some(to.fence), events, after: Seq(0) };
    let outcome = engine.append(request).await.expect("an answer");
    assert!(matches!(outcome, AppendOutcome::Appended { .. }), "{outcome:?}");
}

async fn fill(engine: &Engine, owned: &Arc<Vec<Owned>>) {
    let mut fills = JoinSet::new();
    for to in owned.iter().copied() {
        let engine = engine.clone();
        fills.spawn(async move {
            for _ in 0..EVENTS_BEFORE / 100 {
                append(&engine, to, vec![event(PAYLOAD_BYTES); 100]).await;
            }
        });
    }
    fills.join_all().await;
}

async fn appends(engine: &Engine, owned: &Arc<Vec<Owned>>, floor: &mut Floor) {
    println!(
        "{:>10} {:>9}  {:<8} {:>12} {:>9} {:>9} {:>9} {:>11} {:>9}",
        "per append", "in flight", "", "events/s", "p50 ms", "p99 ms", "p99.9", "CPU-µs each", "KiB each"
    );
    for per_append in [1, 16] {
        for in_flight in IN_FLIGHT {
            let (mut ours, mut bare) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                ours.push(append_for_a_while(engine, owned, per_append, in_flight).await);
                bare.push(floor.append_for_a_while(per_append, in_flight));
            }
            print((per_append, in_flight), "tenure", ours);
            print((per_append, in_flight), "floor", bare);
        }
    }
}

fn print((per_append, in_flight): (usize, usize), name: &str, mut rounds: Vec<Measured>) {
    rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    let Measured { rate, spread, cpu_micros, kib } = &rounds[rounds.len() / 2];
    let (p50, p99, p999) = (spread.at(0.5), spread.at(0.99), spread.at(0.999));
    println!(
        "{per_append:>10} {in_flight:>9}  {name:<8} {rate:>12.0} {p50:>9.3} {p99:>9.3} {p999:>9.3} {cpu_micros:>11.2} {kib:>9.3}"
    );
}

/// Every task appends to its share of the sessions in turn, waiting for each answer.
async fn append_for_a_while(
    engine: &Engine,
    owned: &Arc<Vec<Owned>>,
    per_append: usize,
    in_flight: usize,
) -> Measured {
    let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
    let mut tasks = JoinSet::new();
    for task in 0..in_flight {
        let (engine, owned) = (engine.clone(), Arc::clone(owned));
        tasks.spawn(async move {
            let mut lengths = Vec::new();
            for n in (task..SESSIONS).step_by(in_flight).cycle() {
                let events = vec![event(PAYLOAD_BYTES); per_append];
                let asked = Instant::now();
                append(&engine, owned[n], events).await;
                lengths.push(asked.elapsed());
                if start.elapsed() > LENGTH {
                    break;
                }
            }
            lengths
        });
    }
    let lengths = tasks.join_all().await.concat();
    let used = (start.elapsed(), cpu().saturating_sub(cpu_before), kib_written() - kib_before);
    measured(lengths, per_append, used)
}

fn measured(
    lengths: Vec<Duration>,
    per_append: usize,
    (length, cpu, kib): (Duration, Duration, f64),
) -> Measured {
    let count = (lengths.len() * per_append) as f64;
    Measured {
        rate: count / length.as_secs_f64(),
        spread: Spread::of(lengths),
        cpu_micros: cpu.as_secs_f64() * 1e6 / count,
        kib: kib / count,
    }
}

/// The bare writes: one row for each append and one head moved, in transactions of as many as are in flight.
struct Floor {
    connection: Connection,
    next: usize,
    at: i64,
}

impl Floor {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("the floor opens");
        let set_up = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE log (pos INTEGER PRIMARY KEY, sid INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
            CREATE TABLE head (sid INTEGER PRIMARY KEY, pos INTEGER NOT NULL) STRICT;";
        connection.execute_batch(set_up).expect("it takes tables");
        connection.execute_batch("BEGIN").expect("a transaction");
        for sid in 0..SESSIONS {
            connection.execute("INSERT INTO head VALUES (?1, 0)", params![sid as i64]).expect("a row");
        }
        connection.execute_batch("COMMIT").expect("it is kept");
        Self { connection, next: 0, at: 0 }
    }

    fn append_for_a_while(&mut self, per_append: usize, group: usize) -> Measured {
        let payload = vec![7_u8; PAYLOAD_BYTES * per_append];
        let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
        let mut lengths = Vec::new();
        while start.elapsed() < LENGTH {
            let asked = Instant::now();
            self.group(group, &payload);
            lengths.extend(std::iter::repeat_n(asked.elapsed(), group));
        }
        let used = (start.elapsed(), cpu().saturating_sub(cpu_before), kib_written() - kib_before);
        measured(lengths, per_append, used)
    }

    fn group(&mut self, group: usize, payload: &[u8]) {
        self.connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let mut insert =
            self.connection.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3)").expect("a statement");
        let mut update =
            self.connection.prepare_cached("UPDATE head SET pos = ?2 WHERE sid = ?1").expect("a statement");
        for _ in 0..group {
            (self.next, self.at) = ((self.next + 1) % SESSIONS, self.at + 1);
            insert.execute(params![self.at, self.next as i64, payload]).expect("a row");
            update.execute(params![self.next as i64, self.at]).expect("a head");
        }
        drop((insert, update));
        self.connection.execute_batch("COMMIT").expect("it is kept");
    }
}

/// Nanoseconds on a clock that all processes of this machine share.
fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// An event that says when it was sent.
fn stamped() -> EventBody {
    EventBody::Given { kind: EventType::parse("beat").expect("a plain name"), json: now_ns().to_string() }
}

fn lateness(event: &EventBody) -> Option<Duration> {
    let EventBody::Given { kind, json } = event else { return None };
    let sent: u64 = if kind.as_str() == "beat" { json.parse().ok()? } else { return None };
    Some(Duration::from_nanos(now_ns().saturating_sub(sent)))
}

fn print_lateness(name: &str, lengths: Vec<Duration>) {
    let (count, spread) = (lengths.len(), Spread::of(lengths));
    let (p50, p99, p999) = (spread.at(0.5), spread.at(0.99), spread.at(0.999));
    println!("{name:<16} {count:>7} times  p50 {p50:>8.3} ms  p99 {p99:>8.3} ms  p99.9 {p999:>8.3} ms");
}

/// How late each of the next `count` events of a session comes.
async fn heard(engine: &Engine, handle: Handle, after: Seq, count: usize) -> Vec<Duration> {
    let mut tail = engine.tail(handle, after, Vec::new());
    let mut late = Vec::new();
    while late.len() < count {
        match tail.next().await.expect("the log is readable") {
            Next::Events(events) => late.extend(events.iter().filter_map(|event| lateness(&event.data))),
            Next::Ended(_) | Next::Deleted => break,
        }
    }
    late
}

async fn head(engine: &Engine, handle: Handle) -> Seq {
    let request = ReadRequest { handle, after: Seq(u64::MAX - 1), limit: 1, types: Vec::new() };
    paged(engine.store().read(request).await.expect("the log is readable")).head
}

async fn beat(engine: &Engine, to: Owned, count: usize) {
    let mut ticks = tokio::time::interval(BEAT);
    for _ in 0..count {
        ticks.tick().await;
        append(engine, to, vec![stamped()]).await;
    }
}

async fn one_process(engine: &Engine, to: Owned) -> Vec<Duration> {
    let after = head(engine, to.handle).await;
    let follower = engine.clone();
    let listening = tokio::spawn(async move { heard(&follower, to.handle, after, 2_000).await });
    beat(engine, to, 2_000).await;
    listening.await.expect("it heard them all")
}

async fn two_processes(engine: &Engine, path: &Path, to: Owned) -> Vec<Duration> {
    let exe = std::env::current_exe().expect("this program has a file");
    let handle = to.handle.0.to_string();
    let mut child: Child = Process::new(exe)
        .args(["follow".as_ref(), path.as_os_str(), handle.as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second process starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is ours")).lines();
    let ready = lines.next().expect("it says something").expect("in words");
    assert_eq!(ready, "following");
    beat(engine, to, 2_000).await;
    let late = lines.map(|line| {
        let nanos = line.expect("a line").parse().expect("a number");
        Duration::from_nanos(nanos)
    });
    let late = late.collect();
    child.wait().expect("it ends");
    late
}

/// The other process: prints how late each event came.
async fn follow(path: &Path, handle: Handle) {
    let engine = engine(path);
    let after = head(&engine, handle).await;
    println!("following");
    for late in heard(&engine, handle, after, 2_000).await {
        println!("{}", late.as_nanos());
    }
}

/// Every session is followed, and they get 2,000 events a second together. The first one to each only shows that
/// its follower is there.
async fn many_followers(engine: &Engine, owned: &Arc<Vec<Owned>>) -> Vec<Duration> {
    const EACH: usize = 20;
    let (there, mut arrivals) = tokio::sync::mpsc::channel(SESSIONS);
    let mut followers = JoinSet::new();
    for to in owned.iter().copied() {
        let (engine, after, there) = (engine.clone(), head(engine, to.handle).await, there.clone());
        followers.spawn(async move {
            heard(&engine, to.handle, after, 1).await;
            there.send(()).await.expect("somebody counts");
            heard(&engine, to.handle, after.next(), EACH).await
        });
    }
    for to in owned.iter().copied() {
        append(engine, to, vec![stamped()]).await;
        arrivals.recv().await.expect("a follower that heard it");
    }
    // They watch anew after that: nothing may come before they do.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let everyone = owned.iter().copied().cycle().take(SESSIONS * EACH).collect::<Vec<_>>();
    for group in everyone.chunks(10) {
        ticks.tick().await;
        let sent: JoinSet<()> = group.iter().copied().map(|to| stamp(engine.clone(), to)).collect();
        sent.join_all().await;
    }
    followers.join_all().await.concat()
}

/// One session is followed by as many, and gets 2,000 events a second.
async fn one_followed(engine: &Engine, to: Owned) -> Vec<Duration> {
    const COUNT: usize = 4_000;
    let after = head(engine, to.handle).await;
    let mut followers = JoinSet::new();
    for _ in 0..SESSIONS {
        let engine = engine.clone();
        followers.spawn(async move { heard(&engine, to.handle, after, COUNT).await });
    }
    // They are there by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..COUNT / 10 {
        ticks.tick().await;
        let sent: JoinSet<()> = (0..10).map(|_| stamp(engine.clone(), to)).collect();
        sent.join_all().await;
    }
    followers.join_all().await.concat()
}

async fn stamp(engine: Engine, to: Owned) {
    append(&engine, to, vec![stamped()]).await;
}

async fn long_log(engine: &Engine) -> Owned {
    println!("W11 one log of {LONG_EVENTS} events (goal: a page of 100 from any place within 5 ms)");
    let to = hold(engine, SESSIONS).await;
    let start = Instant::now();
    let mut sent = 0;
    while sent < LONG_EVENTS {
        let mut group = JoinSet::new();
        // As many as one transaction takes at once; their order within one session does not matter here.
        for _ in 0..256 {
            let engine = engine.clone();
            group.spawn(async move { append(&engine, to, vec![event(32); LONG_PER_APPEND]).await });
            sent += LONG_PER_APPEND as u64;
        }
        group.join_all().await;
    }
    let rate = sent as f64 / start.elapsed().as_secs_f64();
    println!("written at {rate:.0} events/s");
    let mut lengths = Vec::new();
    let mut place = 1_u64;
    for _ in 0..LOOKS {
        // A full-period walk over the positions: every place is as likely, and every run reads the same ones.
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Seq(place % (LONG_EVENTS - 100));
        let asked = Instant::now();
        let request = ReadRequest { handle: to.handle, after, limit: 100, types: Vec::new() };
        let read = paged(engine.store().read(request).await.expect("the log is readable"));
        lengths.push(asked.elapsed());
        assert_eq!((read.events.len(), read.events[0].seq), (100, after.next()));
    }
    print_lateness("page of 100", lengths);
    let (start, mut after, mut read) = (Instant::now(), Seq(0), 0_usize);
    while read < 1_000_000 {
        let request = ReadRequest { handle: to.handle, after, limit: 1_000, types: Vec::new() };
        let page = paged(engine.store().read(request).await.expect("the log is readable"));
        (after, read) = (page.read_to, read + page.events.len());
    }
    println!("replay from the start: {:.0} events/s", read as f64 / start.elapsed().as_secs_f64());
    to
}

/// What was saved of the long log is found, read, checked and told of in the log, one after the other.
async fn restores(engine: &Engine, to: Owned) {
    println!("restores of the newest checkpoint of that log (goal: p99 at most 20 ms)");
    for (name, bytes) in [("100 bytes", 100), ("1 MiB", 1 << 20)] {
        // Small ones among it, as people keep them.
        for _ in 0..CHECKPOINTS {
            save(engine, to, noise(100)).await;
        }
        save(engine, to, noise(bytes)).await;
        let mut lengths = Vec::new();
        for _ in 0..RESTORES {
            let asked = Instant::now();
            let read = engine.read_checkpoint(to.handle, None).await.expect("it is whole");
            let restored = engine.restore(to.handle, &read, Writer::Owner(to.fence)).await;
            lengths.push(asked.elapsed());
            restored.expect("it is restored");
            assert_eq!(read.bytes.len(), bytes);
        }
        print_lateness(name, lengths);
    }
}

async fn save(engine: &Engine, of: Owned, payload: Vec<u8>) {
    let save = Save { fence: Some(of.fence), payload: Some(payload), ..Save::default() };
    engine.save(of.handle, save).await.expect("it is saved");
}

/// Bytes that do not compress.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..count).map(next).collect()
}

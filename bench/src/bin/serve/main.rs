//! `tenure serve` under load: leases, streams and appends over the wire.
//!
//! `serve sessions=10000 subscribers=1000 rate=2000 seconds=300 batch=1`: that many sessions are held and renewed, that
//! many of them are followed, and so many events a second are written to those. It fails when a stream told an event
//! twice or not at all, or when anything was refused. `TENURE_BIN` is the program, else the build's own.

mod parts;
mod wire;

use std::io::Result;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use bench::measure::Beside;
use bench::{Spread, cpu, directory, print_disk};
use parts::{Held, Kept, Pace, Seen, Written, follow, keep, write};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Connections that renew, and those that write.
const KEEPERS: usize = 32;
const WRITERS: usize = 64;
/// How often it is looked at what the server takes.
const LOOK: Duration = Duration::from_secs(10);

/// What is asked of the server.
struct Load {
    sessions: usize,
    subscribers: usize,
    rate: usize,
    seconds: u64,
    batch: usize,
}

impl Load {
    fn said() -> Self {
        let mut load = Self { sessions: 10_000, subscribers: 1000, rate: 2000, seconds: 300, batch: 1 };
        for word in std::env::args().skip(1) {
            let (name, value) = word.split_once('=').expect("words are like `rate=2000`");
            let value: usize = value.parse().expect("its value is a number");
            match name {
                "sessions" => load.sessions = value,
                "subscribers" => load.subscribers = value,
                "rate" => load.rate = value,
                "seconds" => load.seconds = value as u64,
                "batch" => load.batch = value,
                other => panic!("`{other}` is none of sessions, subscribers, rate, seconds, batch"),
            }
        }
        assert!((1..=load.sessions).contains(&load.subscribers), "a followed session is one of those held");
        assert!(load.rate > 0 && load.batch > 0, "something is written");
        load
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let load = Load::said();
    allow_open_files(load.subscribers + KEEPERS + WRITERS + 100);
    let home = directory();
    println!(
        "serve: {} sessions, {} streams, {} events/s in batches of {}, {} s",
        load.sessions, load.subscribers, load.rate, load.batch, load.seconds
    );
    print_disk(home.path());
    let program = std::env::var_os("TENURE_BIN").unwrap_or_else(|| "../target/release/tenure".into());
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("TENURE_HOME", home.path());
    let server = Beside::start(&mut command);
    let host = server.said().split_once("http://").expect("it says where it serves").1;
    let host = host.split([',', ' ', '/']).next().expect("an address").to_owned();
    let is_whole = run(&host, &load, &server).await.expect("the server answers");
    server.kill();
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Holds, follows, writes; says what came of it, and whether all of it was as it should be.
async fn run(host: &str, load: &Load, server: &Beside) -> Result<bool> {
    let zero = Instant::now();
    let (ends, until) = watch::channel(None);
    let (sessions, keepers) = hold(host, load.sessions, until).await;
    println!("{} sessions are held after {:.1} s", sessions.len(), zero.elapsed().as_secs_f64());
    let (finished, written) = watch::channel(false);
    let followers = subscribe(host, &sessions[..load.subscribers], (zero, written)).await;
    println!("{} streams are open after {:.1} s", load.subscribers, zero.elapsed().as_secs_f64());
    let begun = Instant::now();
    let end = begun + Duration::from_secs(load.seconds);
    ends.send_replace(Some(end));
    let used = (cpu(), server.used().0);
    let mut writers = JoinSet::new();
    for n in 0..WRITERS {
        let own: Vec<_> = sessions[..load.subscribers].iter().skip(n).step_by(WRITERS).cloned().collect();
        if own.is_empty() {
            continue;
        }
        let interval =
            Duration::from_secs_f64((WRITERS.min(load.subscribers) * load.batch) as f64 / load.rate as f64);
        let first = begun + interval.mul_f64(n as f64 / WRITERS as f64);
        let pace = Pace { interval, first, end, batch: load.batch, zero };
        writers.spawn(write(host.to_owned(), own, pace));
    }
    watch_memory(server, begun, end).await;
    let written: Written = all(writers).await?;
    let length = begun.elapsed();
    finished.send_replace(true);
    let (seen, kept): (Seen, Kept) = (all(followers).await?, all(keepers).await?);
    let (own, its) = (cpu() - used.0, server.used().0 - used.1);
    println!("CPU: server {:.1} s, generator {:.1} s", its.as_secs_f64(), own.as_secs_f64());
    Ok(report((load, length), written, (seen, kept)))
}

/// Every session is held, and each keeper renews its share.
async fn hold(
    host: &str,
    count: usize,
    until: watch::Receiver<Option<Instant>>,
) -> (Vec<Arc<Held>>, JoinSet<Result<Kept>>) {
    let (mut keepers, mut shares) = (JoinSet::new(), Vec::new());
    for n in 0..KEEPERS {
        let (held, share) = oneshot::channel();
        let numbers = count * n / KEEPERS..count * (n + 1) / KEEPERS;
        keepers.spawn(keep(host.to_owned(), numbers, held, until.clone()));
        shares.push(share);
    }
    let mut sessions = Vec::with_capacity(count);
    for share in shares {
        sessions.extend(share.await.expect("its sessions are held"));
    }
    (sessions, keepers)
}

/// Opens a stream of each; returns once all have begun.
async fn subscribe(
    host: &str,
    sessions: &[Arc<Held>],
    (zero, written): (Instant, watch::Receiver<bool>),
) -> JoinSet<Result<Seen>> {
    let (mut followers, mut begun) = (JoinSet::new(), Vec::new());
    for session in sessions {
        let (begins, has_begun) = oneshot::channel();
        let end = (zero, written.clone());
        followers.spawn(follow(host.to_owned(), Arc::clone(session), begins, end));
        begun.push(has_begun);
    }
    for has_begun in begun {
        has_begun.await.expect("its stream begins");
    }
    followers
}

/// Prints what the server takes, until the end.
async fn watch_memory(server: &Beside, begun: Instant, end: Instant) {
    let mut at = begun;
    loop {
        tokio::time::sleep_until(at.min(end)).await;
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!(
            "{:4} s: server has {:.1} MiB, {:.1} of them its own; CPU {:.1} s; load average {}",
            begun.elapsed().as_secs(),
            mib(server.id(), "VmRSS:"),
            mib(server.id(), "RssAnon:"),
            server.used().0.as_secs_f64(),
            load.split(' ').next().unwrap_or_default()
        );
        if at >= end {
            return;
        }
        at += LOOK;
    }
}

fn mib(process: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

/// What many did, as one.
trait Joined: Default {
    fn join(&mut self, other: Self);
}

impl Joined for Written {
    fn join(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.late.extend(other.late);
        self.refused += other.refused;
    }
}

impl Joined for Kept {
    fn join(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
    }
}

impl Joined for Seen {
    fn join(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.gaps += other.gaps;
        self.doubles += other.doubles;
        self.missing += other.missing;
    }
}

async fn all<T: Joined + Send + 'static>(tasks: JoinSet<Result<T>>) -> Result<T> {
    let mut joined = T::default();
    for one in tasks.join_all().await {
        joined.join(one?);
    }
    Ok(joined)
}

fn report((load, length): (&Load, Duration), written: Written, (seen, kept): (Seen, Kept)) -> bool {
    let (appends, renewals, deliveries) =
        (written.latencies.len(), kept.latencies.len(), seen.latencies.len());
    let rate = (appends * load.batch) as f64 / length.as_secs_f64();
    println!("{appends} appends, {rate:.0} events/s, {} refused", written.refused);
    say("append", written.latencies);
    say("  sent after it was due", written.late);
    println!(
        "{deliveries} deliveries: {} gaps, {} doubles, {} missing",
        seen.gaps, seen.doubles, seen.missing
    );
    say("delivery", seen.latencies);
    println!("{renewals} renewals, {} refused", kept.refused);
    say("renewal", kept.latencies);
    let expected = appends * load.batch;
    seen.gaps + seen.doubles + seen.missing == 0
        && kept.refused + written.refused == 0
        && deliveries == expected
}

fn say(what: &str, lengths: Vec<Duration>) {
    let spread = Spread::of(lengths);
    let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|part| spread.at(part));
    println!("{what}: p50 {p50:.1} ms, p99 {p99:.1} ms, p99.9 {p999:.1} ms, max {max:.1} ms");
}

/// Lets this process, and the server that it starts, open so many files.
fn allow_open_files(needed: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = needed as u64;
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = limit.maximum.map_or(Some(needed), |maximum| Some(maximum.min(needed)));
        setrlimit(Resource::Nofile, limit).expect("a limit can be raised to its maximum");
    }
    let is_enough = limit.current.is_none_or(|current| current >= needed);
    assert!(is_enough, "{needed} open files are needed: raise the limit (`ulimit -Hn`)");
}

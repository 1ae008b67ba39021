//! Orchestrations beside a peer and their bare writes.
//!
//! Hello (W1), chains (W2), fans (W3), pinned conversations (W4), one at a time (W5), and hello among many that have
//! ended (W6). Words choose among the workloads and who runs them, and numbers among those in flight: `orchestrations
//! hello tenure floor 256`. W6 is asked for alone: `orchestrations stored=1000000`. So is how often each makes its file
//! durable: `orchestrations syncs`. `orchestrations processes` runs pinned conversations on one store with one process and
//! with two, which share the keys (W4, W10).

mod floor;
mod peer;
mod processes;
mod stored;
mod syncs;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bench::measure::{self, Measured};
use bench::{directory, print_disk};
use tenure::{Activity, Failure, Orchestration, Tenure, WorkerOptions, join_all};

use floor::{Floor, Shape};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IN_FLIGHT: [usize; 5] = [1, 32, 128, 256, 512];
const ROUNDS: usize = 3;
const LENGTH: Duration = Duration::from_secs(3);
/// Activities of a chain.
const CHAIN: u32 = 10;
/// Activities of a fan.
const FAN: u32 = 1000;
/// Activities of a conversation.
const PINNED: u32 = 20;
/// Keys that conversations share.
const KEYS: usize = 100;

async fn echo(_: Activity, input: String) -> Result<String, Failure> {
    Ok(input)
}

async fn hello(ctx: Orchestration, input: String) -> Result<String, Failure> {
    ctx.activity("echo", &input).await
}

async fn chain(ctx: Orchestration, mut input: String) -> Result<String, Failure> {
    for _ in 0..CHAIN {
        input = ctx.activity("echo", &input).await?;
    }
    Ok(input)
}

async fn fan(ctx: Orchestration, input: String) -> Result<usize, Failure> {
    let all = join_all((0..FAN).map(|_| ctx.activity::<String>("echo", &input))).await;
    Ok(all.into_iter().filter(Result::is_ok).count())
}

/// A conversation: one activity after the other, all of them on one of a hundred keys.
async fn pinned(ctx: Orchestration, mut input: String) -> Result<String, Failure> {
    let key = format!("key-{}", ctx.id().bytes().map(usize::from).sum::<usize>() % KEYS);
    for _ in 0..PINNED {
        input = ctx.activity("echo", &input).on_session(&key).await?;
    }
    Ok(input)
}

/// What is done again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Workload {
    name: &'static str,
    activities: u32,
    /// Most that are in flight, and most of the peer's.
    most: (usize, usize),
}

const WORKLOADS: [Workload; 4] = [
    Workload { name: "hello", activities: 1, most: (512, 128) },
    Workload { name: "chain", activities: CHAIN, most: (512, 128) },
    Workload { name: "fan", activities: FAN, most: (32, 1) },
    Workload { name: "pinned", activities: PINNED, most: (512, 128) },
];

/// Who does it.
const SIDES: [&str; 3] = ["tenure", "duroxide", "floor"];

/// What the words of the command line choose.
struct Chosen {
    words: Vec<String>,
}

impl Chosen {
    fn has(&self, word: &str, of: &[&str]) -> bool {
        let is_said = |word: &str| self.words.iter().any(|said| said == word);
        is_said(word) || !of.iter().any(|other| is_said(other))
    }

    fn in_flight(&self) -> Vec<usize> {
        let numbers: Vec<usize> = self.words.iter().filter_map(|word| word.parse().ok()).collect();
        if numbers.is_empty() { IN_FLIGHT.to_vec() } else { numbers }
    }

    fn stored(&self) -> Option<usize> {
        let number = self.words.iter().find_map(|word| word.strip_prefix("stored="));
        number.map(|number| number.parse().expect("a number of finished instances"))
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let chosen = Chosen { words: std::env::args().skip(1).collect() };
    let home = directory();
    if syncs::once(home.path(), &chosen.words).await || processes::helped(&chosen.words).await {
        return;
    }
    println!("Orchestrations, from start to result; medians of {ROUNDS} rounds, the sides in turn");
    println!("tenure and the floor are durable (WAL, FULL); duroxide runs as NORMAL, whatever it asks for");
    print_disk(home.path());
    if chosen.words.iter().any(|word| word == "syncs") {
        return syncs::count(home.path(), &chosen);
    }
    println!(
        "{:<7} {:>9}  {:<9} {:>12} {:>9} {:>9} {:>10} {:>12} {:>9} {:>7}",
        "",
        "in flight",
        "",
        "activities/s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "CPU-µs each",
        "KiB each",
        "failed"
    );
    if chosen.words.iter().any(|word| word == "processes") {
        return processes::compare(home.path(), &chosen).await;
    }
    if let Some(count) = chosen.stored() {
        return stored::among(home.path(), count, &chosen.in_flight()).await;
    }
    for workload in WORKLOADS {
        if chosen.has(workload.name, &WORKLOADS.map(|workload| workload.name)) {
            compare(home.path(), workload, &chosen).await;
        }
    }
    for side in SIDES.into_iter().take(2).filter(|side| chosen.has(side, &SIDES)) {
        let idle = match side {
            "tenure" => {
                let tenure = open(&home.path().join("idle.db")).await;
                let idle = measure::idle().await;
                tenure.stop().await;
                Some(idle)
            }
            _ => peer::idle(home.path()),
        };
        match idle {
            Some(idle) => println!("{side} idle: {:.3} % of a core", idle * 100.0),
            None => println!("{side} idle: not built"),
        }
    }
}

/// A store with everything that is measured.
async fn open(path: &Path) -> Tenure {
    open_as(path, "bench").await
}

async fn open_as(path: &Path, name: &str) -> Tenure {
    let builder = Tenure::at(path).activity("echo", echo);
    let builder =
        builder.orchestration("hello", hello).orchestration("chain", chain).orchestration("fan", fan);
    // Its keys have a worker with a name: their activities run side by side. All that is in flight has room.
    let [.., slots] = IN_FLIGHT;
    let options = WorkerOptions { slots, ..WorkerOptions::default() };
    let builder = builder.options(options).worker_id(name).orchestration("pinned", pinned);
    builder.start().await.expect("it starts")
}

/// What the floor writes for it.
fn shape(workload: Workload) -> Shape {
    match workload.name {
        "fan" => Shape { steps: 1, wide: FAN },
        _ => Shape { steps: workload.activities, wide: 1 },
    }
}

async fn compare(home: &Path, workload: Workload, chosen: &Chosen) {
    let is_chosen = |side: &str| chosen.has(side, &SIDES);
    let tenure = Arc::new(open(&home.join(format!("{}.db", workload.name))).await);
    let mut floor = Floor::open(&home.join(format!("{}-floor.db", workload.name)));
    let shape = shape(workload);
    for in_flight in chosen.in_flight().into_iter().filter(|in_flight| *in_flight <= workload.most.0) {
        let mut rounds = SIDES.map(|_| Vec::new());
        let [ours, peers, bare] = &mut rounds;
        for _ in 0..ROUNDS {
            if is_chosen("tenure") {
                ours.push(run(&tenure, workload, in_flight).await);
            }
            if is_chosen("duroxide") && in_flight <= workload.most.1 {
                peers.extend(peer::run(home, workload.name, (in_flight, 1)));
            }
            if is_chosen("floor") {
                bare.push(floor.during(LENGTH, in_flight, shape));
            }
        }
        for (side, rounds) in SIDES.into_iter().zip(rounds).filter(|(_, rounds)| !rounds.is_empty()) {
            print(workload.name, (in_flight, side), &Measured::median(rounds));
        }
    }
}

fn print(workload: &str, (in_flight, side): (usize, &str), measured: &Measured) {
    let Measured { rate, latencies: [p50, p99, p999], cpu_micros, kib, failed, .. } = measured;
    println!(
        "{workload:<7} {in_flight:>9}  {side:<9} {rate:>12.0} {p50:>9.3} {p99:>9.3} {p999:>10.3} {cpu_micros:>12.2} \
         {kib:>9.3} {failed:>7}"
    );
}

async fn run(tenure: &Arc<Tenure>, workload: Workload, in_flight: usize) -> Measured {
    let tenure = Arc::clone(tenure);
    let input: Arc<str> = "x".repeat(98).into();
    Measured::during(LENGTH, in_flight, workload.activities, move || {
        let (tenure, input) = (Arc::clone(&tenure), Arc::clone(&input));
        async move {
            let instance = tenure.run(workload.name, &input.as_ref()).await.expect("it starts");
            let output: serde_json::Value = instance.result().await.expect("it completes");
            assert!(workload.activities != FAN || output == FAN, "every activity is there");
            true
        }
    })
    .await
}

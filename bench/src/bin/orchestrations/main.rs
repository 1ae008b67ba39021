//! Orchestrations: hello (W1), chains (W2), fans (W3), and one at a time (W5).
//!
//! Words choose among the workloads, and numbers among those in flight: `orchestrations hello 256`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, kib_written, print_disk};
use tenure::{Activity, Failure, Orchestration, Tenure, join_all};
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IN_FLIGHT: [usize; 5] = [1, 32, 128, 256, 512];
const ROUNDS: usize = 3;
const LENGTH: Duration = Duration::from_secs(3);
/// Activities of a chain.
const CHAIN: u32 = 10;
/// Activities of a fan.
const FAN: u32 = 1000;

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

/// What is done again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Workload {
    name: &'static str,
    activities: u32,
    most: usize,
}

const WORKLOADS: [Workload; 3] = [
    Workload { name: "hello", activities: 1, most: 512 },
    Workload { name: "chain", activities: CHAIN, most: 512 },
    Workload { name: "fan", activities: FAN, most: 32 },
];

struct Measured {
    rate: f64,
    spread: Spread,
    cpu_micros: f64,
    kib: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let home = directory();
    println!("Orchestrations, from start to result, durable; medians of {ROUNDS} rounds in turn");
    print_disk(home.path());
    println!(
        "{:<8} {:>9} {:>12} {:>9} {:>9} {:>10} {:>12} {:>9}",
        "", "in flight", "activities/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU-µs each", "KiB each"
    );
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let is_number = |word: &String| word.parse::<usize>().is_ok();
    let names: Vec<_> = chosen.iter().filter(|word| !is_number(word)).collect();
    let numbers: Vec<usize> = chosen.iter().filter_map(|word| word.parse().ok()).collect();
    for workload in WORKLOADS {
        if !names.is_empty() && !names.iter().any(|name| *name == workload.name) {
            continue;
        }
        let path = home.path().join(format!("{}.db", workload.name));
        let started = Tenure::at(&path)
            .orchestration("hello", hello)
            .orchestration("chain", chain)
            .orchestration("fan", fan)
            .activity("echo", echo)
            .start();
        let tenure = Arc::new(started.await.expect("it starts"));
        let wanted = |in_flight: &usize| {
            *in_flight <= workload.most && (numbers.is_empty() || numbers.contains(in_flight))
        };
        for in_flight in IN_FLIGHT.into_iter().filter(wanted) {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                rounds.push(measure(&tenure, workload, in_flight).await);
            }
            rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
            let Measured { rate, spread, cpu_micros, kib } = &rounds[ROUNDS / 2];
            println!(
                "{:<8} {in_flight:>9} {rate:>12.0} {:>9.3} {:>9.3} {:>10.3} {cpu_micros:>12.2} {kib:>9.3}",
                workload.name,
                spread.at(0.5),
                spread.at(0.99),
                spread.at(0.999)
            );
        }
        idle(workload.name).await;
    }
}

async fn measure(tenure: &Arc<Tenure>, workload: Workload, in_flight: usize) -> Measured {
    let (cpu_before, kib_before, start) = (cpu(), kib_written(), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..in_flight {
        let tenure = Arc::clone(tenure);
        tasks.spawn(async move {
            let input = "x".repeat(98);
            let mut lengths = Vec::new();
            while start.elapsed() < LENGTH {
                let asked = Instant::now();
                let instance = tenure.run(workload.name, &input).await.expect("it starts");
                let output: serde_json::Value = instance.result().await.expect("it completes");
                if workload.activities == FAN {
                    assert_eq!(output, FAN, "every activity is there");
                }
                lengths.push(asked.elapsed());
            }
            lengths
        });
    }
    let lengths = tasks.join_all().await.concat();
    let (length, count) = (start.elapsed(), lengths.len() as f64 * f64::from(workload.activities));
    Measured {
        rate: count / length.as_secs_f64(),
        spread: Spread::of(lengths),
        cpu_micros: cpu().saturating_sub(cpu_before).as_secs_f64() * 1e6 / count,
        kib: (kib_written() - kib_before) / count,
    }
}

/// What it costs to be there.
async fn idle(name: &str) {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, start) = (cpu(), Instant::now());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let part = cpu().saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64();
    println!("{name:<8} idle: {:.3} % of a core", part * 100.0);
}

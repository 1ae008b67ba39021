//! The workloads of `orchestrations` on duroxide, tuned as its documents say.
//!
//! `bench-peer WORKLOAD IN_FLIGHT SECONDS DIRECTORY [PROCESSES]` prints the rate, three latencies in milliseconds, CPU-µs and KiB
//! for each activity, and how many orchestrations failed; with `idle` the part of a core that it uses meanwhile. With
//! two processes it starts another one on the same store (`worker`), which only works.
//!
//! `bench-peer handover CONVERSATIONS KILLS DIRECTORY` prints how late conversations went on after `kill -9` of their
//! process: how many did, how many did not within two minutes, and three latencies in milliseconds.

#[expect(dead_code, reason = "it has more than one user")]
#[path = "../../src/measure.rs"]
mod measure;
#[path = "../../src/steps.rs"]
mod steps;

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::runtime::{Runtime, RuntimeOptions};
use duroxide::{ActivityContext, Client, OrchestrationContext, OrchestrationRegistry, OrchestrationStatus};
use measure::{Beside, Measured};
use steps::Log;

const CHAIN: u32 = 10;
const FAN: u32 = 1000;
const PINNED: u32 = 20;
const KEYS: usize = 100;
/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [workload, in_flight, seconds, directory, processes @ ..] = &words[..] else {
        panic!("say what, how many at once, for how long, and where");
    };
    let at_once = in_flight;
    let in_flight: usize = in_flight.parse().expect("a number");
    let length = Duration::from_secs(seconds.parse().expect("a number of seconds"));
    if workload == "handover" {
        return handover(in_flight, usize::try_from(length.as_secs()).expect("a few"), directory).await;
    }
    let (runtime, client) = start(
        Path::new(directory),
        in_flight,
        (workload == "worker").then(|| processes.first().map_or("two", String::as_str)),
    )
    .await;
    if workload == "worker" {
        tokio::task::spawn_blocking(measure::ready_until_let_go).await.expect("it is let go");
    } else if workload == "idle" {
        println!("{}", measure::idle().await);
    } else {
        let other = processes.first().filter(|processes| *processes == "2").map(|_| {
            let own = std::env::current_exe().expect("this program has a file");
            Beside::start(Command::new(own).args(["worker", at_once.as_str(), "0", directory.as_str()]))
        });
        let before = other.as_ref().map(Beside::used);
        let mut measured = run(client, workload, in_flight, length).await;
        if let Some((other, (cpu, kib))) = other.zip(before) {
            let (cpu_now, kib_now) = other.used();
            measured = measured.beside((cpu_now.saturating_sub(cpu), kib_now - kib));
            other.stop();
        }
        let Measured { rate, latencies: [p50, p99, p999], cpu_micros, kib, failed, .. } = measured;
        println!("{rate} {p50} {p99} {p999} {cpu_micros} {kib} {failed}");
    }
    runtime.shutdown(None).await;
}

async fn start(directory: &Path, in_flight: usize, beside: Option<&str>) -> (Arc<Runtime>, Arc<Client>) {
    let path = directory.join("duroxide.db");
    if beside.is_none() {
        std::fs::File::create(&path).expect("the directory takes a file");
    }
    let store = SqliteProvider::new(&format!("sqlite:{}", path.display()), None).await.expect("it opens");
    let store = Arc::new(store);
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .expect("a file to append to");
    let log = Arc::new(log);
    let step = move |_: ActivityContext, input: String| {
        let log = Arc::clone(&log);
        async move {
            steps::begins(&log, input.parse().expect("a number")).expect("a line is written");
            tokio::time::sleep(steps::STEP).await;
            Ok(input)
        }
    };
    let activities = ActivityRegistry::builder()
        .register("echo", |_: ActivityContext, input: String| async move { Ok(input) })
        .register("step", step)
        .build();
    let hello =
        |ctx: OrchestrationContext, input: String| async move { ctx.schedule_activity("echo", input).await };
    let chain = |ctx: OrchestrationContext, mut input: String| async move {
        for _ in 0..CHAIN {
            input = ctx.schedule_activity("echo", input).await?;
        }
        Ok(input)
    };
    let fan = |ctx: OrchestrationContext, input: String| async move {
        let all = (0..FAN).map(|_| ctx.schedule_activity("echo", input.clone())).collect();
        let done = ctx.join(all).await;
        Ok(done.into_iter().filter(Result::is_ok).count().to_string())
    };
    let pinned = |ctx: OrchestrationContext, mut input: String| async move {
        let key = format!("key-{}", ctx.instance_id().bytes().map(usize::from).sum::<usize>() % KEYS);
        for _ in 0..PINNED {
            input = ctx.schedule_activity_on_session("echo", input, &key).await?;
        }
        Ok(input)
    };
    let talk = |ctx: OrchestrationContext, input: String| async move {
        for _ in 0..PINNED {
            ctx.schedule_activity_on_session("step", input.clone(), &format!("key-{input}")).await?;
        }
        ctx.continue_as_new(input).await
    };
    let orchestrations = OrchestrationRegistry::builder()
        .register("hello", hello)
        .register("chain", chain)
        .register("fan", fan)
        .register("pinned", pinned)
        .register("talk", talk)
        .build();
    let options = RuntimeOptions {
        orchestration_concurrency: 8,
        worker_concurrency: 8,
        dispatcher_min_poll_interval: Duration::from_millis(if in_flight == 1 { 1 } else { 20 }),
        max_sessions_per_runtime: KEYS * 2,
        worker_node_id: Some(beside.unwrap_or("one").to_owned()),
        ..RuntimeOptions::default()
    };
    let runtime = Runtime::start_with_options(store.clone(), activities, orchestrations, options).await;
    (runtime, Arc::new(Client::new(store)))
}

/// Three processes, of which one after the other is killed.
async fn handover(conversations: usize, kills: usize, directory: &str) {
    let path = Path::new(directory);
    std::fs::File::create(path.join("duroxide.db")).expect("the directory takes a file");
    let store = SqliteProvider::new(&format!("sqlite:{}", path.join("duroxide.db").display()), None).await;
    let client = Client::new(Arc::new(store.expect("it opens")));
    let mut log = Log::at(&path.join("log"), PATIENCE);
    let start = |name: &str| {
        let own = std::env::current_exe().expect("this program has a file");
        let words = ["worker", "128", "0", directory, name];
        // It logs to where nobody reads, every busy SQLite a line, and would stop once that is full.
        (name.to_owned(), Beside::start(Command::new(own).args(words).env("RUST_LOG", "off")))
    };
    let workers: Vec<_> = ["one", "two", "three"].iter().map(|name| start(name)).collect();
    for conversation in 0..conversations {
        let id = format!("talk-{conversation}");
        client.start_orchestration(id.as_str(), "talk", conversation.to_string()).await.expect("it starts");
    }
    log.until(|log| log.last.len() == conversations).await;
    let (mut late, stranded) =
        steps::hand_over(&mut log, workers, start, (kills, Duration::from_secs(5))).await;
    late.sort_unstable();
    let at = |part: f64| {
        let place = (late.len().saturating_sub(1) as f64 * part).round() as usize;
        late.get(place).map_or(0.0, |late| late.as_secs_f64() * 1000.0)
    };
    println!("{} {stranded} {:.1} {:.1} {:.1}", late.len(), at(0.5), at(0.99), at(1.0));
}

async fn run(client: Arc<Client>, workload: &str, in_flight: usize, length: Duration) -> Measured {
    let per = match workload {
        "chain" => CHAIN,
        "fan" => FAN,
        "pinned" => PINNED,
        _ => 1,
    };
    let (name, next) = (workload.to_owned(), Arc::new(AtomicU64::new(0)));
    Measured::during(length, in_flight, per, move || {
        let (client, name) = (Arc::clone(&client), name.clone());
        let id = format!("instance-{}", next.fetch_add(1, Ordering::Relaxed));
        async move {
            if client.start_orchestration(id.as_str(), name.as_str(), "x".repeat(100)).await.is_err() {
                return false;
            }
            let ended = client.wait_for_orchestration(&id, PATIENCE).await;
            matches!(ended, Ok(OrchestrationStatus::Completed { .. }))
        }
    })
    .await
}

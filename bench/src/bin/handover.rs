//! W10: how long after `kill -9` of its process a conversation goes on elsewhere.
//!
//! Three workers' processes on one store, with conversations on a hundred keys; one after the other is killed and started
//! again. A conversation is late by the time from the kill to its next step, wherever that runs.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bench::measure::{Beside, ready_until_let_go};
use bench::steps::{Log, STEP, begins, hand_over};
use bench::{Spread, directory, print_disk};
use tenure::{Activity, Failure, Orchestration, Tenure};

/// How often a process is killed.
const TIMES: usize = 20;
const CONVERSATIONS: usize = 100;
/// How long after each kill the next one is.
const SETTLES: Duration = Duration::from_millis(500);
/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// One step after the other, for ever.
async fn talk(ctx: Orchestration, conversation: usize) -> Result<(), Failure> {
    for _ in 0..200 {
        ctx.activity::<()>("step", &conversation).on_session(&format!("key-{conversation}")).await?;
    }
    Err(ctx.continue_as_new(&conversation))
}

/// Says where it begins, and takes a while.
async fn step(log: Arc<File>, _: Activity, conversation: usize) -> Result<(), Failure> {
    begins(&log, conversation).map_err(|why| Failure::rejected(why.to_string()))?;
    tokio::time::sleep(STEP).await;
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [name, home] = &words[..] {
        return work(name, Path::new(home)).await;
    }
    let home = directory();
    println!(
        "W10: from `kill -9` of one of three workers' processes to the next step of each of its conversations"
    );
    println!("{CONVERSATIONS} conversations, steps of {STEP:?}, {TIMES} kills (goal: at most 300 ms)");
    print_disk(home.path());
    let mut log = Log::at(&home.path().join("log"), PATIENCE);
    let start = |name: &str| {
        let own = std::env::current_exe().expect("this program has a file");
        (name.to_owned(), Beside::start(Command::new(own).arg(name).arg(home.path())))
    };
    let workers: Vec<_> = ["one", "two", "three"].iter().map(|name| start(name)).collect();
    let client = Tenure::at(home.path().join("tenure.db")).connect().expect("it opens");
    for conversation in 0..CONVERSATIONS {
        client.run("talk", &conversation).await.expect("it starts");
    }
    log.until(|log| log.last.len() == CONVERSATIONS).await;
    let (late, stranded) = hand_over(&mut log, workers, start, (TIMES, SETTLES)).await;
    let moved = late.len();
    let late = Spread::of(late);
    println!(
        "{moved} conversations moved, {stranded} did not: p50 {:.1} ms, p99 {:.1} ms, last {:.1} ms",
        late.at(0.5),
        late.at(0.99),
        late.at(1.0)
    );
}

/// Works until it is killed.
async fn work(name: &str, home: &Path) {
    let log =
        OpenOptions::new().create(true).append(true).open(home.join("log")).expect("a file to append to");
    let log = Arc::new(log);
    let tenure = Tenure::at(home.join("tenure.db")).worker_id(name).orchestration("talk", talk);
    let tenure =
        tenure.activity("step", move |activity, conversation| step(Arc::clone(&log), activity, conversation));
    let tenure = tenure.start().await.expect("it starts");
    tokio::task::spawn_blocking(ready_until_let_go).await.expect("it is let go");
    tenure.stop().await;
}

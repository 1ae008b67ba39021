//! W10: how long after `kill -9` of its process a conversation goes on elsewhere.
//!
//! Three workers' processes on one store, with conversations on a hundred keys; one after the other is killed and started
//! again. A conversation is late by the time from the kill to its next step, wherever that runs.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::measure::{Beside, ready_until_let_go};
use bench::{Spread, directory, print_disk};
use tenure::{Activity, Failure, Orchestration, Tenure};

/// How often a process is killed.
const TIMES: usize = 20;
const CONVERSATIONS: usize = 100;
/// How long a step takes.
const STEP: Duration = Duration::from_millis(20);
/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// One step after the other, for ever.
async fn talk(ctx: Orchestration, conversation: usize) -> Result<(), Failure> {
    for _ in 0..200 {
        ctx.activity::<()>("step", &conversation).on_session(&format!("key-{conversation}")).await?;
    }
    Err(ctx.continue_as_new(&conversation))
}

/// Says which conversation's step begins, and where.
async fn step(log: Arc<File>, _: Activity, conversation: usize) -> Result<(), Failure> {
    let line = format!("{conversation} {}\n", std::process::id());
    log.as_ref().write_all(line.as_bytes()).map_err(|why| Failure::rejected(why.to_string()))?;
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
    let mut log = Log::at(&home.path().join("log"));
    let start = |name: &str| {
        let own = std::env::current_exe().expect("this program has a file");
        (name.to_owned(), Beside::start(Command::new(own).arg(name).arg(home.path())))
    };
    let mut workers: Vec<_> = ["one", "two", "three"].iter().map(|name| start(name)).collect();
    let client = Tenure::at(home.path().join("tenure.db")).connect().expect("it opens");
    for conversation in 0..CONVERSATIONS {
        client.run("talk", &conversation).await.expect("it starts");
    }
    log.until(|log| log.last.len() == CONVERSATIONS).await;
    let (mut late, mut moved) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let (name, victim) = workers.remove(0);
        let process = victim.id();
        log.catch_up();
        let killed_at = victim.kill();
        // What it said before it was killed is in the file by now.
        log.catch_up();
        let its: Vec<_> =
            log.last.iter().filter(|(_, (at, _))| *at == process).map(|(which, _)| *which).collect();
        moved += its.len();
        for conversation in &its {
            log.last.remove(conversation);
        }
        log.until(|log| its.iter().all(|conversation| log.last.contains_key(conversation))).await;
        late.extend(its.iter().map(|conversation| log.last[conversation].1.duration_since(killed_at)));
        workers.push(start(&name));
        // It gets its share of what is new; what moved stays where it is, and so on until each has been killed.
        let until = Instant::now() + Duration::from_millis(500);
        log.until(|_| Instant::now() > until).await;
    }
    for (_, worker) in workers {
        worker.kill();
    }
    let late = Spread::of(late);
    println!(
        "{moved} conversations moved: p50 {:.1} ms, p99 {:.1} ms, last {:.1} ms",
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

/// What the steps of all processes say.
struct Log {
    path: PathBuf,
    file: Option<File>,
    rest: String,
    /// Where each conversation's newest step began, and when that was first seen after it was forgotten.
    last: HashMap<usize, (u32, Instant)>,
}

impl Log {
    fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, rest: String::new(), last: HashMap::new() }
    }

    fn catch_up(&mut self) {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else { return };
        file.read_to_string(&mut self.rest).expect("lines of text");
        let Some((whole, rest)) = self.rest.rsplit_once('\n') else { return };
        let now = Instant::now();
        for line in whole.lines() {
            let (conversation, process) = line.split_once(' ').expect("two words");
            let at = (process.parse().expect("a process"), now);
            let conversation = conversation.parse().expect("a number");
            self.last.entry(conversation).and_modify(|(process, _)| *process = at.0).or_insert(at);
        }
        self.rest = rest.to_owned();
    }

    async fn until(&mut self, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "it never was so");
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.catch_up();
        }
    }
}

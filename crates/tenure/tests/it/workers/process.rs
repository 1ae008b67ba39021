//! A worker in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tenure::{Activity, Error, Failure, Hook, Orchestration, Tenure, WorkerOptions, join_all};
use tenure_core::id::WorkerId;
use tenure_core::lease::Ttl;
use tenure_engine::WorkerError;

use super::log::{Log, PATIENCE, Pen, What, now};

/// Tells a process what it is: JSON of a [`Start`].
const START: &str = "TENURE_WORKERS_START";

/// Where a store is, and the log.
#[derive(Debug)]
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn store(&self) -> PathBuf {
        self.0.path().join("tenure.db")
    }

    /// A file that activities wait for that are to wait.
    pub(super) fn gate(&self) -> PathBuf {
        self.0.path().join("gate")
    }

    fn log_path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    pub(super) fn log(&self) -> Log {
        Log::of(self.log_path())
    }

    pub(super) fn client(&self) -> Tenure {
        Tenure::at(self.store()).connect().unwrap()
    }

    pub(super) fn start(&self, worker: &str) -> Start {
        Start {
            directory: self.0.path().to_owned(),
            worker: worker.to_owned(),
            ttl_ms: 15_000,
            replaces: false,
            slots: 256,
        }
    }
}

/// What a process is to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Start {
    directory: PathBuf,
    worker: String,
    ttl_ms: u64,
    replaces: bool,
    slots: usize,
}

impl Start {
    pub(super) fn ttl(self, ttl: Duration) -> Self {
        Self { ttl_ms: u64::try_from(ttl.as_millis()).unwrap(), ..self }
    }

    /// It runs so many activities at once.
    pub(super) fn slots(self, slots: usize) -> Self {
        Self { slots, ..self }
    }

    pub(super) fn replaces(self) -> Self {
        Self { replaces: true, ..self }
    }

    /// Starts it.
    pub(super) fn spawn(&self) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "workers::process::works_until_it_is_killed", "--ignored", "--nocapture"]);
        command.env(START, serde_json::to_string(self).unwrap());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Process { child, pen: Pen::at(&self.directory.join("log")) }
    }
}

/// A worker's process. It goes with the test.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pen: Pen,
}

impl Process {
    pub(super) fn number(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it is at work.
    pub(super) async fn is_open(&self, log: &mut Log) {
        let number = self.number();
        log.until(
            0,
            "a worker to be at work",
            |what| matches!(what, What::Open { process, .. } if *process == number),
        )
        .await;
    }

    /// Freezes it: when this returns, none of its threads runs.
    pub(super) async fn freeze(&self) {
        self.signal(Signal::STOP);
        let (tasks, deadline) = (PathBuf::from(format!("/proc/{}/task", self.number())), now() + PATIENCE);
        while !is_frozen(&tasks) {
            assert!(now() < deadline, "it is not frozen");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.pen.write(&What::Frozen { process: self.number() });
    }

    pub(super) fn wake(&self) {
        self.pen.write(&What::Woken { process: self.number() });
        self.signal(Signal::CONT);
    }

    /// When this returns it is gone.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.pen.write(&What::Killed { process: self.number() });
    }
}

/// Whether each of these threads is stopped.
fn is_frozen(tasks: &Path) -> bool {
    let tasks = std::fs::read_dir(tasks).unwrap();
    tasks.into_iter().all(|task| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An orchestration that runs activities on keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Visits {
    pub(super) keys: Vec<String>,
    /// How often it visits each: all keys at once, one time after the other.
    pub(super) times: u32,
    pub(super) visit: Visit,
}

/// An activity on a key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Visit {
    /// How long it takes at most.
    pub(super) takes_ms: u64,
    /// It waits until this file is there.
    pub(super) waits_for: Option<PathBuf>,
}

async fn visits(ctx: Orchestration, Visits { keys, times, visit }: Visits) -> Result<Vec<String>, Failure> {
    let mut runs = Vec::new();
    for _ in 0..times {
        let all = keys.iter().map(|key| ctx.activity::<String>("visit", &visit).on_session(key));
        for run in join_all(all).await {
            runs.push(run?);
        }
    }
    Ok(runs)
}

/// What a visit returns names this run of it.
async fn visit(
    (pen, runs): (Pen, Arc<AtomicU64>),
    activity: Activity,
    visit: Visit,
) -> Result<String, Failure> {
    let pin = activity.pin().ok_or_else(|| Failure::rejected("it runs on a key"))?;
    let process = std::process::id();
    let number = runs.fetch_add(1, Ordering::Relaxed);
    let run = format!("{process}.{number}");
    pen.write(&What::Start {
        process,
        run: run.clone(),
        key: pin.key().to_owned(),
        fence: pin.fence(),
        op: activity.idempotency_key(),
    });
    if visit.takes_ms > 0 {
        let takes = (u64::from(process) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        // Some take much longer than the others.
        let times = if takes.is_multiple_of(8) { 20 } else { 1 };
        tokio::time::sleep(Duration::from_millis(takes / 8 % visit.takes_ms * times)).await;
    }
    if let Some(file) = visit.waits_for {
        let deadline = now() + PATIENCE;
        while !file.exists() {
            if now() > deadline {
                return Err(Failure::rejected("nobody let it go on"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    pen.write(&What::End { process, run: run.clone() });
    Ok(run)
}

#[expect(clippy::disallowed_methods, reason = "a process that is started for a test is told what it is for")]
fn told() -> Option<Start> {
    serde_json::from_str(&std::env::var(START).ok()?).ok()
}

/// A worker. Everything but its store runs on one thread.
#[tokio::test]
#[ignore = "started by the other tests"]
async fn works_until_it_is_killed() {
    let Some(start) = told() else { return };
    let (process, pen) = (std::process::id(), Pen::at(&start.directory.join("log")));
    let (heard, doing) = (pen.clone(), (pen.clone(), Arc::default()));
    let hook = Hook::new(move |news| {
        let news = match format!("{news:?}") {
            news if news.starts_with("KeyLost") => "KeyLost".to_owned(),
            news => news,
        };
        heard.write(&What::News { process, news });
    });
    let options = WorkerOptions {
        id: Some(WorkerId::parse(&start.worker).unwrap()),
        ttl: Ttl::run(Duration::from_millis(start.ttl_ms)).unwrap(),
        replaces: start.replaces,
        slots: start.slots,
        hook: Some(hook),
        ..WorkerOptions::default()
    };
    let path = start.directory.join("tenure.db");
    loop {
        let doing = doing.clone();
        let builder = Tenure::at(&path).options(options.clone()).orchestration("visits", visits);
        let builder = builder.activity("visit", move |activity, input| visit(doing.clone(), activity, input));
        match builder.start().await {
            Ok(tenure) => {
                pen.write(&What::Open { process, worker: start.worker });
                tenure.stopped().await;
                return pen.write(&What::Gone { process });
            }
            Err(error) => {
                pen.write(&What::Refused { process, why: error.to_string() });
                // While another process that is frozen writes, nobody else does.
                if matches!(error, Error::Worker(WorkerError::Live(_))) {
                    return;
                }
            }
        }
    }
}

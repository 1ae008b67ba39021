//! Code that no process survives, among code that only was there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tenure::{Activity, Error, Failure, Orchestration, Tenure};
use tenure_core::limits::RESCUES_MAX;
use tenure_core::orchestration::{Cause, HistoryEvent};

use super::check::history;
use crate::many::store_at;

/// Tells the process where it works.
const DIRECTORY: &str = "TENURE_DEADLY_DIRECTORY";
/// Tells it, if it is there, that the code is not what it was.
const CHANGED: &str = "TENURE_DEADLY_CHANGED";
/// What is there beside those that nobody survives.
const OTHERS: u64 = 20;
/// Whose code nobody survives: when it goes through what it did before, before it waits for anything, after an activity.
const DEADLY: [&str; 3] = ["again", "at_once", "later"];
/// Whose activity nobody survives.
const AT_WORK: &str = "at_work";

#[expect(clippy::disallowed_methods, reason = "a process that is started for a test is told what it is for")]
fn told(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn die() {
    kill_process(getpid(), Signal::KILL).unwrap();
}

async fn at_once(_: Orchestration, (): ()) -> Result<(), Failure> {
    die();
    Ok(())
}

async fn later(ctx: Orchestration, (): ()) -> Result<(), Failure> {
    ctx.activity::<u64>("add", &1).await?;
    die();
    Ok(())
}

async fn again(ctx: Orchestration, (): ()) -> Result<(), Failure> {
    if ctx.is_replaying() && told(CHANGED).is_some() {
        die();
    }
    ctx.set_status("waits")?;
    ctx.signal::<()>("go").await
}

async fn at_work(ctx: Orchestration, (): ()) -> Result<(), Failure> {
    ctx.activity("die", &()).await
}

/// Takes longer than most of the processes live.
async fn survives(ctx: Orchestration, number: u64) -> Result<u64, Failure> {
    let one: u64 = ctx.activity("add_slowly", &number).await?;
    ctx.sleep(Duration::from_millis(50)).await?;
    ctx.activity("add", &one).await
}

fn tenure(directory: &Path) -> tenure::Builder {
    Tenure::at(directory.join("tenure.db"))
}

fn ids() -> impl Iterator<Item = (String, u64)> {
    (0..OTHERS).map(|number| (format!("other-{number}"), number))
}

/// A process that works until all have ended, or until it dies of one of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the other test"]
async fn works_until_all_have_ended() {
    let Some(directory) = told(DIRECTORY) else { return };
    let add = |_: Activity, number: u64| async move { Ok::<_, Failure>(number + 1) };
    let add_slowly = |_: Activity, number: u64| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, Failure>(number + 1)
    };
    let dies = |_: Activity, (): ()| async {
        die();
        Ok::<_, Failure>(())
    };
    let builder = tenure(&directory).orchestration("at_once", at_once).orchestration("later", later);
    let builder = builder.orchestration("again", again).orchestration("survives", survives);
    let builder = builder.orchestration("at_work", at_work).activity("die", dies);
    let tenure = builder.activity("add", add).activity("add_slowly", add_slowly).start().await.unwrap();
    let deadly = DEADLY.into_iter().chain([AT_WORK]).map(str::to_owned);
    for id in deadly.chain(ids().map(|(id, _)| id)) {
        drop(tenure.instance(&id).await.unwrap().result::<serde_json::Value>().await);
    }
    tenure.stop().await;
}

fn start(directory: &Path, is_changed: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::deadly::works_until_all_have_ended", "--ignored"]);
    command.env(DIRECTORY, directory).stdin(Stdio::null()).stdout(Stdio::null());
    if is_changed {
        command.env(CHANGED, "yes");
    }
    command.spawn().unwrap()
}

#[tokio::test]
async fn what_no_worker_survives_ends_and_takes_nobody_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let client = tenure(directory.path()).connect().unwrap();
    let waits = client.run("again", &()).id("again").await.unwrap();
    let mut first = start(directory.path(), false);
    assert_eq!(waits.status_after(0).await.unwrap().text.as_deref(), Some("waits"));
    first.kill().unwrap();
    first.wait().unwrap();

    waits.signal("go", &()).await.unwrap();
    // Some are there before those that kill, some after them.
    let others: Vec<_> = ids().collect();
    let (before, after) = others.split_at(others.len() / 2);
    for (id, number) in before {
        client.run("survives", number).id(id).await.unwrap();
    }
    client.run("at_once", &()).id("at_once").await.unwrap();
    client.run("later", &()).id("later").await.unwrap();
    client.run("at_work", &()).id("at_work").await.unwrap();
    for (id, number) in after {
        client.run("survives", number).id(id).await.unwrap();
    }
    let mut deaths = 0;
    while !start(directory.path(), true).wait().unwrap().success() {
        deaths += 1;
        assert!(deaths < 100, "it does not end");
    }
    for (id, number) in ids() {
        let result: u64 = client.instance(&id).await.unwrap().result().await.unwrap();
        assert_eq!(result, number + 2, "{id}");
    }
    let failed = async |id: &str| match client.instance(id).await.unwrap().result::<()>().await.unwrap_err() {
        Error::Failed(failure) if failure.cause() == Cause::Poisoned => failure.message().to_owned(),
        other => panic!("{id}: {other:?}"),
    };
    let store = store_at(directory.path().join("tenure.db"));
    for id in DEADLY {
        assert_eq!(failed(id).await, "whoever ran its code did not survive it, 10 times", "{id}");
        let history = history(&store, id).await;
        let last = history.rsplit(|event| matches!(event, HistoryEvent::TurnStarted { .. })).next().unwrap();
        let attempts = last.iter().filter(|event| matches!(event, HistoryEvent::TurnAttempted)).count();
        assert_eq!(attempts, RESCUES_MAX as usize, "{id}: {history:?}");
    }
    assert_eq!(failed(AT_WORK).await, "whoever ran it did not survive it, 11 times");
    // And some before it was known who it was.
    assert!((40..60).contains(&deaths), "{deaths}");
}

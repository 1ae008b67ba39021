//! Going on after a stop, and after a worker that is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tenure::{Activity, Backoff, Builder, Either, Failure, Orchestration, RetryPolicy, WorkerOptions, race};
use tenure_core::id::WorkerId;

use crate::fixture::Home;

fn chain(home: &Home, runs: &Arc<AtomicU32>) -> Builder {
    let runs = Arc::clone(runs);
    let add = move |_: Activity, number: u32| {
        runs.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, Failure>(number + 1) }
    };
    let code = |ctx: Orchestration, (): ()| async move {
        let mut number = 0;
        for _ in 0..5 {
            number = ctx.activity::<u32>("add", &number).await?;
            ctx.signal::<()>("next").await?;
        }
        ctx.sleep(Duration::from_millis(10)).await?;
        Ok::<_, Failure>(number)
    };
    home.tenure().orchestration("chain", code).activity("add", add)
}

#[tokio::test]
async fn an_instance_goes_on_where_it_was_after_every_restart() {
    let (home, runs) = (Home::new(false), Arc::new(AtomicU32::new(0)));
    let tenure = chain(&home, &runs).start().await.unwrap();
    tenure.run("chain", &()).id("one").await.unwrap();
    tenure.stop().await;
    for _ in 0..5 {
        let tenure = chain(&home, &runs).start().await.unwrap();
        tenure.instance("one").await.unwrap().signal("next", &()).await.unwrap();
        tenure.stop().await;
    }
    let tenure = chain(&home, &runs).start().await.unwrap();
    let number: u32 = tenure.instance("one").await.unwrap().result().await.unwrap();
    assert_eq!((number, runs.load(Ordering::Relaxed)), (5, 5), "nothing was done twice");
    tenure.stop().await;
}

#[tokio::test]
async fn more_instances_than_fit_into_memory_are_put_away_and_come_back() {
    let home = Home::new(false);
    let code = |ctx: Orchestration, number: u32| async move {
        let added = ctx.signal::<u32>("add").await?;
        Ok::<_, Failure>(number + added)
    };
    let options = WorkerOptions { instances_max: 4, ..home.options() };
    let tenure = home.tenure().orchestration("code", code).options(options).start().await.unwrap();
    let mut all = Vec::new();
    for number in 0..40 {
        all.push(tenure.run("code", &number).id(&format!("i{number}")).await.unwrap());
    }
    for instance in all.iter().rev() {
        instance.signal("add", &100).await.unwrap();
    }
    for (number, instance) in (0..).zip(all) {
        assert_eq!(instance.result::<u32>().await.unwrap(), number + 100);
    }
    tenure.stop().await;
}

/// Runs a worker that is gone, without a word, as soon as an activity runs.
fn gone_at_work(builder: Builder, mut runs: tokio::sync::mpsc::UnboundedReceiver<u32>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tenure = builder.start().await.unwrap();
        tenure.run("code", &()).id("one").await.unwrap();
        assert_eq!(runs.recv().await, Some(1));
    });
}

#[tokio::test]
async fn an_attempt_that_its_worker_did_not_survive_takes_nothing_from_those_that_may_fail() {
    let home = Home::new(false);
    let builder = |told: tokio::sync::mpsc::UnboundedSender<u32>| {
        let frail = move |activity: Activity, (): ()| {
            told.send(activity.attempt()).unwrap();
            async move {
                match activity.attempt() {
                    1 => std::future::pending().await,
                    2 => Err(Failure::new("busy")),
                    attempt => Ok(attempt),
                }
            }
        };
        let code = |ctx: Orchestration, (): ()| async move {
            let retry = RetryPolicy { attempts_max: 2, backoff: Backoff::fixed(Duration::from_millis(1)) };
            ctx.activity::<u32>("frail", &()).retry(retry).await
        };
        let options =
            WorkerOptions { id: Some(WorkerId::parse("worker").unwrap()), replaces: true, ..home.options() };
        home.tenure().options(options).orchestration("code", code).activity("frail", frail)
    };
    let (told, runs) = tokio::sync::mpsc::unbounded_channel();
    let first = builder(told);
    std::thread::spawn(move || gone_at_work(first, runs)).join().unwrap();
    let (told, _runs) = tokio::sync::mpsc::unbounded_channel();
    let tenure = builder(told).start().await.unwrap();
    let attempt: u32 = tenure.instance("one").await.unwrap().result().await.unwrap();
    assert_eq!(attempt, 3);
    tenure.stop().await;
}

/// Starts it if it is not there, and is gone, without a word, as soon as its activity runs.
fn gone_again(builder: Builder, mut runs: tokio::sync::mpsc::UnboundedReceiver<u32>) -> Option<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tenure = builder.start().await.unwrap();
        tenure.run("code", &()).id("one").await.unwrap();
        runs.recv().await
    })
}

#[tokio::test]
async fn code_that_workers_did_not_survive_is_told_of_what_comes_while_its_activity_runs() {
    let home = Home::new(false);
    let builder = |told: tokio::sync::mpsc::UnboundedSender<u32>| {
        let hangs = move |activity: Activity, (): ()| {
            told.send(activity.attempt()).unwrap();
            std::future::pending::<Result<(), Failure>>()
        };
        let code = |ctx: Orchestration, (): ()| async move {
            match race(ctx.activity::<()>("hangs", &()), ctx.signal::<u32>("go")).await {
                Either::Left(_) => Err(Failure::new("it cannot end")),
                Either::Right(signal) => signal,
            }
        };
        let options =
            WorkerOptions { id: Some(WorkerId::parse("worker").unwrap()), replaces: true, ..home.options() };
        home.tenure().options(options).orchestration("code", code).activity("hangs", hangs)
    };
    for attempt in 1..=4 {
        let (told, runs) = tokio::sync::mpsc::unbounded_channel();
        let gone = builder(told);
        let began = std::thread::spawn(move || gone_again(gone, runs)).join().unwrap();
        assert_eq!(began, Some(attempt));
    }
    let (told, mut runs) = tokio::sync::mpsc::unbounded_channel();
    let tenure = builder(told).start().await.unwrap();
    assert_eq!(runs.recv().await, Some(5), "it is run alone by now");
    let instance = tenure.instance("one").await.unwrap();
    instance.signal("go", &7).await.unwrap();
    assert_eq!(instance.result::<u32>().await.unwrap(), 7);
    tenure.stop().await;
}

//! A store that somebody blocks for longer than it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tenure::{Activity, Error, Failure, Orchestration};
use tenure_engine::EngineError;
use tenure_store::StoreError;

use crate::fixture::{Home, asked};

/// How often somebody is told that the store is blocked, unless `TENURE_BLOCKED_TIMES` says otherwise.
const TIMES: u64 = 1;
const INSTANCES: u32 = 20;
const ROUNDS: u32 = 20;

async fn rounds(ctx: Orchestration, mut number: u32) -> Result<u32, Failure> {
    for _ in 0..ROUNDS {
        number = ctx.activity("add", &number).await?;
        ctx.sleep(Duration::from_millis(5)).await?;
    }
    ctx.signal::<u32>("more").await.map(|more| number + more)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_fails_while_somebody_else_blocks_the_store() {
    let (home, runs) = (Home::new(false), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&runs);
    let add = move |_: Activity, number: u32| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, Failure>(number + 1) }
    };
    let tenure = home.tenure().orchestration("rounds", rounds).activity("add", add).start().await.unwrap();
    let mut all = Vec::new();
    for number in 0..INSTANCES {
        all.push(tenure.run("rounds", &number).await.unwrap());
    }
    let client = home.tenure().connect().unwrap();

    let blocker = rusqlite::Connection::open(home.path()).unwrap();
    blocker.busy_timeout(Duration::from_secs(20)).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = runs.load(Ordering::Relaxed);
    assert!(before < INSTANCES * ROUNDS, "they are at work");
    let starts_meanwhile = tenure.run("rounds", &INSTANCES).id("late").into_future();
    let is_told = async {
        // Who only asks once is told how it is, after the time that a store waits for others.
        for _ in 0..asked("TENURE_BLOCKED_TIMES").unwrap_or(TIMES) {
            let told = client.run("rounds", &0).id("told").await;
            let is_blocked = |error: &StoreError| matches!(error, StoreError::Blocked { .. });
            assert!(
                matches!(&told, Err(Error::Engine(EngineError::Store(error))) if is_blocked(error)),
                "{told:?}"
            );
        }
        blocker.execute_batch("ROLLBACK").unwrap();
    };
    let (late, ()) = tokio::join!(starts_meanwhile, is_told);
    all.push(late.unwrap());

    for instance in &all {
        instance.signal("more", &1000).await.unwrap();
    }
    for (number, instance) in (0..).zip(all) {
        assert_eq!(instance.result::<u32>().await.unwrap(), number + ROUNDS + 1000);
    }
    assert_eq!(runs.load(Ordering::Relaxed), (INSTANCES + 1) * ROUNDS, "each activity ran once");
    tenure.stop().await;
}

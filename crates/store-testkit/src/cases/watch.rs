//! Cases about being woken when a session changes.

use std::sync::Arc;

use tenure_core::id::Seq;
use tenure_store::Store;

use crate::fixture::{Bench, append, pause, resume};
use crate::{Capability, Harness};

/// A commit wakes whoever watches the session.
pub async fn a_watch_wakes_on_a_commit(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.wakes(&mut watch).await;
}

/// An append wakes whoever watches the session, whoever appended.
pub async fn a_watch_wakes_on_an_append(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    bench.append(held, 1).await;
    bench.wakes(&mut watch).await;
    bench.append_inbox(held.handle, 1).await;
    bench.wakes(&mut watch).await;
}

/// Everybody who watches is woken; one who stopped is in nobody's way.
pub async fn every_watch_wakes(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut first = bench.store.watch(held.handle).await.expect("a watch");
    let mut second = bench.store.watch(held.handle).await.expect("a watch");
    drop(bench.store.watch(held.handle).await.expect("a watch"));
    bench.append(held, 1).await;
    bench.wakes(&mut first).await;
    bench.wakes(&mut second).await;
    drop(first);
    bench.append(held, 1).await;
    bench.wakes(&mut second).await;
}

/// What another instance writes wakes too, both ways.
pub async fn a_watch_wakes_on_another_instances_writes(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let second = bench.second().await;
    let mut here = bench.store.watch(held.handle).await.expect("a watch");
    let mut there = second.watch(held.handle).await.expect("a watch");
    second.append(append(held.handle, None, 1)).await.expect("an outcome");
    bench.wakes(&mut here).await;
    bench.wakes(&mut there).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.wakes(&mut there).await;
    let request = crate::fixture::prepare(second.as_ref(), held.handle, &resume(held.fence)).await;
    second.commit(request).await.expect("an outcome");
    bench.wakes(&mut here).await;
}

/// Reading, then waiting, then reading again misses nothing, however the writes fall in between.
pub async fn a_watch_never_sleeps_through_a_write(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let store = Arc::clone(&bench.store);
    follow(&bench, store).await;
}

/// The same with the writer in another instance.
pub async fn a_watch_never_sleeps_through_another_instances_write(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let writer = bench.second().await;
    follow(&bench, writer).await;
}

/// A writer appends now and then while a reader follows the log to its end.
async fn follow(bench: &Bench, writer: Arc<dyn Store>) {
    const WRITES: u64 = 60;
    let held = bench.hold("a", 1).await;
    let mut read_to = bench.found(held.handle).await.head;
    let end = Seq(read_to.0 + WRITES);
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        for _ in 0..WRITES {
            writer.append(append(held.handle, Some(held.fence), 1)).await.expect("an outcome");
            tokio::task::yield_now().await;
        }
    });
    while read_to < end {
        bench.wakes(&mut watch).await;
        let seen = bench.log(held.handle).await.len() as u64;
        assert!(seen >= read_to.0, "what was read once stays");
        read_to = Seq(seen);
    }
    tasks.join_all().await;
}

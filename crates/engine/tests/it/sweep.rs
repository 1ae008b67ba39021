//! Idle sessions expire in bounded sweeps; one failure does not stop the others.

use std::time::Duration;

use tenure_core::event::EventBody;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_core::session::StateName;
use tenure_store::{AppendRequest, Find};
use tenure_store_testkit::{Trouble, Verb};

use crate::bench::Bench;

const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test]
async fn an_abandoned_run_expires_after_its_idle_time_and_not_before() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    bench.clock.advance(limits::AGENT_IDLE_AFTER);
    assert!(bench.engine.sweep().await.unwrap().expired.is_empty());
    bench.clock.advance(MILLISECOND);
    assert_eq!(bench.engine.sweep().await.unwrap().expired, [session.id]);
    let found = bench.engine.store().find(Find::Handle(kept.handle)).await.unwrap();
    let session = found.current.session.unwrap();
    assert_eq!((session.state.name(), session.lease), (StateName::Expired, None));
    assert!(session.counters.fence > kept.fence);
}

#[tokio::test]
async fn a_silent_run_whose_lease_is_live_is_spared_and_not_looked_at_by_every_sweep() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.clock.advance(limits::AGENT_IDLE_AFTER + MILLISECOND);
    let regrant = tenure_core::session::Command::Regrant { fence: kept.fence };
    bench.engine.apply(&tenure_engine::Target::Session(kept.handle), &regrant).await.unwrap();
    assert!(bench.engine.sweep().await.unwrap().expired.is_empty());
    assert!(bench.engine.store().due(10).await.unwrap().is_empty(), "it was put off");
}

#[tokio::test]
async fn a_session_that_was_active_in_between_is_looked_at_when_it_may_be_idle_and_not_later() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    let (early, late) = (Duration::from_secs(5), Duration::from_secs(3));
    bench.clock.advance(early);
    let events = vec![EventBody::Activity { text: "step 3".to_owned() }.into()];
    let commit_id = bench.engine.ids().commit_id();
    let fence = Some(kept.fence);
    bench
        .engine
        .append(AppendRequest { commit_id, handle: kept.handle, fence, after: Seq(0), events })
        .await
        .unwrap();
    bench.clock.advance(limits::AGENT_IDLE_AFTER.saturating_sub(late));
    assert_eq!(bench.engine.sweep().await.unwrap().expired, []);
    bench.clock.advance(late + MILLISECOND);
    assert_eq!(bench.engine.sweep().await.unwrap().expired, [session.id]);
}

#[tokio::test]
async fn one_sweep_expires_at_most_a_hundred_and_the_next_one_the_rest() {
    let bench = Bench::new();
    for n in 0..limits::SWEEP_MAX + 5 {
        bench.hold(&format!("job{n}"), "w1").await;
    }
    bench.clock.advance(limits::AGENT_IDLE_AFTER + MILLISECOND);
    assert_eq!(bench.engine.sweep().await.unwrap().expired.len(), limits::SWEEP_MAX);
    assert_eq!(bench.engine.sweep().await.unwrap().expired.len(), 5);
    assert_eq!(bench.engine.sweep().await.unwrap().expired.len(), 0);
}

#[tokio::test]
async fn a_sweep_that_fails_on_one_session_expires_the_others() {
    let bench = Bench::new();
    for n in 0..3 {
        bench.hold(&format!("job{n}"), "w1").await;
    }
    bench.clock.advance(limits::AGENT_IDLE_AFTER + MILLISECOND);
    bench.faults.next(Verb::Commit, Trouble::FailBefore);
    let swept = bench.engine.sweep().await.unwrap();
    assert_eq!((swept.expired.len(), swept.failed.len()), (2, 1));
    assert_eq!(bench.engine.sweep().await.unwrap().expired.len(), 1);
}

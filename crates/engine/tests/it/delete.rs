//! Deleting what has ended, and who followed it.

use tenure_core::id::Seq;
use tenure_core::refusal::Refusal;
use tenure_engine::{EngineError, Next, Target};
use tenure_store::Find;
use tenure_store_testkit::{Trouble, Verb};

use crate::bench::{Bench, cancel};

#[tokio::test]
async fn what_is_open_is_not_deleted_and_what_has_ended_is_gone() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    let refused = bench.engine.delete(kept.handle).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused { refusal: Refusal::NotEnded(_), .. }), "{refused:?}");
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    assert_eq!(bench.engine.delete(kept.handle).await.unwrap().id, session.id);
    bench.engine.reclaim().await.unwrap();
    let found = bench.engine.store().find(Find::Handle(kept.handle)).await.unwrap();
    assert_eq!(found.handle, None);
    let gone = bench.engine.delete(kept.handle).await.unwrap_err();
    assert!(matches!(gone, EngineError::Refused { refusal: Refusal::NotFound, .. }), "{gone:?}");
}

#[tokio::test]
async fn a_tail_and_a_wait_of_a_deleted_session_end() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut tail = bench.engine.tail(kept.handle, Seq(0), Vec::new());
    let there = tail.next().await.unwrap();
    assert!(matches!(there, Next::Events(_)));
    let delete = async {
        bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
        bench.engine.delete(kept.handle).await.unwrap();
    };
    let (next, ()) = tokio::join!(tail.next(), delete);
    // What was logged last may be delivered still, or be gone with the session.
    let next = if let Next::Events(_) = next.unwrap() { tail.next().await.unwrap() } else { Next::Deleted };
    assert_eq!(next, Next::Deleted);
    let waited = bench.engine.wait(kept.handle, bench.steady()).next().await.unwrap_err();
    assert!(matches!(waited, EngineError::Refused { refusal: Refusal::NotFound, .. }), "{waited:?}");
}

#[tokio::test]
async fn a_sweep_gives_back_what_deleted_sessions_took() {
    let bench = Bench::new();
    bench.engine.sweep().await.unwrap();
    assert_eq!(bench.faults.count(Verb::Reclaim), 1);
    bench.faults.next(Verb::Reclaim, Trouble::FailBefore);
    assert!(bench.engine.reclaim().await.is_err());
}

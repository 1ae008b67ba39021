//! Who reads a log whose beginning was dropped is told so.

use tenure_core::id::Seq;
use tenure_core::refusal::Refusal;
use tenure_engine::{EngineError, Kept, Next};
use tenure_store::{Find, Handle};
use tenure_store_testkit::{Trouble, Verb, fixture};

use crate::bench::Bench;

async fn filled(count: usize) -> (Bench, Kept) {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.engine.append(fixture::append(kept.handle, Some(kept.fence), count)).await.unwrap();
    (bench, kept)
}

fn positions(next: Next) -> Vec<u64> {
    match next {
        Next::Events(events) => events.iter().map(|event| event.seq.0).collect(),
        Next::Ended(session) => panic!("ended too early: {session:?}"),
        Next::Deleted => panic!("deleted"),
    }
}

#[tokio::test]
async fn a_tail_from_the_start_begins_where_the_log_does_and_says_so() {
    let (bench, kept) = filled(8).await;
    assert_eq!(bench.engine.compact(kept.handle, Seq(5)).await.unwrap(), Seq(5));
    let mut tail = bench.engine.tail(kept.handle, Seq(0), Vec::new());
    assert_eq!(positions(tail.next().await.unwrap()), (5..=10).collect::<Vec<_>>());
    assert_eq!(tail.skipped_to(), Some(Seq(5)));
    let mut whole = bench.engine.tail(kept.handle, Seq(4), Vec::new());
    whole.next().await.unwrap();
    assert_eq!(whole.skipped_to(), None, "that is where it was to begin");
}

#[tokio::test]
async fn a_tail_whose_place_is_gone_fails_instead_of_leaving_events_out() {
    let (bench, kept) = filled(8).await;
    let mut follower = bench.engine.tail(kept.handle, Seq(0), Vec::new());
    follower.next().await.unwrap();
    bench.engine.append(fixture::append(kept.handle, None, 5)).await.unwrap();
    bench.engine.compact(kept.handle, Seq(13)).await.unwrap();
    let mut reader = bench.engine.tail(kept.handle, Seq(3), vec!["note".to_owned()]);
    for tail in [&mut follower, &mut reader] {
        let error = tail.next().await.unwrap_err();
        assert!(matches!(error, EngineError::Compacted { earliest: Seq(13) }), "{error:?}");
    }
}

#[tokio::test]
async fn dropping_is_asked_for_until_it_is_done_and_an_error_stops_it() {
    let (bench, kept) = filled(8).await;
    bench.faults.next(Verb::Compact, Trouble::FailBefore);
    assert!(matches!(bench.engine.compact(kept.handle, Seq(4)).await, Err(EngineError::Store(_))));
    assert_eq!(bench.engine.store().find(Find::Handle(kept.handle)).await.unwrap().earliest, Seq(1));
    assert_eq!(bench.engine.compact(kept.handle, Seq(4)).await.unwrap(), Seq(4));
    let nobody = bench.engine.compact(Handle(77), Seq(4)).await.unwrap_err();
    assert!(matches!(nobody, EngineError::Refused { refusal: Refusal::NotFound, .. }), "{nobody:?}");
}

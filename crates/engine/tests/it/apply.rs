//! Commands become durable effects once, whoever else is at it.

use tenure_core::refusal::{Refusal, TakeoverRefusal};
use tenure_core::session::StateName;
use tenure_engine::{EngineError, Name, Target};
use tenure_store::StoreError;
use tenure_store_testkit::{Trouble, Verb};

use crate::bench::{Bench, cancel, claimant, slot, start, takeover};

fn refusal(error: EngineError) -> Refusal {
    match error {
        EngineError::Refused { refusal, .. } => refusal,
        other => panic!("expected a refusal, not {other:?}"),
    }
}

#[tokio::test]
async fn a_start_on_a_held_key_is_refused_and_names_the_holder() {
    let bench = Bench::new();
    bench.hold("nightly", "w1").await;
    let error = bench.engine.apply(&slot("nightly"), &start("nightly", "w2", None)).await.unwrap_err();
    match refusal(error) {
        Refusal::Held(held) => assert_eq!(held.holder, claimant("w1").holder),
        other => panic!("expected the holder, not {other:?}"),
    }
}

#[tokio::test]
async fn of_two_takers_of_one_expired_session_one_wins_and_the_other_hears_who() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.clock.advance(kept.times.ttl().length());
    let target = Target::Session(kept.handle);
    let held = bench.faults.hold(Verb::Commit);
    let (slow_command, fast_command) = (takeover("slow"), takeover("fast"));
    let slow = bench.engine.apply(&target, &slow_command);
    let fast = async {
        held.reached().await;
        let applied = bench.engine.apply(&target, &fast_command).await.unwrap();
        held.open();
        applied
    };
    let (slow, fast) = tokio::join!(slow, fast);
    assert_eq!(fast.session.unwrap().lease.unwrap().holder.id.as_str(), "fast");
    match slow.unwrap_err() {
        EngineError::Refused { refusal: Refusal::Takeover(TakeoverRefusal::NotStale(held)), raced: true } => {
            assert_eq!(held.holder.id.as_str(), "fast");
        }
        other => panic!("expected to hear of the winner, not {other:?}"),
    }
}

#[tokio::test]
async fn a_given_fence_is_checked_when_it_is_decided_and_when_it_is_written() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let target = Target::Session(kept.handle);
    let (command, given) = (cancel(), Some(kept.fence));
    let wrong = bench.engine.apply_under(&target, &command, Some(kept.fence.next())).await.unwrap_err();
    assert!(matches!(refusal(wrong), Refusal::Fenced { current, .. } if current == kept.fence));

    bench.clock.advance(kept.times.ttl().length());
    let held = bench.faults.hold(Verb::Commit);
    let slow = bench.engine.apply_under(&target, &command, given);
    let fast = async {
        held.reached().await;
        bench.engine.apply(&target, &takeover("fast")).await.unwrap();
        held.open();
    };
    let (slow, ()) = tokio::join!(slow, fast);
    match refusal(slow.unwrap_err()) {
        Refusal::Fenced { holder: Some(held), .. } => assert_eq!(held.holder.id.as_str(), "fast"),
        other => panic!("expected to hear of the new holder, not {other:?}"),
    }
}

#[tokio::test]
async fn a_holder_proven_gone_is_taken_over_before_its_time_is_over() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    let target = Target::Session(kept.handle);
    assert!(bench.engine.apply(&target, &takeover("w2")).await.is_err());
    bench.told.dies(session.lease.unwrap().incarnation);
    let applied = bench.engine.apply(&target, &takeover("w2")).await.unwrap();
    assert_eq!(applied.session.unwrap().counters.fence, kept.fence.next());
}

#[tokio::test]
async fn a_lost_answer_is_found_out_and_the_commit_is_not_repeated() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.faults.next(Verb::Commit, Trouble::FailAfter);
    let applied = bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    assert_eq!(applied.session.unwrap().state.name(), StateName::Cancelled);
    assert_eq!((bench.faults.count(Verb::Commit), bench.faults.count(Verb::Resolve)), (2, 1));
}

#[tokio::test]
async fn a_lost_answer_that_cannot_be_found_out_is_no_failure_that_changed_nothing() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.faults.next(Verb::Commit, Trouble::FailAfter);
    bench.faults.next(Verb::Resolve, Trouble::FailBefore);
    let error = bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap_err();
    assert!(matches!(error, EngineError::Store(StoreError::Unknown { .. })), "{error:?}");
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_an_error_and_not_a_refusal() {
    let bench = Bench::new();
    bench.faults.next(Verb::Commit, Trouble::FailBefore);
    let error = bench.engine.apply(&slot("nightly"), &start("nightly", "w1", None)).await.unwrap_err();
    assert!(matches!(error, EngineError::Store(_)), "{error:?}");
    bench.hold("nightly", "w1").await;
}

#[tokio::test]
async fn a_name_is_an_id_or_else_a_key() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    let name = |text: &str| Name {
        namespace: tenure_core::id::Namespace::default_name(),
        text: text.to_owned(),
        kind: None,
    };
    for text in ["nightly", session.id.as_str()] {
        assert_eq!(bench.engine.resolve(&name(text)).await.unwrap().handle, kept.handle, "{text}");
    }
    let error = bench.engine.resolve(&name("weekly")).await.unwrap_err();
    assert!(matches!(error, EngineError::NotFound { name } if name == "weekly"));
}

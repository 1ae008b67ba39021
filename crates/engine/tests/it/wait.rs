//! Waiting for an end gets there, also when nobody is left to bring it about.

use std::time::Duration;

use tenure_core::limits;
use tenure_core::session::{Create, Expiry, Session, StateName};
use tenure_engine::{Steady, Target, Wait, Waited};
use tenure_store_testkit::fixture::{create, creating};
use tenure_store_testkit::{Trouble, Verb};

use crate::bench::{Bench, cancel, takeover};

fn ended(waited: Waited) -> Session {
    match waited {
        Waited::Ended(session) => *session,
        Waited::Abandoned { held, .. } => panic!("expected the end, not {held:?}"),
    }
}

/// Who was there, and how long until the session expires.
async fn abandoned(wait: &mut Wait) -> (String, Option<Duration>) {
    match wait.next().await.unwrap() {
        Waited::Abandoned { held, expires_in } => (held.holder.id.as_str().to_owned(), expires_in),
        Waited::Ended(session) => panic!("ended too early: {session:?}"),
    }
}

#[tokio::test]
async fn waiting_for_a_session_ends_with_it() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut wait = bench.engine.wait(kept.handle, bench.steady());
    let end = async {
        bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    };
    let (waited, ()) = tokio::join!(wait.next(), end);
    assert_eq!(ended(waited.unwrap()).state.name(), StateName::Cancelled);
}

#[tokio::test]
async fn a_session_that_was_left_is_told_of_once_its_lease_is_over_and_ended_once_it_was_idle_for_too_long() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    let (steady, began) = (bench.steady(), bench.steady().now());
    let mut wait = bench.engine.wait(kept.handle, bench.steady());
    let (who, expires_in) = abandoned(&mut wait).await;
    assert_eq!(who, "w1");
    assert_eq!(steady.now(), began + kept.times.ttl().length(), "as soon as it could be known");
    let due = steady.now() + expires_in.unwrap();
    assert_eq!(due, began + limits::AGENT_IDLE_AFTER + Duration::from_millis(1));
    let end = ended(wait.next().await.unwrap());
    assert_eq!((end.id, end.state.name()), (session.id, StateName::Expired));
    assert_eq!(steady.now(), due);
}

#[tokio::test]
async fn after_another_boot_a_holder_that_may_be_elsewhere_is_waited_for_until_that_has_lasted_as_long() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.clock.reboot();
    let mut wait = bench.engine.wait(kept.handle, bench.steady());
    assert_eq!(abandoned(&mut wait).await.0, "w1");
    assert_eq!(bench.steady().now(), kept.times.ttl().length(), "as soon as it could be known");
}

#[tokio::test]
async fn after_another_boot_a_holder_known_to_be_gone_is_replaced_at_once() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    bench.clock.reboot();
    let target = Target::Session(kept.handle);
    assert!(bench.engine.apply(&target, &takeover("w2")).await.is_err(), "it may be elsewhere");
    bench.told.dies(session.lease.unwrap().incarnation);
    let taken = bench.engine.apply(&target, &takeover("w2")).await.unwrap().session.unwrap();
    assert_eq!(taken.counters.fence, kept.fence.next());
    assert_eq!(bench.steady().now(), Duration::ZERO);
}

#[tokio::test]
async fn a_holder_known_to_be_gone_is_told_of_at_once_and_the_next_one_as_well() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    bench.told.dies(session.lease.unwrap().incarnation);
    let began = bench.steady().now();
    let mut wait = bench.engine.wait(kept.handle, bench.steady());
    assert_eq!(abandoned(&mut wait).await.0, "w1");
    assert_eq!(bench.steady().now(), began);
    bench.engine.apply(&Target::Session(kept.handle), &takeover("w2")).await.unwrap();
    assert_eq!(abandoned(&mut wait).await.0, "w2");
}

#[tokio::test]
async fn an_end_that_could_not_be_written_is_tried_again() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut wait = bench.engine.wait(kept.handle, bench.steady());
    abandoned(&mut wait).await;
    bench.faults.next(Verb::Commit, Trouble::FailBefore);
    assert_eq!(ended(wait.next().await.unwrap()).state.name(), StateName::Expired);
}

#[tokio::test]
async fn a_session_that_nobody_starts_in_time_and_one_whose_time_is_over_are_ended_then() {
    let bench = Bench::new();
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let unstarted = Expiry { pending: Some(minutes(2)), absolute: Some(minutes(5)), ..Expiry::default() };
    let over = Expiry { absolute: Some(minutes(5)), ..Expiry::default() };
    let steady = bench.steady();
    for (id, expiry, expected) in
        [("ses_unstarted", unstarted, minutes(2) + Duration::from_millis(1)), ("ses_over", over, minutes(5))]
    {
        let created = Create { expiry, ..create(id, None) };
        let began = steady.now();
        let made = bench.engine.apply(&Target::New, &creating(created)).await.unwrap();
        let handle = made.committed.unwrap().handle;
        let end = ended(bench.engine.wait(handle, bench.steady()).next().await.unwrap());
        assert_eq!(end.state.name(), StateName::Expired);
        assert_eq!(steady.now(), began + expected, "{id}: as soon as it is due");
    }
}

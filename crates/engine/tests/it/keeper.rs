//! A lease is kept in time, trusted within bounds, and lost only when it is.

use std::time::Duration;

use tenure_core::id::Seq;
use tenure_core::lease::{Standing, margin, renew_interval};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, StateName, Stats};
use tenure_engine::{Keeper, Kept, LeaseEvent, Loss, Steady, Target};
use tenure_store::Find;
use tenure_store_testkit::{Trouble, Verb};

use crate::bench::{Bench, cancel, takeover};

fn keeper(bench: &Bench, kept: Kept) -> Keeper {
    let steady = bench.steady();
    let granted = steady.now();
    Keeper::new(bench.engine.clone(), steady, kept, granted)
}

async fn standing(bench: &Bench, kept: Kept) -> Standing {
    let store = bench.engine.store();
    let session = store.find(Find::Handle(kept.handle)).await.unwrap().current.session.unwrap();
    session.standing(&store.now().await.unwrap()).unwrap()
}

fn trusted(event: LeaseEvent) -> Duration {
    match event {
        LeaseEvent::Trusted { until } => until,
        other => panic!("expected the lease to hold, not {other:?}"),
    }
}

fn lost(event: LeaseEvent) -> Refusal {
    match event {
        LeaseEvent::Lost(Loss::Refused(refusal)) => refusal,
        other => panic!("expected a loss, not {other:?}"),
    }
}

#[tokio::test]
async fn a_kept_lease_outlives_many_ttls_and_is_trusted_from_the_attempts_start() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut keeper = keeper(&bench, kept);
    let steady = bench.steady();
    for _ in 0..20 {
        let before = steady.now();
        let until = trusted(keeper.next().await);
        let (ttl, interval) = (kept.times.ttl(), renew_interval(kept.times.ttl()));
        let started = steady.now();
        let (earliest, latest) = (before + interval.mul_f64(0.89), before + interval.mul_f64(1.11));
        assert!((earliest..=latest).contains(&started), "{started:?} is not within a tenth of a third");
        assert_eq!(until + margin(ttl) + kept.times.grace(), started + ttl.length());
        assert_eq!(standing(&bench, kept).await, Standing::Live);
    }
}

#[tokio::test]
async fn failed_attempts_are_repeated_reported_once_and_are_no_loss() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut keeper = keeper(&bench, kept);
    let first_trust = keeper.trusted_until();
    bench.faults.next_times(8, Verb::Renew, &Trouble::FailBefore);
    assert!(matches!(keeper.next().await, LeaseEvent::Jeopardy { .. }));
    assert_eq!(keeper.trusted_until(), first_trust, "failures must not extend the trust");
    let until = trusted(keeper.next().await);
    assert!(until > first_trust);
}

#[tokio::test]
async fn what_was_renewed_too_late_and_lost_to_nobody_is_granted_again_under_the_same_fence() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut keeper = keeper(&bench, kept);
    bench.clock.advance(kept.times.ttl().length() * 3);
    assert_eq!(standing(&bench, kept).await, Standing::Over);
    trusted(keeper.next().await);
    assert_eq!(standing(&bench, kept).await, Standing::Live);
    let found = bench.engine.store().find(Find::Handle(kept.handle)).await.unwrap();
    assert_eq!(found.current.counters.fence, kept.fence);
}

#[tokio::test]
async fn what_somebody_took_is_lost_and_the_refusal_names_the_new_holder() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut keeper = keeper(&bench, kept);
    bench.clock.advance(kept.times.ttl().length());
    bench.engine.apply(&Target::Session(kept.handle), &takeover("w2")).await.unwrap();
    match lost(keeper.next().await) {
        Refusal::Fenced { given, current, holder: Some(holder) } => {
            assert_eq!((given, current), (kept.fence, kept.fence.next()));
            assert_eq!(holder.holder.id.as_str(), "w2");
        }
        other => panic!("expected to be fenced, not {other:?}"),
    }
}

#[tokio::test]
async fn what_an_operator_ended_is_lost() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut keeper = keeper(&bench, kept);
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    assert!(matches!(lost(keeper.next().await), Refusal::Fenced { holder: None, .. }));
}

#[tokio::test]
async fn the_log_tells_how_a_lease_was_lost_and_by_the_first_who_took_it() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let loss = || bench.engine.loss(kept.handle, kept.fence, Seq(0));
    assert!(loss().await.unwrap().is_none(), "nobody took it");
    for actor in ["w2", "w3"] {
        bench.clock.advance(kept.times.ttl().length());
        bench.engine.apply(&Target::Session(kept.handle), &takeover(actor)).await.unwrap();
    }
    match loss().await.unwrap() {
        Some(Loss::TakenOver { holder, fence, reason }) => {
            let told = (holder.id.as_str(), fence, reason.as_str());
            assert_eq!(told, ("w2", kept.fence.next(), "runner died"));
        }
        other => panic!("expected a takeover, not {other:?}"),
    }
}

#[tokio::test]
async fn the_log_tells_who_ended_a_session_but_not_of_its_holders_own_end() {
    let bench = Bench::new();
    let (_, cancelled) = bench.hold("a", "w1").await;
    let (_, completed) = bench.hold("b", "w1").await;
    bench.engine.apply(&Target::Session(cancelled.handle), &cancel()).await.unwrap();
    let complete =
        Command::Complete { fence: completed.fence, message: String::new(), stats: Stats::default() };
    bench.engine.apply(&Target::Session(completed.handle), &complete).await.unwrap();
    match bench.engine.loss(cancelled.handle, cancelled.fence, Seq(0)).await.unwrap() {
        Some(Loss::Ended { state: StateName::Cancelled, by: None, reason }) => assert_eq!(reason, "enough"),
        other => panic!("expected a cancelled session, not {other:?}"),
    }
    assert!(bench.engine.loss(completed.handle, completed.fence, Seq(0)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_wall_clock_set_back_or_forward_costs_no_lease() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut keeper = keeper(&bench, kept);
    for years in [40, 1] {
        bench.clock.rewind_wall(Duration::from_secs(years * 365 * 86_400));
        trusted(keeper.next().await);
        bench.clock.advance_wall(Duration::from_secs(2 * years * 365 * 86_400));
        trusted(keeper.next().await);
        assert_eq!(standing(&bench, kept).await, Standing::Live);
    }
}

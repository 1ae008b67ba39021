//! Cases about workers: names, leases, and what they leave behind.

use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::lease::Term;
use tenure_store::{RegisterOutcome, RegisterRequest, TurnOutcome, Wake, WorkerRenewal};

use crate::fixture::{ALMOST_TTL, Bench, TTL, done, keyed, opening, registered, worker};
use crate::{Capability, Harness};

/// A live worker keeps its name.
pub async fn a_second_live_worker_of_a_name_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let live = bench.store.register(worker("one", 2)).await.expect("an outcome");
    let RegisterOutcome::Live(live) = live else { panic!("it is refused, not {live:?}") };
    assert_eq!((live.worker, live.lease.incarnation.0, live.is_gone), (one, [1; 16], false));
    bench.clock.advance(TTL);
    let two = registered(bench.store.as_ref(), worker("one", 2)).await;
    assert_ne!(one, two);
    assert_eq!(bench.renew_worker(one).await, WorkerRenewal::Gone);
}

/// The same start of a worker is registered once.
pub async fn the_same_start_is_registered_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let first = bench.store.register(worker("one", 1)).await.expect("an outcome");
    assert_eq!(bench.store.register(worker("one", 1)).await.expect("an outcome"), first);
    assert_eq!(bench.store.workers().await.expect("a list").len(), 1);
}

/// Who takes a worker's place takes its instances from it.
pub async fn a_replaced_worker_holds_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let driven = bench.driven("ses_a", one).await;
    let replacing = RegisterRequest { replaces: true, ..worker("one", 2) };
    let two = registered(bench.store.as_ref(), replacing).await;
    assert_eq!(bench.session(driven.handle).await.lease, None);
    assert!(matches!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { .. }));
    assert_eq!(bench.claim(one, 10).await, []);
    let claimed = bench.claim(two, 10).await;
    assert_eq!((claimed.len(), claimed[0].is_rescued, claimed[0].fence), (1, true, Fence(2)));
    assert_eq!(bench.renew_worker(one).await, WorkerRenewal::Gone);
}

/// The name of a worker whose process is gone is free.
pub async fn a_gone_workers_name_is_free(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let second = bench.second().await;
    let one = registered(second.as_ref(), worker("one", 1)).await;
    assert!(matches!(bench.store.register(worker("one", 2)).await, Ok(RegisterOutcome::Live(_))));
    drop(second);
    let listed = bench.store.workers().await.expect("a list");
    assert_eq!((listed.len(), listed[0].worker, listed[0].is_gone), (1, one, true));
    registered(bench.store.as_ref(), worker("one", 2)).await;
    assert_eq!(bench.store.workers().await.expect("a list").len(), 1);
}

/// After another boot a worker of this machine is known to be gone: nobody waits for the end of its lease.
pub async fn after_another_boot_a_gone_worker_is_not_waited_for(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let second = bench.second().await;
    let one = registered(second.as_ref(), worker("one", 1)).await;
    let driven = bench.driven("ses_a", one).await;
    drop(second);
    bench.clock.reboot();
    let two = bench.worker("two").await;
    let claimed = bench.claim(two, 10).await;
    assert_eq!((claimed.len(), claimed[0].handle, claimed[0].is_rescued), (1, driven.handle, true));
    registered(bench.store.as_ref(), worker("one", 2)).await;
}

/// A worker that somebody found over is over in another boot as well: nobody waits for it anew.
pub async fn a_worker_that_was_found_over_stays_so(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    bench.task(one).await;
    bench.clock.advance(TTL);
    let two = bench.runner("two").await;
    bench.task(two).await;
    bench.claim(two, 10).await;
    bench.clock.reboot();
    assert_eq!(bench.pin("a").await.map(|pin| pin.worker.as_str().to_owned()).as_deref(), Some("two"));
    registered(bench.store.as_ref(), worker("one", 2)).await;
}

/// A worker elsewhere outlives the process that registered it: its lease is waited for, and renewed in time it goes on.
pub async fn a_worker_elsewhere_outlives_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let elsewhere = RegisterRequest { is_elsewhere: true, ..worker("one", 1) };
    let one = registered(bench.store.as_ref(), elsewhere).await;
    let driven = bench.driven("ses_a", one).await;
    let bench = bench.reopen().await;
    let two = bench.worker("two").await;
    bench.clock.advance(ALMOST_TTL);
    assert!(!bench.store.workers().await.expect("a list")[0].is_gone);
    assert!(matches!(bench.store.register(worker("one", 2)).await, Ok(RegisterOutcome::Live(_))));
    assert_eq!(bench.claim(two, 10).await, []);
    assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    done(bench.turn(driven.turn()).await);
    bench.renew_worker(two).await;
    bench.clock.advance(TTL);
    assert_eq!(bench.claim(two, 10).await.len(), 1);
}

/// A renewal moves the end of the lease, of all that the worker holds.
pub async fn a_renewed_worker_lasts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let driven = bench.driven("ses_a", one).await;
    bench.clock.advance(ALMOST_TTL);
    let now = bench.store.now().await.expect("the time");
    let renewal = bench.renew_worker(one).await;
    let WorkerRenewal::Renewed(term) = renewal else { panic!("it is renewed") };
    assert!(matches!(term, Term::Boot { renewed, .. } if renewed == now.boot));
    assert_eq!(bench.session(driven.handle).await.lease.map(|lease| lease.term), Some(term));
    bench.clock.advance(ALMOST_TTL);
    assert!(matches!(bench.store.register(worker("one", 2)).await, Ok(RegisterOutcome::Live(_))));
}

/// A late worker is renewed. What was taken from it meanwhile is not given back.
pub async fn a_late_worker_is_renewed(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let driven = bench.driven("ses_a", one).await;
    bench.clock.advance(TTL + Duration::from_secs(1));
    assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    done(bench.turn(driven.turn()).await);
    bench.clock.advance(TTL);
    bench.renew_worker(two).await;
    assert_eq!(bench.claim(two, 1).await.len(), 1);
    assert_eq!(bench.claim(one, 1).await, []);
    assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    assert!(matches!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { .. }));
    done(bench.turn(opening("ses_b", Wake::Now)).await);
    assert_eq!(bench.claim(one, 1).await.len(), 1);
}

/// A worker that retires lets everything go at once, and is known no more.
pub async fn a_retired_worker_lets_everything_go(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let driven = bench.driven("ses_a", one).await;
    let kept = bench.driven("ses_b", two).await;
    for _ in 0..2 {
        bench.store.retire(one).await.expect("it is retired");
    }
    assert_eq!(bench.renew_worker(one).await, WorkerRenewal::Gone);
    assert_eq!(bench.store.workers().await.expect("a list").len(), 1);
    assert!(matches!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { .. }));
    let claimed = bench.claim(two, 10).await;
    assert_eq!((claimed.len(), claimed[0].handle, claimed[0].is_rescued), (1, driven.handle, false));
    done(bench.turn(kept.turn()).await);
}

/// Workers are listed oldest first, with how much they hold.
pub async fn workers_are_listed_with_what_they_hold(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(bench.store.workers().await.expect("a list"), []);
    let (one, two) = (bench.worker("b").await, bench.worker("a").await);
    for id in ["ses_a", "ses_b"] {
        bench.driven(id, two).await;
    }
    let listed = bench.store.workers().await.expect("a list");
    let shown: Vec<_> = listed.iter().map(|worker| (worker.worker, worker.instances)).collect();
    assert_eq!(shown, [(one, 0), (two, 2)]);
    let lease = &listed[1].lease;
    assert_eq!((lease.holder.id.as_str(), lease.fence), ("a", Fence(0)));
    assert_eq!(lease.holder.place.as_ref().map(|place| place.pid), Some(1001));
}

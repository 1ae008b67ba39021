//! Cases about renewing: who may, until when, and what it leaves alone.

use tenure_core::id::Fence;
use tenure_core::lease::Term;
use tenure_store::{Handle, RenewOutcome};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Bench, Held, TICK, TTL, Target, autonomous, cancel, complete, heartbeat, pause, regrant, run,
    start, takeover, ttl, workspace, workspace_takeover,
};

/// The end moves to one ttl from the renewal, and the answer says so.
pub async fn a_renewal_moves_the_end_to_one_ttl_from_now(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL / 3);
    let now = bench.store.now().await.expect("the time");
    let term = Term::Boot { ttl: ttl(TTL), renewed: now.boot, renewed_wall: bench.clock.wall() };
    assert_eq!(bench.renew(held).await, RenewOutcome::Renewed(term));
    assert_eq!(bench.session(held.handle).await.lease.map(|lease| lease.term), Some(term));
}

/// Renewing is neither a lifecycle write nor activity nor an event.
pub async fn a_renewal_changes_nothing_but_the_term(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut expected = bench.dump().await;
    bench.clock.advance(TTL / 3);
    let RenewOutcome::Renewed(term) = bench.renew(held).await else { panic!("it is live") };
    expected.sessions[0].session.lease.as_mut().expect("it is held").term = term;
    assert_eq!(bench.dump().await, expected);
}

/// A lease that is renewed in time lasts for as long as that goes on.
pub async fn a_renewed_lease_lasts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for _ in 0..10 {
        bench.clock.advance(ALMOST_TTL);
        assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    }
}

/// A lease is over at its end, not later; a renewal never revives it, and asking often does not either.
pub async fn a_renewal_never_revives(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    for _ in 0..3 {
        assert_eq!(bench.refused_renewal(held).await, RenewOutcome::Expired);
        bench.clock.advance(TTL);
    }
}

/// Whoever was late and lost nothing gets it again by a commit, under the same fence.
pub async fn a_late_holder_is_granted_it_again_under_its_fence(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL * 2);
    bench.commit(held.handle, &regrant(held.fence)).await;
    assert_eq!(bench.held(held.handle).await, held);
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
}

/// Only the current fence renews: not an older one, not one that was never given.
pub async fn a_renewal_under_another_fence_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let new = bench.held(old.handle).await;
    for fence in [old.fence, Fence(0), new.fence.next()] {
        let outcome = bench.refused_renewal(Held { fence, ..new }).await;
        assert_eq!(outcome, RenewOutcome::Fenced { current: new.fence });
    }
    assert!(matches!(bench.renew(new).await, RenewOutcome::Renewed(_)));
}

/// When the lease is both another's and over, its being another's is what matters.
pub async fn an_old_fence_is_fenced_though_the_lease_is_over(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let current = bench.held(old.handle).await.fence;
    bench.clock.advance(TTL);
    assert_eq!(bench.refused_renewal(old).await, RenewOutcome::Fenced { current });
}

/// Nobody holds a session that has ended.
pub async fn a_renewal_after_the_end_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let done = bench.hold("a", 1).await;
    bench.commit(done.handle, &complete(done.fence)).await;
    assert_eq!(bench.refused_renewal(done).await, RenewOutcome::Fenced { current: done.fence });
    let cancelled = bench.hold("b", 1).await;
    bench.commit(cancelled.handle, &cancel()).await;
    let current = cancelled.fence.next();
    assert_eq!(bench.refused_renewal(cancelled).await, RenewOutcome::Fenced { current });
}

/// A workspace's former holder is fenced by the session that took its place.
pub async fn a_renewal_after_a_workspace_takeover_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let old = bench.held(old.handle).await;
    bench.clock.advance(TTL);
    let new = bench.commit(workspace("w"), &workspace_takeover("ses_b", "two")).await;
    let new = bench.held(new.handle).await;
    assert_eq!(bench.refused_renewal(old).await, RenewOutcome::Fenced { current: new.fence });
    assert!(matches!(bench.renew(new).await, RenewOutcome::Renewed(_)));
}

/// There is nothing to renew where nothing is stored.
pub async fn a_renewal_of_nothing_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let nothing = Held { handle: Handle(77), fence: Fence(1) };
    assert_eq!(bench.renew(nothing).await, RenewOutcome::Fenced { current: Fence(0) });
}

/// Renewing needs no name of its own: sent again, it changes nothing but the term, which is the later one's.
pub async fn a_renewal_sent_twice_is_the_later_one(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL / 3);
    bench.renew(held).await;
    let mut expected = bench.dump().await;
    bench.clock.advance(TICK);
    let RenewOutcome::Renewed(later) = bench.renew(held).await else { panic!("it is live") };
    expected.sessions[0].session.lease.as_mut().expect("it is held").term = later;
    assert_eq!(bench.dump().await, expected);
}

/// A paused session keeps its lease, and its holder goes on renewing.
pub async fn a_paused_session_is_renewed(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
}

/// Without a key the fence is the session's own.
pub async fn a_session_without_a_key_has_its_own_fence(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(Target::New, &start(run("ses_a", None, 1))).await;
    bench.commit(Target::New, &start(run("ses_b", None, 1))).await;
    let old = bench.held(opened.handle).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let current = bench.held(old.handle).await.fence;
    assert_eq!((old.fence, current), (Fence(1), Fence(2)));
    assert_eq!(bench.refused_renewal(old).await, RenewOutcome::Fenced { current });
}

/// Neighbours are neither renewed nor expired by what happens to one lease.
pub async fn a_renewal_concerns_one_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.hold("a", 1).await, bench.hold("b", 2).await);
    bench.clock.advance(ALMOST_TTL);
    bench.renew(one).await;
    bench.clock.advance(TICK);
    assert_eq!(bench.refused_renewal(two).await, RenewOutcome::Expired);
    assert!(matches!(bench.renew(one).await, RenewOutcome::Renewed(_)));
}

/// The store's renewal serves a workspace's lease too, by the wall clock.
pub async fn a_workspace_lease_is_renewed_by_the_wall_clock(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let held = bench.held(opened.handle).await;
    bench.clock.advance(ALMOST_TTL);
    let term = Term::Wall { ttl: ttl(TTL), renewed: bench.clock.wall() };
    assert_eq!(bench.renew(held).await, RenewOutcome::Renewed(term));
    let done = bench.commit(workspace("w"), &heartbeat("one", None)).await;
    assert_eq!(done.revision, opened.revision.next());
}

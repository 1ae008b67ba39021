//! Cases about clocks that jump, start anew, or cannot be used.

use std::time::Duration;

use tenure_core::lease::Term;
use tenure_core::limits::{AGENT_IDLE_AFTER, INTERACTIVE_STALE_AFTER};
use tenure_core::refusal::Refusal;
use tenure_core::session::StateName;
use tenure_core::time::WallTime;
use tenure_store::{AppendOutcome, Clock as _, CommitOutcome, RenewOutcome};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Bench, TICK, TTL, Target, autonomous, clear, heartbeat, interactive, pause, takeover,
    try_prepare, workspace, workspace_takeover,
};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The time is what the store's own clocks say.
pub async fn the_time_is_the_stores_own(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for _ in 0..3 {
        bench.clock.advance_wall(TTL);
        bench.clock.advance_boot(TTL * 2);
        assert_eq!(bench.store.now().await.expect("the time"), bench.clock.now());
    }
    bench.clock.set_wall(None);
    assert_eq!(bench.store.now().await.expect("the time").wall, None);
}

/// A run's lease ends by the boot-time clock, whatever the wall clock does meanwhile.
pub async fn a_boot_lease_outlives_wall_jumps_both_ways(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance_wall(YEAR);
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    bench.clock.rewind_wall(YEAR * 2);
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    bench.clock.advance_boot(TTL);
    assert_eq!(bench.refused_renewal(held).await, RenewOutcome::Expired);
}

/// A takeover finds a run's lease live while the wall clock says that years have passed.
pub async fn a_wall_jump_lets_nobody_take_a_boot_lease_over(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance_wall(YEAR);
    let refused = try_prepare(bench.store.as_ref(), &Target::Session(held.handle), &takeover(2)).await;
    assert!(matches!(refused, Err(Refusal::Takeover(_))), "{refused:?}");
}

/// In another boot it is over once that has lasted as long, and not before: nobody knows how long ago it was renewed.
pub async fn a_boot_lease_is_over_once_another_boot_has_lasted_as_long(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.reboot();
    for passed in [Duration::ZERO, ALMOST_TTL] {
        bench.clock.advance(passed);
        let refused = try_prepare(bench.store.as_ref(), &Target::Session(held.handle), &takeover(2)).await;
        assert!(matches!(refused, Err(Refusal::Takeover(_))), "{refused:?}");
    }
    bench.clock.advance(TTL.saturating_sub(ALMOST_TTL));
    assert_eq!(bench.refused_renewal(held).await, RenewOutcome::Expired);
    bench.commit(held.handle, &takeover(2)).await;
    let new = bench.held(held.handle).await;
    assert!(matches!(bench.renew(new).await, RenewOutcome::Renewed(_)));
}

/// A holder on another machine goes on while the store's machine starts anew: renewed in time it keeps its lease and its
/// fence, and nobody else gets the session meanwhile.
pub async fn a_holder_elsewhere_keeps_its_session_while_the_machine_starts_anew(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(ALMOST_TTL);
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    for _ in 0..3 {
        bench.clock.reboot();
        let refused = try_prepare(bench.store.as_ref(), &Target::Session(held.handle), &takeover(2)).await;
        assert!(matches!(refused, Err(Refusal::Takeover(_))), "{refused:?}");
        bench.clock.advance(ALMOST_TTL);
        let now = bench.clock.now().boot;
        let RenewOutcome::Renewed(term) = bench.renew(held).await else { panic!("it is in time") };
        assert!(matches!(term, Term::Boot { renewed, .. } if renewed == now), "{term:?}");
        assert!(matches!(bench.append(held, 1).await, AppendOutcome::Appended { .. }));
        let lease = bench.session(held.handle).await.lease.expect("it is held");
        assert_eq!((lease.fence, lease.term), (held.fence, term));
    }
}

/// Who saw in time that a lease was over does not get it once the machine has started anew: that is judged again.
pub async fn what_was_over_before_another_boot_is_judged_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    let request = bench.prepare(held.handle, &takeover(2)).await;
    bench.clock.reboot();
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    bench.clock.advance(TTL);
    assert!(matches!(bench.store.commit(request).await, Ok(CommitOutcome::Committed(_))));
}

/// A workspace's lease ends by the wall clock alone.
pub async fn a_wall_lease_ends_by_the_wall_clock(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let held = bench.held(opened.handle).await;
    bench.clock.advance_boot(YEAR);
    bench.clock.advance_wall(ALMOST_TTL);
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    bench.clock.advance_wall(TTL);
    assert_eq!(bench.refused_renewal(held).await, RenewOutcome::Expired);
}

/// A workspace's lease goes on after the machine starts anew.
pub async fn a_wall_lease_outlives_the_boot(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    bench.clock.reboot();
    bench.commit(workspace("w"), &heartbeat("one", None)).await;
    assert_eq!(bench.found(workspace("w")).await.handle, Some(opened.handle));
}

/// A person's session is started once more until the threshold, and afresh after it.
pub async fn a_persons_session_is_over_only_after_its_threshold(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let first = bench.commit(workspace("w"), &interactive("ses_a", "w")).await;
    bench.clock.advance(INTERACTIVE_STALE_AFTER);
    let again = bench.commit(workspace("w"), &interactive("ses_b", "w")).await;
    assert_eq!(again.handle, first.handle);
    bench.clock.advance(INTERACTIVE_STALE_AFTER + TICK);
    let fresh = bench.commit(workspace("w"), &interactive("ses_c", "w")).await;
    assert_ne!(fresh.handle, first.handle);
}

/// A run is renewed although the wall clock cannot be used.
pub async fn an_unusable_wall_clock_lets_runs_renew(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let granted = bench.session(held.handle).await.lease.and_then(|lease| lease.term.renewed_at());
    bench.clock.set_wall(None);
    bench.clock.advance_boot(ALMOST_TTL);
    let RenewOutcome::Renewed(term) = bench.renew(held).await else { panic!("it is live") };
    assert_eq!(term.renewed_at(), granted, "for people, the last moment that is known");
    bench.clock.advance_boot(TTL);
    assert_eq!(bench.refused_renewal(held).await, RenewOutcome::Expired);
}

/// Nobody can tell whether a workspace's lease is live then: it is not renewed, and not called expired by
/// anything that is written.
pub async fn an_unusable_wall_clock_renews_no_workspace(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let held = bench.held(opened.handle).await;
    let before = bench.dump().await;
    let wall = bench.clock.wall();
    bench.clock.set_wall(None);
    let request = tenure_store::RenewRequest { handle: held.handle, fence: held.fence };
    let answer = bench.store.renew(request).await;
    assert!(!matches!(answer, Ok(RenewOutcome::Renewed(_))), "{answer:?}");
    bench.clock.set_wall(Some(wall));
    assert_eq!(bench.dump().await, before);
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
}

/// What was judged by a wall clock cannot be confirmed once it cannot be used.
pub async fn an_unusable_wall_clock_confirms_no_judgement(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let live = bench.prepare(workspace("w"), &heartbeat("one", None)).await;
    bench.clock.advance(TTL);
    let over = bench.prepare(workspace("w"), &workspace_takeover("ses_b", "two")).await;
    bench.clock.set_wall(None);
    for request in [live, over] {
        assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    }
}

/// An owner clears its workspace then, and what is written says the epoch.
pub async fn an_unusable_wall_clock_lets_the_owner_clear(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let activity = bench.session(opened.handle).await.last_activity_at;
    bench.clock.set_wall(None);
    let done = bench.commit(workspace("w"), &clear(Some("one"))).await;
    assert_eq!(done.at, WallTime::from_epoch_ms(0));
    let session = bench.session(opened.handle).await;
    assert_eq!(session.state.name(), StateName::Completed);
    assert_eq!(session.last_activity_at, activity);
    let last = bench.log(opened.handle).await.pop().expect("an event");
    assert_eq!(last.at, WallTime::from_epoch_ms(0));
}

/// An owner's events are kept then; they are activity at a time that nobody knows.
pub async fn an_unusable_wall_clock_loses_no_events(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let activity = bench.session(held.handle).await.last_activity_at;
    bench.clock.set_wall(None);
    assert!(matches!(bench.append(held, 1).await, AppendOutcome::Appended { .. }));
    assert_eq!(bench.session(held.handle).await.last_activity_at, activity);
    let last = bench.log(held.handle).await.pop().expect("an event");
    assert_eq!(last.at, WallTime::from_epoch_ms(0));
}

/// Nothing is known to be due then.
pub async fn an_unusable_wall_clock_makes_nothing_due(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.hold("a", 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER * 2);
    assert_eq!(bench.store.due(10).await.expect("what is due").len(), 1);
    bench.clock.set_wall(None);
    assert_eq!(bench.store.due(10).await.expect("what is due"), Vec::new());
}

/// A wall clock set back reorders no log: positions rule, times only tell.
pub async fn a_wall_clock_set_back_reorders_no_log(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 1).await;
    bench.clock.rewind_wall(YEAR);
    bench.append(held, 1).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    let log = bench.log(held.handle).await;
    assert!(log.is_sorted_by_key(|event| event.seq));
    assert!(!log.is_sorted_by_key(|event| event.at));
}

//! Cases about a commit's guards: their order, and that a refused one writes nothing.

use tenure_core::id::{Fence, Incarnation, Revision};
use tenure_core::lease::Standing;
use tenure_core::session::Judged;
use tenure_store::{CommitOutcome, CommitRequest};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Bench, Held, TICK, TTL, Target, autonomous, cancel, complete, heartbeat, import, note,
    other_namespace, pause, run, session_id, slot, start, takeover, workspace, workspace_takeover,
};

/// What stands in the way, when nothing is meant to.
const NEVER: Judged = Judged::Gone(Incarnation([0xEE; 16]));
/// A fence that nobody has.
const NOBODYS: Fence = Fence(4_000);

/// Somebody wrote since the decision was made.
pub async fn a_decision_on_an_old_revision_conflicts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &cancel()).await;
    let now = bench.commit(held.handle, &pause(held.fence)).await;
    assert_eq!(bench.refused(&request).await, CommitOutcome::RevisionConflict { actual: now.revision });
}

/// Two starts decided on an empty slot: the second one conflicts.
pub async fn a_second_start_on_an_empty_slot_conflicts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let second = bench.prepare(slot("a"), &start(run("ses_b", Some("a"), 2))).await;
    let first = bench.commit(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    assert_eq!(bench.refused(&second).await, CommitOutcome::RevisionConflict { actual: first.revision });
}

/// A revision from the future is as wrong as one from the past.
pub async fn a_decision_on_a_revision_that_never_was_conflicts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.prepare(held.handle, &cancel()).await;
    request.expected = Revision(99);
    assert_eq!(bench.refused(&request).await, CommitOutcome::RevisionConflict { actual: Revision(1) });
}

/// A session without a key conflicts on its own revision.
pub async fn a_decision_on_an_old_revision_conflicts_without_a_slot(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(Target::New, &start(run("ses_a", None, 1))).await;
    let held = bench.held(opened.handle).await;
    let request = bench.prepare(held.handle, &cancel()).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    assert_eq!(bench.refused(&request).await, CommitOutcome::RevisionConflict { actual: Revision(2) });
}

/// A record brought in at revision 0 looks like an empty slot by its revision alone, and must not.
pub async fn a_start_on_an_empty_slot_loses_against_an_import_at_revision_zero(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let late = bench.prepare(workspace("w"), &autonomous("ses_b", "w", "one", 15)).await;
    bench.commit(workspace("w"), &import("ses_a", "w", Revision(0), bench.clock.wall())).await;
    still_one(&bench, late).await;
}

/// A decision made on a session that ended must not open one beside the session that took its place.
pub async fn a_slot_never_has_two_open_sessions(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("w", 1).await;
    bench.commit(old.handle, &complete(old.fence)).await;
    bench.hold("w", 2).await;
    // Found by its handle, the ended session shows the slot's present revision.
    let late = bench.prepare(old.handle, &start(run("ses_c", Some("w"), 3))).await;
    still_one(&bench, late).await;
}

/// However the store says no, the slot's open session stays the only one.
async fn still_one(bench: &Bench, late: CommitRequest) {
    let before = bench.dump().await;
    let outcome = bench.store.commit(late).await;
    assert!(!matches!(outcome, Ok(CommitOutcome::Committed(_))), "{outcome:?}");
    assert_eq!(bench.dump().await, before);
}

/// An owner's write under another fence than the current lease's is refused, older or never given.
pub async fn a_decision_under_another_fence_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (old, new) = taken_over(&bench).await;
    for fence in [old.fence, NOBODYS, Fence(0)] {
        let mut request = bench.prepare(new.handle, &pause(new.fence)).await;
        request.fence = Some(fence);
        assert_eq!(bench.refused(&request).await, CommitOutcome::Fenced { current: new.fence });
    }
}

/// After its end a session has no lease, so no owner's write gets through, under no fence.
pub async fn an_owners_decision_after_the_end_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.prepare(held.handle, &note(held.fence, None)).await;
    bench.commit(held.handle, &cancel()).await;
    let current = bench.found(held.handle).await.current.counters;
    request.expected = current.revision;
    request.decision.counters = current;
    assert_eq!(bench.refused(&request).await, CommitOutcome::Fenced { current: current.fence });
}

/// An operator's write carries no fence and is not fenced.
pub async fn an_operators_decision_needs_no_fence(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &cancel()).await;
    assert_eq!(request.fence, None);
    crate::fixture::committed(bench.send(&request).await);
}

/// Everything is wrong: the revision is what the outcome names.
pub async fn the_revision_is_checked_before_the_fence(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut request = all_wrong(&bench).await;
    request.expected = Revision(99);
    assert!(matches!(bench.refused(&request).await, CommitOutcome::RevisionConflict { .. }));
}

/// The revision holds and the rest is wrong: the fence is what the outcome names.
pub async fn the_fence_is_checked_before_the_judgement(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let request = all_wrong(&bench).await;
    assert!(matches!(bench.refused(&request).await, CommitOutcome::Fenced { .. }));
}

/// Revision and fence hold: what was judged is checked before the id.
pub async fn the_judgement_is_checked_before_the_id(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut request = all_wrong(&bench).await;
    request.fence = None;
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    request.decision.judged = None;
    assert_eq!(bench.refused(&request).await, CommitOutcome::IdTaken);
}

/// A fresh workspace start whose fence, judgement and id are wrong, but whose revision holds.
async fn all_wrong(bench: &Bench) -> CommitRequest {
    bench.commit(Target::New, &start(run("ses_taken", None, 9))).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    bench.clock.advance(TTL);
    let mut request = bench.prepare(workspace("w"), &autonomous("ses_taken", "w", "one", 15)).await;
    request.fence = Some(NOBODYS);
    request.decision.judged = Some(NEVER);
    request
}

/// An id names one session of its namespace for ever, ended or not.
pub async fn an_id_that_exists_is_taken(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.commit(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    bench.commit(held.handle, &cancel()).await;
    for request in [
        bench.prepare(slot("a"), &start(run("ses_a", Some("a"), 1))).await,
        bench.prepare(slot("b"), &start(run("ses_a", Some("b"), 1))).await,
        bench.prepare(Target::New, &start(run("ses_a", None, 1))).await,
    ] {
        assert_eq!(bench.refused(&request).await, CommitOutcome::IdTaken);
    }
}

/// The ending half of a fresh start is not written when the opening half cannot be.
pub async fn a_taken_id_leaves_the_old_session_open(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("v"), &autonomous("ses_b", "v", "two", 15)).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    bench.clock.advance(TTL);
    let request = bench.prepare(workspace("w"), &autonomous("ses_b", "w", "one", 15)).await;
    assert_eq!(bench.refused(&request).await, CommitOutcome::IdTaken);
    let current = bench.found(workspace("w")).await.current;
    assert_eq!(current.open().map(|session| session.id.clone()), Some(session_id("ses_a")));
}

/// What is taken in one namespace says nothing about another.
pub async fn the_same_id_may_exist_in_two_namespaces(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let here = bench.commit(Target::New, &start(run("ses_a", None, 1))).await;
    let mut elsewhere = run("ses_a", None, 1);
    elsewhere.namespace = other_namespace();
    let there = bench.commit(Target::New, &start(elsewhere)).await;
    assert_ne!(here.handle, there.handle);
    assert_eq!(bench.session(there.handle).await.namespace, other_namespace());
}

/// What was judged over is live by the store's own clock.
pub async fn over_that_is_live_is_judged_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.prepare(held.handle, &cancel()).await;
    request.decision.judged = Some(Judged::Clock(Standing::Over));
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    bench.renew(held).await;
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    bench.clock.advance(TICK);
    crate::fixture::committed(bench.send(&request).await);
}

/// A heartbeat was decided on a live lease, and it was over when it was to be written.
pub async fn live_that_became_over_is_judged_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let request = bench.prepare(workspace("w"), &heartbeat("one", None)).await;
    bench.clock.advance(TTL);
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
}

/// A wall clock set back makes a lease live again that a takeover had found over.
pub async fn a_clock_set_back_has_a_takeover_judged_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    bench.clock.advance(TTL);
    let request = bench.prepare(workspace("w"), &workspace_takeover("ses_b", "two")).await;
    bench.clock.rewind_wall(TTL);
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
}

/// A holder proven to be gone counts as over, however live its lease; another holder does not.
pub async fn a_proof_of_death_holds_for_its_incarnation_only(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.prepare(held.handle, &cancel()).await;
    request.decision.judged = Some(NEVER);
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    request.decision.judged = Some(Judged::Gone(Incarnation([1; 16])));
    crate::fixture::committed(bench.send(&request).await);
}

/// What the owner did since an idle session was judged saves it; what others did does not.
pub async fn idleness_is_judged_again_after_the_owners_append(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(tenure_core::limits::AGENT_IDLE_AFTER * 2);
    let request = bench.prepare(held.handle, &tenure_core::session::Command::ExpireIdle).await;
    bench.append(held, 1).await;
    assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    bench.clock.advance(tenure_core::limits::AGENT_IDLE_AFTER * 2);
    let request = bench.prepare(held.handle, &tenure_core::session::Command::ExpireIdle).await;
    bench.append_inbox(held.handle, 1).await;
    crate::fixture::committed(bench.send(&request).await);
}

/// A judgement about a session that is not there does not hold.
pub async fn a_judgement_about_nothing_never_holds(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for standing in [Standing::Live, Standing::Over] {
        let mut request = bench.prepare(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
        request.decision.judged = Some(Judged::Clock(standing));
        assert_eq!(bench.refused(&request).await, CommitOutcome::Rejudge);
    }
}

/// A session whose lease ran out, in the hands of the next runner.
async fn taken_over(bench: &Bench) -> (Held, Held) {
    let old = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    (old, bench.held(old.handle).await)
}

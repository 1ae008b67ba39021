//! Cases about answers that got lost, and finding out afterwards.

use std::sync::Arc;

use tenure_core::id::{Incarnation, Revision, Seq};
use tenure_core::limits::AGENT_IDLE_AFTER;
use tenure_core::session::{Decision, Judged};
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, CommitOutcome, CommitRequest, Handle, Postpone,
    RenewOutcome, RenewRequest, Slot, StoreError,
};
use tokio::task::JoinSet;

use crate::fixture::{
    Bench, TTL, append, autonomous, cancel, committed, note, pause, resume, run, slot, start, workspace,
};
use crate::{Capability, Fault, Harness};

/// What became of a commit can be asked afterwards, by the request itself.
pub async fn a_commit_is_resolved_by_its_id(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let request = bench.prepare(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), None, "nothing happened yet");
    let done = committed(bench.send(&request).await);
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), Some(done));
}

/// A refused commit never happened.
pub async fn a_refused_commit_resolves_to_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &cancel()).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.refused(&request).await;
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), None);
}

/// A later commit to the same session hides an earlier one: whoever asks decides again.
pub async fn a_later_commit_hides_an_earlier_one(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let early = bench.prepare(held.handle, &pause(held.fence)).await;
    committed(bench.send(&early).await);
    let late = bench.prepare(held.handle, &resume(held.fence)).await;
    let done = committed(bench.send(&late).await);
    assert_eq!(bench.store.resolve(&early).await.expect("an answer"), None);
    assert_eq!(bench.store.resolve(&late).await.expect("an answer"), Some(done));
}

/// Renewals, appends and commits to other sessions hide nothing.
pub async fn other_writes_do_not_hide_a_commit(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &pause(held.fence)).await;
    let done = committed(bench.send(&request).await);
    bench.renew(held).await;
    bench.append(held, 2).await;
    bench.append_inbox(held.handle, 1).await;
    bench.hold("b", 2).await;
    bench.clock.advance(TTL);
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), Some(done), "as it was then");
}

/// A commit of two sessions is remembered by the one that it writes last.
pub async fn a_commit_of_two_sessions_is_resolved(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    bench.clock.advance(TTL);
    let request = bench.prepare(workspace("w"), &autonomous("ses_b", "w", "one", 15)).await;
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), None);
    let done = committed(bench.send(&request).await);
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), Some(done));
}

/// What a slot's former session did is still told after the next one opened.
pub async fn a_former_sessions_commit_is_resolved(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &cancel()).await;
    let done = committed(bench.send(&request).await);
    bench.hold("a", 2).await;
    bench.clock.advance(TTL);
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), Some(done), "as it was then");
}

/// A commit that wrote nothing leaves nothing to find.
pub async fn a_commit_without_writes_resolves_to_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let before = bench.prepare(held.handle, &note(held.fence, None)).await;
    let done = committed(bench.send(&before).await);
    let mut request = bench.prepare(held.handle, &pause(held.fence)).await;
    request.decision = Decision::new(Vec::new(), request.decision.counters, None);
    committed(bench.send(&request).await);
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), None);
    assert_eq!(bench.store.resolve(&before).await.expect("an answer"), Some(done));
}

/// Sent twice, a commit that raises the revision happens once.
pub async fn a_commit_sent_twice_happens_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &pause(held.fence)).await;
    let done = committed(bench.send(&request).await);
    let again = bench.refused(&request).await;
    assert_eq!(again, CommitOutcome::RevisionConflict { actual: done.revision });
}

/// The answer is lost after the commit was made durable: asking tells that it happened.
pub async fn a_commit_whose_answer_was_lost_is_resolved(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    for round in 0..3 {
        let id = format!("ses_{round}");
        let key = format!("a{round}");
        let request = bench.prepare(slot(&key), &start(run(&id, Some(&key), 1))).await;
        bench.inject(Fault::AfterDurable);
        let answer = bench.store.commit(request.clone()).await;
        assert!(truthful(&bench, &request, answer).await, "it was durable");
    }
}

/// Nothing was made durable: whatever the answer is, it is true.
pub async fn a_commit_that_failed_is_answered_truthfully(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for fault in [Fault::BeforeDurable, Fault::MidGroup, Fault::AfterDurable] {
        let request = bench.prepare(held.handle, &note(held.fence, Some("still here"))).await;
        bench.inject(fault);
        let answer = bench.store.commit(request.clone()).await;
        truthful(&bench, &request, answer).await;
        bench.commit(held.handle, &pause(held.fence)).await;
        bench.commit(held.handle, &resume(held.fence)).await;
    }
}

/// A lost answer never hides that a guard refused the commit.
pub async fn a_refusal_whose_answer_was_lost_wrote_nothing(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.prepare(held.handle, &cancel()).await;
    request.decision.judged = Some(Judged::Gone(Incarnation([0xEE; 16])));
    let before = bench.dump().await;
    bench.inject(Fault::AfterDurable);
    let answer = bench.store.commit(request.clone()).await;
    assert!(!matches!(answer, Ok(CommitOutcome::Committed(_))), "{answer:?}");
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), None);
    assert_eq!(bench.dump().await, before);
}

/// An append whose answer was lost is in the log once, or not at all, and the log goes on without a gap.
pub async fn an_append_whose_answer_was_lost_is_there_once_or_not(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        let after = bench.found(held.handle).await.head;
        let request = AppendRequest { after, ..append(held.handle, Some(held.fence), 2) };
        bench.inject(fault);
        let answer = bench.store.append(request.clone()).await;
        let grown = bench.found(held.handle).await.head.0 - after.0;
        match answer {
            Ok(AppendOutcome::Appended { .. }) => assert_eq!(grown, 2, "{fault:?}"),
            Err(StoreError::Unknown { commit_id, .. }) => {
                assert_eq!(commit_id, request.commit_id, "the error names the append");
                assert!([0, 2].contains(&grown), "{fault:?}: {grown}");
            }
            other => assert_eq!(grown, 0, "{fault:?}: {other:?}"),
        }
        assert_eq!(resolved(&bench, &request).await, appended(after, grown), "{fault:?}");
        assert!(matches!(bench.append(held, 1).await, AppendOutcome::Appended { .. }));
        bench.dump().await;
    }
}

/// How `count` events after a position are resolved.
fn appended(after: Seq, count: u64) -> AppendResolution {
    match count {
        0 => AppendResolution::NotThere,
        count => AppendResolution::Appended { first: after.next(), last: Seq(after.0 + count) },
    }
}

async fn resolved(bench: &Bench, request: &AppendRequest) -> AppendResolution {
    bench.store.resolve_append(request).await.expect("an answer")
}

/// What became of an append can be asked afterwards, wherever its log was known to have ended.
pub async fn an_append_is_resolved_by_its_id(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for fence in [Some(held.fence), None] {
        let after = bench.found(held.handle).await.head;
        let request = AppendRequest { after, ..append(held.handle, fence, 3) };
        assert_eq!(resolved(&bench, &request).await, AppendResolution::NotThere, "nothing happened yet");
        bench.store.append(request.clone()).await.expect("an outcome");
        let expected = appended(after, 3);
        for after in [after, Seq(0)] {
            let request = AppendRequest { after, ..request.clone() };
            assert_eq!(resolved(&bench, &request).await, expected);
        }
    }
}

/// A refused append, and one to nothing, never happened.
pub async fn a_refused_append_resolves_to_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 1).await;
    let refused = [append(held.handle, Some(held.fence.next()), 1), append(Handle(77), None, 1)];
    for request in refused {
        bench.refused_append(request.clone()).await;
        assert_eq!(resolved(&bench, &request).await, AppendResolution::NotThere);
    }
    bench.commit(held.handle, &cancel()).await;
    let late = append(held.handle, None, 1);
    bench.refused_append(late.clone()).await;
    assert_eq!(resolved(&bench, &late).await, AppendResolution::NotThere);
}

/// What was written since, by the owner and by others, hides neither that it happened nor that it did not.
pub async fn other_writes_do_not_hide_an_append(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let other = bench.hold("b", 2).await;
    let after = bench.found(held.handle).await.head;
    let made = AppendRequest { after, ..append(held.handle, Some(held.fence), 2) };
    let never = AppendRequest { after, ..append(held.handle, Some(held.fence), 2) };
    bench.store.append(made.clone()).await.expect("an outcome");
    for round in 0..20 {
        bench.append_inbox(held.handle, round % 3 + 1).await;
        bench.append(held, 1).await;
        bench.append(other, 1).await;
    }
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.renew(held).await;
    bench.commit(held.handle, &cancel()).await;
    assert_eq!(resolved(&bench, &made).await, appended(after, 2));
    assert_eq!(resolved(&bench, &never).await, AppendResolution::NotThere);
}

/// Of many appends that are made together each one finds its own.
pub async fn an_append_among_many_at_once_is_resolved(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let after = bench.found(held.handle).await.head;
    let mut asking = JoinSet::new();
    for count in 1..=30 {
        let store = Arc::clone(&bench.store);
        let request = AppendRequest { after, ..append(held.handle, None, count % 4 + 1) };
        asking.spawn(async move { (store.append(request.clone()).await.expect("an outcome"), request) });
    }
    for (outcome, request) in asking.join_all().await {
        let AppendOutcome::Appended { first, last } = outcome else { panic!("{outcome:?}") };
        assert_eq!(resolved(&bench, &request).await, AppendResolution::Appended { first, last });
    }
}

/// It is still told when the store was closed and opened again.
pub async fn an_append_is_resolved_after_reopening(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let after = bench.found(held.handle).await.head;
    let request = AppendRequest { after, ..append(held.handle, Some(held.fence), 2) };
    bench.store.append(request.clone()).await.expect("an outcome");
    let bench = bench.reopen().await;
    assert_eq!(resolved(&bench, &request).await, appended(after, 2));
}

/// A renewal whose answer was lost harms nothing: the next one tells where the holder stands.
pub async fn a_renewal_whose_answer_was_lost_is_asked_again(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        bench.clock.advance(TTL / 3);
        bench.inject(fault);
        // Whether this one was kept cannot be told, and need not be.
        drop(bench.store.renew(RenewRequest { handle: held.handle, fence: held.fence }).await);
        assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)), "{fault:?}");
    }
}

/// So does a lost answer to a postponement.
pub async fn a_postponement_whose_answer_was_lost_is_asked_again(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER * 2);
    let before = bench.dump().await;
    let until = bench.clock.wall().after(TTL);
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        bench.inject(fault);
        drop(bench.store.postpone(vec![Postpone { handle: held.handle, until }]).await);
        bench.store.postpone(vec![Postpone { handle: held.handle, until }]).await.expect("it is postponed");
        assert_eq!(bench.store.due(10).await.expect("what is due"), [], "{fault:?}");
    }
    assert_eq!(bench.dump().await, before, "only the look is moved");
}

/// Checks `answer` against what is stored, and tells whether the commit happened.
///
/// It must have raised the revision or set an activity, so that what is stored shows it.
async fn truthful(bench: &Bench, request: &CommitRequest, answer: Result<CommitOutcome, StoreError>) -> bool {
    let happened = match answer {
        Ok(CommitOutcome::Committed(_)) => true,
        Err(StoreError::Unknown { commit_id, .. }) => {
            assert_eq!(commit_id, request.commit_id, "the error names the commit");
            bench.store.resolve(request).await.expect("an answer").is_some()
        }
        Err(error) => {
            assert!(error.is_retryable(), "a fault of the moment: {error:?}");
            false
        }
        Ok(refused) => panic!("no guard fails: {refused:?}"),
    };
    assert_eq!(is_there(bench, request).await, happened);
    happened
}

async fn is_there(bench: &Bench, request: &CommitRequest) -> bool {
    let session = request.decision.session().expect("it writes");
    let target = Slot::of(session).expect("cases use slots");
    let found = bench.found(target).await.current;
    let raised = found.counters.revision == request.decision.counters.revision;
    let moved = request.expected != request.decision.counters.revision;
    let said = found.session.and_then(|found| found.activity) == session.activity;
    raised && (moved || said) && found.counters.revision != Revision(0)
}

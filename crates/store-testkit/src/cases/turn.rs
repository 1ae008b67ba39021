//! Cases about turns: what they keep, and all or nothing of it.

use std::sync::Arc;

use tenure_core::event::EventBody;
use tenure_core::id::{Fence, Namespace, Revision};
use tenure_core::kind::Kind;
use tenure_core::lease::HolderKind;
use tenure_core::orchestration::HistoryEvent;
use tenure_core::session::{Parent, StateName};
use tenure_store::{
    AppendOutcome, Find, Ground, HistoryPage, HistoryRequest, PurgeOutcome, StoreError, TurnOutcome,
    TurnRequest, Wake, WorkerHandle,
};
use tokio::task::JoinSet;

use crate::fixture::{
    Bench, Driven, append, cancel, commit_id, done, execution_started, first_turn, opened, opening,
    session_id, signal, start_of, task_completed,
};
use crate::{Capability, Fault, Harness};

/// What opens an instance is its session, its log, its history and its lease.
pub async fn a_new_instance_is_there_with_its_history(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let request = first_turn("ses_a", worker);
    let kept = done(bench.turn(request.clone()).await);
    assert_eq!((kept.revision, kept.fence, kept.started), (Revision(1), Fence(1), Vec::new()));
    let session = bench.session(kept.handle).await;
    assert_eq!((session.kind, session.state.name()), (Kind::Workflow, StateName::Active));
    assert_eq!(session.counters.fence, Fence(1));
    let lease = session.lease.expect("its worker's");
    assert_eq!((lease.holder.kind, lease.holder.id.as_str()), (HolderKind::Worker, "one"));
    assert_eq!((lease.fence, lease.incarnation.0), (Fence(1), [1; 16]));
    let page = HistoryPage { execution: 1, turns: vec![request.history] };
    assert_eq!(bench.history(kept.handle, None).await, page);
    let log = bench.log(kept.handle).await;
    assert!(matches!(log[0].data, EventBody::StateChanged { to: StateName::Active, .. }));
    assert_eq!(log[0].fence, Some(Fence(1)));
}

/// A turn in the middle is a row of the history, and nothing else.
pub async fn a_turn_adds_to_the_history_alone(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let (session, log) = (bench.session(driven.handle).await, bench.log(driven.handle).await);
    let mut turns = bench.history(driven.handle, None).await.turns;
    for _ in 0..3 {
        let request = driven.turn();
        turns.push(request.history.clone());
        let kept = bench.drive(&mut driven, request).await;
        assert_eq!((kept.revision, kept.fence), (Revision(1), Fence(1)));
    }
    assert_eq!(bench.history(driven.handle, Some(1)).await, HistoryPage { execution: 1, turns });
    assert_eq!((bench.session(driven.handle).await, bench.log(driven.handle).await), (session, log));
}

/// The end of an instance is in its session and its log, its history stays, and nobody holds it.
pub async fn the_end_of_an_instance_is_kept(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let driven = bench.driven("ses_a", worker).await;
    let request = driven.last_turn();
    let kept = done(bench.turn(request.clone()).await);
    assert_eq!(kept.revision, Revision(2));
    let session = bench.session(driven.handle).await;
    assert_eq!((session.state.name(), session.lease), (StateName::Completed, None));
    assert_eq!(session.counters.revision, Revision(2));
    let log = bench.log(driven.handle).await;
    assert!(matches!(log.last().expect("an event").data, EventBody::Completion { .. }));
    assert_eq!(bench.history(driven.handle, None).await.turns.last(), Some(&request.history));
    let late = TurnRequest { commit_id: commit_id(), ..driven.turn() };
    assert_eq!(bench.refused_turn(late).await, TurnOutcome::Fenced { current: Fence(1) });
    assert_eq!(bench.claim(worker, 10).await, []);
}

/// An instance may begin and end with one commit.
pub async fn an_instance_may_end_with_its_first_turn(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let ended = tenure_core::orchestration::end(
        opened("ses_a", true),
        &tenure_core::orchestration::End::Completed,
        tenure_core::time::WallTime::from_epoch_ms(1_767_225_600_001),
    );
    let request = TurnRequest { session: Some(Box::new(ended)), ..first_turn("ses_a", worker) };
    let kept = done(bench.turn(request.clone()).await);
    let session = bench.session(kept.handle).await;
    assert_eq!((session.state.name(), session.lease), (StateName::Completed, None));
    assert_eq!(bench.history(kept.handle, None).await.turns, std::slice::from_ref(&request.history));
    assert_eq!(done(bench.turn(request).await), kept, "it is told again");
}

/// Each execution has its own history, and old ones stay readable.
pub async fn executions_have_their_own_histories(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    for _ in 0..2 {
        let middle = driven.turn();
        bench.drive(&mut driven, middle).await;
        let next = driven.next_execution();
        bench.drive(&mut driven, next).await;
    }
    assert_eq!(driven.session.execution.as_ref().map(|execution| execution.number), Some(3));
    for (execution, turns) in [(1, 3), (2, 3), (3, 1)] {
        let page = bench.history(driven.handle, Some(execution)).await;
        assert_eq!((page.execution, page.turns.len()), (execution, turns));
        assert_eq!(page.turns[0][0], execution_started(execution));
        let last = page.turns.last().and_then(|turn| turn.last());
        assert_eq!(matches!(last, Some(HistoryEvent::ContinuedAsNew { .. })), execution < 3);
    }
    assert_eq!(bench.history(driven.handle, None).await.execution, 3);
    assert_eq!(bench.history(driven.handle, Some(4)).await, HistoryPage::default());
}

/// Only who holds the instance under this fence, with this many turns, adds to it.
pub async fn a_turn_of_somebody_else_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (worker, other) = (bench.worker("one").await, bench.worker("other").await);
    let driven = bench.driven("ses_a", worker).await;
    let held = |fence, turn| Ground::Held { handle: driven.handle, fence: Fence(fence), turn };
    let fenced = TurnOutcome::Fenced { current: Fence(1) };
    for request in [
        TurnRequest { ground: held(2, 1), ..driven.turn() },
        TurnRequest { ground: held(1, 2), ..driven.turn() },
        TurnRequest { worker: Some(other), ..driven.turn() },
        TurnRequest { worker: None, ..driven.turn() },
    ] {
        assert_eq!(bench.refused_turn(request).await, fenced);
    }
    let unknown = first_turn("ses_b", WorkerHandle(i64::MAX));
    assert_eq!(bench.refused_turn(unknown).await, TurnOutcome::Fenced { current: Fence(0) });
    let nowhere = Ground::Held { handle: tenure_store::Handle(i64::MAX), fence: Fence(1), turn: 1 };
    let nothing = TurnRequest { ground: nowhere, ..driven.turn() };
    assert_eq!(bench.refused_turn(nothing).await, TurnOutcome::Fenced { current: Fence(0) });
}

/// Who changed the session in between is seen; a turn that does not write it need not care.
pub async fn a_turn_on_an_old_revision_conflicts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let old = driven.next_execution();
    let next = driven.next_execution();
    bench.drive(&mut driven, next).await;
    let ground = driven.turn().ground;
    let session = Box::new(bench.session(driven.handle).await);
    let outcome = bench.refused_turn(TurnRequest { ground, ..old }).await;
    assert_eq!(outcome, TurnOutcome::RevisionConflict { session });
    let unchanged = TurnRequest { expected: Revision(1), ..driven.turn() };
    done(bench.turn(unchanged).await);
}

/// An id that exists opens no instance, and none is opened twice.
pub async fn an_id_that_exists_opens_no_instance(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let driven = bench.driven("ses_a", worker).await;
    let again = bench.refused_turn(first_turn("ses_a", worker)).await;
    assert_eq!(again, TurnOutcome::IdTaken { start: None });
    done(bench.turn(driven.last_turn()).await);
    let ended = bench.refused_turn(opening("ses_a", Wake::Now)).await;
    assert_eq!(ended, TurnOutcome::IdTaken { start: None });
}

/// A turn that starts what is there already, or one id twice, keeps nothing.
pub async fn a_turn_that_starts_what_exists_keeps_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let driven = bench.driven("ses_a", worker).await;
    bench.driven("ses_c", worker).await;
    let starts = |ids: &[&str]| ids.iter().map(|id| start_of(id, "ses_a")).collect();
    for (ids, taken) in [(["ses_b", "ses_c"], 1), (["ses_a", "ses_b"], 0), (["ses_b", "ses_b"], 1)] {
        let request = TurnRequest { starts: starts(&ids), ..driven.turn() };
        assert_eq!(bench.refused_turn(request).await, TurnOutcome::IdTaken { start: Some(taken) });
    }
    let itself = TurnRequest { starts: starts(&["ses_d"]), ..first_turn("ses_d", worker) };
    assert_eq!(bench.refused_turn(itself).await, TurnOutcome::IdTaken { start: Some(0) });
    assert_eq!(bench.history(driven.handle, None).await.turns.len(), 1);
}

/// What a turn starts is there at once, held by nobody, and knows its parent.
pub async fn what_a_turn_starts_waits_for_a_worker(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let driven = bench.driven("ses_a", worker).await;
    let starts = vec![start_of("ses_b", "ses_a"), start_of("ses_c", "ses_a")];
    let kept = done(bench.turn(TurnRequest { starts, ..driven.turn() }).await);
    for (handle, id) in kept.started.iter().zip(["ses_b", "ses_c"]) {
        let session = bench.session(*handle).await;
        assert_eq!((session.id.as_str(), session.state.name()), (id, StateName::Pending));
        assert_eq!((session.lease, session.counters.revision), (None, Revision(1)));
        assert_eq!(session.parent, Some(Parent { id: session_id("ses_a"), deleted: false }));
    }
    let claimed = bench.claim(worker, 10).await;
    let given: Vec<_> = claimed.iter().map(|claimed| claimed.handle).collect();
    assert_eq!(given, kept.started);
    assert!(claimed.iter().all(|claimed| claimed.fence == Fence(1) && claimed.turn == 1));
}

/// A turn with a long history, a thousand starts and as many messages is kept whole.
pub async fn a_large_turn_is_kept_whole(harness: &dyn Harness) {
    const MANY: usize = 1_000;
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let ids: Vec<_> = (0..MANY).map(|number| format!("ses_{number}")).collect();
    let request = TurnRequest {
        history: (0..MANY as u64).map(|op| task_completed(op, &"long ".repeat(40))).collect(),
        starts: ids.iter().map(|id| start_of(id, "ses_a")).collect(),
        sends: ids.iter().map(|id| (session_id(id), signal("go"))).collect(),
        ..driven.turn()
    };
    let kept = bench.drive(&mut driven, request.clone()).await;
    assert_eq!(kept.started.len(), MANY);
    assert_eq!(bench.history(driven.handle, None).await.turns.last(), Some(&request.history));
    let claimed = bench.claim(worker, MANY).await;
    assert_eq!(claimed.len(), MANY);
    assert!(claimed.iter().all(|claimed| claimed.messages.len() == 1));
}

/// The same turn once more is told again, without effect.
pub async fn a_turn_sent_twice_is_told_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let first = TurnRequest { starts: vec![start_of("ses_b", "ses_a")], ..first_turn("ses_a", worker) };
    let kept = done(bench.turn(first.clone()).await);
    assert_eq!(done(bench.turn(first).await), kept);
    let session = bench.session(kept.handle).await;
    let mut driven = Driven { handle: kept.handle, fence: kept.fence, turn: 1, worker, session };
    for request in [driven.next_execution(), driven.turn(), driven.last_turn()] {
        let ground = driven.turn().ground;
        let expected = driven.session.counters.revision;
        let request = TurnRequest { ground, expected, ..request };
        let kept = bench.drive(&mut driven, request.clone()).await;
        let before = bench.dump().await;
        assert_eq!(done(bench.turn(request).await), kept);
        assert_eq!(bench.dump().await, before);
    }
}

/// A turn whose answer was lost is asked for again, and there once.
pub async fn a_turn_whose_answer_was_lost_is_there_once(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        let starts = vec![start_of(&format!("ses_{fault:?}"), "ses_a")];
        let request = TurnRequest { starts, ..driven.turn() };
        bench.inject(fault);
        let outcome = match bench.store.commit_turn(request.clone()).await {
            Err(StoreError::Unknown { commit_id, .. }) => {
                assert_eq!(commit_id, request.commit_id);
                bench.turn(request).await
            }
            Err(_) => bench.turn(request).await,
            Ok(outcome) => outcome,
        };
        assert_eq!(done(outcome).started.len(), 1);
        driven.turn += 1;
        assert_eq!(bench.history(driven.handle, None).await.turns.len() as u64, driven.turn);
    }
    let next = driven.turn();
    bench.drive(&mut driven, next).await;
}

/// A turn that was not kept leaves no trace, also in what is remembered.
pub async fn a_turn_that_failed_changes_nothing(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let before = bench.dump().await;
    let starts = vec![start_of("ses_b", "ses_a")];
    let sends = vec![(session_id("ses_b"), signal("go"))];
    let request = TurnRequest { starts, sends, ..driven.last_turn() };
    bench.inject(Fault::BeforeDurable);
    if bench.store.commit_turn(request.clone()).await.is_err() {
        assert_eq!(bench.dump().await, before);
        assert_eq!(bench.claim(worker, 10).await, []);
        bench.drive(&mut driven, request).await;
    }
    assert_eq!(bench.session(driven.handle).await.state.name(), StateName::Completed);
    assert_eq!(bench.claim(worker, 10).await.len(), 1);
}

/// Whoever ends an instance from outside fences its holder.
pub async fn an_operators_end_fences_the_holder(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let middle = driven.turn();
    bench.drive(&mut driven, middle).await;
    bench.post(&driven.session.id, signal("go")).await;
    let history = bench.history(driven.handle, None).await;
    bench.commit(driven.handle, &cancel()).await;
    let session = bench.session(driven.handle).await;
    assert_eq!((session.state.name(), session.lease), (StateName::Cancelled, None));
    assert!(matches!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { .. }));
    assert_eq!(bench.history(driven.handle, None).await, history);
    assert_eq!(bench.mail(worker).await.messages, []);
}

/// A purge takes the history along, and the id can be used again.
pub async fn a_purged_instance_takes_its_history_along(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let other = bench.driven("ses_b", worker).await;
    let kept = bench.history(other.handle, None).await;
    assert_eq!(bench.store.purge(driven.handle).await.expect("an outcome"), PurgeOutcome::NotEnded);
    let last = driven.last_turn();
    bench.turn(last.clone()).await;
    assert_eq!(bench.store.purge(driven.handle).await.expect("an outcome"), PurgeOutcome::Purged);
    while bench.store.reclaim().await.expect("an outcome") {}
    assert_eq!(bench.history(driven.handle, None).await, HistoryPage::default());
    assert_eq!(bench.turn(last).await, TurnOutcome::Fenced { current: Fence(0) });
    driven = bench.driven("ses_a", worker).await;
    assert_eq!(bench.history(driven.handle, None).await.turns.len(), 1);
    assert_eq!(bench.history(other.handle, None).await, kept);
}

/// The log of an instance takes what its holder says under its fence, and nobody else's under one.
pub async fn an_instances_log_is_its_holders(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let outcome = bench.store.append(append(driven.handle, Some(Fence(1)), 2)).await.expect("an outcome");
    assert!(matches!(outcome, AppendOutcome::Appended { .. }));
    bench.append_inbox(driven.handle, 1).await;
    let refused = bench.refused_append(append(driven.handle, Some(Fence(2)), 1)).await;
    assert_eq!(refused, AppendOutcome::Fenced { current: Fence(1) });
    let (middle, last) = (driven.turn(), driven.last_turn());
    bench.drive(&mut driven, middle).await;
    let ground = driven.turn().ground;
    bench.drive(&mut driven, TurnRequest { ground, ..last }).await;
    let log = bench.log(driven.handle).await;
    assert_eq!(log.last().map(|event| event.seq.0), Some(log.len() as u64));
    let refused = bench.refused_append(append(driven.handle, Some(Fence(1)), 1)).await;
    assert_eq!(refused, AppendOutcome::Fenced { current: Fence(1) });
}

/// Instances, their histories and who holds them outlive the store.
pub async fn instances_outlive_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", worker).await;
    let middle = driven.turn();
    bench.drive(&mut driven, middle).await;
    let history = bench.history(driven.handle, None).await;
    let bench = bench.reopen().await;
    assert_eq!(bench.history(driven.handle, None).await, history);
    // Its worker's process is gone, and nobody has found that out yet.
    done(bench.turn(driven.turn()).await);
    let next = bench.worker("two").await;
    let claimed = bench.claim(next, 10).await;
    assert_eq!((claimed.len(), claimed[0].turn, claimed[0].is_rescued), (1, 3, true));
}

/// Many instances are driven at once, each from its beginning to its end.
pub async fn many_instances_are_driven_at_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let store = Arc::clone(&bench.store);
        tasks.spawn(async move {
            let id = format!("ses_{number}");
            let kept = done(store.commit_turn(first_turn(&id, worker)).await.expect("an outcome"));
            let found = store.find(Find::Handle(kept.handle)).await.expect("an answer");
            let session = found.current.session.expect("it is stored");
            let mut driven = Driven { handle: kept.handle, fence: kept.fence, turn: 1, worker, session };
            for _ in 0..4 {
                done(store.commit_turn(driven.turn()).await.expect("an outcome"));
                driven.turn += 1;
            }
            done(store.commit_turn(driven.last_turn()).await.expect("an outcome"));
            driven.handle
        });
    }
    for handle in tasks.join_all().await {
        assert_eq!(bench.history(handle, None).await.turns.len(), 6);
        assert_eq!(bench.session(handle).await.state.name(), StateName::Completed);
    }
    let found = Find::Id { namespace: Namespace::default_name(), id: session_id("ses_0") };
    assert!(bench.store.find(found).await.expect("an answer").handle.is_some());
}

/// A history that is damaged is told as such, and not as if there were none or less of it; others are read.
pub async fn a_history_that_cannot_be_read_is_never_an_empty_one(harness: &dyn Harness) {
    if !harness.has(Capability::Damage) {
        return;
    }
    let bench = Bench::new(harness).await;
    let worker = bench.worker("one").await;
    let (damaged, sound) = (bench.driven("ses_a", worker).await, bench.driven("ses_b", worker).await);
    let before = bench.history(sound.handle, None).await;
    bench.damage_history(damaged.handle);
    for execution in [None, Some(1)] {
        let request = HistoryRequest { handle: damaged.handle, execution };
        let told = bench.store.history(request).await;
        assert!(matches!(told, Err(StoreError::Corrupt { .. })), "{told:?}");
    }
    assert_eq!(bench.history(sound.handle, None).await, before);
}

//! Cases about forks: a log that begins in another one.

use std::sync::Arc;

use tenure_core::event::{Event, EventBody};
use tenure_core::id::{Namespace, Revision, Seq};
use tenure_core::session::{Change, Counters, Decision, StateName, Write};
use tenure_core::time::WallTime;
use tenure_store::{
    AppendOutcome, AppendRequest, CommitRequest, CompactRequest, ForkOutcome, Found, Handle, PurgeOutcome,
    ReadRequest, RemoveOutcome, StoreError,
};
use tokio::task::JoinSet;

use crate::fixture::{Bench, TTL, append, cancel, commit_id, committed, compact, named, noise};
use crate::{Capability, Damage, Fault, Harness};

fn texts(log: &[Event]) -> Vec<(Seq, &EventBody, WallTime)> {
    log.iter().map(|event| (event.seq, &event.data, event.at)).collect()
}

/// Positions are the parent's, then go on; every page from every position shows the same.
pub async fn a_fork_reads_its_parents_log_and_then_its_own(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 4).await;
    bench.append(held, 4).await;
    let parent = bench.log(held.handle).await;
    let at = parent.len() - 2;
    let fork = bench.fork(held.handle, at as u64, "ses_fork").await;
    bench.append_inbox(fork, 3).await;
    let log = bench.log(fork).await;
    assert_eq!(texts(&log[..at]), texts(&parent[..at]));
    assert_eq!(log.len(), at + 4);
    assert!(matches!(log[at].data, EventBody::StateChanged { from: None, to: StateName::Pending, .. }));
    for after in 0..=log.len() {
        for limit in 1..=log.len() {
            let types = Vec::new();
            let request = ReadRequest { handle: fork, after: Seq(after as u64), limit, types };
            let read = bench.page(request).await;
            let expected: Vec<_> = log.iter().skip(after).take(limit).cloned().collect();
            assert_eq!((read.events, read.head.0), (expected, log.len() as u64), "{limit} after {after}");
        }
    }
    let notes = ReadRequest { handle: fork, after: Seq(0), limit: 100, types: vec!["note".to_owned()] };
    let notes = bench.page(notes).await;
    let expected: Vec<_> = log.iter().filter(|event| event.data.type_name() == "note").cloned().collect();
    assert_eq!((notes.events, notes.read_to.0), (expected, log.len() as u64));
}

/// What one of them does afterwards the other does not see.
pub async fn a_fork_and_its_parent_go_on_apart(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let before = bench.log(held.handle).await;
    let fork = bench.fork(held.handle, before.len() as u64, "ses_fork").await;
    assert_eq!(bench.log(held.handle).await, before, "the parent stays as it is");
    for _ in 0..3 {
        bench.append(held, 2).await;
        bench.append_inbox(fork, 1).await;
    }
    assert_eq!(bench.log(held.handle).await.len(), before.len() + 6);
    assert_eq!(bench.log(fork).await.len(), before.len() + 1 + 3);
    let session = bench.session(fork).await;
    assert_eq!(session.predecessor, Some(bench.session(held.handle).await.id));
}

/// A fork can be forked in what is its own.
pub async fn a_fork_of_a_fork_reads_through_both(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut parent = held.handle;
    for generation in 0..5 {
        bench.append_inbox(parent, 3).await;
        let log = bench.log(parent).await;
        let at = log.len() - 1;
        let fork = bench.fork(parent, at as u64, &format!("ses_{generation}")).await;
        bench.append_inbox(fork, 2).await;
        let forked = bench.log(fork).await;
        assert_eq!(texts(&forked[..at]), texts(&log[..at]));
        parent = fork;
    }
    bench.dump().await;
}

/// What a fork shares with its parent, the fork's own forks share with both.
pub async fn a_fork_may_begin_in_what_its_parent_shares(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 6).await;
    let first = bench.fork(held.handle, 6, "ses_1").await;
    bench.append_inbox(first, 3).await;
    let second = bench.fork(first, 6, "ses_2").await;
    let third = bench.fork(second, 4, "ses_3").await;
    let log = bench.log(held.handle).await;
    assert_eq!(texts(&bench.log(third).await[..4]), texts(&log[..4]));
}

/// A position in the middle of what was appended at once is as good as any.
pub async fn a_fork_may_cut_through_an_append(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 9).await;
    let log = bench.log(held.handle).await;
    for at in 1..=log.len() {
        let fork = bench.fork(held.handle, at as u64, &format!("ses_{at}")).await;
        bench.append_inbox(fork, 2).await;
        let forked = bench.log(fork).await;
        assert_eq!(texts(&forked[..at]), texts(&log[..at]));
        assert_eq!(forked.len(), at + 3);
    }
}

/// The newest checkpoint of a fork is the parent's newest at that point, payload included.
pub async fn a_fork_has_its_parents_checkpoints_up_to_there(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let session = bench.session(held.handle).await.id;
    bench.save(held, "ckp_1", b"one").await;
    let two = bench.save(held, "ckp_2", &noise(50_000)).await;
    bench.append(held, 2).await;
    bench.save(held, "ckp_3", b"three").await;
    for (at, id) in [(two.seq, "ses_at"), (two.seq.next(), "ses_after")] {
        let fork = bench.fork(held.handle, at.0, id).await;
        assert_eq!(bench.saved(fork).await, ["ckp_2", "ckp_1"]);
        assert!(bench.payload_bytes(fork, "ckp_2").await == noise(50_000));
        let listed = bench.listed(fork, None, 1).await;
        assert_eq!(listed, bench.listed(held.handle, Some(Seq(two.seq.0 + 1)), 1).await);
        assert!(format!("{listed:?}").contains(session.as_str()), "it tells where it was made");
    }
    let before = bench.fork(held.handle, two.seq.0 - 1, "ses_before").await;
    assert_eq!(bench.saved(before).await, ["ckp_1"]);
    assert_eq!(bench.saved(held.handle).await, ["ckp_3", "ckp_2", "ckp_1"]);
}

/// Removing a checkpoint here leaves it there, with its payload; the last one takes the payload along.
pub async fn a_removal_leaves_a_forks_checkpoints(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for id in ["ckp_1", "ckp_2"] {
        bench.save(held, id, &noise(70_000)).await;
    }
    let head = bench.found(held.handle).await.head.0;
    let fork = bench.fork(held.handle, head, "ses_fork").await;
    assert_eq!(bench.remove(held.handle, None, &["ckp_1"]).await, RemoveOutcome::Removed { count: 1 });
    assert_eq!(bench.remove(fork, None, &["ckp_2"]).await, RemoveOutcome::Removed { count: 1 });
    assert_eq!(bench.saved(held.handle).await, ["ckp_2"]);
    assert_eq!(bench.saved(fork).await, ["ckp_1"]);
    assert!(bench.payload_bytes(held.handle, "ckp_2").await == noise(70_000));
    assert!(bench.payload_bytes(fork, "ckp_1").await == noise(70_000));
    assert_eq!(bench.remove(fork, None, &["ckp_1"]).await, RemoveOutcome::Removed { count: 1 });
    assert_eq!(bench.saved(fork).await, [""; 0]);
}

/// Only what happened can be shared.
pub async fn a_fork_beyond_the_head_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let head = bench.found(held.handle).await.head;
    let request = bench.forking(held.handle, head.0 + 1, "ses_fork").await;
    let before = bench.dump().await;
    assert_eq!(bench.store.fork(request).await.expect("an outcome"), ForkOutcome::Beyond { head });
    assert_eq!(bench.dump().await, before);
    bench.fork(held.handle, head.0, "ses_fork").await;
}

/// There must be a parent.
pub async fn a_fork_of_nothing_is_not_found(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.forking(held.handle, 1, "ses_fork").await;
    request.parent = Handle(99);
    let before = bench.dump().await;
    assert_eq!(bench.store.fork(request).await.expect("an outcome"), ForkOutcome::NotFound);
    assert_eq!(bench.dump().await, before);
}

/// An id names one session.
pub async fn a_fork_under_an_id_that_exists_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.fork(held.handle, 1, "ses_fork").await;
    let again = bench.forking(held.handle, 1, "ses_fork").await;
    let before = bench.dump().await;
    assert_eq!(bench.store.fork(again).await.expect("an outcome"), ForkOutcome::IdTaken);
    assert_eq!(bench.dump().await, before);
}

/// The same request tells the same again and writes nothing.
pub async fn a_fork_sent_twice_happens_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.forking(held.handle, 2, "ses_fork").await;
    let first = bench.store.fork(request.clone()).await.expect("an outcome");
    bench.append(held, 1).await;
    let before = bench.dump().await;
    assert_eq!(bench.store.fork(request).await.expect("an outcome"), first);
    assert_eq!(bench.dump().await, before);
}

/// However a session ended, another one can go on from it.
pub async fn an_ended_session_can_be_forked(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    bench.commit(held.handle, &cancel()).await;
    let head = bench.found(held.handle).await.head;
    let fork = bench.fork(held.handle, head.0, "ses_fork").await;
    assert_eq!(bench.session(fork).await.state.name(), StateName::Pending);
    assert_eq!(bench.payload_bytes(fork, "ckp_1").await, b"one");
    assert!(matches!(bench.append_inbox(fork, 1).await, AppendOutcome::Appended { .. }));
}

/// The session is stored as it was decided, and the answer tells where it stands.
pub async fn a_fork_is_opened_as_decided(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.forking(held.handle, 2, "ses_fork").await;
    let ForkOutcome::Forked(done) = bench.store.fork(request.clone()).await.expect("an outcome") else {
        panic!("nothing is in its way");
    };
    assert_eq!((done.head, done.revision, done.at), (Seq(3), Revision(1), bench.clock.wall()));
    let found = bench.found(done.handle).await;
    assert_eq!((found.current.session.as_ref(), found.head), (Some(&request.write.session), Seq(3)));
    let named =
        tenure_store::NamedRequest { namespace: Namespace::default_name(), name: "ses_fork".to_owned() };
    assert_eq!(bench.store.named(named).await.expect("an answer").len(), 1);
}

/// A fork is committed to, saved and followed like every session.
pub async fn a_fork_goes_on_as_any_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let fork = bench.fork(held.handle, 2, "ses_fork").await;
    let write = Write::of(bench.session(fork).await);
    let write = write.then(Change::Started { at: bench.clock.wall(), reason: "now".to_owned() });
    let counters = Counters { revision: Revision(2), ..Counters::default() };
    let decision = Decision::new(vec![write], counters, None);
    let (on, slot, fence) = (Some(fork), None, None);
    let request = CommitRequest {
        commit_id: commit_id(),
        slot,
        on,
        expected: Revision(1),
        fence,
        decision,
        capture: None,
    };
    assert_eq!(committed(bench.send(&request).await).head, Seq(4));
    let saved = bench.create(&crate::fixture::saving(fork, None, "ckp_1", b"one")).await;
    assert_eq!(crate::fixture::created(saved).seq, Seq(5));
    bench.dump().await;
}

/// Who follows a fork hears of it, and not of its parent.
pub async fn a_watch_on_a_fork_wakes(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let fork = bench.fork(held.handle, 2, "ses_fork").await;
    let mut watch = bench.store.watch(fork).await.expect("a watch");
    bench.append_inbox(fork, 1).await;
    bench.wakes(&mut watch).await;
}

/// A family whose logs are read through each other.
async fn family(bench: &Bench) -> (Handle, Vec<Handle>) {
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", &noise(1000)).await;
    bench.append(held, 9).await;
    bench.append(held, 9).await;
    let early = bench.fork(held.handle, 3, "ses_early").await;
    let middle = bench.fork(held.handle, 8, "ses_middle").await;
    bench.append_inbox(middle, 5).await;
    let late = bench.fork(held.handle, 17, "ses_late").await;
    let own = bench.fork(middle, 11, "ses_own").await;
    bench.append_inbox(own, 2).await;
    (held.handle, vec![early, middle, late, own])
}

/// The logs and everything else of some sessions.
async fn of(bench: &Bench, handles: &[Handle]) -> Vec<crate::Dumped> {
    let mut ids = Vec::new();
    for handle in handles {
        ids.push(bench.session(*handle).await.id);
    }
    let all = bench.dump().await.sessions;
    all.into_iter().filter(|dumped| ids.contains(&dumped.session.id)).collect()
}

async fn end(bench: &Bench, handle: Handle) {
    if !bench.session(handle).await.is_terminal() {
        bench.commit(handle, &cancel()).await;
    }
}

async fn purge(bench: &Bench, handle: Handle) {
    end(bench, handle).await;
    assert_eq!(bench.store.purge(handle).await.expect("an outcome"), PurgeOutcome::Purged);
}

/// Whoever a session was forked from, and whatever was saved there, may be purged.
pub async fn a_purge_leaves_forks_as_they_are(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (root, forks) = family(&bench).await;
    let before = of(&bench, &forks).await;
    purge(&bench, root).await;
    assert_eq!(of(&bench, &forks).await, before);
    let rest = [forks[0], forks[2], forks[3]];
    let before = of(&bench, &rest).await;
    purge(&bench, forks[1]).await;
    assert_eq!(of(&bench, &rest).await, before);
    while bench.store.reclaim().await.expect("an answer") {}
    assert_eq!(of(&bench, &rest).await, before);
    assert!(bench.payload_bytes(forks[2], "ckp_1").await == noise(1000));
    for fork in rest {
        bench.append_inbox(fork, 2).await;
        let anew = bench.fork(fork, 3, &format!("ses_anew_{}", fork.0)).await;
        assert_eq!(texts(&bench.log(anew).await[..3]), texts(&bench.log(fork).await[..3]));
    }
    bench.dump().await;
}

/// Dropping the beginning of a log takes nothing from those that go on from it.
pub async fn what_a_parent_drops_its_forks_keep(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (root, forks) = family(&bench).await;
    let before = of(&bench, &forks).await;
    let head = bench.found(root).await.head.0;
    for from in (2..=head + 1).step_by(3) {
        assert_eq!(bench.compact(root, from).await, Seq(from));
        assert_eq!(of(&bench, &forks).await, before, "from {from}");
    }
    bench.append_inbox(root, 2).await;
    purge(&bench, root).await;
    assert_eq!(of(&bench, &forks).await, before);
}

/// A fork may drop what it shares, and then what is its own: nobody else sees that.
pub async fn a_fork_drops_its_beginning_alone(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (root, forks) = family(&bench).await;
    let middle = forks[1];
    let others = [root, forks[0], forks[2], forks[3]];
    let (before, whole) = (of(&bench, &others).await, bench.log(middle).await);
    for from in 2..=whole.len() + 1 {
        assert_eq!(bench.compact(middle, from as u64).await, Seq(from as u64));
        assert_eq!(bench.log(middle).await, whole[from - 1..]);
        assert_eq!(of(&bench, &others).await, before, "from {from}");
    }
    bench.append_inbox(middle, 2).await;
    purge(&bench, root).await;
    assert_eq!(of(&bench, &others[1..]).await, before[..before.len() - 1]);
}

/// What a parent dropped, a fork does not begin with.
pub async fn a_fork_begins_where_its_parent_does(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 9).await;
    let before = bench.fork(held.handle, 8, "ses_before").await;
    bench.compact(held.handle, 6).await;
    let log = bench.log(held.handle).await;
    for (at, earliest) in [(8, 6), (6, 6), (5, 6), (3, 4)] {
        let fork = bench.fork(held.handle, at, &format!("ses_{at}")).await;
        let found = bench.found(fork).await;
        assert_eq!((found.earliest, found.head), (Seq(earliest), Seq(at + 1)), "at {at}");
        let own = bench.log(fork).await;
        let shared: Vec<_> = log.iter().filter(|event| event.seq.0 <= at).cloned().collect();
        assert_eq!(texts(&own[..own.len() - 1]), texts(&shared));
        bench.append_inbox(fork, 2).await;
    }
    assert_eq!(bench.log(before).await.len(), 9, "who was there before keeps everything");
    bench.dump().await;
}

/// Whoever forks what dropped its beginning, or went on from what was purged, is a fork like any other.
pub async fn sessions_are_forked_again_and_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut expected = Vec::new();
    for round in 0..4 {
        bench.append(held, 5).await;
        let head = bench.found(held.handle).await.head.0;
        let fork = bench.fork(held.handle, head - 1, &format!("ses_{round}")).await;
        let inner = bench.fork(fork, head - 2, &format!("ses_in_{round}")).await;
        for fork in [fork, inner] {
            expected.push((fork, bench.log(fork).await));
        }
        bench.compact(held.handle, if round % 2 == 0 { head } else { head - 3 }).await;
        if round > 1 {
            purge(&bench, expected.remove(0).0).await;
        }
        for (fork, log) in &expected {
            assert_eq!(bench.log(*fork).await, *log);
        }
    }
    purge(&bench, held.handle).await;
    for (fork, log) in &expected {
        assert_eq!(bench.log(*fork).await, *log);
    }
    bench.dump().await;
}

fn asks(handle: Handle, id: &str, json: &str) -> AppendRequest {
    AppendRequest {
        commit_id: commit_id(),
        handle,
        fence: None,
        events: vec![named(id, json)],
        after: Seq(0),
    }
}

/// An id of an event that is in a fork's log is known there, whoever it was given by.
pub async fn ids_of_shared_events_are_known_to_a_fork(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let ask = async |handle, id, json| bench.store.append(asks(handle, id, json)).await.expect("an outcome");
    let AppendOutcome::Appended { first: one, .. } = ask(held.handle, "one", "1").await else {
        panic!("it is new");
    };
    let fork = bench.fork(held.handle, one.0, "ses_fork").await;
    ask(held.handle, "two", "2").await;
    let known = AppendOutcome::Known { seqs: vec![one], new: 0 };
    let head = bench.found(held.handle).await.head.0;
    for step in 0..4 {
        assert_eq!(ask(fork, "one", "1").await, known);
        assert_eq!(ask(fork, "one", "other").await, AppendOutcome::IdReused { at: 0, seq: Some(one) });
        match step {
            0 => assert!(matches!(ask(fork, "two", "2").await, AppendOutcome::Appended { .. }), "it is not"),
            1 => drop(bench.compact(held.handle, head + 1).await),
            2 => {
                assert!(matches!(ask(held.handle, "one", "again").await, AppendOutcome::Appended { .. }));
                let later = bench.fork(held.handle, head + 1, "ses_later").await;
                bench.compact(held.handle, head + 2).await;
                let other = AppendOutcome::IdReused { at: 0, seq: Some(Seq(head + 1)) };
                assert_eq!(ask(later, "one", "1").await, other);
                purge(&bench, held.handle).await;
                assert_eq!(ask(later, "one", "1").await, other);
            }
            _ => {
                bench.compact(fork, one.0 + 1).await;
                assert!(matches!(ask(fork, "one", "anew").await, AppendOutcome::Appended { .. }), "dropped");
            }
        }
        bench.dump().await;
    }
}

/// Forks, and what was handed on to them, are there when the store is opened again.
pub async fn forks_outlive_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let (root, forks) = family(&bench).await;
    let before = bench.dump().await;
    let bench = bench.reopen().await;
    assert_eq!(bench.dump().await, before);
    purge(&bench, root).await;
    let before = bench.dump().await;
    let bench = bench.reopen().await;
    assert_eq!(bench.dump().await, before);
    bench.append_inbox(forks[0], 1).await;
    bench.dump().await;
}

/// An answer that was lost is found out by asking for the same again.
pub async fn a_fork_whose_answer_was_lost_is_there_once(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for (number, fault) in
        [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup].into_iter().enumerate()
    {
        let request = bench.forking(held.handle, 2, &format!("ses_{number}")).await;
        bench.inject(fault);
        match bench.store.fork(request.clone()).await {
            Ok(outcome) => assert!(matches!(outcome, ForkOutcome::Forked(_)), "{outcome:?}"),
            Err(StoreError::Unknown { commit_id, .. }) => assert_eq!(commit_id, request.commit_id),
            Err(error) => assert!(error.is_retryable(), "{fault:?}: {error:?}"),
        }
        let outcome = bench.store.fork(request).await.expect("an outcome");
        assert!(matches!(outcome, ForkOutcome::Forked(_)), "{outcome:?}");
        assert_eq!(bench.dump().await.sessions.len(), number + 2);
    }
    bench.dump().await;
}

/// Broken off, a purge or a compaction harms no fork, and asked again it is done.
pub async fn forks_are_whole_after_a_fault(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        let bench = Bench::new(harness).await;
        let (root, forks) = family(&bench).await;
        let before = of(&bench, &forks).await;
        bench.inject(fault);
        // Whether this one was kept does not matter.
        drop(bench.store.compact(CompactRequest { handle: root, before: Seq(5) }).await);
        assert_eq!(of(&bench, &forks).await, before);
        bench.compact(root, 5).await;
        assert_eq!(of(&bench, &forks).await, before);
        end(&bench, root).await;
        bench.inject(fault);
        drop(bench.store.purge(root).await);
        assert_eq!(of(&bench, &forks).await, before);
        let again = bench.store.purge(root).await.expect("an outcome");
        assert_ne!(again, PurgeOutcome::NotEnded);
        assert_eq!(bench.found(root).await, Found::default());
        assert_eq!(of(&bench, &forks).await, before);
    }
}

/// Forking and dropping beginnings while everybody writes loses nothing and mixes nothing up.
pub async fn sessions_are_forked_while_they_are_written(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 5).await;
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let request = bench.forking(held.handle, 3 + number, &format!("ses_{number}")).await;
        let store = Arc::clone(&bench.store);
        tasks.spawn(async move {
            let ForkOutcome::Forked(done) = store.fork(request).await.expect("an outcome") else {
                panic!("nothing is in its way");
            };
            for _ in 0..5 {
                store.append(append(done.handle, None, 2)).await.expect("an outcome");
            }
            compact(store.as_ref(), held.handle, number.min(4)).await;
            (done.handle, 3 + number)
        });
        bench.append(held, 2).await;
    }
    let forked = tasks.join_all().await;
    let log = bench.log(held.handle).await;
    for (handle, at) in forked {
        let own = bench.log(handle).await;
        assert_eq!(own.last().map(|event| event.seq), Some(Seq(at + 11)));
        let both = log[0].seq.max(own[0].seq).0..=at;
        let shared = |log: &[Event]| -> Vec<_> {
            log.iter().filter(|event| both.contains(&event.seq.0)).cloned().collect()
        };
        assert_eq!(shared(&own), shared(&log));
    }
    bench.clock.advance(TTL);
    bench.dump().await;
}

/// A damaged payload is damaged for the fork too, and only that one.
pub async fn a_damaged_payload_is_reported_in_a_fork(harness: &dyn Harness) {
    if !harness.has(Capability::Damage) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    bench.save(held, "ckp_2", b"two").await;
    let head = bench.found(held.handle).await.head.0;
    let fork = bench.fork(held.handle, head, "ses_fork").await;
    bench.damage(fork, "ckp_2", Damage::Payload);
    assert!(matches!(bench.payload(fork, "ckp_2").await, tenure_store::PayloadOutcome::Damaged { .. }));
    assert_eq!(bench.payload_bytes(fork, "ckp_1").await, b"one");
}

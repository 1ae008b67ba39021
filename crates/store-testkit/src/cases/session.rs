//! Cases about what a commit leaves behind: sessions, slots, counters.

use tenure_core::id::{Fence, Namespace, Revision, Seq};
use tenure_core::session::{Change, Decision, StateName};
use tenure_store::{Find, Found, Handle};

use crate::Harness;
use crate::fixture::{
    Bench, TTL, Target, autonomous, cancel, clear, complete, heartbeat, interactive, note, other_namespace,
    pause, resume, run, session_id, slot, start, workspace,
};

/// Where nothing was stored, nothing is found, and the counters are zero.
pub async fn an_empty_store_finds_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let id = Find::Id { namespace: Namespace::default_name(), id: session_id("ses_a") };
    for find in [Find::Slot(slot("a")), id, Find::Handle(Handle(1))] {
        assert_eq!(bench.store.find(find).await.expect("an answer"), Found::default());
    }
    assert!(bench.dump().await.sessions.is_empty());
}

/// The session is stored as it was decided, and every way to it leads there.
pub async fn a_session_is_found_as_decided_by_slot_and_id_and_handle(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let request = bench.prepare(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    let done = crate::fixture::committed(bench.send(&request).await);
    let decided = request.decision.session().expect("a session");
    let id = Find::Id { namespace: Namespace::default_name(), id: decided.id.clone() };
    for find in [Find::Slot(slot("a")), id, Find::Handle(done.handle)] {
        let found = bench.store.find(find).await.expect("an answer");
        assert_eq!(found.current.session.as_ref(), Some(decided));
        assert_eq!(found.current.counters, request.decision.counters);
        assert_eq!((found.handle, found.head), (Some(done.handle), done.head));
    }
    assert_eq!(done.revision, request.decision.counters.revision);
    assert_eq!(done.at, bench.clock.wall());
}

/// What a commit says happened is in the log, in order, from the first position on.
pub async fn a_commits_events_are_in_the_log(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let request = bench.prepare(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    let done = crate::fixture::committed(bench.send(&request).await);
    let log = bench.log(done.handle).await;
    let said: Vec<_> = log.iter().map(|event| event.data.clone()).collect();
    assert_eq!(said, request.decision.writes[0].events);
    assert_eq!(log.first().map(|event| event.seq), Some(Seq(1)));
    assert_eq!(log.last().map(|event| event.seq), Some(done.head));
    assert!(log.iter().all(|event| event.at == done.at));
}

/// Events of an owner's write carry its fence; those of everybody else carry none.
pub async fn events_carry_the_fence_that_guarded_them(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let started = bench.log(held.handle).await.len();
    bench.commit(held.handle, &pause(held.fence)).await;
    let paused = bench.log(held.handle).await.len();
    bench.commit(held.handle, &cancel()).await;
    let fences: Vec<_> = bench.log(held.handle).await.iter().map(|event| event.fence).collect();
    assert!(fences[..started].iter().all(Option::is_none), "whoever starts it has no fence yet");
    assert!(fences[started..paused].iter().all(|fence| *fence == Some(held.fence)));
    assert!(fences[paused..].iter().all(Option::is_none), "an operator has no fence");
}

/// Without a key a session has no slot: it guards itself, and others do not disturb it.
pub async fn a_session_without_a_key_guards_itself(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let first = bench.commit(Target::New, &start(run("ses_a", None, 1))).await;
    let second = bench.commit(Target::New, &start(run("ses_b", None, 2))).await;
    assert_ne!(first.handle, second.handle);
    let held = bench.held(first.handle).await;
    let paused = bench.commit(first.handle, &pause(held.fence)).await;
    assert_eq!((paused.handle, paused.revision), (first.handle, Revision(2)));
    let other = bench.found(second.handle).await.current;
    assert_eq!(other.counters.revision, Revision(1));
    assert_eq!(other.session.map(|session| session.state.name()), Some(StateName::Active));
}

/// The same key in another namespace, or for another kind, is another slot with its own counters.
pub async fn slots_of_other_namespaces_and_kinds_are_apart(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    let mut elsewhere = run("ses_b", Some("a"), 2);
    elsewhere.namespace = other_namespace();
    let mut there = slot("a");
    there.namespace = other_namespace();
    let other = bench.commit(there, &start(elsewhere)).await;
    let kind = bench.commit(workspace("a"), &autonomous("ses_c", "a", "worker", 15)).await;
    assert_eq!((other.revision, kind.revision), (Revision(1), Revision(1)));
    assert_eq!(bench.found(slot("a")).await.handle, Some(held.handle));
    assert_eq!(bench.found(workspace("a")).await.handle, Some(kind.handle));
}

/// Revision and fence belong to the slot: they go on when a new session opens in it.
pub async fn a_slots_revision_and_fence_go_on_in_its_next_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let first = bench.hold("a", 1).await;
    bench.commit(first.handle, &complete(first.fence)).await;
    let before = bench.found(slot("a")).await.current.counters;
    let second = bench.hold("a", 2).await;
    let after = bench.found(slot("a")).await.current.counters;
    assert_ne!(first.handle, second.handle);
    assert_eq!(after.revision, before.revision.next());
    assert!(second.fence > first.fence);
    let old = bench.found(first.handle).await.current;
    assert_eq!(old.counters, after, "an ended session is guarded by its slot too");
    assert_eq!(old.session.map(|session| session.counters), Some(before), "and keeps what it ended with");
}

/// Across takeovers, clears, cancels and reopened slots no fence is given out twice or goes back.
pub async fn the_fence_never_goes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut last = Fence(0);
    for round in 0..3 {
        let id = |part: &str| format!("ses_{part}{round}");
        bench.commit(workspace("w"), &autonomous(&id("a"), "w", "one", 15)).await;
        last = grown(&bench, last).await;
        bench.clock.advance(TTL);
        let take = crate::fixture::workspace_takeover(&id("b"), "two");
        bench.commit(workspace("w"), &take).await;
        last = grown(&bench, last).await;
        bench.commit(workspace("w"), &clear(Some("two"))).await;
        last = grown(&bench, last).await;
    }
}

async fn grown(bench: &Bench, last: Fence) -> Fence {
    let fence = bench.found(workspace("w")).await.current.counters.fence;
    assert!(fence > last, "{fence} after {last}");
    fence
}

/// An abandoned workspace started afresh: the old session ends and the new one opens, together.
pub async fn a_fresh_workspace_start_writes_both_sessions(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.commit(workspace("w"), &autonomous("ses_old", "w", "one", 15)).await;
    bench.clock.advance(TTL);
    let new = bench.commit(workspace("w"), &autonomous("ses_new", "w", "one", 15)).await;
    assert!(new.handle > old.handle, "a handle is never reused");
    let ended = bench.session(old.handle).await;
    assert_eq!(ended.state.name(), StateName::Expired);
    assert_eq!(ended.successor, Some(session_id("ses_new")));
    assert!(ended.lease.is_none());
    let opened = bench.session(new.handle).await;
    assert_eq!(opened.predecessor, Some(session_id("ses_old")));
    assert_eq!(opened.start_count, 1);
    assert_eq!(opened.counters, ended.counters);
    assert_eq!(bench.found(workspace("w")).await.handle, Some(new.handle));
    let last_words = bench.log(old.handle).await.pop().expect("an event");
    assert_eq!(last_words.data.type_name(), "succeeded");
    assert_eq!(bench.log(new.handle).await.first().map(|event| event.seq), Some(Seq(1)));
}

/// A slot shows its open session; once that has ended, the newest one.
pub async fn a_slot_shows_its_newest_session_after_it_ended(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &interactive("ses_a", "w")).await;
    bench.commit(workspace("w"), &clear(None)).await;
    let second = bench.commit(workspace("w"), &interactive("ses_b", "w")).await;
    bench.commit(workspace("w"), &clear(None)).await;
    let found = bench.found(workspace("w")).await;
    assert_eq!(found.handle, Some(second.handle));
    assert!(found.current.open().is_none());
    assert_eq!(found.current.session.map(|session| session.id), Some(session_id("ses_b")));
}

/// A renewal that came in since the session was read is not undone by a commit that leaves the lease alone.
pub async fn a_renewal_between_load_and_commit_survives(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &pause(held.fence)).await;
    bench.clock.advance(TTL / 3);
    bench.renew(held).await;
    let renewed = bench.session(held.handle).await.lease;
    crate::fixture::committed(bench.send(&request).await);
    let session = bench.session(held.handle).await;
    assert_eq!(session.state.name(), StateName::Paused);
    assert_eq!(session.lease, renewed);
}

/// An append that came in since the session was read keeps its place and counts as activity.
pub async fn an_append_between_load_and_commit_survives(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let head = bench.found(held.handle).await.head;
    let request = bench.prepare(held.handle, &pause(held.fence)).await;
    bench.clock.advance(TTL / 3);
    bench.append(held, 3).await;
    let done = crate::fixture::committed(bench.send(&request).await);
    assert_eq!(done.head, Seq(head.0 + 4));
    let session = bench.session(held.handle).await;
    assert_eq!(session.state.name(), StateName::Paused);
    assert_eq!(session.last_activity_at, bench.clock.wall());
}

/// What the holder said since the session was read is kept by a commit that leaves it alone.
pub async fn a_note_between_load_and_commit_survives(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let silent = bench.prepare(held.handle, &note(held.fence, None)).await;
    let moving = bench.prepare(held.handle, &pause(held.fence)).await;
    bench.commit(held.handle, &note(held.fence, Some("sorting"))).await;
    for request in [silent, moving] {
        crate::fixture::committed(bench.send(&request).await);
        let activity = bench.session(held.handle).await.activity.expect("it was said");
        assert_eq!(activity.text, "sorting");
    }
}

/// What holders said is replaced or dropped where a commit says so.
pub async fn an_activity_is_replaced_and_dropped(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &note(held.fence, Some("first"))).await;
    bench.commit(held.handle, &note(held.fence, Some("second"))).await;
    let activity = bench.session(held.handle).await.activity.expect("it was said");
    assert_eq!(activity.text, "second");
    bench.clock.advance(TTL);
    bench.commit(held.handle, &crate::fixture::takeover(2)).await;
    assert_eq!(bench.session(held.handle).await.activity, None);
}

/// A decision made on an older activity, or by a clock set back, does not move the last activity back.
pub async fn the_last_activity_never_moves_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL / 3);
    bench.commit(held.handle, &note(held.fence, None)).await;
    let latest = bench.clock.wall();
    bench.clock.rewind_wall(TTL * 100);
    bench.commit(held.handle, &note(held.fence, None)).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.commit(held.handle, &resume(held.fence)).await;
    bench.append(held, 1).await;
    assert_eq!(bench.session(held.handle).await.last_activity_at, latest);
}

/// A note changes what the holder does, not the revision: it never conflicts with a decision.
pub async fn a_note_leaves_the_revision_alone(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let before = bench.found(held.handle).await.current.counters;
    let done = bench.commit(held.handle, &note(held.fence, Some("sorting"))).await;
    assert_eq!(done.revision, before.revision);
    assert_eq!(bench.found(held.handle).await.current.counters, before);
}

/// A workspace's heartbeat raises the revision and renews the lease in one commit.
pub async fn a_heartbeat_raises_the_revision_and_renews(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let opened = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    bench.clock.advance(TTL / 3);
    let done = bench.commit(workspace("w"), &heartbeat("one", Some("step 3"))).await;
    assert_eq!(done.revision, opened.revision.next());
    let session = bench.session(opened.handle).await;
    let renewed = session.lease.and_then(|lease| lease.term.renewed_at());
    assert_eq!(renewed, Some(bench.clock.wall()));
    assert_eq!(session.activity.map(|activity| activity.text).as_deref(), Some("step 3"));
}

/// A decision that writes nothing succeeds while the revision holds, and leaves everything as it was.
pub async fn a_decision_without_writes_changes_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = bench.prepare(held.handle, &pause(held.fence)).await;
    let counters = bench.found(held.handle).await.current.counters;
    request.decision = Decision::new(Vec::new(), counters, None);
    let before = bench.dump().await;
    let done = crate::fixture::committed(bench.send(&request).await);
    assert_eq!((done.handle, done.revision), (held.handle, counters.revision));
    assert_eq!(bench.dump().await, before);
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.refused(&request).await;
}

/// A commit that releases the lease leaves nobody holding it, whatever was renewed meanwhile.
pub async fn a_release_wins_over_a_renewal_in_between(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let request = bench.prepare(held.handle, &complete(held.fence)).await;
    assert!(request.decision.writes[0].changes.contains(&Change::Released));
    bench.clock.advance(TTL / 3);
    bench.renew(held).await;
    crate::fixture::committed(bench.send(&request).await);
    assert_eq!(bench.session(held.handle).await.lease, None);
}

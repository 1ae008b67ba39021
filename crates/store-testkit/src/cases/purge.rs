//! Cases about sessions that are removed, and about what they leave behind.

use tenure_core::id::{Fence, Namespace, Revision, SessionId};
use tenure_core::session::{Counters, Create, StateName};
use tenure_store::{
    AppendOutcome, ChildrenRequest, CommitOutcome, Find, Found, Handle, NamedRequest, PurgeOutcome,
    ReadOutcome, ReadRequest, RenewOutcome,
};

use crate::fixture::{
    Bench, Held, TICK, Target, append, cancel, complete, create, creating, find, note, pause, run,
    session_id, slot, start, takeover,
};
use crate::{Capability, Fault, Harness};

async fn purge(bench: &Bench, handle: Handle) -> PurgeOutcome {
    bench.store.purge(handle).await.expect("an outcome")
}

/// A session in the slot `key` that has ended, with some events.
async fn ended(bench: &Bench, key: &str) -> Held {
    let held = bench.hold(key, 1).await;
    bench.append(held, 3).await;
    bench.commit(held.handle, &complete(held.fence)).await;
    held
}

/// A purged session is found in no way, and its log is empty.
pub async fn a_purged_session_is_gone_in_every_way(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stays = bench.hold("b", 2).await;
    let held = ended(&bench, "a").await;
    let id = bench.session(held.handle).await.id;
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Purged);
    let namespace = Namespace::default_name;
    for find in [Find::Handle(held.handle), Find::Id { namespace: namespace(), id: id.clone() }] {
        assert_eq!(bench.store.find(find).await.expect("an answer"), Found::default());
    }
    for name in ["a", id.as_str()] {
        let request = NamedRequest { namespace: namespace(), name: name.to_owned() };
        assert_eq!(bench.store.named(request).await.expect("an answer"), []);
    }
    let dump = bench.dump().await;
    assert_eq!(dump.sessions.len(), 1);
    assert_eq!(dump.sessions[0].session, bench.session(stays.handle).await);
    let read = ReadRequest { handle: held.handle, after: Default::default(), limit: 10, types: Vec::new() };
    let read = bench.store.read(read).await.expect("a page");
    assert!(matches!(read, ReadOutcome::Page(page) if page.events.is_empty()));
}

/// What is open is not purged, and stays as it is.
pub async fn an_open_session_is_not_purged(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let created = bench.commit(Target::New, &creating(create("ses_p", None))).await;
    let active = bench.hold("a", 1).await;
    let paused = bench.hold("b", 2).await;
    bench.commit(paused.handle, &pause(paused.fence)).await;
    let before = bench.dump().await;
    for handle in [created.handle, active.handle, paused.handle] {
        assert_eq!(purge(&bench, handle).await, PurgeOutcome::NotEnded);
    }
    assert_eq!(bench.dump().await, before);
}

/// What is not there is not purged, and neither is what was purged before.
pub async fn what_is_not_there_is_not_purged(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(purge(&bench, Handle(7)).await, PurgeOutcome::NotFound);
    let held = ended(&bench, "a").await;
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Purged);
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::NotFound);
}

/// A slot whose sessions were purged goes on counting.
pub async fn a_purged_slot_keeps_its_counters(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = ended(&bench, "a").await;
    let counters = bench.found(slot("a")).await.current.counters;
    purge(&bench, held.handle).await;
    let found = bench.found(slot("a")).await;
    assert_eq!((found.current.session, found.handle), (None, None));
    assert_eq!(found.current.counters, counters);
    let next = bench.hold("a", 1).await;
    let counters = Counters { revision: counters.revision.next(), fence: counters.fence.next() };
    assert_eq!(bench.session(next.handle).await.counters, counters);
}

/// A slot whose newest session was purged shows the newest one that is left.
pub async fn a_slot_shows_what_a_purge_left(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(ended(&bench, "a").await.handle);
    }
    let counters = bench.found(slot("a")).await.current.counters;
    assert_eq!(purge(&bench, all[1]).await, PurgeOutcome::Purged);
    assert_eq!(bench.found(slot("a")).await.handle, Some(all[2]));
    assert_eq!(purge(&bench, all[2]).await, PurgeOutcome::Purged);
    let found = bench.found(slot("a")).await;
    assert_eq!((found.handle, found.current.counters), (Some(all[0]), counters));
    bench.hold("a", 2).await;
}

/// No handle is given out twice, whatever is purged.
pub async fn a_handle_is_never_given_out_twice(harness: &dyn Harness) {
    let mut bench = Bench::new(harness).await;
    let mut last = Handle(0);
    for round in 0..4 {
        let held = ended(&bench, "a").await;
        assert!(held.handle > last, "{:?} after {last:?}", held.handle);
        last = held.handle;
        purge(&bench, held.handle).await;
        if round == 1 && harness.has(Capability::Reopen) {
            bench = bench.reopen().await;
        }
    }
}

/// The id of a purged session is free, and whoever gets it begins with an empty log.
pub async fn a_purged_id_can_be_used_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let command = start(run("ses_a", None, 1));
    let first = bench.commit(Target::New, &command).await;
    bench.commit(first.handle, &cancel()).await;
    purge(&bench, first.handle).await;
    let second = bench.commit(Target::New, &command).await;
    assert_ne!(second.handle, first.handle);
    assert_eq!(bench.log(second.handle).await.len() as u64, second.head.0);
    assert_eq!(bench.session(second.handle).await.counters.revision, Revision(1));
}

/// Nothing is renewed, appended or decided for a session that was purged.
pub async fn a_purged_session_takes_nothing_more(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let late = bench.prepare(held.handle, &note(held.fence, None)).await;
    let keyless = bench.commit(Target::New, &start(run("ses_b", None, 1))).await.handle;
    let keyless_late = bench.prepare(keyless, &note(Fence(1), None)).await;
    for handle in [held.handle, keyless] {
        bench.commit(handle, &cancel()).await;
        purge(&bench, handle).await;
    }
    assert!(matches!(bench.refused(&late).await, CommitOutcome::RevisionConflict { .. }));
    assert!(matches!(bench.refused(&keyless_late).await, CommitOutcome::RevisionConflict { .. }));
    assert_eq!(bench.renew(held).await, RenewOutcome::Fenced { current: Fence(0) });
    for fence in [Some(held.fence), None] {
        let request = append(held.handle, fence, 1);
        assert_eq!(bench.store.append(request).await.expect("an outcome"), AppendOutcome::NotFound);
    }
}

/// A start that was decided while the purged session was there is decided again.
pub async fn a_decision_on_a_purged_session_conflicts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = ended(&bench, "a").await;
    let next = bench.prepare(slot("a"), &start(run("ses_next", Some("a"), 2))).await;
    purge(&bench, held.handle).await;
    assert!(matches!(bench.refused(&next).await, CommitOutcome::RevisionConflict { .. }));
    bench.commit(slot("a"), &start(run("ses_next", Some("a"), 2))).await;
}

fn child(id: &str, parent: &SessionId) -> tenure_core::session::Command {
    creating(Create { parent: Some(parent.clone()), ..create(id, None) })
}

async fn children(
    bench: &Bench,
    parent: Handle,
    before: Option<Handle>,
    limit: usize,
) -> (Vec<Handle>, Option<Handle>) {
    let page = bench.store.children(ChildrenRequest { parent, before, limit }).await.expect("a page");
    (page.sessions.into_iter().map(|listed| listed.handle).collect(), page.next)
}

/// A session's children are listed, newest first, page by page, whatever became of them.
pub async fn children_are_listed_newest_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let parent = bench.hold("a", 1).await.handle;
    let id = bench.session(parent).await.id;
    let mut all = Vec::new();
    for n in 0..3 {
        bench.hold(&format!("other{n}"), 2).await;
        all.push(bench.commit(Target::New, &child(&format!("ses_{n}"), &id)).await.handle);
    }
    let grandchild = bench.commit(Target::New, &child("ses_grand", &session_id("ses_0"))).await.handle;
    bench.commit(all[1], &cancel()).await;
    all.reverse();
    assert_eq!(children(&bench, parent, None, 10).await, (all.clone(), None));
    assert_eq!(children(&bench, parent, None, 2).await, (all[..2].to_vec(), Some(all[1])));
    assert_eq!(children(&bench, parent, Some(all[1]), 2).await, (all[2..].to_vec(), None));
    assert_eq!(children(&bench, parent, None, 3).await, (all.clone(), None));
    assert_eq!(children(&bench, all[2], None, 9).await, (vec![grandchild], None));
    assert_eq!(children(&bench, grandchild, None, 9).await, (vec![], None));
}

/// The children of a purged session stay, say that their parent was deleted, and become nobody else's.
pub async fn children_outlive_their_parent_and_say_so(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let command = start(run("ses_parent", None, 1));
    let parent = bench.commit(Target::New, &command).await.handle;
    let one = bench.commit(Target::New, &child("ses_one", &session_id("ses_parent"))).await.handle;
    let link = |deleted| Some(tenure_core::session::Parent { id: session_id("ses_parent"), deleted });
    assert_eq!(bench.session(one).await.parent, link(false));
    bench.commit(parent, &cancel()).await;
    assert_eq!(purge(&bench, parent).await, PurgeOutcome::Purged);
    assert_eq!(bench.session(one).await.parent, link(true));
    let again = bench.commit(Target::New, &command).await.handle;
    assert_eq!(bench.session(one).await.parent, link(true), "another session of that id is not its parent");
    assert_eq!(children(&bench, again, None, 9).await, (vec![], None));
    bench.clock.advance(TICK);
    bench.commit(one, &crate::fixture::start_by_hand(2)).await;
    assert_eq!(bench.session(one).await.parent, link(true), "and it stays so");
    assert_eq!(bench.session(one).await.state.name(), StateName::Active);
}

/// Whoever watches a session is woken when it is purged.
pub async fn a_watch_wakes_on_a_purge(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = ended(&bench, "a").await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    purge(&bench, held.handle).await;
    bench.wakes(&mut watch).await;
}

/// A long log's room is given back in bounded steps, while its neighbours go on.
pub async fn a_long_log_is_reclaimed_step_by_step(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let neighbour = bench.hold("b", 2).await;
    let held = bench.hold("a", 1).await;
    for _ in 0..700 {
        bench.append(held, 1).await;
        bench.append(neighbour, 1).await;
    }
    bench.commit(held.handle, &cancel()).await;
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Purged);
    let before = bench.log(neighbour.handle).await;
    let next = bench.hold("a", 3).await;
    while bench.store.reclaim().await.expect("an answer") {
        bench.append(next, 1).await;
    }
    assert_eq!(bench.log(neighbour.handle).await, before);
    bench.dump().await;
}

/// A purge whose answer was lost happened as a whole or not at all.
pub async fn a_purge_whose_answer_was_lost_is_asked_again(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        let bench = Bench::new(harness).await;
        let held = ended(&bench, "a").await;
        bench.inject(fault);
        let first = bench.store.purge(held.handle).await;
        let second = purge(&bench, held.handle).await;
        assert!(
            matches!(
                (&first, second),
                (Ok(PurgeOutcome::Purged), PurgeOutcome::NotFound)
                    | (Err(_), PurgeOutcome::Purged | PurgeOutcome::NotFound)
            ),
            "{fault:?}: {first:?}, then {second:?}"
        );
        assert!(bench.dump().await.sessions.is_empty());
    }
}

/// What was purged stays purged after reopening, and numbers go on.
pub async fn what_was_purged_is_gone_after_reopening(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = ended(&bench, "a").await;
    purge(&bench, held.handle).await;
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = bench.reopen().await;
    assert!(bench.dump().await.sessions.is_empty());
    let next = bench.hold("a", 1).await;
    assert_eq!(next.fence, held.fence.next());
    assert!(next.handle > held.handle);
}

/// Another instance shows the purge at once, and does not write to what it remembers.
pub async fn a_purge_is_seen_by_every_instance(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let second = bench.second().await;
    let held = bench.hold("a", 1).await;
    // The second instance knows the session's head by this.
    second.append(append(held.handle, Some(held.fence), 1)).await.expect("an outcome");
    bench.clock.advance(crate::fixture::TTL);
    bench.commit(held.handle, &takeover(2)).await;
    bench.commit(held.handle, &cancel()).await;
    purge(&bench, held.handle).await;
    let found = find(second.as_ref(), &Target::Session(held.handle)).await;
    assert_eq!(found, Found::default());
    let outcome = second.append(append(held.handle, None, 1)).await.expect("an outcome");
    assert_eq!(outcome, AppendOutcome::NotFound);
}

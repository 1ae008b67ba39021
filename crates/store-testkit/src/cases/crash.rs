//! Cases about instances that go away, commits that are dropped, and groups that fail.

use std::sync::Arc;
use std::task::Poll;

use tenure_core::session::StateName;
use tenure_store::{CommitOutcome, Postpone, RenewOutcome, Store};
use tokio::task::JoinSet;

use crate::fixture::{
    Bench, Held, TTL, append, autonomous, cancel, clear, complete, note, pause, run, slot, start, workspace,
};
use crate::{Capability, Fault, Harness};

/// What was acknowledged is there when the store is opened again, in every detail.
pub async fn what_was_acknowledged_is_there_after_reopening(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let mut bench = Bench::new(harness).await;
    for round in 0..3_u8 {
        let held = bench.hold("a", 1).await;
        bench.append(held, 3).await;
        bench.renew(held).await;
        bench.commit(held.handle, &note(held.fence, Some("sorting"))).await;
        bench.append_inbox(held.handle, 1).await;
        bench.commit(workspace("w"), &autonomous(&format!("ses_{round}"), "w", "one", 15)).await;
        let before = bench.dump().await;
        bench = bench.reopen().await;
        assert_eq!(bench.dump().await, before);
        bench.commit(held.handle, &complete(held.fence)).await;
        bench.clock.advance(TTL);
    }
}

/// Handles, positions and counters go on after reopening as if nothing had happened.
pub async fn numbers_go_on_after_reopening(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &cancel()).await;
    bench.commit(workspace("w"), &autonomous("ses_w", "w", "one", 15)).await;
    bench.commit(workspace("w"), &clear(Some("one"))).await;
    let before = bench.found(workspace("w")).await.current.counters;
    let bench = bench.reopen().await;
    let again = bench.hold("a", 2).await;
    assert!(again.handle > held.handle && again.fence > held.fence);
    let opened = bench.commit(workspace("w"), &autonomous("ses_v", "w", "one", 15)).await;
    assert_eq!(opened.revision, before.revision.next());
    assert!(bench.held(opened.handle).await.fence > before.fence);
}

/// A lease lives on while the store is closed, and its time goes on too.
pub async fn a_lease_outlives_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let bench = bench.reopen().await;
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    bench.clock.advance(TTL);
    let bench = bench.reopen().await;
    assert_eq!(bench.refused_renewal(held).await, RenewOutcome::Expired);
}

/// A commit can still be resolved, and a look is still postponed, by the next instance.
pub async fn what_was_remembered_is_there_after_reopening(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let request = bench.prepare(slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    let done = crate::fixture::committed(bench.send(&request).await);
    bench.clock.advance(tenure_core::limits::AGENT_IDLE_AFTER * 2);
    let until = bench.clock.wall().after(TTL);
    bench.store.postpone(vec![Postpone { handle: done.handle, until }]).await.expect("postponed");
    let bench = bench.reopen().await;
    assert_eq!(bench.store.resolve(&request).await.expect("an answer"), Some(done));
    assert_eq!(bench.store.due(10).await.expect("what is due"), Vec::new());
    bench.clock.advance(TTL);
    assert_eq!(bench.store.due(10).await.expect("what is due").len(), 1);
}

/// Whoever stops waiting for a commit leaves all of it or nothing, and disturbs nobody.
pub async fn a_dropped_commit_is_all_or_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &autonomous("ses_0", "w", "one", 15)).await;
    for round in 1..=20_u8 {
        bench.clock.advance(TTL);
        let before = bench.dump().await;
        let request =
            bench.prepare(workspace("w"), &autonomous(&format!("ses_{round}"), "w", "one", 15)).await;
        poll_and_drop(bench.store.commit(request), usize::from(round % 3)).await;
        // Behind the dropped one in whatever line there is: when this is answered, that is decided.
        let other = bench.hold(&format!("a{round}"), 1).await;
        bench.commit(other.handle, &cancel()).await;
        all_or_nothing(&bench, &before, round).await;
    }
}

/// A fresh start that happened shows both of its halves; one that did not shows neither.
async fn all_or_nothing(bench: &Bench, before: &crate::Dump, round: u8) {
    let workspaces = |dump: &crate::Dump| {
        let all = dump.sessions.iter().filter(|dumped| dumped.session.key == Some(crate::fixture::key("w")));
        all.map(|dumped| dumped.session.clone()).collect::<Vec<_>>()
    };
    let (old, new) = (workspaces(before), workspaces(&bench.dump().await));
    if new.len() == old.len() {
        assert_eq!(new, old, "round {round}");
        return;
    }
    assert_eq!(new.len(), old.len() + 1);
    assert_eq!(new[0].predecessor.as_ref(), Some(&new[1].id));
    assert_eq!(new[1].successor.as_ref(), Some(&new[0].id));
    assert_eq!(new[1].state.name(), StateName::Expired);
    assert_eq!(new[2..], old[1..]);
}

pub(super) async fn poll_and_drop<T>(future: impl Future<Output = T>, times: usize) {
    let mut future = Box::pin(future);
    let mut polled = 0;
    std::future::poll_fn(|context| {
        while polled < times {
            polled += 1;
            if future.as_mut().poll(context).is_ready() {
                break;
            }
        }
        Poll::Ready(())
    })
    .await;
}

/// Many are dropped while others wait for theirs: each answered commit is there, and nothing is half there.
pub async fn dropped_commits_leave_their_neighbours_alone(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut patient = JoinSet::new();
    for number in 0..40_u8 {
        let key = format!("a{number}");
        let request = bench.prepare(slot(&key), &start(run(&format!("ses_{number}"), Some(&key), 1))).await;
        let store = Arc::clone(&bench.store);
        if number % 2 == 0 {
            patient.spawn(async move { store.commit(request).await });
        } else {
            poll_and_drop(store.commit(request), 1).await;
        }
    }
    for answer in patient.join_all().await {
        assert!(matches!(answer, Ok(CommitOutcome::Committed(_))), "{answer:?}");
    }
    for number in (0..40).step_by(2) {
        assert!(bench.found(slot(&format!("a{number}"))).await.handle.is_some());
    }
    bench.dump().await;
}

/// A fault in the middle of a group costs at most the one it struck; every answer is true.
pub async fn a_fault_in_a_group_does_not_take_neighbours_along(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    for fault in [Fault::MidGroup, Fault::BeforeDurable, Fault::AfterDurable] {
        let bench = Bench::new(harness).await;
        let mut tasks = JoinSet::new();
        let mut all = Vec::new();
        for number in 0..24_u8 {
            let held = bench.hold(&format!("a{number}"), 1).await;
            all.push((held, bench.prepare(held.handle, &pause(held.fence)).await));
        }
        bench.inject(fault);
        for (at, (_, request)) in all.iter().enumerate() {
            let (store, request) = (Arc::clone(&bench.store), request.clone());
            tasks.spawn(async move { (at, store.commit(request).await) });
        }
        let mut failed = 0;
        for (at, answer) in tasks.join_all().await {
            let (held, request) = &all[at];
            let happened = match answer {
                Ok(CommitOutcome::Committed(_)) => true,
                Ok(refused) => panic!("no guard fails: {refused:?}"),
                Err(_) => {
                    failed += 1;
                    bench.store.resolve(request).await.expect("an answer").is_some()
                }
            };
            assert_eq!(bench.session(held.handle).await.state.name() == StateName::Paused, happened);
        }
        assert!(failed < all.len(), "{fault:?} failed all of them");
        bench.dump().await;
    }
}

/// After a failure the store shows what is stored, to everybody, and goes on.
pub async fn nothing_that_failed_is_remembered(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    for fault in [Fault::BeforeDurable, Fault::MidGroup, Fault::AfterDurable] {
        let bench = Bench::new(harness).await;
        let held = bench.hold("a", 1).await;
        let has_second = harness.has(Capability::SecondInstance);
        let others = if has_second { bench.second().await } else { Arc::clone(&bench.store) };
        bench.inject(fault);
        drop(bench.store.commit(bench.prepare(held.handle, &cancel()).await).await);
        shows_the_same(&bench, others.as_ref()).await;
        bench.inject(fault);
        drop(bench.store.append(append(held.handle, None, 1)).await);
        shows_the_same(&bench, others.as_ref()).await;
        let next = bench.hold("b", 2).await;
        assert!(next.handle > held.handle);
        drop(others);
        if harness.has(Capability::Reopen) {
            let before = bench.dump().await;
            assert_eq!(bench.reopen().await.dump().await, before);
        }
    }
}

async fn shows_the_same(bench: &Bench, other: &dyn Store) {
    let here = bench.dump().await;
    let there = crate::dump(other, &[tenure_core::id::Namespace::default_name()]).await;
    assert_eq!(here, there);
}

/// A holder that outlived a crash of the store is still the holder, and its successor is not.
pub async fn ownership_outlives_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &crate::fixture::takeover(2)).await;
    let new: Held = bench.held(old.handle).await;
    let bench = bench.reopen().await;
    assert_eq!(bench.refused_renewal(old).await, RenewOutcome::Fenced { current: new.fence });
    assert!(matches!(bench.renew(new).await, RenewOutcome::Renewed(_)));
}

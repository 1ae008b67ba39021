//! The wrapper that fails on demand does what it was asked to, once.

use std::sync::Arc;

use tenure_store::{AppendOutcome, CommitOutcome, Find, RenewRequest, Store, StoreError};
use tenure_store_testkit::fixture::{append, prepare, run, slot, start};
use tenure_store_testkit::{Faults, FaultyStore, MemoryStore, Trouble, Verb};
use tokio::task::JoinSet;

fn faulty() -> (Arc<dyn Store>, Faults) {
    let (memory, _) = MemoryStore::manual();
    let faults = Faults::default();
    (Arc::new(FaultyStore::new(memory, faults.clone())), faults)
}

async fn started(store: &dyn Store) -> tenure_store::Handle {
    let request = prepare(store, slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    match store.commit(request).await {
        Ok(CommitOutcome::Committed(committed)) => committed.handle,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_that_fails_before_was_not_made() {
    let (store, faults) = faulty();
    let request = prepare(store.as_ref(), slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    faults.next(Verb::Commit, Trouble::FailBefore);
    assert!(matches!(store.commit(request.clone()).await, Err(StoreError::Unavailable { .. })));
    assert_eq!(store.resolve(&request).await.unwrap(), None);
    assert!(
        matches!(store.commit(request).await, Ok(CommitOutcome::Committed(_))),
        "only the next one fails"
    );
}

#[tokio::test]
async fn a_call_that_fails_after_was_made() {
    let (store, faults) = faulty();
    let request = prepare(store.as_ref(), slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    faults.next(Verb::Commit, Trouble::FailAfter);
    let lost = store.commit(request.clone()).await;
    assert!(matches!(lost, Err(StoreError::Unknown { commit_id, .. }) if commit_id == request.commit_id));
    assert!(store.resolve(&request).await.unwrap().is_some());
}

#[tokio::test]
async fn a_call_that_arrives_twice_is_made_twice_and_answered_once() {
    let (store, faults) = faulty();
    let handle = started(store.as_ref()).await;
    let head = store.find(Find::Handle(handle)).await.unwrap().head;
    faults.next(Verb::Append, Trouble::Twice);
    let answer = store.append(append(handle, None, 1)).await.unwrap();
    assert_eq!(answer, AppendOutcome::Appended { first: head.next(), last: head.next() });
    assert_eq!(store.find(Find::Handle(handle)).await.unwrap().head, head.next().next());
}

#[tokio::test]
async fn a_held_call_waits_until_it_is_let_go() {
    let (store, faults) = faulty();
    let handle = started(store.as_ref()).await;
    let head = store.find(Find::Handle(handle)).await.unwrap().head;
    let gate = faults.hold(Verb::Append);
    let (mut tasks, waiting) = (JoinSet::new(), Arc::clone(&store));
    tasks.spawn(async move { waiting.append(append(handle, None, 1)).await.unwrap() });
    gate.reached().await;
    assert_eq!(store.find(Find::Handle(handle)).await.unwrap().head, head, "nothing was done yet");
    gate.open();
    assert!(matches!(tasks.join_all().await[..], [AppendOutcome::Appended { .. }]));
}

#[tokio::test]
async fn an_answer_can_be_held_after_the_call_was_made() {
    let (store, faults) = faulty();
    let handle = started(store.as_ref()).await;
    let head = store.find(Find::Handle(handle)).await.unwrap().head;
    let gate = tenure_store_testkit::Gate::new();
    faults.next(Verb::Append, Trouble::HoldAfter(gate.clone()));
    let (mut tasks, waiting) = (JoinSet::new(), Arc::clone(&store));
    tasks.spawn(async move { waiting.append(append(handle, None, 1)).await.unwrap() });
    gate.reached().await;
    assert_eq!(store.find(Find::Handle(handle)).await.unwrap().head, head.next());
    gate.open();
    tasks.join_all().await;
}

#[tokio::test]
async fn troubles_can_be_repeated_and_called_off_and_calls_are_counted() {
    let (store, faults) = faulty();
    let handle = started(store.as_ref()).await;
    let fence = store.find(Find::Handle(handle)).await.unwrap().current.counters.fence;
    let renew = RenewRequest { handle, fence };
    faults.next_times(3, Verb::Renew, &Trouble::FailBefore);
    assert!(store.renew(renew).await.is_err());
    assert!(store.renew(renew).await.is_err());
    faults.clear();
    assert!(store.renew(renew).await.is_ok());
    assert_eq!(faults.count(Verb::Renew), 3);
    assert_eq!(faults.calls().last(), Some(&Verb::Renew));
}

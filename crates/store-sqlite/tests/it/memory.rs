//! What the writer remembers is never older than what somebody else wrote.

use tenure_core::id::Seq;
use tenure_store::{
    AppendOutcome, CommitOutcome, Find, LogStore as _, RenewOutcome, RenewRequest, SessionStore as _,
};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{append, cancel, committed, pause, prepare, resume};

use crate::support::{Home, hold};

#[tokio::test]
async fn heads_are_forgotten_when_another_instance_wrote() {
    let home = Home::new();
    let (one, other) = (home.open(), home.open());
    let held = hold(&one, "a").await;
    for round in 0..20 {
        let store = if round % 2 == 0 { &one } else { &other };
        let appended = store.append(append(held.handle, Some(held.fence), 1)).await.unwrap();
        assert_eq!(appended, AppendOutcome::Appended { first: Seq(round + 3), last: Seq(round + 3) });
    }
    assert_eq!(one.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn heads_are_forgotten_when_another_process_wrote() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    store.append(append(held.handle, None, 1)).await.unwrap();
    assert_eq!(home.probe("append", &["a", "3", "1"]).says_all().last().unwrap(), "appended 6");
    let appended = store.append(append(held.handle, None, 1)).await.unwrap();
    assert_eq!(appended, AppendOutcome::Appended { first: Seq(7), last: Seq(7) });
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_lease_that_another_instance_ended_is_not_renewed() {
    let home = Home::new();
    let (one, other) = (home.open(), home.open());
    let held = hold(&one, "a").await;
    let renewal = RenewRequest { handle: held.handle, fence: held.fence };
    assert!(matches!(one.renew(renewal).await.unwrap(), RenewOutcome::Renewed(_)));
    let request = prepare(&other, held.handle, &cancel()).await;
    committed(other.commit(request).await.unwrap());
    let refused = one.renew(renewal).await.unwrap();
    assert_eq!(refused, RenewOutcome::Fenced { current: held.fence.next() });
}

#[tokio::test]
async fn a_revision_that_another_instance_raised_conflicts() {
    let home = Home::new();
    let (one, other) = (home.open(), home.open());
    let held = hold(&one, "a").await;
    let stale = prepare(&one, held.handle, &pause(held.fence)).await;
    committed(other.commit(prepare(&other, held.handle, &pause(held.fence)).await).await.unwrap());
    let refused = one.commit(stale).await.unwrap();
    assert!(matches!(refused, CommitOutcome::RevisionConflict { .. }), "{refused:?}");
    committed(one.commit(prepare(&one, held.handle, &resume(held.fence)).await).await.unwrap());
}

#[tokio::test]
async fn more_sessions_than_are_remembered_are_written_rightly() {
    let home = Home::new();
    let mut options = home.options();
    options.limits.heads_max = 4;
    let store = SqliteStore::open(options).unwrap();
    let mut sessions = Vec::new();
    for number in 0..20 {
        sessions.push(hold(&store, &format!("k{number}")).await);
    }
    for _ in 0..5 {
        for held in &sessions {
            store.append(append(held.handle, Some(held.fence), 2)).await.unwrap();
            let renewal = RenewRequest { handle: held.handle, fence: held.fence };
            assert!(matches!(store.renew(renewal).await.unwrap(), RenewOutcome::Renewed(_)));
        }
    }
    for held in &sessions {
        assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(12));
    }
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

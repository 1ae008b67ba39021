//! Long logs are removed bit by bit, also by whoever opens the store next.

use std::sync::Arc;

use tenure_store::{AppendRequest, LogStore as _, PurgeOutcome, PurgeStore as _, SessionStore as _};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{append, cancel, commit_id, committed, named, prepare};

use crate::support::{Home, hold};

/// A store that folds nothing.
fn unfolding(home: &Home) -> SqliteStore {
    let mut options = home.options();
    options.limits.fold_rows = u64::MAX;
    SqliteStore::open(options).unwrap()
}

/// A session that has ended, with a row in its log for each event.
async fn end(store: &Arc<SqliteStore>, key: &str, events: usize) -> tenure_store::Handle {
    let held = hold(store.as_ref(), key).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..events {
        let store = Arc::clone(store);
        tasks.spawn(async move { store.append(append(held.handle, None, 1)).await.unwrap() });
    }
    tasks.join_all().await;
    committed(store.commit(prepare(store.as_ref(), held.handle, &cancel()).await).await.unwrap());
    held.handle
}

#[tokio::test]
async fn a_purge_removes_a_short_log_at_once_and_a_long_one_in_bounded_turns() {
    let home = Home::new();
    let store = Arc::new(unfolding(&home));
    let short = end(&store, "short", 100).await;
    assert_eq!(store.purge(short).await.unwrap(), PurgeOutcome::Purged);
    assert!(!store.reclaim().await.unwrap(), "nothing is left");

    let long = end(&store, "long", 2000).await;
    assert_eq!(store.purge(long).await.unwrap(), PurgeOutcome::Purged);
    let mut turns = 0;
    while store.reclaim().await.unwrap() {
        turns += 1;
        assert_eq!(store.verify(Depth::Deep).unwrap(), [], "what is left is in order");
    }
    assert!((2..=4).contains(&turns), "{turns} turns for 2000 rows");
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn what_a_purge_left_is_found_by_the_next_who_opens_the_store() {
    let home = Home::new();
    let store = Arc::new(unfolding(&home));
    let handle = end(&store, "long", 2000).await;
    store.purge(handle).await.unwrap();
    drop(store);
    let store = home.open();
    assert!(store.reclaim().await.unwrap(), "rows are left");
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    while store.reclaim().await.unwrap() {}
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_folded_log_is_removed_with_its_chunks_and_ids_and_its_dead_rows_with_the_litter() {
    let home = Home::new();
    let store = home.folding();
    let (held, stays) = (hold(&store, "a").await, hold(&store, "b").await);
    for number in 0..1200 {
        let events = vec![named(&format!("e{number}"), "1")];
        let request = AppendRequest { commit_id: commit_id(), events, ..append(held.handle, None, 1) };
        store.append(request).await.unwrap();
    }
    home.until("SELECT coalesce(sum(seq - folded), 0) FROM head", |unfolded| unfolded < 16);
    committed(store.commit(prepare(&store, held.handle, &cancel()).await).await.unwrap());
    assert_eq!(store.purge(held.handle).await.unwrap(), PurgeOutcome::Purged);
    assert_eq!(store.verify(Depth::Deep).unwrap(), [], "what is left is in order");
    let mut turns = 0;
    while store.reclaim().await.unwrap() {
        turns += 1;
        assert_eq!(store.verify(Depth::Deep).unwrap(), [], "what is left is in order");
    }
    assert!(turns > 1, "{turns} turns for 1200 ids");
    for table in ["chunk", "event_id", "purge", "fold_due"] {
        let sid = format!("SELECT count(*) FROM {table} WHERE sid = {}", held.handle.0);
        assert_eq!(home.number(&sid), 0, "{table}");
    }
    assert_eq!(home.number("SELECT count(*) FROM head"), 1);
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    assert!(store.find(tenure_store::Find::Handle(stays.handle)).await.unwrap().handle.is_some());
}

#[tokio::test]
async fn a_purged_session_leaves_the_catalog_and_the_figures() {
    let home = Home::new();
    let store = Arc::new(home.open());
    let first = end(&store, "first", 3).await;
    for number in 0..330 {
        hold(store.as_ref(), &format!("k{number}")).await;
    }
    assert!(home.number("SELECT sid FROM folded") >= first.0, "it was entered");
    assert_eq!(store.purge(first).await.unwrap(), PurgeOutcome::Purged);
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    assert_eq!(home.number("SELECT coalesce(sum(count), 0) FROM tally WHERE state > 3"), 0);
}

//! The write-ahead log stays small, whatever is written and whoever reads.

use std::sync::Arc;

use tenure_core::id::Seq;
use tenure_store::AppendRequest;
use tenure_store::LogStore as _;
use tenure_store_sqlite::SqliteStore;
use tenure_store_testkit::fixture::{commit_id, given};

use crate::support::{Home, hold, note};

const KIB: u64 = 1024;

async fn write_megabytes(store: &SqliteStore, handle: tenure_store::Handle, megabytes: usize) {
    let large = "x".repeat(64 << 10);
    for _ in 0..megabytes * 16 {
        let events = vec![given("note", &large).into()];
        let request = AppendRequest { commit_id: commit_id(), handle, fence: None, events, after: Seq(0) };
        store.append(request).await.unwrap();
    }
}

#[tokio::test]
async fn the_log_is_finished_between_groups() {
    let home = Home::new();
    let mut options = home.options();
    (options.limits.wal_copy_bytes, options.limits.wal_finish_bytes) = (256 * KIB, 1024 * KIB);
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    let mut largest = 0;
    for _ in 0..8 {
        write_megabytes(&store, held.handle, 1).await;
        largest = largest.max(home.beside("-wal").metadata().unwrap().len());
    }
    // One group may pass the bound before the writer stops for it.
    assert!(largest <= 1400 * KIB, "{largest} bytes");
    assert!(home.db().metadata().unwrap().len() > 7 << 20, "it was copied back");
}

#[tokio::test]
async fn a_reader_that_stays_only_delays_it() {
    let home = Home::new();
    let mut options = home.options();
    (options.limits.wal_copy_bytes, options.limits.wal_finish_bytes) = (256 * KIB, 1024 * KIB);
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    let reader = rusqlite::Connection::open(home.db()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM log").unwrap();
    write_megabytes(&store, held.handle, 3).await;
    assert!(home.beside("-wal").metadata().unwrap().len() > 2 << 20, "it is needed");
    reader.execute_batch("COMMIT").unwrap();
    write_megabytes(&store, held.handle, 1).await;
    assert!(home.beside("-wal").metadata().unwrap().len() < 2 << 20, "it is needed no more");
}

#[tokio::test]
async fn closing_copies_a_large_log_back() {
    let home = Home::new();
    let mut options = home.options();
    (options.limits.wal_copy_bytes, options.limits.wal_finish_bytes) = (256 * KIB, u64::MAX);
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    // The helper is kept from copying, so that only closing does it.
    let reader = rusqlite::Connection::open(home.db()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM log").unwrap();
    write_megabytes(&store, held.handle, 1).await;
    reader.execute_batch("COMMIT").unwrap();
    drop(store);
    assert_eq!(home.beside("-wal").metadata().unwrap().len(), 0);
}

#[tokio::test]
async fn closing_shrinks_a_log_that_was_large_once() {
    let home = Home::new();
    let mut options = home.options();
    (options.limits.wal_copy_bytes, options.limits.wal_finish_bytes) = (256 * KIB, u64::MAX);
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    let reader = rusqlite::Connection::open(home.db()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM log").unwrap();
    write_megabytes(&store, held.handle, 1).await;
    reader.execute_batch("COMMIT; PRAGMA wal_checkpoint(PASSIVE)").unwrap();
    // All of it is copied back, so it starts over: little is in use of a large file.
    note(&store, held.handle).await.unwrap();
    assert!(home.beside("-wal").metadata().unwrap().len() > 1024 * KIB);
    drop(store);
    assert_eq!(home.beside("-wal").metadata().unwrap().len(), 0);
}

#[tokio::test]
async fn closing_leaves_a_small_log_alone() {
    let home = Home::new();
    let store = Arc::new(home.open());
    hold(store.as_ref(), "a").await;
    drop(store);
    assert!(home.beside("-wal").metadata().unwrap().len() > 0);
    let store = home.open();
    assert_eq!(store.verify(tenure_store_sqlite::Depth::Deep).unwrap(), []);
}

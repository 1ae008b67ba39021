//! What the doctor is told.

use rusqlite::Connection;
use tenure_core::id::Incarnation;
use tenure_store::{Find, InstanceStore as _, LogStore as _, SessionStore as _};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{Driven, append, done, first_turn, registered, worker};

use crate::support::{Home, hold};

#[tokio::test]
async fn a_healthy_store_says_what_it_is() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let _watch = store.watch(held.handle).await.unwrap();
    let health = store.health().unwrap();
    assert_eq!(health.path, home.db().canonicalize().unwrap());
    assert_eq!((health.schema_version, health.journal_mode.as_str(), health.page_bytes), (10, "wal", 4096));
    assert!(health.db_bytes > 0 && health.wal_bytes > 0);
    assert_eq!(health.writer, None);
    assert_eq!(health.listening, [std::process::id()]);
    assert!(health.troubles.is_empty(), "{:?}", health.troubles);
    for depth in [Depth::Quick, Depth::Deep] {
        assert_eq!(store.verify(depth).unwrap(), []);
    }
}

#[tokio::test]
async fn a_process_that_is_gone_does_not_listen() {
    let home = Home::new();
    let store = home.open();
    hold(&store, "a").await;
    let mut watcher = home.probe("watch", &["a"]);
    assert_eq!(watcher.says().unwrap(), "watching");
    assert_eq!(store.health().unwrap().listening, [watcher.pid()]);
    watcher.kill();
    assert_eq!(store.health().unwrap().listening, []);
}

/// Damages a sound store with one statement, and returns what is found.
async fn found_after(damage: &str, depth: Depth) -> Vec<String> {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    for _ in 0..5 {
        store.append(append(held.handle, None, 2)).await.unwrap();
    }
    assert_eq!(store.verify(depth).unwrap(), []);
    let conn = Connection::open(home.db()).unwrap();
    conn.execute_batch("PRAGMA ignore_check_constraints = 1").unwrap();
    conn.execute_batch(damage).unwrap();
    store.verify(depth).unwrap().into_iter().map(|finding| finding.what).collect()
}

#[tokio::test]
async fn a_quick_look_finds_what_contradicts_itself() {
    for (damage, word) in [
        ("UPDATE session SET state = 4", "CHECK"),
        ("DELETE FROM lease", "term"),
        ("UPDATE session SET lease = NULL", "term"),
        ("UPDATE lease SET fence = 99", "fence"),
        ("UPDATE head SET seq = 99", "log"),
        ("DELETE FROM head", "head"),
        ("UPDATE slot SET newest = 7", "newest"),
        ("UPDATE session SET revision = 99", "revision"),
        ("DROP INDEX session_open; INSERT INTO session SELECT 9, ns, 'x', kind, slot, parent, state, revision,
          fence, due_at, commit_id, commit_seq, commit_at, lease, activity, body, history FROM session", "open sessions"),
    ] {
        let found = found_after(damage, Depth::Quick).await;
        assert!(found.iter().any(|what| what.contains(word)), "{damage}: {found:?}");
    }
}

#[tokio::test]
async fn a_deep_look_reads_every_record_and_event() {
    for (damage, word) in [
        ("DELETE FROM log WHERE pos = 3", "position"),
        ("UPDATE log SET jump = 0 WHERE pos = 5", "wrong rows"),
        ("UPDATE log SET payload = x'ff' WHERE pos = 2", "cannot be read"),
        (
            "UPDATE log SET count = 1, first_seq = 3 WHERE pos = 2; UPDATE log SET first_seq = 4 WHERE pos = 3",
            "events",
        ),
        ("UPDATE session SET body = x'ff'", "session 1"),
        ("UPDATE head SET depth = 2", "rows"),
        ("INSERT INTO log VALUES (99, 42, 1, 1, 0, 0, zeroblob(16), x'1a00')", "which is not there"),
        ("INSERT INTO purge VALUES (42, 7, 0, 0)", "purged session 42"),
    ] {
        let found = found_after(damage, Depth::Deep).await;
        assert!(found.iter().any(|what| what.contains(word)), "{damage}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_instances_is_found() {
    for (damage, word) in [
        ("DELETE FROM instance WHERE sid = 1", "session 1 is open and no instance"),
        ("UPDATE instance SET fence = 9 WHERE sid = 1", "another fence"),
        ("DELETE FROM worker", "a worker that is not there"),
        ("INSERT INTO message (sid, payload) VALUES (42, x'')", "not open"),
        ("INSERT INTO message (sid, payload) VALUES (1, x'ff')", "message 1 for session 1"),
        ("DELETE FROM history WHERE sid = 1", "history of session 1"),
        ("UPDATE history SET payload = x'ff' WHERE sid = 2", "cannot be read"),
        ("UPDATE history SET sid = 42 WHERE sid = 2", "session 42"),
        ("UPDATE history SET prev = 0", "go on"),
    ] {
        let home = Home::new();
        let store = home.open();
        let worker = registered(&store, worker("one", 1)).await;
        for id in ["ses_a", "ses_b"] {
            let request = first_turn(id, worker);
            let kept = done(store.commit_turn(request).await.unwrap());
            let session = store.find(Find::Handle(kept.handle)).await.unwrap().current.session.unwrap();
            let driven = Driven { handle: kept.handle, fence: kept.fence, turn: 1, worker, session };
            let last = if id == "ses_a" { driven.turn() } else { driven.last_turn() };
            done(store.commit_turn(last).await.unwrap());
        }
        assert_eq!(store.verify(Depth::Deep).unwrap(), []);
        Connection::open(home.db()).unwrap().execute_batch(damage).unwrap();
        let found: Vec<_> =
            store.verify(Depth::Deep).unwrap().into_iter().map(|finding| finding.what).collect();
        assert!(found.iter().any(|what| what.contains(word)), "{damage}: {found:?}");
    }
}

#[tokio::test]
async fn two_stores_of_one_name_still_wake_each_other() {
    let home = Home::new();
    let named = || {
        let mut options = home.options();
        options.incarnation = Incarnation([7; 16]);
        SqliteStore::open(options).unwrap()
    };
    let (one, other) = (named(), named());
    let held = hold(&one, "a").await;
    let mut here = one.watch(held.handle).await.unwrap();
    let mut there = other.watch(held.handle).await.unwrap();
    one.append(append(held.handle, None, 1)).await.unwrap();
    here.changed().await.unwrap();
    // It has no socket of its own, so it is its net that notices.
    there.changed().await.unwrap();
}

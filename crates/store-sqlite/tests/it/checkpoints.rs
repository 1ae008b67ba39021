//! Checkpoints and forks in the file: in small transactions, swept up, and checked.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use tenure_core::id::Seq;
use tenure_core::limits::CHECKPOINT_PIECE_BYTES as PIECE;
use tenure_store::{
    CheckpointStore as _, CheckpointsRequest, CreateOutcome, Find, Handle, LogStore as _, PayloadOutcome,
    PurgeOutcome, PurgeStore as _, RemoveRequest, SessionStore as _, StoreError,
};
use tenure_store_sqlite::{Depth, FaultPoint, Faults, SqliteStore};
use tenure_store_testkit::fixture::{
    append, cancel, checkpoint_id, committed, compact, created, given, noise, prepare, saving,
};
use tenure_store_testkit::{Damage, read_all};

use crate::support::{Home, damage, fork, hold};

/// Counts what is made durable, and has no room for more than it is told.
#[derive(Debug, Default)]
struct Watcher {
    commits: AtomicUsize,
    room_for: Mutex<Option<usize>>,
}

impl Watcher {
    fn room_for(&self, commits: Option<usize>) {
        *self.room_for.lock().unwrap() = commits;
    }
}

impl Faults for Watcher {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        if point != FaultPoint::BeforeCommit {
            return Ok(());
        }
        if let Some(left) = self.room_for.lock().unwrap().as_mut() {
            *left = left.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn watched(home: &Home) -> (SqliteStore, Arc<Watcher>) {
    let watcher = Arc::new(Watcher::default());
    let mut options = home.options();
    options.faults = Arc::<Watcher>::clone(&watcher);
    (SqliteStore::open(options).unwrap(), watcher)
}

fn count(home: &Home, table: &str) -> i64 {
    let conn = Connection::open(home.db()).unwrap();
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn is_sound(store: &SqliteStore) {
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_large_payload_is_written_by_many_small_transactions() {
    let home = Home::new();
    let (store, watcher) = watched(&home);
    let held = hold(&store, "a").await;
    for (pieces, commits) in [(1, 1), (12, 12 + 1)] {
        let before = watcher.commits.load(Ordering::Relaxed);
        let id = format!("ckp_{pieces}");
        let request = saving(held.handle, Some(held.fence), &id, &noise(pieces * PIECE));
        created(store.create_checkpoint(request).await.unwrap());
        let made = watcher.commits.load(Ordering::Relaxed) - before;
        // Looking for what is left over is one more.
        assert!((commits..=commits + 1).contains(&made), "{made} commits for {pieces} pieces");
    }
    is_sound(&store);
}

#[tokio::test]
async fn without_room_nothing_is_saved_and_it_works_again_with_room() {
    let home = Home::new();
    let (store, watcher) = watched(&home);
    let held = hold(&store, "a").await;
    let request = saving(held.handle, Some(held.fence), "ckp_1", &noise(4 * PIECE));
    for room_for in 0..5 {
        watcher.room_for(Some(room_for));
        let answer = store.create_checkpoint(request.clone()).await;
        assert!(matches!(answer, Err(StoreError::Full { .. })), "{room_for}: {answer:?}");
        let everything =
            CheckpointsRequest { handle: held.handle, before: None, limit: 9, with_files: false };
        assert_eq!(store.list_checkpoints(everything).await.unwrap(), []);
        is_sound(&store);
    }
    watcher.room_for(None);
    created(store.create_checkpoint(request).await.unwrap());
    assert_eq!((count(&home, "payload"), count(&home, "piece")), (1, 4));
    is_sound(&store);
}

#[tokio::test]
async fn what_was_broken_off_is_removed_an_hour_later() {
    let home = Home::new();
    let (store, watcher) = watched(&home);
    let held = hold(&store, "a").await;
    watcher.room_for(Some(2));
    let broken = saving(held.handle, Some(held.fence), "ckp_1", &noise(20 * PIECE));
    assert!(store.create_checkpoint(broken.clone()).await.is_err());
    watcher.room_for(None);
    assert_eq!(count(&home, "piece"), 2);
    let save = async |id: &str| {
        created(
            store
                .create_checkpoint(saving(held.handle, Some(held.fence), id, &noise(2 * PIECE)))
                .await
                .unwrap(),
        );
    };
    home.clock.advance(Duration::from_secs(60 * 60 - 1));
    save("ckp_2").await;
    assert_eq!(count(&home, "payload"), 2, "somebody may still be at it");
    home.clock.advance(Duration::from_secs(1));
    save("ckp_3").await;
    assert_eq!((count(&home, "payload"), count(&home, "piece")), (2, 4));
    created(store.create_checkpoint(broken).await.unwrap());
    is_sound(&store);
}

#[tokio::test]
async fn a_payload_goes_with_the_last_checkpoint_that_shows_it() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let saved = saving(held.handle, Some(held.fence), "ckp_1", &noise(30 * PIECE));
    let at = created(store.create_checkpoint(saved).await.unwrap()).seq;
    let other = fork(&store, held.handle, at.0, "ses_fork").await;
    for (handle, left) in [(held.handle, 30), (other, 0)] {
        let ids = vec![checkpoint_id("ckp_1")];
        store.remove_checkpoints(RemoveRequest { handle, fence: None, ids }).await.unwrap();
        assert_eq!(count(&home, "piece"), left);
        is_sound(&store);
    }
    assert_eq!(count(&home, "payload"), 0);
}

/// Ends a session, and purges it as far as one request does that.
async fn purge(store: &SqliteStore, handle: Handle) {
    let session = store.find(Find::Handle(handle)).await.unwrap().current.session.unwrap();
    if !session.is_terminal() {
        committed(store.commit(prepare(store, handle, &cancel()).await).await.unwrap());
    }
    assert_eq!(store.purge(handle).await.unwrap(), PurgeOutcome::Purged);
}

/// A log in several chunks and a tail, forked in each of them, with a checkpoint of 400 pieces shown by the latest.
async fn family(store: &SqliteStore) -> (Handle, Vec<Handle>) {
    let held = hold(store, "a").await;
    for number in 0..1200 {
        store.append(append(held.handle, Some(held.fence), 1 + number % 3)).await.unwrap();
    }
    let saved = saving(held.handle, Some(held.fence), "ckp_1", &noise(2 * PIECE));
    let at = created(store.create_checkpoint(saved).await.unwrap()).seq.0;
    let early = fork(store, held.handle, 7, "ses_early").await;
    let late = fork(store, held.handle, at, "ses_late").await;
    let middle = fork(store, held.handle, at - 900, "ses_middle").await;
    let inner = fork(store, middle, at - 1000, "ses_inner").await;
    (held.handle, vec![early, late, middle, inner])
}

#[tokio::test]
async fn a_parent_with_a_long_log_is_purged_in_bounded_turns_and_its_forks_stay() {
    let home = Home::new();
    let (store, watcher) = watched(&home);
    let (root, forks) = family(&store).await;
    let mut before = Vec::new();
    for fork in &forks {
        before.push(read_all(&store, *fork).await);
    }
    let turns = watcher.commits.load(Ordering::Relaxed);
    purge(&store, root).await;
    let turns = watcher.commits.load(Ordering::Relaxed) - turns;
    assert!((4..60).contains(&turns), "{turns} turns");
    while store.reclaim().await.unwrap() {}
    is_sound(&store);
    assert_eq!(home.number("SELECT count(*) FROM purge"), 0);
    for (fork, before) in forks.iter().zip(before) {
        assert_eq!(read_all(&store, *fork).await, before);
        store.append(append(*fork, None, 2)).await.unwrap();
    }
    let request = tenure_store::CheckpointRequest { handle: forks[1], id: checkpoint_id("ckp_1") };
    let read = store.read_payload(request).await.unwrap();
    assert!(matches!(read, PayloadOutcome::Payload { bytes, .. } if bytes == noise(2 * PIECE)));
    is_sound(&store);
}

#[tokio::test]
async fn what_the_last_fork_read_goes_with_it() {
    let home = Home::new();
    let store = home.open();
    let (root, forks) = family(&store).await;
    compact(&store, root, 900).await;
    purge(&store, root).await;
    assert!(count(&home, "trunk") > 0 && count(&home, "payload") == 1);
    for fork in forks {
        purge(&store, fork).await;
    }
    while store.reclaim().await.unwrap() {}
    for table in ["session", "trunk", "fork", "chunk", "checkpoint", "payload", "piece", "purge", "event_id"]
    {
        assert_eq!(count(&home, table), 0, "{table}");
    }
    is_sound(&store);
}

#[tokio::test]
async fn checkpoints_of_a_purged_session_go_with_it_however_many_there_are() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    for number in 0..200 {
        let request = saving(held.handle, Some(held.fence), &format!("ckp_{number}"), b"small");
        created(store.create_checkpoint(request).await.unwrap());
    }
    purge(&store, held.handle).await;
    let everything = CheckpointsRequest { handle: held.handle, before: None, limit: 9, with_files: false };
    assert_eq!(store.list_checkpoints(everything).await.unwrap(), [], "gone at once");
    assert!(count(&home, "checkpoint") > 100, "but not in one turn");
    is_sound(&store);
    while store.reclaim().await.unwrap() {}
    assert_eq!((count(&home, "checkpoint"), count(&home, "payload"), count(&home, "piece")), (0, 0, 0));
    is_sound(&store);
}

#[tokio::test]
async fn an_append_that_is_too_large_to_fold_is_handed_on() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let event = |number: usize| given("note", &format!("\"{number}{}\"", "x".repeat(900_000))).into();
    let mut large = append(held.handle, None, 1);
    large.events = (0..10).map(event).collect();
    store.append(large).await.unwrap();
    let child = fork(&store, held.handle, 9, "ses_fork").await;
    let before = read_all(&store, child).await;
    assert_eq!(compact(&store, held.handle, 12).await, Seq(12));
    assert_eq!(read_all(&store, child).await, before);
    is_sound(&store);
}

#[tokio::test]
async fn a_deep_look_finds_what_is_damaged_by_name() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    for id in ["ckp_1", "ckp_2", "ckp_3"] {
        let request = saving(held.handle, Some(held.fence), id, id.as_bytes());
        assert!(matches!(store.create_checkpoint(request).await, Ok(CreateOutcome::Created(_))));
    }
    is_sound(&store);
    damage(&home.db(), held.handle, &checkpoint_id("ckp_2"), Damage::Payload);
    let found = store.verify(Depth::Deep).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].what.contains("ckp_2") && found[0].what.contains("SHA-256"), "{found:?}");
    damage(&home.db(), held.handle, &checkpoint_id("ckp_3"), Damage::Record);
    let found = store.verify(Depth::Deep).unwrap();
    assert!(found.len() == 2 && found[1].what.contains("ckp_3"), "{found:?}");
}

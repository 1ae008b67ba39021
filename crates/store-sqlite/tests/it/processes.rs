//! Several processes on one file: who is in whose way, and who wakes whom.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use tenure_core::id::Seq;
use tenure_store::{Find, LogStore as _, SessionStore as _, StoreError};
use tenure_store_sqlite::{Depth, OpenError, SqliteStore};
use tenure_store_testkit::fixture::append;

use crate::support::{Home, hold, limit_files, limited_probe, note};

fn blocker(answer: Result<(), StoreError>) -> Option<u32> {
    match answer {
        Err(StoreError::Blocked { pid }) => pid,
        other => panic!("blocked, not {other:?}"),
    }
}

#[tokio::test]
async fn a_process_frozen_with_the_write_lock_is_named() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut frozen = home.probe("freeze", &["a"]);
    assert_eq!(frozen.says().unwrap(), "frozen");
    let store = home.impatient();
    for _ in 0..3 {
        assert_eq!(blocker(note(&store, held.handle).await), Some(frozen.pid()));
    }
    assert_eq!(store.health().unwrap().writer, Some(frozen.pid()));
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(2), "reading goes on");
    frozen.signal(Signal::CONT);
    frozen.tell("go on");
    assert_eq!(frozen.says().unwrap(), "appended 3");
    note(&store, held.handle).await.unwrap();
    // What was withdrawn was not written.
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(4));
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_frozen_process_that_is_killed_is_in_nobodys_way() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut frozen = home.probe("freeze", &["a"]);
    assert_eq!(frozen.says().unwrap(), "frozen");
    let store = Arc::new(home.open());
    let mut waiting = tokio::task::JoinSet::new();
    let asking = Arc::clone(&store);
    waiting.spawn(async move { note(asking.as_ref(), held.handle).await });
    tokio::task::yield_now().await;
    frozen.kill();
    waiting.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(3));
}

#[tokio::test]
async fn the_usual_patience_is_two_seconds() {
    assert_eq!(tenure_store_sqlite::Limits::default().blocked_after, Duration::from_secs(2));
}

#[tokio::test]
async fn who_stands_at_the_gate_and_does_not_move_is_named() {
    let home = Home::new();
    let store = home.impatient();
    let held = hold(&store, "a").await;
    let gate = File::options().read(true).write(true).open(home.beside("-run").join("gate")).unwrap();
    flock(&gate, FlockOperation::LockExclusive).unwrap();
    assert_eq!(blocker(note(&store, held.handle).await), Some(std::process::id()));
    flock(&gate, FlockOperation::Unlock).unwrap();
    note(&store, held.handle).await.unwrap();
}

#[test]
fn who_makes_a_store_and_does_not_come_to_an_end_is_named() {
    let home = Home::new();
    std::fs::create_dir(home.beside("-run")).unwrap();
    let path = home.beside("-run").join("open");
    std::fs::write(&path, format!("{}\n", std::process::id())).unwrap();
    let making = File::open(&path).unwrap();
    flock(&making, FlockOperation::LockExclusive).unwrap();
    let mut options = home.options();
    options.limits.blocked_after = Duration::from_millis(50);
    let refused = SqliteStore::open(options).unwrap_err();
    assert!(
        matches!(refused, OpenError::Blocked { pid, .. } if pid == Some(std::process::id())),
        "{refused:?}"
    );
    drop(making);
    drop(home.open());
}

#[tokio::test]
async fn a_foreign_program_with_sqlites_lock_is_named() {
    let home = Home::new();
    let store = home.impatient();
    let held = hold(&store, "a").await;
    let mut foreign = home.probe("hold-sqlite", &[]);
    assert_eq!(foreign.says().unwrap(), "held");
    assert_eq!(blocker(note(&store, held.handle).await), Some(foreign.pid()));
    drop(foreign.child.stdin.take());
    foreign.child.wait().unwrap();
    note(&store, held.handle).await.unwrap();
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(3));
}

#[tokio::test]
async fn a_store_is_closed_though_its_writer_is_blocked() {
    let home = Home::new();
    let store = home.impatient();
    let held = hold(&store, "a").await;
    let write = File::options().read(true).write(true).open(home.beside("-run").join("write")).unwrap();
    flock(&write, FlockOperation::LockExclusive).unwrap();
    blocker(note(&store, held.handle).await);
    drop(store);
    flock(&write, FlockOperation::Unlock).unwrap();
    note(&home.open(), held.handle).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_kept_still_is_in_nobodys_way() {
    let home = Home::new();
    let (one, other) = (Arc::new(home.open()), home.impatient());
    let held = hold(one.as_ref(), "a").await;
    let still = one.still();
    let mut waiting = tokio::task::JoinSet::new();
    let asking = Arc::clone(&one);
    waiting.spawn(async move { note(asking.as_ref(), held.handle).await });
    tokio::task::yield_now().await;
    for _ in 0..5 {
        note(&other, held.handle).await.unwrap();
    }
    assert_eq!(other.find(Find::Handle(held.handle)).await.unwrap().head, Seq(7));
    drop(still);
    waiting.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(other.find(Find::Handle(held.handle)).await.unwrap().head, Seq(8));
}

#[tokio::test]
async fn more_requests_than_the_queue_holds_wait_their_turn() {
    let home = Home::new();
    let mut options = home.options();
    options.limits.queue_max = 3;
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let held = hold(store.as_ref(), "a").await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = Arc::clone(&store);
        asking.spawn(async move { note(store.as_ref(), held.handle).await.unwrap() });
    }
    asking.join_all().await;
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(102));
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_is_not_worked_on() {
    let home = Home::new();
    let store = Arc::new(home.open());
    let held = hold(store.as_ref(), "a").await;
    let write = File::options().read(true).write(true).open(home.beside("-run").join("write")).unwrap();
    flock(&write, FlockOperation::LockExclusive).unwrap();
    let asked = store.append(append(held.handle, None, 1));
    assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err());
    flock(&write, FlockOperation::Unlock).unwrap();
    note(store.as_ref(), held.handle).await.unwrap();
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(3));
}

#[tokio::test]
async fn a_lone_writer_gets_its_turn_beside_a_busy_one() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut busy = home.probe("write", &["a", "0"]);
    busy.says().unwrap();
    let store = home.open();
    for _ in 0..50 {
        note(&store, held.handle).await.unwrap();
    }
    busy.kill();
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_process_that_watches_is_woken_by_another() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let mut watcher = home.probe("watch", &["a"]);
    assert_eq!(watcher.says().unwrap(), "watching");
    for _ in 0..5 {
        note(&store, held.handle).await.unwrap();
        assert_eq!(watcher.says().unwrap(), "changed");
    }
}

#[tokio::test]
async fn a_store_deep_in_the_tree_is_rung_as_well() {
    let outer = tempfile::tempdir().unwrap();
    let deep = outer.path().join("d".repeat(90)).join("e".repeat(90));
    std::fs::create_dir_all(&deep).unwrap();
    let home = Home { directory: tempfile::tempdir_in(deep).unwrap(), ..Home::new() };
    let store = home.open();
    let held = hold(&store, "a").await;
    let mut watcher = home.probe("watch", &["a"]);
    assert_eq!(watcher.says().unwrap(), "watching");
    let sockets = std::fs::read_dir(home.beside("-run")).unwrap();
    let is_socket = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".sock");
    assert!(sockets.into_iter().any(|entry| is_socket(&entry.unwrap().file_name())));
    note(&store, held.handle).await.unwrap();
    assert_eq!(watcher.says().unwrap(), "changed");
}

/// The lock files of every store that was written to.
const LOCKS: [&str; 3] = ["gate", "open", "write"];

#[tokio::test]
async fn what_a_dead_process_left_is_removed_by_the_next_one_that_writes() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut watcher = home.probe("watch", &["a"]);
    assert_eq!(watcher.says().unwrap(), "watching");
    watcher.kill();
    assert_eq!(home.listed(), (1, 1));
    assert_eq!(home.run_files().len(), LOCKS.len() + 2);
    note(&home.open(), held.handle).await.unwrap();
    assert_eq!((home.listed(), home.run_files()), ((0, 0), LOCKS.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn what_a_process_left_that_died_later_is_removed_by_who_rings_it() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let mut watcher = home.probe("watch", &["a"]);
    assert_eq!(watcher.says().unwrap(), "watching");
    note(&store, held.handle).await.unwrap();
    assert_eq!(watcher.says().unwrap(), "changed");
    watcher.kill();
    // The first write rings in vain; one of the next groups has the rest done.
    for _ in 0..100 {
        note(&store, held.handle).await.unwrap();
    }
    assert_eq!((home.listed(), home.run_files()), ((0, 0), LOCKS.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_process_that_lives_keeps_its_place_whoever_writes() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut watcher = home.probe("watch", &["a"]);
    assert_eq!(watcher.says().unwrap(), "watching");
    for _ in 0..5 {
        note(&home.open(), held.handle).await.unwrap();
        assert_eq!(watcher.says().unwrap(), "changed");
    }
    assert_eq!(home.listed(), (1, 1));
}

#[tokio::test]
async fn a_process_that_ends_well_leaves_nothing() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let watch = store.watch(held.handle).await.unwrap();
    assert_eq!(home.listed(), (1, 1));
    drop(watch);
    note(&store, held.handle).await.unwrap();
    assert_eq!(home.listed(), (1, 0));
    drop(store);
    assert_eq!((home.listed(), home.run_files()), ((0, 0), LOCKS.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_store_that_is_closed_leaves_nothing_though_others_share_it() {
    let home = Home::new();
    let store = Arc::new(home.open());
    let held = hold(store.as_ref(), "a").await;
    let sharing = Arc::clone(&store);
    let mut watch = sharing.watch(held.handle).await.unwrap();
    for _ in 0..2 {
        store.close();
    }
    assert_eq!((home.listed(), home.run_files()), ((0, 0), LOCKS.map(str::to_owned).to_vec()));
    let ended = loop {
        if let Err(ended) = watch.changed().await {
            break ended;
        }
    };
    assert!(matches!(ended, StoreError::Closed), "{ended:?}");
    assert!(matches!(note(sharing.as_ref(), held.handle).await, Err(StoreError::Closed)));
    assert!(matches!(sharing.find(Find::Handle(held.handle)).await, Err(StoreError::Closed)));
    assert!(matches!(sharing.watch(held.handle).await, Err(StoreError::Closed)));
    assert!(matches!(sharing.health(), Err(StoreError::Closed)));
    assert_eq!((home.listed(), home.run_files()), ((0, 0), LOCKS.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn what_was_asked_before_a_store_is_closed_is_done() {
    let home = Home::new();
    let store = Arc::new(home.open());
    let held = hold(store.as_ref(), "a").await;
    let still = store.still();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        asking.spawn(async move { note(store.as_ref(), held.handle).await });
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let closing = {
        let store = Arc::clone(&store);
        std::thread::spawn(move || store.close())
    };
    // Until it is closed, what is asked waits for the writer, and is given up here.
    let late = || tokio::time::timeout(Duration::from_millis(1), note(store.as_ref(), held.handle));
    while !matches!(late().await, Ok(Err(StoreError::Closed))) {}
    drop(still);
    closing.join().unwrap();
    let answers = asking.join_all().await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(home.open().find(Find::Handle(held.handle)).await.unwrap().head, Seq(52));
}

#[tokio::test]
async fn whoever_watches_nothing_is_listed_nowhere() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    note(&store, held.handle).await.unwrap();
    assert!(store.health().unwrap().listening.is_empty());
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_it_works_again_with_room() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    // Each append takes about 40 KiB of the write-ahead log, which may grow to 800.
    let mut probe = limited_probe(&home, 800, "append", &["a", "200", "40000"]);
    let mut appended = 0;
    let refused = loop {
        let said = probe.says().expect("it runs into its limit");
        if said.starts_with("failed") {
            break said;
        }
        appended += 1;
        assert_eq!(said, format!("appended {}", appended + 2));
    };
    assert!(refused.contains("Full"), "{refused}");
    assert!(appended > 1, "some fit");
    limit_files(&probe, None);
    let rest = probe.says_all();
    assert!(rest.last().unwrap().starts_with("appended"), "{rest:?}");
    let said = rest.iter().filter(|said| said.starts_with("appended")).count() as u64;
    let store = home.open();
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(2 + appended + said));
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_disk_that_fills_up_while_a_log_is_folded_loses_nothing() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    // Whether an append or a fold meets the limit first is a matter of moments; both go on when there is room.
    let mut probe = limited_probe(&home, 500, "fold", &["a", "0", "1500"]);
    let mut appended = 0_u64;
    loop {
        let said = probe.says().expect("it runs into its limit");
        if said.starts_with("failed") {
            assert!(said.contains("Full"), "{said}");
            break;
        }
        appended += 1;
    }
    assert!(appended > 1, "some fit");
    limit_files(&probe, None);
    let rest = probe.says_all();
    appended += rest.iter().filter(|said| said.starts_with("appended")).count() as u64;
    assert!(rest.last().unwrap().starts_with("appended"), "{rest:?}");
    let store = home.open();
    assert_eq!(store.find(Find::Handle(held.handle)).await.unwrap().head, Seq(2 + appended));
    assert!(home.number("SELECT folded FROM head") > 0, "it folds again");
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

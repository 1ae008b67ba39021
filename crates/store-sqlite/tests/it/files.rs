//! What is found where a store should be, and what is made there.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use rusqlite::Connection;
use tenure_store::{Find, SessionStore as _, StoreError};
use tenure_store_sqlite::{Depth, OpenError, SqliteStore};
use tenure_store_testkit::fixture::{prepare, run, slot, start};
use tenure_store_testkit::read_all;

use crate::support::{Home, hold, note};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn files_and_directories_are_for_their_owner_alone() {
    let home = Home::new();
    let store = home.open();
    hold(&store, "a").await;
    let _watch = tenure_store::LogStore::watch(&store, tenure_store::Handle(1)).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&home.beside(suffix)), 0o600, "{suffix}");
    }
    assert_eq!(mode(&home.beside("-run")), 0o700);
    for entry in fs::read_dir(home.beside("-run")).unwrap() {
        let entry = entry.unwrap();
        let is_socket = entry.file_name().to_string_lossy().ends_with(".sock");
        // A socket is shut off by its directory.
        assert!(is_socket || mode(&entry.path()) == 0o600, "{entry:?}");
    }
}

#[tokio::test]
async fn what_sqlite_makes_beside_a_file_that_is_open_to_others_is_not() {
    let home = Home::new();
    fs::write(home.db(), "").unwrap();
    fs::set_permissions(home.db(), fs::Permissions::from_mode(0o644)).unwrap();
    for round in 0..3 {
        let store = home.open();
        hold(&store, &format!("k{round}")).await;
        let other = home.open();
        other.find(Find::Slot(slot("a"))).await.unwrap();
        let modes = ["", "-wal", "-shm"].map(|suffix| mode(&home.beside(suffix)));
        assert_eq!(modes, [0o644, 0o600, 0o600], "the file itself is its owner's affair");
        drop((store, other));
        // An empty log is opened to whom the database is open, and shut again.
        Connection::open(home.db()).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }
}

#[tokio::test]
async fn what_was_open_to_others_when_the_file_was_is_shut() {
    let home = Home::new();
    hold(&home.open(), "a").await;
    for suffix in ["-wal", "-shm", "-run"] {
        fs::set_permissions(home.beside(suffix), fs::Permissions::from_mode(0o755)).unwrap();
    }
    hold(&home.open(), "b").await;
    let modes = ["-wal", "-shm", "-run"].map(|suffix| mode(&home.beside(suffix)));
    assert_eq!(modes, [0o700; 3]);
}

#[tokio::test]
async fn another_users_directory_of_lock_files_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can arrange it.
        return;
    }
    let home = Home::new();
    let store = home.open();
    std::os::unix::fs::chown(home.beside("-run"), Some(12345), None).unwrap();
    let found = store.find(Find::Slot(slot("a"))).await.unwrap();
    assert_eq!(found.handle, None, "reading needs no locks");
    let request = prepare(&store, slot("a"), &start(run("ses_a", Some("a"), 1))).await;
    let refused = store.commit(request).await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("is not a directory of this user"), "{refused:?}");
    fs::remove_file(home.db()).unwrap();
    let refused = SqliteStore::open(home.options()).unwrap_err();
    assert!(matches!(refused, OpenError::Io { .. }), "{refused:?}");
}

#[test]
fn nothing_is_made_where_only_an_existing_store_is_asked_for() {
    let home = Home::new();
    assert!(SqliteStore::open_existing(home.options()).unwrap().is_none());
    assert_eq!(fs::read_dir(home.directory.path()).unwrap().count(), 0);
    let mut deeper = home.options();
    deeper.path = home.directory.path().join("not/there/tenure.db");
    assert!(SqliteStore::open_existing(deeper).unwrap().is_none());
}

#[tokio::test]
async fn looking_at_a_store_starts_no_writer_and_takes_no_lock() {
    let home = Home::new();
    drop(home.open());
    fs::remove_dir_all(home.beside("-run")).unwrap();
    let store = SqliteStore::open_existing(home.options()).unwrap().unwrap();
    store.find(Find::Slot(slot("a"))).await.unwrap();
    drop(store);
    assert!(!home.beside("-run").exists());
}

#[tokio::test]
async fn lock_files_that_were_removed_are_made_again() {
    let home = Home::new();
    drop(home.open());
    fs::remove_dir_all(home.beside("-run")).unwrap();
    hold(&home.open(), "a").await;
    assert_eq!(mode(&home.beside("-run")), 0o700);
}

#[test]
fn a_link_is_not_followed() {
    let (home, other) = (Home::new(), Home::new());
    drop(other.open());
    symlink(other.db(), home.db()).unwrap();
    assert!(matches!(SqliteStore::open(home.options()), Err(OpenError::NotAFile { .. })));
    fs::remove_file(home.db()).unwrap();
    symlink(home.directory.path().join("nowhere"), home.db()).unwrap();
    assert!(matches!(SqliteStore::open(home.options()), Err(OpenError::NotAFile { .. })));
    assert!(!home.directory.path().join("nowhere").exists());
}

#[test]
fn a_linked_directory_of_lock_files_is_refused() {
    let (home, other) = (Home::new(), Home::new());
    symlink(other.directory.path(), home.beside("-run")).unwrap();
    assert!(matches!(SqliteStore::open(home.options()), Err(OpenError::Io { .. })));
    assert_eq!(fs::read_dir(other.directory.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_is_not_a_store() {
    let home = Home::new();
    fs::create_dir(home.db()).unwrap();
    assert!(matches!(SqliteStore::open(home.options()), Err(OpenError::NotAFile { .. })));
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let home = Home::new();
    let mut options = home.options();
    options.path = home.directory.path().join("nowhere/tenure.db");
    let refused = SqliteStore::open(options);
    assert!(matches!(&refused, Err(OpenError::Io { path, .. }) if path.ends_with("nowhere")), "{refused:?}");
}

/// Opens a file that must be refused, and checks that it is as it was.
fn refused(home: &Home) -> OpenError {
    let before = fs::read(home.db()).unwrap();
    let error = SqliteStore::open(home.options()).unwrap_err();
    assert_eq!(fs::read(home.db()).unwrap(), before, "nothing was changed");
    error
}

#[test]
fn another_programs_files_are_left_alone() {
    let home = Home::new();
    fs::write(home.db(), "not a database, but text that is long enough to be looked at".repeat(20)).unwrap();
    assert!(matches!(refused(&home), OpenError::NotAStore { .. }));
    fs::remove_file(home.db()).unwrap();
    Connection::open(home.db()).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(refused(&home), OpenError::NotAStore { .. }));
}

#[test]
fn a_newer_stores_version_is_told() {
    let home = Home::new();
    drop(home.open());
    Connection::open(home.db()).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let error = refused(&home);
    assert!(matches!(error, OpenError::Newer { found: 99, known: 10, .. }), "{error:?}");
}

#[test]
fn an_empty_file_becomes_a_store() {
    let home = Home::new();
    fs::write(home.db(), "").unwrap();
    drop(home.open());
    drop(home.open());
    assert!(home.db().metadata().unwrap().len() > 0);
}

#[tokio::test]
async fn a_damaged_file_is_an_error_that_says_so() {
    let home = Home::new();
    let store = home.open();
    for number in 0..300 {
        hold(&store, &format!("k{number}")).await;
    }
    drop(store);
    // The log is copied back, so that the damage is not in it.
    Connection::open(home.db()).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = fs::read(home.db()).unwrap();
    assert!(bytes.len() > 20 * 4096);
    let sound = bytes.clone();
    bytes[4096..].fill(0x5A);
    fs::write(home.db(), &bytes).unwrap();
    assert!(matches!(refused(&home), OpenError::Corrupt { .. }));
    let kept = bytes.len() / 4096 * 3 / 4 * 4096;
    bytes[..kept].copy_from_slice(&sound[..kept]);
    fs::write(home.db(), &bytes).unwrap();
    let store = home.open();
    let mut failed = 0;
    for number in 0..300 {
        match store.find(Find::Slot(slot(&format!("k{number}")))).await {
            Ok(found) => assert!(found.handle.is_some()),
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
                failed += 1;
            }
        }
    }
    assert!(failed > 0);
    assert_ne!(store.verify(Depth::Quick).unwrap(), []);
    drop(store);
    assert_eq!(fs::read(home.db()).unwrap(), bytes, "nothing was changed");
}

#[test]
fn a_file_cut_off_in_its_header_is_an_error() {
    let home = Home::new();
    drop(home.open());
    Connection::open(home.db()).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    for suffix in ["-wal", "-shm"] {
        drop(fs::remove_file(home.beside(suffix)));
    }
    fs::OpenOptions::new().write(true).open(home.db()).unwrap().set_len(60).unwrap();
    assert!(SqliteStore::open(home.options()).is_err());
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_removed_or_replaced() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(home.beside(suffix)).unwrap();
    }
    let lost = note(&store, held.handle).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
    // In another store the same handle is another session.
    let other = home.open();
    assert_eq!(hold(&other, "b").await.handle, held.handle);
    let strange = note(&store, held.handle).await;
    assert!(matches!(strange, Err(StoreError::Unavailable { .. })), "{strange:?}");
    assert_eq!(read_all(&other, held.handle).await.len(), 2);
}

#[tokio::test]
async fn a_store_that_may_not_be_written_is_an_error() {
    if rustix::process::geteuid().is_root() {
        // Nothing is forbidden to root.
        return;
    }
    let home = Home::new();
    hold(&home.open(), "a").await;
    fs::set_permissions(home.db(), fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(home.db().metadata().unwrap().mode() & 0o777, 0o400);
    let store = SqliteStore::open(home.options());
    assert!(store.is_err(), "{store:?}");
}

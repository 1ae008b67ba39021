//! Stores that are not there, cannot be used, or are somebody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::home::{Answer, Home, answer};

/// Every verb that only reads.
fn reads(home: &Home) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let key = home.key();
    vec![
        words(&["status"]),
        words(&["list"]),
        words(&["show", &key]),
        words(&["events", &key]),
        words(&["wait", &key]),
        words(&["check", &key, "--fence", "1"]),
        words(&["guard"]),
        words(&["doctor"]),
        words(&["profile", "list"]),
        words(&["completions", "bash"]),
    ]
}

#[test]
fn verbs_that_only_read_make_nothing() {
    let home = Home::new();
    for words in reads(&home) {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        home.ask(&words);
        assert!(!home.storage().exists(), "{words:?} made the storage directory");
    }
}

#[test]
fn verbs_about_what_is_not_there_make_nothing() {
    let home = Home::new();
    for words in [
        &["heartbeat", "--actor-id", "a"][..],
        &["takeover", "--actor-id", "a", "--reason", "r"],
        &["clear"],
        &["cancel", "x"],
        &["pause", "x"],
        &["append", "x", "--type", "note"],
        &["import", "/no/such/file"],
    ] {
        home.ask(words);
        assert!(!home.storage().exists(), "{words:?} made the storage directory");
    }
}

#[test]
fn the_store_and_its_directory_are_their_owners_alone() {
    let home = Home::new();
    home.ok(&["start"]);
    home.ok(&["profile", "create", "review"]);
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.storage()), 0o700);
    assert_eq!(mode(home.db()), 0o600);
    assert_eq!(mode(home.storage().join("profiles/review")), 0o700);
}

/// What `start` says of a store that cannot be used; the file stays as it was.
fn unusable(home: &Home, words: &[&str]) -> Answer {
    let before = fs::read(home.db()).ok();
    let failed = home.ask(words);
    assert_eq!((failed.code, failed.out.as_str()), (1, ""), "{words:?}: {failed:?}");
    assert!(failed.err.starts_with("error: failed to "), "{failed:?}");
    assert!(!failed.err.contains("panicked"), "{failed:?}");
    assert_eq!(fs::read(home.db()).ok(), before, "the file was changed");
    failed
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    fs::write(home.db(), "my notes\n".repeat(1000)).unwrap();
    for words in [&["start"][..], &["list"], &["status"]] {
        let failed = unusable(&home, words);
        assert!(failed.err.contains("not a session store"), "{failed:?}");
    }
    let document: serde_json::Value =
        serde_json::from_str(&home.ask(&["list", "--output", "json"]).out).unwrap();
    assert_eq!((&document["ok"], &document["code"]), (&false.into(), &"NOT_A_STORE".into()));
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    let sqlite = |sql: &str| {
        assert!(Command::new("sqlite3").arg(home.db()).arg(sql).status().unwrap().success());
    };
    sqlite("CREATE TABLE notes (text)");
    let failed = unusable(&home, &["start"]);
    assert!(failed.err.contains("not a session store"), "{failed:?}");
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_left_alone() {
    let home = Home::new();
    home.ok(&["start"]);
    let sql = "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version = 999";
    assert!(Command::new("sqlite3").arg(home.db()).arg(sql).output().unwrap().status.success());
    for words in [&["start"][..], &["status"]] {
        let failed = unusable(&home, words);
        assert!(failed.err.contains("schema version 999"), "{failed:?}");
        assert!(failed.err.contains("hint: use a newer tenure"), "{failed:?}");
    }
}

#[test]
fn a_damaged_store_is_an_error_and_never_a_panic() {
    let home = Home::new();
    home.ok(&["start"]);
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    assert!(Command::new("sqlite3").arg(home.db()).arg(checkpoint).output().unwrap().status.success());
    let mut bytes = fs::read(home.db()).unwrap();
    bytes[4096..].fill(0xA5);
    fs::write(home.db(), bytes).unwrap();
    for words in [&["start"][..], &["status"], &["list"]] {
        let failed = unusable(&home, words);
        assert!(failed.err.contains("damaged") || failed.err.contains("malformed"), "{failed:?}");
    }
}

#[test]
fn a_directory_and_a_link_in_the_place_of_the_store_are_refused() {
    let home = Home::new();
    fs::create_dir_all(home.db()).unwrap();
    assert!(unusable(&home, &["start"]).err.contains("not a regular file"));
    fs::remove_dir(home.db()).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", home.db()).unwrap();
    assert!(unusable(&home, &["start"]).err.contains("not a regular file"));
}

#[test]
fn a_storage_directory_that_cannot_be_made_is_named() {
    let home = Home::new();
    let file = home.file("occupied", "");
    let failed = answer(home.command().args(["--storage-dir", &format!("{file}/x"), "start"]));
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.err.contains("occupied/x"), "{failed:?}");
}

#[test]
fn a_locked_store_names_the_process_that_locks_it() {
    let home = Home::new();
    home.ok(&["start"]);
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); \
                  db.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(home.db());
    let mut locker =
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = [0; 6];
    std::io::Read::read_exact(locker.stdout.as_mut().unwrap(), &mut said).unwrap();
    let blocked = home.ask(&["start"]);
    let status = home.ask(&["status"]);
    drop(locker.stdin.take());
    locker.wait().unwrap();
    assert_eq!(blocked.code, 1, "{blocked:?}");
    assert!(blocked.err.contains(&format!("held by process {}", locker.id())), "{blocked:?}");
    assert_eq!(status.code, 0, "reading goes on: {status:?}");
    home.ok(&["start"]);
}

#[test]
fn a_full_disk_is_an_error_that_changes_nothing() {
    let home = Home::new();
    home.ok(&["start"]);
    let before = home.state();
    // The same error as a full disk's, from a limit on the size of files.
    let command = home.command();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let script = format!("trap '' XFSZ; ulimit -f 1200; exec {tenure} append \"$0\" --type note --data -");
    let payload = home.file("payload", &format!("\"{}\"", "x".repeat(500_000)));
    let mut limited = Command::new("sh");
    limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.args(["-c", &script, &home.key()]).stdin(fs::File::open(payload).unwrap());
    let failed = answer(&mut limited);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.err.contains("no space left"), "{failed:?}");
    assert_eq!(home.state(), before);
    home.ok(&["start"]);
}

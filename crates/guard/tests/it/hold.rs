//! The hold lock: one holder, inherited, probed without disturbing.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use tenure_guard::HoldLock;
use tenure_guard::hold::{HoldError, Probe, holders, probe};

use crate::support::Arrange;

#[test]
fn it_is_taken_once_and_free_when_dropped() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("hold");
    assert_eq!(probe(&path).unwrap(), Probe::Missing);
    let lock = HoldLock::acquire(&path).unwrap();
    assert_eq!(probe(&path).unwrap(), Probe::Held);
    assert!(matches!(HoldLock::acquire(&path), Err(HoldError::Held(_))));
    assert_eq!(holders(&path).unwrap().len(), 1);
    drop(lock);
    assert_eq!(probe(&path).unwrap(), Probe::Free);
    assert_eq!(holders(&path).unwrap(), []);
    HoldLock::acquire(&path).unwrap();
}

#[test]
fn its_file_is_the_users_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("hold");
    let _lock = HoldLock::acquire(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn links_and_pipes_are_refused() {
    let dir = TempDir::new().unwrap();
    let (link, pipe) = (dir.path().join("link"), dir.path().join("pipe"));
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    assert!(matches!(HoldLock::acquire(&link), Err(HoldError::Io { .. })));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert!(matches!(HoldLock::acquire(&pipe), Err(HoldError::NotAFile(_))));
    assert!(matches!(HoldLock::acquire(dir.path()), Err(HoldError::Io { .. })));
}

#[test]
fn probes_do_not_keep_it_from_being_taken() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("hold");
    drop(HoldLock::acquire(&path).unwrap());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_ne!(probe(&path).unwrap(), Probe::Missing);
            }
        });
        for _ in 0..200 {
            drop(HoldLock::acquire(&path).unwrap());
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn it_is_held_while_anything_of_the_tree_lives() {
    let mut run = Arrange::command(["sleep", "1000"]).start();
    let main = run.started();
    let path = run.dir.path().join("hold");
    run.hold = None;
    assert_eq!(probe(&path).unwrap(), Probe::Held);
    let held: Vec<u32> = holders(&path).unwrap().iter().map(|holder| holder.pid).collect();
    assert!(held.contains(&main) && held.contains(&run.guard_pid), "{held:?}");
    run.control.stop().unwrap();
    run.rest();
    assert_eq!(probe(&path).unwrap(), Probe::Free);
}

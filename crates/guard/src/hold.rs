//! A file lock that the whole tree inherits: while it is held, something lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use thiserror::Error;

use crate::{BootTime, tree};

/// How long [`HoldLock::acquire`] outwaits probes, which lock the file for an instant.
const PROBE_PATIENCE: Duration = Duration::from_millis(100);
const RETRY_INTERVAL: Duration = Duration::from_millis(2);

/// An exclusive lock on a file, shared with the guard, the command and all that they start.
///
/// It is an `flock` on one open file description: the lock is free when the last process that inherited
/// it is gone or has closed it. Dropping this value closes the runner's copy only.
#[derive(Debug)]
pub struct HoldLock {
    file: File,
    path: PathBuf,
}

/// The lock was not acquired.
#[derive(Debug, Error)]
pub enum HoldError {
    /// Somebody holds it: a process of an earlier tree lives.
    #[error("the hold lock {} is held", .0.display())]
    Held(PathBuf),
    /// The path is not an ordinary file.
    #[error("the hold lock {} is not an ordinary file", .0.display())]
    NotAFile(PathBuf),
    /// The system refused.
    #[error("opening the hold lock {}", path.display())]
    Io {
        /// The lock's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A process of the tree lives, or its runner does.
    Held,
    /// The file is there and nobody holds it: the tree is gone.
    Free,
    /// There is no file.
    Missing,
}

/// A process that has the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its command name, as the system shortens it; not escaped.
    pub name: String,
}

impl HoldLock {
    /// Creates the file (mode 0600) if need be and takes the lock, or says that it is held.
    ///
    /// Never follows a symbolic link at the last component. A file that is removed by another process
    /// meanwhile is created anew.
    pub fn acquire(path: &Path) -> Result<Self, HoldError> {
        let give_up_at = BootTime::now().saturating_add(PROBE_PATIENCE);
        loop {
            let file = open_to_lock(path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, path) => return Ok(Self { file, path: path.to_owned() }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if BootTime::now() >= give_up_at => {
                    return Err(HoldError::Held(path.to_owned()));
                }
                Err(TryLockError::WouldBlock) => pause(RETRY_INTERVAL),
                Err(TryLockError::Error(source)) => {
                    return Err(HoldError::Io { path: path.to_owned(), source });
                }
            }
        }
    }

    /// The lock's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for HoldLock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Says whether the lock is held, without waiting and without keeping it.
pub fn probe(path: &Path) -> io::Result<Probe> {
    let file = match OpenOptions::new().read(true).custom_flags(careful_flags()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Probe::Missing),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Probe::Free),
        Err(TryLockError::WouldBlock) => Ok(Probe::Held),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The processes that have the lock, as far as this user may see them; empty where `/proc` is missing.
pub fn holders(path: &Path) -> io::Result<Vec<Holder>> {
    let lock = std::fs::symlink_metadata(path)?;
    let mut found = Vec::new();
    for pid in tree::all_pids() {
        if holds(pid, (lock.dev(), lock.ino())) {
            found.push(Holder { pid, name: tree::name_of(pid) });
        }
    }
    Ok(found)
}

fn open_to_lock(path: &Path) -> Result<File, HoldError> {
    let io = |source| HoldError::Io { path: path.to_owned(), source };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(careful_flags())
        .open(path)
        .map_err(io)?;
    if !file.metadata().map_err(io)?.is_file() {
        return Err(HoldError::NotAFile(path.to_owned()));
    }
    Ok(file)
}

/// No symbolic link is followed and no FIFO is waited for.
fn careful_flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

/// Whether the path still names this file: a lock on a removed one protects nothing.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(locked), Ok(named)) => (locked.dev(), locked.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Whether one of the process's descriptors carries a lock on the file.
fn holds(pid: u32, file: (u64, u64)) -> bool {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|entry| {
        std::fs::metadata(entry.path()).is_ok_and(|meta| (meta.dev(), meta.ino()) == file)
            && carries_a_lock(pid, &entry.file_name().to_string_lossy())
    })
}

/// Somebody who only has the file open, a probe for example, shows no exclusive lock here.
fn carries_a_lock(pid: u32, descriptor: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}"))
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("lock:") && line.contains("WRITE")))
}

fn pause(length: Duration) {
    // A signal that cuts the pause short only makes the next attempt earlier.
    let _ = rustix::event::poll(&mut [], Some(&crate::clock::timespec(length)));
}

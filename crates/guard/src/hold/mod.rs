//! A file lock that the whole tree inherits: while it is held, something lives.

pub(crate) mod lock;

use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use thiserror::Error;

use crate::tree;

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

/// No symbolic link is followed and no FIFO is waited for.
fn careful_flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

/// Whether that process has the lock on the file at `path`, as far as can be seen.
pub(crate) fn is_holder(pid: u32, path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|lock| holds(pid, (lock.dev(), lock.ino())))
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

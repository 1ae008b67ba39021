//! Taking the hold lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{HoldError, careful_flags};
use crate::BootTime;

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

/// Whether the path still names this file: a lock on a removed one protects nothing.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(locked), Ok(named)) => (locked.dev(), locked.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

fn pause(length: Duration) {
    // A signal that cuts the pause short only makes the next attempt earlier.
    let _ = rustix::event::poll(&mut [], Some(&crate::clock::timespec(length)));
}

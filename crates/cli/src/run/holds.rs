//! Where hold locks are kept, one file for each incarnation of a runner.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tenure_core::id::Incarnation;
use tenure_core::limits;
use tenure_guard::hold::{self, Probe};

/// The directory beside the store's file.
pub(crate) fn directory(db: &Path) -> PathBuf {
    let mut name = OsString::from(db.as_os_str());
    name.push("-run");
    PathBuf::from(name).join("hold")
}

/// The lock of one incarnation. While it is held, something of that runner's tree lives.
pub(crate) fn path(db: &Path, incarnation: Incarnation) -> PathBuf {
    directory(db).join(format!("{incarnation}.lock"))
}

/// Makes the directory, and removes locks that prove nothing any more.
pub(super) fn prepare(db: &Path) -> io::Result<()> {
    let directory = directory(db);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
    for entry in fs::read_dir(&directory)?.flatten() {
        if is_stale(&entry.path()) {
            // Another process may have been faster.
            drop(fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

/// A free lock proves a death, but older than the longest lease it is not needed: the lease is over anyway.
fn is_stale(lock: &Path) -> bool {
    let age = fs::metadata(lock).and_then(|meta| meta.modified()).map(|at| at.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > limits::RUN_TTL_MAX * 2) && matches!(hold::probe(lock), Ok(Probe::Free))
}

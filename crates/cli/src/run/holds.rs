//! Where hold locks are kept, one file for each incarnation of a runner.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tenure_core::id::{Incarnation, Key, Namespace};
use tenure_guard::HoldLock;
use tenure_guard::hold::{self, Holder, Probe};
use tenure_store_sqlite::private_directory;

/// So many lock files may lie about before somebody looks which of them prove anything.
const FILES_MAX: usize = 256;
/// What lock files are called, after their incarnation.
const SUFFIX: &str = ".lock";

/// The directory beside the store's file.
pub(crate) fn directory(db: &Path) -> PathBuf {
    run_directory(db).join("hold")
}

fn run_directory(db: &Path) -> PathBuf {
    let mut name = OsString::from(db.as_os_str());
    name.push("-run");
    PathBuf::from(name)
}

/// The lock of one incarnation. While it is held, something of that runner's tree lives.
pub(crate) fn path(db: &Path, incarnation: Incarnation) -> PathBuf {
    directory(db).join(format!("{incarnation}{SUFFIX}"))
}

/// Where a command that runs under this lock finds what was saved.
pub(super) fn saved(lock: &HoldLock) -> PathBuf {
    lock.path().with_extension("saved")
}

/// Makes the directory, private to this user.
pub(super) fn prepare(db: &Path) -> io::Result<()> {
    private_directory(&run_directory(db))?;
    private_directory(&directory(db))
}

/// Whether there are so many locks that those without an open session should go.
pub(super) fn is_crowded(db: &Path) -> bool {
    locks(db).nth(FILES_MAX).is_some()
}

/// Removes free locks, except those of `needed` incarnations: they prove that a holder is gone.
pub(super) fn clear(db: &Path, needed: &HashSet<Incarnation>) {
    let needed: HashSet<_> = needed.iter().map(|incarnation| path(db, *incarnation)).collect();
    for lock in locks(db).filter(|lock| !needed.contains(lock)) {
        if matches!(hold::probe(&lock), Ok(Probe::Free)) {
            // Another process may have been faster.
            drop(fs::remove_file(lock.with_extension("saved")));
            drop(fs::remove_file(lock));
        }
    }
}

/// Notes in the lock which slot its tree works for and who runs it, once it holds the slot.
pub(super) fn note_slot(lock: &HoldLock, namespace: &Namespace, key: &Key) -> io::Result<()> {
    fs::write(lock.path(), format!("{}{}", slot(namespace, key), std::process::id()))
}

/// The processes of earlier trees that worked for this slot and still live, but not their runners, which do
/// none of the work. `None` when there are none; empty when they cannot be told.
pub(super) fn living(db: &Path, ours: &HoldLock, namespace: &Namespace, key: &Key) -> Option<Vec<Holder>> {
    let slot = slot(namespace, key);
    let mut living = None;
    for lock in locks(db).filter(|lock| lock != ours.path()) {
        let noted = fs::read_to_string(&lock).unwrap_or_default();
        let Some(runner) = noted.strip_prefix(&slot).and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        if !matches!(hold::probe(&lock), Ok(Probe::Held)) {
            continue;
        }
        let holders = hold::holders(&lock).unwrap_or_default();
        let others: Vec<_> = holders.iter().filter(|holder| holder.pid != runner).cloned().collect();
        if holders.is_empty() || !others.is_empty() {
            living.get_or_insert_with(Vec::new).extend(others);
        }
    }
    living
}

fn slot(namespace: &Namespace, key: &Key) -> String {
    format!("{}\n{}\n", namespace.as_str(), key.as_str())
}

/// Files that are named like locks; anything else is not ours to touch.
fn locks(db: &Path) -> impl Iterator<Item = PathBuf> {
    let is_lock = |name: &str| {
        let stem = name.strip_suffix(SUFFIX).unwrap_or_default();
        stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let entries = fs::read_dir(directory(db)).into_iter().flatten().flatten();
    entries.filter(move |entry| entry.file_name().to_str().is_some_and(is_lock)).map(|entry| entry.path())
}

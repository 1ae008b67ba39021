//! A copy of the whole store while it is in use: one state, verified.
//!
//! The copy is read from one snapshot, which writers do not wait for; without that, SQLite would begin anew with
//! every write of another process.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tenure_store::StoreError;

use crate::connection::{self, Role};
use crate::error::{WorkError, from_sqlite};
use crate::store::SqliteStore;
use crate::verify::{self, Depth};

/// Pages that are copied at a time.
const STEP_PAGES: i32 = 256;

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Pages that are copied.
    pub pages: u64,
    /// Pages that there are.
    pub of: u64,
}

/// What a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSize {
    /// Bytes of its file.
    pub bytes: u64,
    /// Sessions in it, of all tenants.
    pub sessions: u64,
}

const WHAT: &str = "copy the store";

impl SqliteStore {
    /// Copies the store to a file, which must be there and empty, and checks the copy as closely as a doctor does.
    /// `tell` hears how far it is.
    ///
    /// The copy is a store of its own. Who holds a session here holds nothing there: the copy does not know of this
    /// process. It is not durable yet when this returns: that is for whoever gives it its name.
    ///
    /// # Errors
    /// When it cannot be read or written, or is not sound. What is in the file is worth nothing then.
    pub fn back_up(&self, to: &Path, tell: &mut dyn FnMut(Copied)) -> Result<BackupSize, StoreError> {
        let failed = |why| from_sqlite(WHAT, why);
        let from = connection::open(&self.shared().place, Role::Reader).map_err(failed)?;
        copy(&from, to, tell).map_err(|why| why.told(WHAT))?;
        drop(from);
        finish(to).map_err(|why| why.told("check the copy"))
    }
}

/// Makes a store that nobody uses one file, so that another one can take its place: what SQLite keeps beside it would
/// else be taken for a part of the new one.
///
/// # Errors
/// [`StoreError::Blocked`] when somebody uses it.
pub fn withdraw(path: &Path) -> Result<(), StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if !Path::new(&log).exists() {
        return Ok(());
    }
    let withdrawn = || -> Result<(), WorkError> {
        let store = open(path)?;
        store.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")?;
        store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        store.close().map_err(|(_, why)| why.into())
    };
    withdrawn().map_err(|why| why.told("replace a store"))
}

fn copy(from: &Connection, to: &Path, tell: &mut dyn FnMut(Copied)) -> Result<(), WorkError> {
    // The first look begins the snapshot.
    from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    let mut copy = open(to)?;
    // Nobody needs what is left of a copy that fails.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let backup = Backup::new(from, &mut copy)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let progress = backup.progress();
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        let of = number(progress.pagecount);
        tell(Copied { pages: of.saturating_sub(number(progress.remaining)), of });
        if step == StepResult::Done {
            return Ok(());
        }
    }
}

/// Forgets who listens to the store that was copied, and checks everything.
fn finish(path: &Path) -> Result<BackupSize, WorkError> {
    let copy = open(path)?;
    // Alone with the file: no shared memory beside it.
    copy.execute_batch("PRAGMA locking_mode = EXCLUSIVE; DELETE FROM watch; DELETE FROM process")?;
    let found = verify::check(&copy, Depth::Deep)?;
    if let Some(what) = found.into_iter().next() {
        return Err(StoreError::Corrupt { what }.into());
    }
    let sessions = copy.query_row("SELECT count(*) FROM session", [], |row| row.get::<_, i64>(0))?;
    // Back into one file; it is opened as what it was copied from.
    copy.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    copy.close().map_err(|(_, why)| why)?;
    let bytes = path.metadata()?.len();
    Ok(BackupSize { bytes, sessions: u64::try_from(sessions).unwrap_or(0) })
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    Connection::open_with_flags(path, flags)
}

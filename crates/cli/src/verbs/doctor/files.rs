//! The files and directories of a store, and who may read them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::run::holds;

/// What the base of everything is called.
const STORAGE: &str = "storage directory";

/// A file or a directory that is there.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) what: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) mode: u32,
    /// `None` for a directory.
    pub(crate) bytes: Option<u64>,
}

impl Found {
    /// Whether nobody but the owner may do anything with it; of the storage directory, change it.
    pub(crate) fn is_private(&self) -> bool {
        let forbidden = if self.what == STORAGE { 0o022 } else { 0o077 };
        self.mode & forbidden == 0
    }
}

/// Those of the store that are there.
pub(super) fn look(app: &App) -> Vec<Found> {
    let db = app.db();
    let holds = holds::directory(db);
    let run = holds.parent().unwrap_or(&holds).to_owned();
    let all = [
        (STORAGE, app.options.home.value.clone()),
        ("store", db.to_owned()),
        ("write-ahead log", beside(db, "-wal")),
        ("shared memory", beside(db, "-shm")),
        ("lock files", run),
        ("hold locks", holds),
        ("configuration", app.options.file.clone()),
    ];
    all.into_iter().filter_map(|(what, path)| found(what, path)).collect()
}

fn beside(db: &Path, suffix: &str) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn found(what: &'static str, path: PathBuf) -> Option<Found> {
    // Through a link: what counts is who may use what it leads to.
    let metadata = path.metadata().ok()?;
    let bytes = metadata.is_file().then_some(metadata.len());
    Some(Found { what, mode: metadata.mode() & 0o7777, bytes, path })
}

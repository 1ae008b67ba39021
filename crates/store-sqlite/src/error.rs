//! Errors: why a store cannot be opened, and what SQLite's errors mean to a caller.

use std::io;
use std::path::PathBuf;

use rusqlite::ffi;
use tenure_store::StoreError;

/// Why a store could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file, its directory, or something beside it could not be used.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// SQLite could not use the file.
    #[error("{doing} {}", path.display())]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The path does not name a regular file: a directory, a device, or a link that somebody could redirect.
    #[error("open {}: it is {what}, not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it names.
        what: &'static str,
    },
    /// The file is no store: not a SQLite database, or another program's.
    #[error("open {}: it is not a session store", path.display())]
    NotAStore {
        /// The path.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("open {}: the file is damaged", path.display())]
    Corrupt {
        /// The path.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A newer program wrote the file.
    #[error("open {}: it has schema version {found}, and this program knows up to {known}", path.display())]
    Newer {
        /// The path.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// The file is on a network file system, where locks and shared memory do not exclude other machines.
    #[error(
        "open {}: it is on a network file system ({file_system}), where two machines could both own a session; \
         keep it on a local disk",
        path.display()
    )]
    NetworkFileSystem {
        /// The path.
        path: PathBuf,
        /// The file system's name.
        file_system: String,
    },
    /// Another process has been creating or migrating the store for too long.
    #[error("open {}: process {} is creating or migrating it", path.display(), pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    Blocked {
        /// The path.
        path: PathBuf,
        /// The process, if it can be told.
        pid: Option<u32>,
    },
}

/// What went wrong while a request was worked on, before a caller is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The operating system failed, or a test said so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The store's own checks failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The code that worked on it panicked.
    #[error("a panic: {0}")]
    Panic(String),
}

impl WorkError {
    /// Whether something that is stored is not what was written, and the store as such works.
    pub(crate) const fn is_damage(&self) -> bool {
        matches!(self, Self::Store(StoreError::Corrupt { .. }))
    }

    /// What the caller is told: nothing was changed.
    pub(crate) fn told(self, what: &'static str) -> StoreError {
        match self {
            Self::Sqlite(source) => from_sqlite(what, source),
            Self::Io(source) => from_io(what, source),
            Self::Store(error) => error,
            Self::Panic(why) => StoreError::Unavailable { what, source: why.into() },
        }
    }
}

/// What a failed system call means. Nothing was changed.
fn from_io(what: &'static str, source: io::Error) -> StoreError {
    use io::ErrorKind as Kind;
    match source.kind() {
        Kind::StorageFull | Kind::FileTooLarge | Kind::QuotaExceeded => {
            StoreError::Full { source: source.into() }
        }
        _ => StoreError::Unavailable { what, source: source.into() },
    }
}

/// What an error of SQLite means. Nothing was changed.
pub(crate) fn from_sqlite(what: &'static str, source: rusqlite::Error) -> StoreError {
    match code_of(&source) {
        Some(Code::Full) => StoreError::Full { source: source.into() },
        Some(Code::Corrupt) => StoreError::Corrupt { what: source.to_string() },
        Some(Code::Constraint) => {
            StoreError::Corrupt { what: format!("a rule of the store was broken: {source}") }
        }
        Some(Code::Busy) => StoreError::Blocked { pid: None },
        None => StoreError::Unavailable { what, source: source.into() },
    }
}

/// The errors of SQLite that mean something of their own here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// No room, or a limit on the file's size. The failed write of a page is one: the disk, a quota, a limit.
    Full,
    /// The file is damaged, or no database.
    Corrupt,
    /// A CHECK, a unique index or a trigger said no.
    Constraint,
    /// Somebody else holds a lock.
    Busy,
}

/// What sort of error it is, if it is one that means something of its own.
pub(crate) fn code_of(error: &rusqlite::Error) -> Option<Code> {
    let error = error.sqlite_error()?;
    match (error.extended_code, error.extended_code & 0xff) {
        (ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_TRUNCATE, _)
        | (_, ffi::SQLITE_FULL) => Some(Code::Full),
        (_, ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB) => Some(Code::Corrupt),
        (_, ffi::SQLITE_CONSTRAINT) => Some(Code::Constraint),
        (_, ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL) => Some(Code::Busy),
        _ => None,
    }
}

//! How a store is doing, for people who look after it.

use std::path::PathBuf;

use rusqlite::Connection;
use tenure_store::StoreError;

use crate::error::WorkError;
use crate::row::{ProcessRow, unsigned};
use crate::store::SqliteStore;
use crate::{blocker, ring, sql, turnstile};

/// How a store is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The database file.
    pub path: PathBuf,
    /// The directory of lock files and sockets beside it.
    pub run_directory: PathBuf,
    /// The version of its schema.
    pub schema_version: u64,
    /// The version of SQLite in this program.
    pub sqlite_version: String,
    /// SQLite's journal mode; `wal` unless somebody changed it.
    pub journal_mode: String,
    /// Bytes of one page.
    pub page_bytes: u64,
    /// Bytes of the database, without its write-ahead log.
    pub db_bytes: u64,
    /// Bytes of the write-ahead log's file.
    pub wal_bytes: u64,
    /// The process that holds the write lock at this moment, if one does and it can be told.
    pub writer: Option<u32>,
    /// The processes that watch sessions. What one that is gone has left is removed by whoever writes next.
    pub listening: Vec<u32>,
    /// What went wrong in this process beside the point, oldest first.
    pub troubles: Vec<String>,
}

/// What the database says about itself.
struct Told {
    schema_version: u64,
    journal_mode: String,
    page_bytes: u64,
    pages: u64,
    processes: Vec<ProcessRow>,
}

impl SqliteStore {
    /// How the store is doing. Changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn health(&self) -> Result<Health, StoreError> {
        let shared = self.shared();
        let told = shared.readers.read("look at the store", ask)?;
        let size = |suffix: &str| shared.place.beside(suffix).metadata().map_or(0, |found| found.len());
        let is_there = |process: &&ProcessRow| ring::is_alive(&shared.place, process.token);
        let listening = told.processes.iter().filter(is_there).map(|process| process.pid).collect();
        Ok(Health {
            path: shared.place.db.clone(),
            run_directory: shared.place.run.clone(),
            schema_version: told.schema_version,
            sqlite_version: rusqlite::version().to_owned(),
            journal_mode: told.journal_mode,
            page_bytes: told.page_bytes,
            db_bytes: told.pages.saturating_mul(told.page_bytes),
            wal_bytes: size("-wal"),
            writer: turnstile::holder(&shared.place).or_else(|| blocker::sqlite_writer(&shared.place)),
            listening,
            troubles: shared.troubles.all(),
        })
    }
}

fn ask(conn: &Connection) -> Result<Told, WorkError> {
    let number = |pragma: &str| {
        let number = sql::one(conn, pragma, [], |row| unsigned(row.get(0)?))?;
        Ok::<_, WorkError>(number.unwrap_or_default())
    };
    Ok(Told {
        schema_version: number("PRAGMA user_version")?,
        journal_mode: sql::one(conn, "PRAGMA journal_mode", [], |row| Ok(row.get(0)?))?.unwrap_or_default(),
        page_bytes: number("PRAGMA page_size")?,
        pages: number("PRAGMA page_count")?,
        processes: sql::all(conn, sql::PROCESS_LIST, [], ProcessRow::of)?,
    })
}

//! Connections to the database file, set up alike.

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::place::Place;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The writer's: never waits for a lock inside SQLite.
    Writer,
    /// A reader's: waits only where another process recovers the write-ahead log.
    Reader,
}

/// Opens a connection to a database that exists.
pub(crate) fn open(place: &Place, role: Role) -> Result<Connection, rusqlite::Error> {
    // No SQLITE_OPEN_CREATE and no links: the file was made before, privately.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let conn = Connection::open_with_flags(&place.db, flags)?;
    if !place.is_unmoved() {
        return Err(moved());
    }
    conn.busy_timeout(match role {
        Role::Writer => Duration::ZERO,
        Role::Reader => Duration::from_secs(2),
    })?;
    // The last one to close would copy the log back and delete it, in the way of whoever opens just then.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A plan never depends on bound values: else SQLite prepares every join anew for each of them.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Acknowledged means durable. The log is copied back beside the commits, not in them.
    conn.execute_batch(match role {
        Role::Writer => {
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384"
        }
        Role::Reader => "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -4096",
    })?;
    conn.set_prepared_statement_cache_capacity(64);
    // The first look opens the write-ahead log. If that is empty, SQLite opens it to whom the database is open.
    if conn.query_row("PRAGMA schema_version", [], |_| Ok(())).is_ok() {
        place.shut_beside();
    }
    Ok(conn)
}

/// The path no longer names the file that this store was opened on.
pub(crate) fn moved() -> rusqlite::Error {
    let what = "the database file was moved, removed or replaced".to_owned();
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED), Some(what))
}

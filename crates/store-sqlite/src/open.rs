//! Opening a store: at once if it is current, else under a lock.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use crate::connection::{self, Role};
use crate::error::{Code, OpenError, WorkError, code_of};
use crate::place::Place;
use crate::transaction::transaction;
use crate::troubles::Troubles;
use crate::{catalog, figures, turnstile};

/// Marks the file as a store of this program: the letters `Tnur`.
const APPLICATION_ID: i64 = 0x546e_7572;

/// The migrations, in order. A store's schema version is how many of them it has seen.
const MIGRATIONS: [&str; 10] = [
    include_str!("sql/migrations/0001_first.sql"),
    include_str!("sql/migrations/0002_catalog.sql"),
    include_str!("sql/migrations/0003_checkpoints.sql"),
    include_str!("sql/migrations/0004_groups.sql"),
    include_str!("sql/migrations/0005_arrivals.sql"),
    include_str!("sql/migrations/0006_instances.sql"),
    include_str!("sql/migrations/0007_tasks.sql"),
    include_str!("sql/migrations/0008_tokens.sql"),
    include_str!("sql/migrations/0009_answers.sql"),
    include_str!("sql/migrations/0010_boots.sql"),
];

/// What a file turns out to be.
enum Looked {
    /// A current store.
    Current,
    /// Nothing yet, or an older store: it has to be made or migrated.
    Older,
}

/// Opens the store, making it if it is not there.
///
/// Another process that makes or migrates it is waited for as long as `patience` says.
pub(crate) fn open(place: &Place, troubles: &Troubles, patience: Duration) -> Result<Connection, OpenError> {
    if place.exists()?
        && let Ok(conn) = connection::open(place, Role::Reader)
        && let Ok(Looked::Current) = look(&conn, &place.db)
    {
        return Ok(conn);
    }
    prepare(place, troubles, patience)
}

/// Makes or migrates the store under the lock `open`, so that it is done once.
fn prepare(place: &Place, troubles: &Troubles, patience: Duration) -> Result<Connection, OpenError> {
    let io = |doing| move |source| OpenError::Io { doing, path: place.db.clone(), source };
    place.make_run_dir().map_err(io("make the directory of lock files of"))?;
    let file = place.lock_file("open").map_err(io("make the lock file of"))?;
    wait_for(&file, place, patience)?;
    place.make_db().map_err(io("make"))?;
    let conn = connection::open(place, Role::Reader).map_err(|why| told(place, "open", why))?;
    if let Looked::Older = look(&conn, &place.db)? {
        migrate(&conn, troubles).map_err(|why| match why {
            WorkError::Sqlite(why) => told(place, "set up", why),
            why => OpenError::Corrupt { path: place.db.clone(), source: why.into() },
        })?;
        place.shut_beside();
    }
    drop(file);
    Ok(conn)
}

/// Takes the lock `open`. Waiting for a file's lock has no time limit, so another thread does it.
fn wait_for(file: &File, place: &Place, patience: Duration) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { doing: "lock", path: place.db.clone(), source };
    if !turnstile::try_lock(file).map_err(io)? {
        let (locked, has_locked) = mpsc::channel();
        let waiting = file.try_clone().map_err(io)?;
        // Given up, it ends when the lock comes, and lets it go with the file.
        thread::spawn(move || locked.send(turnstile::lock(&waiting)));
        match has_locked.recv_timeout(patience) {
            Ok(locked) => locked.map_err(io)?,
            Err(_timeout) => {
                return Err(OpenError::Blocked { path: place.db.clone(), pid: turnstile::signed_by(file) });
            }
        }
    }
    turnstile::sign(file);
    Ok(())
}

/// What the file is, without changing it.
fn look(conn: &Connection, path: &Path) -> Result<Looked, OpenError> {
    let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let sqlite = |why| sqlite_error(path, "read", why);
    let application = number("PRAGMA application_id").map_err(sqlite)?;
    let version = number("PRAGMA user_version").map_err(sqlite)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match (application, version) {
        (APPLICATION_ID, version) if version == known => Ok(Looked::Current),
        (APPLICATION_ID, version) if (0..known).contains(&version) => Ok(Looked::Older),
        (APPLICATION_ID, found) => Err(OpenError::Newer { path: path.to_owned(), found, known }),
        (0, 0) if number("SELECT count(*) FROM sqlite_schema").map_err(sqlite)? == 0 => Ok(Looked::Older),
        _ => Err(OpenError::NotAStore { path: path.to_owned() }),
    }
}

fn migrate(conn: &Connection, troubles: &Troubles) -> Result<(), WorkError> {
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
    transaction(conn, troubles, |conn| {
        let version = conn.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
        for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > version) {
            conn.execute_batch(migration)?;
            conn.pragma_update(None, "user_version", number)?;
        }
        catalog::build(conn)?;
        figures::build(conn)?;
        Ok(conn.pragma_update(None, "application_id", APPLICATION_ID)?)
    })
}

fn told(place: &Place, doing: &'static str, why: rusqlite::Error) -> OpenError {
    sqlite_error(&place.db, doing, why)
}

fn sqlite_error(path: &Path, doing: &'static str, why: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    let is_no_database = why.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase);
    match code_of(&why) {
        Some(Code::Corrupt) if is_no_database => OpenError::NotAStore { path },
        Some(Code::Corrupt) => OpenError::Corrupt { path, source: why.into() },
        Some(Code::Full | Code::Constraint | Code::Busy) | None => {
            OpenError::Sqlite { doing, path, source: why.into() }
        }
    }
}

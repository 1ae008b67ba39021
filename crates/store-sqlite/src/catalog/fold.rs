//! Entering new sessions, many at once.

use rusqlite::{Connection, Row};
use tenure_store::Handle;

use super::changes::Changes;
use crate::error::WorkError;
use crate::row::Stored;
use crate::sql;

/// How many new sessions are entered together: fewer make more work of each, more make lists look at more.
const FOLDED_AT_ONCE: i64 = 64;

/// So many of the newest are not entered yet: most sessions change most while they are new.
const NEWEST: i64 = 256;

/// Up to which session the catalog should tell everything, if more should be entered.
pub(crate) fn due(folded: i64, newest: Handle) -> Option<i64> {
    let to = newest.0 - NEWEST;
    (to - folded >= FOLDED_AT_ONCE).then_some(to)
}

/// How many are entered at once where many wait.
const CHUNK: i64 = 1024;

/// The newest session that is in the catalog.
pub(crate) fn folded(conn: &Connection) -> Result<i64, WorkError> {
    Ok(sql::one(conn, sql::FOLDED_FIND, [], |row| Ok(row.get(0)?))?.unwrap_or(0))
}

/// Enters the sessions after `from` and up to `to`.
pub(crate) fn fold(conn: &Connection, from: i64, to: i64) -> Result<(), WorkError> {
    let mut changes = Changes::default();
    let mut statement = conn.prepare_cached(sql::FIND_RANGE)?;
    let mut rows = statement.query((from, to))?;
    while let Some(row) = rows.next()? {
        enter(&mut changes, row)?;
    }
    drop(rows);
    changes.write(conn)?;
    sql::write(conn, sql::FOLDED_UPDATE, [to]).map(drop)
}

/// One damaged session must not keep the others from being entered.
pub(super) fn enter(changes: &mut Changes, row: &Row<'_>) -> Result<(), WorkError> {
    match Stored::of(row) {
        Ok(stored) => changes.enter(stored.ns, stored.handle, &stored.session),
        Err(why) if why.is_damage() => {
            changes.enter_damaged(row.get(24)?, Handle(row.get(0)?), (row.get(3)?, row.get(5)?));
        }
        Err(why) => return Err(why),
    }
    Ok(())
}

/// Enters every session, in a store that had no catalog before.
pub(crate) fn build(conn: &Connection) -> Result<(), WorkError> {
    let newest = sql::one(conn, "SELECT max(sid) FROM session", [], |row| Ok(row.get::<_, Option<i64>>(0)?))?;
    let newest = newest.flatten().unwrap_or(0);
    let mut from = folded(conn)?;
    while from < newest {
        let to = newest.min(from + CHUNK);
        fold(conn, from, to)?;
        from = to;
    }
    Ok(())
}

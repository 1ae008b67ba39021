//! Checking histories, complete chains of rows that can be read, and messages.

use std::collections::HashMap;

use rusqlite::Connection;
use tenure_store::record;

use crate::error::WorkError;
use crate::row::{blob, unsigned};
use crate::sql;

/// One history, as far as it was seen.
struct Seen {
    /// Where it ends, and with which execution, if that is known.
    newest: i64,
    execution: Option<u64>,
    /// Its newest row so far.
    last: (i64, u64),
}

/// Every history is complete, and every event of it can be read, and every message too.
pub(super) fn check(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let mut found = Vec::new();
    let mut histories = histories(conn)?;
    let mut statement = conn.prepare(sql::VERIFY_HISTORY)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (pos, sid, prev): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
        let execution = unsigned(row.get(2)?)?;
        let Some(seen) = histories.get_mut(&sid) else {
            found.push(format!("row {pos} of the histories is of session {sid}, which has none"));
            continue;
        };
        let (before, at) = seen.last;
        if prev != before || !(execution == at || execution == at + 1) {
            found.push(format!("row {pos} of the histories does not go on where that of session {sid} was"));
        }
        seen.last = (pos, execution);
        if let Err(why) = record::decode_history(blob(row, 4)?.unwrap_or_default()) {
            found.push(format!("row {pos} of the histories: {why}"));
        }
    }
    found.extend(check_messages(conn)?);
    for (sid, seen) in histories {
        let (last, execution) = seen.last;
        if last != seen.newest || seen.execution.is_some_and(|is| last != 0 && is != execution) {
            found.push(format!("the history of session {sid} does not end where it should"));
        }
    }
    Ok(found)
}

/// Every message can be read: one that cannot keeps its instance from being given to anybody.
fn check_messages(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let read = sql::all(conn, sql::VERIFY_MESSAGES, [], |row| {
        let (mid, sid): (i64, i64) = (row.get(0)?, row.get(1)?);
        let why = record::decode_mail(blob(row, 2)?.unwrap_or_default()).err();
        Ok(why.map(|why| format!("message {mid} for session {sid}: {why}")))
    })?;
    Ok(read.into_iter().flatten().collect())
}

fn histories(conn: &Connection) -> Result<HashMap<i64, Seen>, WorkError> {
    let ends = sql::all(conn, sql::VERIFY_HISTORIES, [], |row| {
        let execution = row.get::<_, Option<i64>>(2)?.map(unsigned).transpose()?;
        Ok((row.get(0)?, Seen { newest: row.get(1)?, execution, last: (0, 0) }))
    })?;
    Ok(ends.into_iter().collect())
}

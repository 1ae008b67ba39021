//! Checking a store against everything that must be true of it.

mod histories;
mod logs;
mod tasks;

use rusqlite::Connection;
use tenure_store::{PayloadOutcome, StoreError};

use crate::error::WorkError;
use crate::row::{CheckpointRow, Stored};
use crate::store::{SqliteStore, read_row};
use crate::{catalog, figures, sql};

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The file's structure, and sessions, slots, leases, heads and instances against each other.
    Quick,
    /// Also every index, every record and every event.
    Deep,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is, in words.
    pub what: String,
}

/// Most findings that are told: more do not help.
const FINDINGS_MAX: usize = 100;

impl SqliteStore {
    /// Checks the store. Changes nothing; the answer is empty when everything is as it must be.
    ///
    /// # Errors
    /// When the store cannot be read far enough to check it.
    pub fn verify(&self, depth: Depth) -> Result<Vec<Finding>, StoreError> {
        let found = match self.shared().readers.read("check the store", |conn| check(conn, depth)) {
            Err(StoreError::Corrupt { what }) => vec![what],
            found => found?,
        };
        Ok(found.into_iter().take(FINDINGS_MAX).map(|what| Finding { what }).collect())
    }
}

pub(crate) fn check(conn: &Connection, depth: Depth) -> Result<Vec<String>, WorkError> {
    let pragma = match depth {
        Depth::Quick => "PRAGMA quick_check",
        Depth::Deep => "PRAGMA integrity_check",
    };
    let mut found = texts(conn, pragma)?;
    found.retain(|text| text != "ok");
    if !found.is_empty() {
        // What a damaged file says about sessions is worth nothing.
        return Ok(found);
    }
    for statement in [
        sql::VERIFY_SLOTS,
        sql::VERIFY_LEASES,
        sql::VERIFY_HEADS,
        sql::VERIFY_FORKS,
        sql::VERIFY_PAYLOADS,
        sql::VERIFY_GROUPS,
        sql::VERIFY_INSTANCES,
        sql::VERIFY_TASKS,
    ] {
        found.extend(texts(conn, statement)?);
    }
    if depth == Depth::Deep {
        found.extend(check_sessions(conn)?);
        found.extend(texts(conn, sql::VERIFY_IDS)?);
        found.extend(texts(conn, sql::VERIFY_ARRIVALS)?);
        found.extend(logs::check(conn)?);
        found.extend(histories::check(conn)?);
        found.extend(tasks::check(conn)?);
        found.extend(catalog::check_postings(conn)?);
        if found.is_empty() {
            found.extend(figures::check_tallies(conn)?);
        }
        found.extend(check_payloads(conn)?);
    }
    Ok(found)
}

fn texts(conn: &Connection, statement: &str) -> Result<Vec<String>, WorkError> {
    sql::all(conn, statement, [], |row| Ok(row.get(0)?))
}

/// Every session can be taken apart.
fn check_sessions(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let mut statement = conn.prepare(sql::VERIFY_SESSIONS)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Err(why) = Stored::of(row) {
            found.push(format!("session {}: {why}", row.get::<_, i64>(0)?));
        }
    }
    Ok(found)
}

/// Every payload is what was saved.
fn check_payloads(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let rows = sql::all(conn, sql::VERIFY_CHECKPOINTS, [], |row| {
        Ok((row.get::<_, i64>(5)?, row.get::<_, String>(1)?, CheckpointRow::of(row)?))
    })?;
    let mut found = Vec::new();
    for (sid, id, row) in rows {
        if let PayloadOutcome::Damaged { what } = read_row(conn, row)? {
            found.push(format!("checkpoint {id} of session {sid}: {what}"));
        }
    }
    Ok(found)
}

//! Checking a store against everything that must be true of it.

use std::collections::HashMap;

use rusqlite::{Connection, Row};
use tenure_core::id::Seq;
use tenure_store::{StoreError, record};

use crate::chain::{Chain, Pointers};
use crate::error::WorkError;
use crate::row::{Stored, blob, unsigned};
use crate::store::SqliteStore;
use crate::{catalog, figures, sql};

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The file's structure, and sessions, slots, leases and heads against each other.
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

fn check(conn: &Connection, depth: Depth) -> Result<Vec<String>, WorkError> {
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
    for statement in [sql::VERIFY_SLOTS, sql::VERIFY_LEASES, sql::VERIFY_HEADS] {
        found.extend(texts(conn, statement)?);
    }
    if depth == Depth::Deep {
        found.extend(check_sessions(conn)?);
        found.extend(check_logs(conn)?);
        found.extend(catalog::check_postings(conn)?);
        if found.is_empty() {
            found.extend(figures::check_tallies(conn)?);
        }
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

/// One session's log, as far as its rows were seen.
#[derive(Default)]
struct Seen {
    chain: Chain,
    newest: i64,
    depth: u64,
    next: Seq,
}

/// Every log has no gap, every pointer leads where it should, and every event can be read.
fn check_logs(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let mut logs: HashMap<i64, Seen> = HashMap::new();
    let mut found = Vec::new();
    let mut statement = conn.prepare(sql::VERIFY_LOG)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seen = logs.entry(row.get(1)?).or_insert_with(|| Seen { next: Seq(1), ..Seen::default() });
        if let Some(what) = check_row(row, seen)? {
            found.push(format!("row {} of the log: {what}", row.get::<_, i64>(0)?));
        }
    }
    let ends = sql::all(conn, sql::VERIFY_DEPTHS, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, unsigned(row.get(2)?)?))
    })?;
    for (sid, pos, depth) in ends {
        let seen = logs.remove(&sid).unwrap_or_default();
        if (seen.newest, seen.depth) != (pos, depth) {
            found
                .push(format!("the log of session {sid} has {} rows, and its head says {depth}", seen.depth));
        }
    }
    found
        .extend(logs.into_keys().map(|sid| format!("there are events of session {sid}, which is not there")));
    Ok(found)
}

fn check_row(row: &Row<'_>, seen: &mut Seen) -> Result<Option<String>, WorkError> {
    let (pos, first, count) = (row.get(0)?, Seq(unsigned(row.get(2)?)?), unsigned(row.get(3)?)?);
    let (expected, to) = (seen.next, seen.chain.push(pos));
    seen.newest = pos;
    seen.depth += 1;
    seen.next = Seq(first.0.saturating_add(count));
    if first != expected {
        return Ok(Some(format!("begins with position {first}, not {expected}")));
    }
    if to != (Pointers { prev: row.get(4)?, jump: row.get(5)? }) {
        return Ok(Some("points to the wrong rows".to_owned()));
    }
    Ok(match record::decode_events(first, blob(row, 6)?.unwrap_or_default()) {
        Ok(events) if events.len() as u64 == count => None,
        Ok(events) => Some(format!("has {} events, not {count}", events.len())),
        Err(why) => Some(why.to_string()),
    })
}

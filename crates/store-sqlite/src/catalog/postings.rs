//! Reading postings.

use rusqlite::Connection;

use super::bits::Bits;
use super::terms::STATES;
use crate::error::WorkError;
use crate::row::{blob, corrupt};
use crate::sql;

/// Of which sessions of a block a term is true.
pub(super) fn posting(conn: &Connection, key: (i64, i64, &str)) -> Result<Bits, WorkError> {
    let found = sql::one(conn, sql::POSTING_FIND, key, |row| bits(blob(row, 0)?))?;
    Ok(found.unwrap_or(Bits::NONE))
}

/// A set from its column.
pub(super) fn bits(bytes: Option<&[u8]>) -> Result<Bits, WorkError> {
    bytes.and_then(Bits::decode).ok_or_else(|| corrupt("a posting that names no sessions"))
}

/// Each posting of a block whose term begins like this. Returns how many there were.
pub(super) fn each(
    conn: &Connection,
    (ns, block): (i64, i64),
    beginning: &str,
    mut take: impl FnMut(&str, Bits),
) -> Result<usize, WorkError> {
    let mut statement = conn.prepare_cached(sql::POSTING_FROM)?;
    let mut rows = statement.query((ns, block, beginning))?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let term = row.get_ref(0)?.as_str().map_err(|why| corrupt(why.to_string()))?;
        if !term.starts_with(beginning) {
            break;
        }
        count += 1;
        take(term, bits(blob(row, 1)?)?);
    }
    Ok(count)
}

/// The sessions of a block whose kind and state are one of these terms; of any, without terms.
pub(super) fn in_states(
    conn: &Connection,
    at: (i64, i64),
    wanted: Option<&[String]>,
) -> Result<(Bits, usize), WorkError> {
    let mut found = Bits::NONE;
    let count = each(conn, at, STATES, |term, these| {
        if wanted.is_none_or(|wanted| wanted.iter().any(|wanted| wanted == term)) {
            found = found.or(&these);
        }
    })?;
    Ok((found, count))
}

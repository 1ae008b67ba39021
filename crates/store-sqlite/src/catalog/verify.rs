//! Whether postings and zones tell what sessions are.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::bits::{BLOCK, Bits};
use super::changes::Changes;
use super::fold::{enter, folded};
use super::postings::bits;
use super::zone::Zone;
use crate::error::WorkError;
use crate::row::blob;
use crate::sql;

/// Every block whose postings are not what its sessions would make them.
pub(crate) fn check_postings(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let folded = folded(conn)?;
    let mut found = Vec::new();
    for block in 0..=folded.div_euclid(BLOCK) {
        let (first, last) = (block * BLOCK, (block * BLOCK + BLOCK - 1).min(folded));
        let mut changes = Changes::default();
        let mut statement = conn.prepare_cached(sql::FIND_RANGE)?;
        let mut rows = statement.query((first - 1, last))?;
        while let Some(row) = rows.next()? {
            enter(&mut changes, row)?;
        }
        if changes.postings() != stored(conn, block)? {
            found.push(format!("what sessions {first} to {last} are found by is not what they are"));
        }
        for (stretch, zone) in changes.zones() {
            if !Zone::find(conn, stretch)?.covers(zone) {
                found.push(format!("a session of {first} to {last} lies outside of what is noted of them"));
            }
        }
    }
    Ok(found)
}

fn stored(conn: &Connection, block: i64) -> Result<BTreeMap<(i64, String), Bits>, WorkError> {
    let postings = sql::all(conn, sql::VERIFY_POSTINGS, [block], |row| {
        Ok(((row.get(0)?, row.get(1)?), bits(blob(row, 2)?)?))
    })?;
    Ok(postings.into_iter().collect())
}

//! Whether tallies are what one finds by counting.

use rusqlite::Connection;

use super::tallies::{Cell, Sum, Tallies};
use crate::error::WorkError;
use crate::row::Stored;
use crate::sql;

/// What is counted wrongly. Only where every session can be read.
pub(crate) fn check_tallies(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let mut tallies = Tallies::default();
    let mut statement = conn.prepare(sql::VERIFY_SESSIONS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stored = Stored::of(row)?;
        tallies.add(stored.ns, &stored.session, 1);
    }
    let mut expected = tallies.take();
    let mut found = Vec::new();
    for (cell, sum) in kept(conn)? {
        if expected.remove(&cell) != Some(sum) {
            found.push(format!("sessions opened in hour {} are counted wrongly", cell.1));
        }
    }
    found.extend(
        expected.into_keys().map(|cell| format!("sessions opened in hour {} are not counted", cell.1)),
    );
    Ok(found)
}

fn kept(conn: &Connection) -> Result<Vec<(Cell, Sum)>, WorkError> {
    sql::all(conn, sql::VERIFY_TALLIES, [], |row| {
        let cell = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((cell, Sum { count: row.get(4)?, into_hour: row.get(5)?, lasted: row.get(6)? }))
    })
}

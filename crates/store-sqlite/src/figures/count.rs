//! What a group of writes adds to the figures, kept together and written once.

use rusqlite::Connection;
use tenure_core::session::Session;
use tenure_core::time::WallTime;

use super::tallies::Tallies;
use super::volumes::{Rolled, Volumes};
use crate::error::WorkError;
use crate::row::Stored;
use crate::sql;

/// What a group of writes adds to the figures.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    tallies: Tallies,
    volumes: Volumes,
}

impl Counts {
    /// A session was opened.
    pub(crate) fn opened(&mut self, ns: i64, session: &Session) {
        self.tallies.add(ns, session, 1);
    }

    /// A session is another now.
    pub(crate) fn changed(&mut self, ns: i64, old: &Session, now: &Session) {
        if old.state != now.state || old.created_at != now.created_at {
            self.tallies.add(ns, old, -1);
            self.tallies.add(ns, now, 1);
        }
    }

    /// A session that had ended is gone: what is counted is what there is. Its events stay counted as they came in.
    pub(crate) fn purged(&mut self, ns: i64, session: &Session) {
        self.tallies.add(ns, session, -1);
    }

    /// Events came in.
    pub(crate) fn logged(&mut self, ns: i64, at: WallTime, types: &[(String, u64)]) {
        self.volumes.add(ns, at, types);
    }

    /// Adds everything.
    pub(crate) fn write(&mut self, conn: &Connection, rolled: &mut Rolled) -> Result<(), WorkError> {
        self.tallies.write(conn)?;
        self.volumes.write(conn, rolled)
    }
}

/// Counts every session, in a store that had no figures before. Its events are not counted: there may be many.
pub(crate) fn build(conn: &Connection) -> Result<(), WorkError> {
    sql::write(conn, "DELETE FROM tally", [])?;
    let mut tallies = Tallies::default();
    let mut statement = conn.prepare(sql::VERIFY_SESSIONS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A damaged session says nothing that could be counted.
        if let Ok(stored) = Stored::of(row) {
            tallies.add(stored.ns, &stored.session, 1);
        }
    }
    tallies.write(conn)
}

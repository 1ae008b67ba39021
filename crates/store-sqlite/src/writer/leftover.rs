//! What nobody needs any more, removed a part at a time.

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::request::pieces_of;
use crate::row::signed;
use crate::sql;

/// Whoever began to save a value that many milliseconds ago has given up, or will find that it has to begin again.
const STAGED_MS: i64 = 60 * 60 * 1000;

/// Pieces that are removed by one transaction.
const PIECES_MAX: i64 = 8;

/// Something that nobody needs any more.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leftover {
    /// A payload that no checkpoint shows.
    Payload(i64),
    /// A trunk that no fork reads, and its last position.
    Trunk { sid: i64, seq: i64 },
}

impl Work<'_> {
    /// The next thing that nobody needs.
    pub(super) fn leftover(&self) -> Result<Option<Leftover>, WorkError> {
        let given_up = signed(self.wall().epoch_ms()).saturating_sub(STAGED_MS).max(0);
        let payload =
            sql::one(self.conn, sql::PAYLOAD_LEFT, [given_up], |row| Ok(Leftover::Payload(row.get(0)?)))?;
        match payload {
            Some(payload) => Ok(Some(payload)),
            None => sql::one(self.conn, sql::TRUNK_LEFT, [], |row| {
                Ok(Leftover::Trunk { sid: row.get(0)?, seq: row.get(1)? })
            }),
        }
    }

    /// Removes some of it. A trunk is from then on what is left of a purged log.
    pub(super) fn sweep_leftover(&self) -> Result<(), WorkError> {
        match self.leftover()? {
            Some(Leftover::Payload(payload)) => {
                let (first, last) = pieces_of(payload);
                if sql::write(self.conn, sql::PIECE_DELETE, (first, last, PIECES_MAX))? == 0 {
                    sql::write(self.conn, sql::PAYLOAD_DELETE, [payload])?;
                }
            }
            Some(Leftover::Trunk { sid, seq }) => {
                exactly_one(sql::write(self.conn, sql::TRUNK_DELETE, [sid])?, "a trunk")?;
                sql::write(self.conn, sql::FORK_DELETE, [sid])?;
                sql::write(self.conn, sql::PURGE_INSERT, (sid, 0, seq, 0))?;
            }
            None => {}
        }
        Ok(())
    }
}

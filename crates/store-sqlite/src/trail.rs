//! Where a log's positions lie, when it begins in another one's.

use rusqlite::Connection;
use tenure_core::id::{EventId, Seq};
use tenure_store::Handle;

use crate::error::WorkError;
use crate::row::{LogHead, corrupt, unsigned};
use crate::sql;

/// In whose log a session's begins, and the last position that they share.
pub(crate) fn base_of(conn: &Connection, handle: Handle) -> Result<Option<(Handle, Seq)>, WorkError> {
    sql::one(conn, sql::FORK_FIND, [handle.0], |row| Ok((Handle(row.get(0)?), Seq(unsigned(row.get(1)?)?))))
}

/// A log, and up to which position it is read as another one's beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) handle: Handle,
    pub(crate) log: LogHead,
    pub(crate) last: Seq,
}

impl Part {
    /// The log that itself has the position after `after` of a session's.
    ///
    /// What is shared is below the seam, so reading a tail asks nobody.
    pub(crate) fn of(conn: &Connection, handle: Handle, log: LogHead, after: Seq) -> Result<Self, WorkError> {
        let mut part = Self { handle, log, last: log.seq };
        while after < part.log.folded
            && let Some((base, at)) = base_of(conn, part.handle)?.filter(|(_, at)| after < *at)
        {
            part = Self { handle: base, log: log_of(conn, base)?, last: part.last.min(at) };
        }
        Ok(part)
    }
}

/// What a known id of an event says: where that is, and what tells its content from others'.
pub(crate) fn id_of(
    conn: &Connection,
    (handle, log): (Handle, LogHead),
    id: &EventId,
) -> Result<Option<(Seq, [u8; 16])>, WorkError> {
    let (mut handle, mut last) = (handle, log.seq);
    loop {
        let known = sql::one(conn, sql::EVENT_ID_FIND, (handle.0, id.as_str()), |row| {
            Ok((Seq(unsigned(row.get(0)?)?), row.get(1)?))
        })?;
        if known.is_some_and(|(seq, _)| (log.earliest..=last).contains(&seq)) {
            return Ok(known);
        }
        // Nothing of a log whose tail it all is lies in another one's.
        let base = if log.folded == Seq(0) { None } else { base_of(conn, handle)? };
        let Some((base, at)) = base else { return Ok(None) };
        (handle, last) = (base, last.min(at));
    }
}

/// Where a log stands in which others begin.
fn log_of(conn: &Connection, handle: Handle) -> Result<LogHead, WorkError> {
    let found = if handle.0 < 0 {
        trunk(conn, handle)?.map(|(first, seq)| LogHead {
            seq,
            pos: 0,
            depth: 0,
            folded: seq,
            earliest: first,
        })
    } else {
        sql::one(conn, sql::HEAD_FIND, [handle.0], LogHead::of)?
    };
    found.ok_or_else(|| corrupt(format!("the log of {}, in which others begin, is missing", handle.0)))
}

/// The first and the last position of a trunk.
pub(crate) fn trunk(conn: &Connection, handle: Handle) -> Result<Option<(Seq, Seq)>, WorkError> {
    sql::one(conn, sql::TRUNK_FIND, [handle.0], |row| {
        Ok((Seq(unsigned(row.get(0)?)?), Seq(unsigned(row.get(1)?)?)))
    })
}

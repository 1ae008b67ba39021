//! What became of an append whose answer was lost.

use rusqlite::{Connection, Row};
use tenure_core::id::{CommitId, EventId, Seq};
use tenure_store::record::{self, Append};
use tenure_store::{AppendRequest, AppendResolution, Handle};

use crate::chain::{belongs, missing};
use crate::error::WorkError;
use crate::row::{LogHead, Stored, blob, unsigned};
use crate::{sql, trail};

/// An append whose answer was lost.
#[derive(Debug)]
pub(crate) struct Lost {
    handle: Handle,
    after: Seq,
    id: CommitId,
    /// The ids of its events.
    names: Vec<Option<EventId>>,
}

impl Lost {
    pub(crate) fn of(request: &AppendRequest) -> Self {
        let names = request.events.iter().map(|event| event.id.clone()).collect();
        Self { handle: request.handle, after: request.after, id: request.commit_id, names }
    }
}

/// How far an append was looked for.
enum Sought {
    Found(Append),
    NotThere,
    Untold,
}

/// Looks for an append from the newest one back: what was lost a moment ago is near the end.
pub(crate) fn resolve(
    conn: &Connection,
    lost: &Lost,
    rows_max: usize,
) -> Result<AppendResolution, WorkError> {
    let log = sql::one(conn, sql::FIND_HANDLE, [lost.handle.0], |row| Ok(Stored::of(row)?.log))?;
    let log = log.unwrap_or_default();
    Ok(match seek(conn, log, lost, rows_max)? {
        Sought::NotThere => AppendResolution::NotThere,
        Sought::Untold => AppendResolution::Untold,
        Sought::Found(append) => positions(conn, log, lost, append)?,
    })
}

fn seek(conn: &Connection, log: LogHead, lost: &Lost, rows_max: usize) -> Result<Sought, WorkError> {
    let (mut pos, mut seen) = (log.pos, log.seq);
    for _ in 0..rows_max {
        if seen <= lost.after {
            return Ok(Sought::NotThere);
        }
        if seen <= log.folded {
            return seek_folded(conn, (lost.handle, seen), lost);
        }
        let row = sql::one(conn, sql::LOG_COMMIT, [pos], |row| append_of(row, (lost.handle, pos)))?;
        let (append, prev) = row.ok_or_else(|| missing(pos))?;
        if append.id == lost.id {
            return Ok(Sought::Found(append));
        }
        (pos, seen) = (prev, Seq(append.first.0.saturating_sub(1)));
    }
    Ok(Sought::Untold)
}

/// Goes on among the latest appends that were folded.
fn seek_folded(
    conn: &Connection,
    (handle, mut seen): (Handle, Seq),
    lost: &Lost,
) -> Result<Sought, WorkError> {
    for append in recent(conn, handle)?.into_iter().rev() {
        if append.last != seen {
            return Ok(Sought::Untold);
        }
        if seen <= lost.after {
            return Ok(Sought::NotThere);
        }
        if append.id == lost.id {
            return Ok(Sought::Found(append));
        }
        seen = Seq(append.first.0.saturating_sub(1));
    }
    Ok(if seen <= lost.after { Sought::NotThere } else { Sought::Untold })
}

/// The latest appends that were folded, oldest first.
pub(crate) fn recent(conn: &Connection, handle: Handle) -> Result<Vec<Append>, WorkError> {
    let recent = sql::one(conn, sql::CHUNK_RECENT, [handle.0], |row| {
        Ok(blob(row, 0)?.map(record::decode_recent).transpose()?)
    })?;
    Ok(recent.flatten().unwrap_or_default())
}

fn append_of(row: &Row<'_>, (handle, pos): (Handle, i64)) -> Result<(Append, i64), WorkError> {
    belongs(row, handle, pos)?;
    let (first, count) = (unsigned(row.get(1)?)?, unsigned(row.get(2)?)?);
    let last = Seq(first.saturating_add(count.saturating_sub(1)));
    Ok((Append { id: CommitId(row.get(4)?), first: Seq(first), last }, row.get(3)?))
}

/// Where each event of a request is, whose append wrote some or all of them.
fn positions(
    conn: &Connection,
    log: LogHead,
    lost: &Lost,
    append: Append,
) -> Result<AppendResolution, WorkError> {
    let Append { first, last, .. } = append;
    let new = last.0.saturating_sub(first.0).saturating_add(1);
    if new == lost.names.len() as u64 {
        return Ok(AppendResolution::Appended { first, last });
    }
    let mut named = Vec::new();
    for name in &lost.names {
        let Some(id) = name else {
            named.push(None);
            continue;
        };
        let there = trail::id_of(conn, (lost.handle, log), id)?.map(|(seq, _)| seq);
        // Where the event was dropped since, its id is gone, or was given again.
        let Some(seq) = there.filter(|seq| *seq <= last) else {
            return Ok(AppendResolution::Untold);
        };
        named.push(Some(seq));
    }
    // What has no id was written by this append, in order, where nothing with an id is.
    let mut unnamed = (first.0..=last.0).map(Seq).filter(|seq| !named.contains(&Some(*seq)));
    let seqs: Option<Vec<_>> = named.iter().map(|seq| seq.or_else(|| unnamed.next())).collect();
    // There are too few of them where the beginning of this append was dropped.
    Ok(seqs.map_or(AppendResolution::Untold, |seqs| AppendResolution::Known { seqs, new }))
}

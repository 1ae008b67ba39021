//! What is open, found block by block.

use rusqlite::Connection;
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_core::time::WallTime;
use tenure_store::Handle;

use super::bits::{Bits, handle_at};
use super::fold::folded;
use super::postings::in_states;
use super::terms;
use super::zone::{self, Zone};
use crate::error::WorkError;
use crate::row::Stored;
use crate::sql;

/// The first and the last time when a session that is open was opened.
pub(crate) fn open_since(conn: &Connection, ns: i64) -> Result<Option<(WallTime, WallTime)>, WorkError> {
    let mut span = None;
    for stored in latest(conn, ns)? {
        widen(&mut span, &stored);
    }
    let mut blocks = Vec::new();
    each_block(conn, ns, StateName::is_terminal, |block, open| {
        blocks.push((block, open, Zone::find(conn, zone::block(block))?));
        Ok(())
    })?;
    // A block is read only if it can hold an earlier or a later one than was found.
    blocks.sort_by_key(|(_, _, zone)| zone.first_created());
    for (block, open, zone) in &blocks {
        if span.is_some_and(|(first, _)| zone.first_created() >= first) {
            break;
        }
        read(conn, (*block, open), &mut span)?;
    }
    blocks.sort_by_key(|(_, _, zone)| std::cmp::Reverse(zone.last_created()));
    for (block, open, zone) in &blocks {
        if span.is_some_and(|(_, last)| zone.last_created() <= last) {
            break;
        }
        read(conn, (*block, open), &mut span)?;
    }
    Ok(span)
}

type Span = Option<(WallTime, WallTime)>;

fn widen(span: &mut Span, stored: &Stored) {
    if stored.session.is_terminal() {
        return;
    }
    let at = stored.session.created_at;
    *span = Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
}

fn read(conn: &Connection, (block, open): (i64, &Bits), span: &mut Span) -> Result<(), WorkError> {
    for place in open.places() {
        let handle = handle_at(block, place);
        if let Some(stored) = sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)? {
            widen(span, &stored);
        }
    }
    Ok(())
}

/// Takes every active session, many at once, in order.
pub(crate) fn each_active(
    conn: &Connection,
    ns: i64,
    mut take: impl FnMut(&[Handle]) -> Result<(), WorkError>,
) -> Result<(), WorkError> {
    each_block(
        conn,
        ns,
        |state| state != StateName::Active,
        |block, active| {
            let handles: Vec<_> = active.places().map(|place| handle_at(block, place)).collect();
            take(&handles)
        },
    )?;
    let latest = latest(conn, ns)?;
    let active = latest.iter().filter(|stored| stored.session.state.name() == StateName::Active);
    take(&active.map(|stored| stored.handle).collect::<Vec<_>>())
}

/// The sessions that are not in the catalog yet.
fn latest(conn: &Connection, ns: i64) -> Result<Vec<Stored>, WorkError> {
    sql::all(conn, sql::FIND_OLDEST, (folded(conn)?, i64::MAX, ns), Stored::of)
}

/// Takes each block that has sessions in states that are not left out, with those sessions.
fn each_block(
    conn: &Connection,
    ns: i64,
    leaves_out: impl Fn(StateName) -> bool,
    mut take: impl FnMut(i64, Bits) -> Result<(), WorkError>,
) -> Result<(), WorkError> {
    let states = StateName::ALL.into_iter().filter(|state| !leaves_out(*state));
    let wanted: Vec<_> = states.flat_map(|state| Kind::ALL.map(|kind| terms::state(kind, state))).collect();
    let mut from = 0;
    while let Some(block) =
        sql::one(conn, sql::POSTING_BLOCK_UP, (ns, from), |row| Ok(row.get::<_, i64>(0)?))?
    {
        let (found, _) = in_states(conn, (ns, block), Some(&wanted))?;
        if !found.is_empty() {
            take(block, found)?;
        }
        from = block + 1;
    }
    Ok(())
}

//! Checking logs: chunks up to the seam, rows above it, and no gap.

use std::collections::HashMap;

use rusqlite::{Connection, Row};
use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::record::{self, Chunk};

use crate::chain::{Chain, Pointers, UNKNOWN};
use crate::error::WorkError;
use crate::row::{blob, unsigned};
use crate::sql;

/// One session's log, as far as it was seen.
struct Seen {
    /// What its head says.
    seq: Seq,
    pos: i64,
    depth: u64,
    folded: Seq,
    /// The position that must come next.
    next: Seq,
    chain: Chain,
    /// The oldest and the newest row that live.
    oldest: i64,
    newest: i64,
    rows: u64,
}

/// What is left of a purged log: it is removed bit by bit, the newest rows of its tail first.
struct Purged {
    /// The newest row that is to be left, and the newest that was seen; 0 for none.
    pos: i64,
    newest: i64,
    /// Rows up to here were dead before.
    folded: Seq,
}

/// Every log has no gap, every pointer leads where it should, and every event can be read.
pub(super) fn check(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let mut logs = heads(conn)?;
    let mut purged = purged(conn)?;
    let mut found = Vec::new();
    let mut ids = 0;
    check_chunks(conn, (&mut logs, &mut ids), &purged, &mut found)?;
    check_tails(conn, (&mut logs, &mut ids), &mut purged, &mut found)?;
    let known: u64 = sql::one(conn, sql::VERIFY_IDS_KNOWN, [], |row| unsigned(row.get(0)?))?.unwrap_or(0);
    if known != ids {
        found.push(format!("{ids} events have ids, and {known} ids are known"));
    }
    Ok(found)
}

fn purged(conn: &Connection) -> Result<HashMap<i64, Purged>, WorkError> {
    let purged = sql::all(conn, sql::PURGE_LIST, [], |row| {
        let purged = Purged { pos: row.get(1)?, folded: Seq(unsigned(row.get(2)?)?), newest: 0 };
        Ok((row.get(0)?, purged))
    })?;
    let mut unseen: HashMap<i64, Purged> = purged.into_iter().collect();
    // What is to arrive has chunks already, and no session.
    for sid in sql::all(conn, sql::ARRIVAL_LIST, [], |row| Ok(row.get(0)?))? {
        unseen.insert(sid, Purged { pos: 0, folded: Seq(u64::MAX), newest: 0 });
    }
    Ok(unseen)
}

fn heads(conn: &Connection) -> Result<HashMap<i64, Seen>, WorkError> {
    let heads = sql::all(conn, sql::VERIFY_DEPTHS, [], |row| {
        let number = |column| unsigned(row.get(column)?);
        let (seq, depth, folded, earliest) = (number(1)?, number(3)?, number(4)?, number(5)?);
        let live = number(6)?;
        let seen = Seen {
            seq: Seq(seq),
            pos: row.get(2)?,
            depth,
            folded: Seq(folded),
            next: Seq(earliest),
            chain: Chain::unknown(depth.saturating_sub(live)),
            oldest: 0,
            newest: 0,
            rows: depth.saturating_sub(live),
        };
        Ok((row.get(0)?, seen))
    })?;
    Ok(heads.into_iter().collect())
}

fn check_chunks(
    conn: &Connection,
    (logs, ids): (&mut HashMap<i64, Seen>, &mut u64),
    purged: &HashMap<i64, Purged>,
    found: &mut Vec<String>,
) -> Result<(), WorkError> {
    let mut statement = conn.prepare(sql::VERIFY_CHUNKS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (chunk, sid): (i64, i64) = (row.get(0)?, row.get(1)?);
        if purged.contains_key(&sid) {
            continue;
        }
        let Some(seen) = logs.get_mut(&sid) else {
            found.push(format!("there is a chunk of session {sid}, which is not there"));
            continue;
        };
        let (first, count) = (Seq(unsigned(row.get(2)?)?), unsigned(row.get(3)?)?);
        let expected = seen.next;
        seen.next = Seq(first.0.saturating_add(count));
        if first != expected {
            found.push(format!(
                "chunk {chunk} of the log of session {sid} begins with position {first}, not {expected}"
            ));
        }
        match events_of_chunk(row, first) {
            Ok(events) if events.len() as u64 == count => *ids += check_ids(conn, sid, &events, found)?,
            Ok(events) => {
                found
                    .push(format!("chunk {chunk} of session {sid} has {} events, not {count}", events.len()));
            }
            Err(why) => found.push(format!("chunk {chunk} of session {sid}: {why}")),
        }
    }
    for (sid, seen) in logs.iter_mut() {
        if seen.next != seen.folded.next() {
            found.push(format!(
                "the chunks of session {sid} end before position {}, and its head says {}",
                seen.next, seen.folded
            ));
            seen.next = seen.folded.next();
        }
    }
    Ok(())
}

fn events_of_chunk(row: &Row<'_>, first: Seq) -> Result<Vec<Event>, WorkError> {
    if let Some(recent) = blob(row, 4)? {
        record::decode_recent(recent)?;
    }
    let chunk = Chunk::decode(first, blob(row, 5)?.unwrap_or_default())?;
    Ok(chunk.events(Seq(0), Seq(u64::MAX))?)
}

fn check_tails(
    conn: &Connection,
    (logs, ids): (&mut HashMap<i64, Seen>, &mut u64),
    purged: &mut HashMap<i64, Purged>,
    found: &mut Vec<String>,
) -> Result<(), WorkError> {
    let mut dead: u64 = 0;
    let mut statement = conn.prepare(sql::VERIFY_LOG)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (pos, sid): (i64, i64) = (row.get(0)?, row.get(1)?);
        let first = Seq(unsigned(row.get(2)?)?);
        if let Some(left) = purged.get_mut(&sid).filter(|left| first > left.folded) {
            left.newest = pos;
            continue;
        }
        match logs.get_mut(&sid).filter(|seen| first > seen.folded) {
            None => dead += 1,
            Some(seen) => match check_row(row, seen)? {
                Ok(events) => *ids += check_ids(conn, sid, &events, found)?,
                Err(what) => found.push(format!("row {pos} of the log: {what}")),
            },
        }
    }
    for (sid, left) in purged.iter().filter(|(_, left)| left.newest != left.pos) {
        found.push(format!(
            "the log of the purged session {sid} ends with row {}, not {}",
            left.newest, left.pos
        ));
    }
    for (sid, seen) in logs {
        if (seen.newest, seen.rows) != (seen.pos, seen.depth) {
            found.push(format!(
                "the tail of session {sid} has {} rows, and its head says {}",
                seen.rows, seen.depth
            ));
        } else if seen.next != seen.seq.next() {
            found.push(format!(
                "the log of session {sid} ends before position {}, and its head says {}",
                seen.next, seen.seq
            ));
        }
    }
    let known = sql::one(conn, sql::LITTER_FIND, [], |row| unsigned(row.get(0)?))?.unwrap_or(0);
    if dead > known {
        found.push(format!(
            "{dead} rows of the log are dead or of a session which is not there, and only {known} are known to be"
        ));
    }
    Ok(())
}

/// The events of a row that lives, or what is wrong with it.
fn check_row(row: &Row<'_>, seen: &mut Seen) -> Result<Result<Vec<Event>, String>, WorkError> {
    let (pos, first, count) = (row.get(0)?, Seq(unsigned(row.get(2)?)?), unsigned(row.get(3)?)?);
    let (expected, to) = (seen.next, seen.chain.push(pos));
    if seen.oldest == 0 {
        seen.oldest = pos;
    }
    seen.newest = pos;
    seen.rows += 1;
    seen.next = Seq(first.0.saturating_add(count));
    if first != expected {
        return Ok(Err(format!("begins with position {first}, not {expected}")));
    }
    let is = Pointers { prev: row.get(4)?, jump: row.get(5)? };
    // What was before the oldest row may be gone.
    let leads = |is: i64, to: i64| if to == UNKNOWN { (0..seen.oldest).contains(&is) } else { is == to };
    if !(leads(is.prev, to.prev) && leads(is.jump, to.jump)) {
        return Ok(Err("points to the wrong rows".to_owned()));
    }
    Ok(match record::decode_events(first, blob(row, 6)?.unwrap_or_default()) {
        Ok(events) if events.len() as u64 == count => Ok(events),
        Ok(events) => Err(format!("has {} events, not {count}", events.len())),
        Err(why) => Err(why.to_string()),
    })
}

/// How many of these events have ids. Each id must lead to its event.
fn check_ids(
    conn: &Connection,
    sid: i64,
    events: &[Event],
    found: &mut Vec<String>,
) -> Result<u64, WorkError> {
    let mut count = 0;
    for event in events {
        let Some(id) = &event.id else { continue };
        count += 1;
        let known = sql::one(conn, sql::EVENT_ID_FIND, (sid, id.as_str()), |row| {
            Ok((unsigned(row.get(0)?)?, row.get::<_, [u8; 16]>(1)?))
        })?;
        if known != Some((event.seq.0, record::digest_event(&event.data))) {
            found.push(format!("the id of event {} of session {sid} does not lead to it", event.seq));
        }
    }
    Ok(count)
}

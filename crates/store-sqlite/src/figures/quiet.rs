//! Active sessions without activity for too long.

use std::collections::BinaryHeap;

use rusqlite::Connection;
use tenure_core::time::{WallTime, millis};
use tenure_store::{FiguresRequest, Handle, Quiet};

use crate::catalog;
use crate::error::WorkError;
use crate::row::{Stored, signed};
use crate::sql;

/// From so many active sessions in a block on, all heads of the block are read in a row.
const MANY: usize = 256;

/// Those that were last active first, as many as are wanted.
struct Longest {
    /// Before this, in milliseconds.
    before: i64,
    max: usize,
    count: u64,
    longest: BinaryHeap<(i64, i64)>,
}

impl Longest {
    fn take(&mut self, handle: Handle, last_activity: i64) {
        if last_activity >= self.before {
            return;
        }
        self.count += 1;
        self.longest.push((last_activity, handle.0));
        if self.longest.len() > self.max {
            self.longest.pop();
        }
    }
}

pub(super) fn quiet(
    conn: &Connection,
    ns: i64,
    request: &FiguresRequest,
    now: WallTime,
) -> Result<Quiet, WorkError> {
    let before = signed(now.epoch_ms().saturating_sub(millis(request.quiet_after)));
    let mut found = Longest { before, max: request.quiet_max, count: 0, longest: BinaryHeap::new() };
    catalog::each_active(conn, ns, |handles| {
        let range = handles.first().zip(handles.last());
        if let (Some((first, last)), true) = (range, handles.len() > MANY) {
            return in_a_row(conn, (first.0, last.0), handles, &mut found);
        }
        for handle in handles {
            let activity = sql::one(conn, sql::HEAD_ACTIVITY, [handle.0], |row| Ok(row.get(0)?))?;
            activity.into_iter().for_each(|activity| found.take(*handle, activity));
        }
        Ok(())
    })?;
    let Longest { count, longest, .. } = found;
    let mut quiet = Quiet { count, longest: Vec::new() };
    for (_, handle) in longest.into_sorted_vec() {
        let stored = sql::one(conn, sql::FIND_HANDLE, [handle], Stored::of)?;
        quiet.longest.extend(stored.map(Stored::listed));
    }
    Ok(quiet)
}

fn in_a_row(
    conn: &Connection,
    range: (i64, i64),
    wanted: &[Handle],
    found: &mut Longest,
) -> Result<(), WorkError> {
    let mut wanted = wanted.iter().peekable();
    let mut statement = conn.prepare_cached(sql::HEAD_ACTIVITIES)?;
    let mut rows = statement.query(range)?;
    while let Some(row) = rows.next()? {
        let handle = Handle(row.get(0)?);
        while wanted.peek().is_some_and(|wanted| **wanted < handle) {
            wanted.next();
        }
        if wanted.peek() == Some(&&handle) {
            found.take(handle, row.get(1)?);
        }
    }
    Ok(())
}

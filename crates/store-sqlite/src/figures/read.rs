//! Reading figures.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Connection;
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_core::time::WallTime;
use tenure_store::{
    EventCount, Figures, FiguresRequest, OpenTimes, Tally, recent_events_since, recent_sessions_since, record,
};

use super::quiet::quiet;
use super::tallies::{HOUR_MS, Sum};
use super::volumes::MINUTE_MS;
use crate::catalog;
use crate::error::WorkError;
use crate::row::{signed, unsigned};
use crate::sql;

/// A tenant's figures.
pub(crate) fn figures(
    conn: &Connection,
    request: &FiguresRequest,
    now: Option<WallTime>,
) -> Result<Figures, WorkError> {
    let mut figures = Figures { at: now, ..Figures::default() };
    let name = request.namespace.as_str();
    let Some(ns) = sql::one(conn, sql::NAMESPACE_FIND, [name], |row| Ok(row.get(0)?))? else {
        return Ok(figures);
    };
    let open = sessions(conn, ns, &mut figures)?;
    events(conn, ns, &mut figures)?;
    if let Some(mean) = open.mean() {
        let (first, last) = catalog::open_since(conn, ns)?.unwrap_or((mean, mean));
        figures.open = Some(OpenTimes { first, last, mean });
    }
    if let Some(now) = now {
        figures.quiet = quiet(conn, ns, request, now)?;
    }
    Ok(figures)
}

/// Sums of what was counted, which may be more than a column holds.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    count: u128,
    created_ms: u128,
}

impl Open {
    fn mean(&self) -> Option<WallTime> {
        let mean = self.created_ms.checked_div(self.count)?;
        Some(WallTime::from_epoch_ms(u64::try_from(mean).unwrap_or(u64::MAX)))
    }
}

/// Those of one kind in one state: how many, and how long they took.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    count: u64,
    lasted_ms: u64,
}

/// Counts sessions, and says how many are open and when those were opened.
fn sessions(conn: &Connection, ns: i64, figures: &mut Figures) -> Result<Open, WorkError> {
    let since = figures.at.map(|now| signed(recent_sessions_since(now).epoch_ms() / HOUR_MS));
    let (mut all, mut recent) = (BTreeMap::new(), BTreeMap::new());
    let mut open = Open::default();
    let mut statement = conn.prepare_cached(sql::TALLY_LIST)?;
    let mut rows = statement.query([ns])?;
    while let Some(row) = rows.next()? {
        let (hour, cell): (i64, (i32, i32)) = (row.get(0)?, (row.get(1)?, row.get(2)?));
        let sum = Sum { count: row.get(3)?, into_hour: row.get(4)?, lasted: row.get(5)? };
        let (count, lasted_ms) = (unsigned(sum.count)?, unsigned(sum.lasted)?);
        add(&mut all, cell, count, lasted_ms);
        if since.is_some_and(|since| since <= hour) {
            add(&mut recent, cell, count, lasted_ms);
        }
        if !record::state_of(cell.1)?.is_terminal() {
            let (hour, into_hour) = (u128::from(unsigned(hour)?), u128::from(unsigned(sum.into_hour)?));
            open.count += u128::from(count);
            open.created_ms += hour * u128::from(HOUR_MS) * u128::from(count) + into_hour;
        }
    }
    figures.sessions = tallies(&all);
    figures.recent_sessions = tallies(&recent);
    Ok(open)
}

fn add(groups: &mut BTreeMap<(i32, i32), Group>, cell: (i32, i32), count: u64, lasted_ms: u64) {
    let group = groups.entry(cell).or_default();
    group.count = group.count.saturating_add(count);
    group.lasted_ms = group.lasted_ms.saturating_add(lasted_ms);
}

fn tallies(groups: &BTreeMap<(i32, i32), Group>) -> Vec<Tally> {
    let cells = Kind::ALL.into_iter().flat_map(|kind| StateName::ALL.map(|state| (kind, state)));
    let found = cells.filter_map(|(kind, state)| {
        let group = groups.get(&(record::kind_code(kind), record::state_code(state)))?;
        Some(Tally { kind, state, count: group.count, lasted: Duration::from_millis(group.lasted_ms) })
    });
    found.collect()
}

fn events(conn: &Connection, ns: i64, figures: &mut Figures) -> Result<(), WorkError> {
    let since = figures.at.map(|now| signed(recent_events_since(now).epoch_ms() / MINUTE_MS));
    let (mut all, mut recent) = (BTreeMap::new(), BTreeMap::new());
    let mut statement = conn.prepare_cached(sql::VOLUME_LIST)?;
    let mut rows = statement.query([ns])?;
    while let Some(row) = rows.next()? {
        let (minute, kind, count): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let count = unsigned(count)?;
        if since.is_some_and(|since| since <= minute) {
            *recent.entry(kind.clone()).or_insert(0) += count;
        }
        *all.entry(kind).or_insert(0) += count;
    }
    let counts = |counts: BTreeMap<String, u64>| {
        counts.into_iter().map(|(kind, count)| EventCount { kind, count }).collect()
    };
    (figures.events, figures.recent_events) = (counts(all), counts(recent));
    Ok(())
}

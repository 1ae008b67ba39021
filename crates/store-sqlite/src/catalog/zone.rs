//! When the sessions of a block were opened and started.

use rusqlite::Connection;
use tenure_core::session::Session;
use tenure_core::time::WallTime;
use tenure_store::{Filter, Period};

use crate::error::WorkError;
use crate::row::signed;
use crate::sql;

/// A first and a last instant, as columns.
type Span = (i64, i64);

/// When the sessions of a block were opened and started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Zone {
    created: Option<Span>,
    started: Option<Span>,
}

impl Zone {
    /// That of one session.
    pub(super) fn of(session: &Session) -> Self {
        let span = |at: WallTime| (signed(at.epoch_ms()), signed(at.epoch_ms()));
        Self { created: Some(span(session.created_at)), started: session.started_at.map(span) }
    }

    /// That of both.
    pub(super) fn or(self, other: Self) -> Self {
        Self { created: wider(self.created, other.created), started: wider(self.started, other.started) }
    }

    /// Whether everything of `other` is in it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.or(*other) == *self
    }

    /// Whether a session of the block can be in the times of a filter.
    pub(super) fn can_hold(&self, filter: &Filter) -> bool {
        meets(self.created, filter.created) && meets(self.started, filter.started)
    }

    /// When the first of them was opened. Instants that no column holds are the last that one holds.
    pub(super) fn first_created(&self) -> WallTime {
        instant(self.created.map_or(i64::MAX, |(first, _)| first))
    }

    /// When the last of them was opened.
    pub(super) fn last_created(&self) -> WallTime {
        instant(self.created.map_or(0, |(_, last)| last))
    }

    pub(super) fn find(conn: &Connection, block: i64) -> Result<Self, WorkError> {
        let found = sql::one(conn, sql::ZONE_FIND, [block], |row| {
            let started: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok(Self { created: Some((row.get(0)?, row.get(1)?)), started: started.0.zip(started.1) })
        })?;
        Ok(found.unwrap_or_default())
    }

    pub(super) fn write(&self, conn: &Connection, block: i64) -> Result<(), WorkError> {
        let Some(created) = self.created else {
            return Ok(());
        };
        let started = self.started.unzip();
        sql::write(conn, sql::ZONE_WRITE, (block, created.0, created.1, started.0, started.1)).map(drop)
    }
}

fn instant(column: i64) -> WallTime {
    WallTime::from_epoch_ms(column.unsigned_abs())
}

fn wider(one: Option<Span>, two: Option<Span>) -> Option<Span> {
    match (one, two) {
        (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
        (one, two) => one.or(two),
    }
}

fn meets(span: Option<Span>, period: Period) -> bool {
    let column = |at: Option<WallTime>| at.map(|at| signed(at.epoch_ms()));
    let (from, to) = (column(period.from), column(period.to));
    match span {
        Some((first, last)) => from.is_none_or(|from| from <= last) && to.is_none_or(|to| first <= to),
        None => period.is_open(),
    }
}

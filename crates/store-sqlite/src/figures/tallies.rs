//! How many sessions there are, by the hour of their opening, kind and state.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tenure_core::session::Session;
use tenure_core::time::{WallTime, millis};
use tenure_store::{LENGTH_COUNTED_MAX, record};

use crate::error::WorkError;
use crate::row::signed;
use crate::sql;

/// Milliseconds of an hour.
pub(super) const HOUR_MS: u64 = 3_600_000;

/// Tenant, hour, kind and state, as columns.
pub(super) type Cell = (i64, i64, i32, i32);

/// How many sessions, how far into their hour, and how long they took, all added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) count: i64,
    pub(super) into_hour: i64,
    pub(super) lasted: i64,
}

/// Changes to tallies.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<Cell, Sum>);

impl Tallies {
    /// Counts a session once more, or once less.
    pub(super) fn add(&mut self, ns: i64, session: &Session, times: i64) {
        let created = session.created_at.epoch_ms();
        let (kind, state) = (record::kind_code(session.kind), record::state_code(session.state.name()));
        let cell = (ns, signed(created / HOUR_MS), kind, state);
        let sum = self.0.entry(cell).or_default();
        sum.count += times;
        sum.into_hour += times * signed(created % HOUR_MS);
        sum.lasted += times * signed(lasted(session));
    }

    /// What was changed, without what came to nothing.
    pub(super) fn take(&mut self) -> BTreeMap<Cell, Sum> {
        let mut all = std::mem::take(&mut self.0);
        all.retain(|_, sum| *sum != Sum::default());
        all
    }

    pub(super) fn write(&mut self, conn: &Connection) -> Result<(), WorkError> {
        for ((ns, hour, kind, state), sum) in self.take() {
            let row = (ns, hour, kind, state, sum.count, sum.into_hour, sum.lasted);
            sql::write(conn, sql::TALLY_ADD, row)?;
        }
        Ok(())
    }
}

/// How long a session took, in milliseconds; 0 while it is open. Bounded, so that sums have room.
fn lasted(session: &Session) -> u64 {
    let ended = session.state.completed_at();
    let lasted = |ended: WallTime| millis(ended.since(session.created_at).min(LENGTH_COUNTED_MAX));
    ended.map_or(0, lasted)
}

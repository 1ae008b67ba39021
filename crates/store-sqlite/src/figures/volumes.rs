//! How many events came in, by minute and type.

use foldhash::HashMap;
use rusqlite::Connection;
use tenure_core::time::WallTime;

use crate::error::WorkError;
use crate::row::signed;
use crate::sql;

/// Milliseconds of a minute.
pub(super) const MINUTE_MS: u64 = 60_000;

/// For so many minutes events are told apart by minute: an hour, and more for clocks that are set back.
const KEPT_MINUTES: i64 = 180;

/// Most tenants of whom it is remembered when their minutes were added up.
const ROLLED_MAX: usize = 1024;

/// New events.
#[derive(Debug, Default)]
pub(super) struct Volumes(HashMap<(i64, i64), HashMap<String, u64>>);

/// In which hour this process last added up what a tenant's minutes had.
#[derive(Debug, Default)]
pub(crate) struct Rolled(HashMap<i64, i64>);

impl Volumes {
    pub(super) fn add(&mut self, ns: i64, at: WallTime, types: &[(String, u64)]) {
        let counts = self.0.entry((ns, signed(at.epoch_ms() / MINUTE_MS))).or_default();
        for (kind, count) in types {
            match counts.get_mut(kind) {
                Some(sum) => *sum += count,
                None => {
                    counts.insert(kind.clone(), *count);
                }
            }
        }
    }

    pub(super) fn write(&mut self, conn: &Connection, rolled: &mut Rolled) -> Result<(), WorkError> {
        for ((ns, minute), counts) in self.0.drain() {
            for (kind, count) in counts {
                sql::write(conn, sql::VOLUME_ADD, (ns, minute, kind, signed(count)))?;
            }
            rolled.roll(conn, ns, minute)?;
        }
        Ok(())
    }
}

impl Rolled {
    /// Adds up what a tenant's minutes had that are long over, once an hour.
    fn roll(&mut self, conn: &Connection, ns: i64, minute: i64) -> Result<(), WorkError> {
        if self.0.get(&ns) == Some(&(minute / 60)) {
            return Ok(());
        }
        let before = (ns, minute - KEPT_MINUTES);
        sql::write(conn, sql::VOLUME_FOLD, before)?;
        sql::write(conn, sql::VOLUME_FORGET, before)?;
        if self.0.len() == ROLLED_MAX {
            self.0.clear();
        }
        self.0.insert(ns, minute / 60);
        Ok(())
    }
}

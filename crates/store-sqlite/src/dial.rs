//! Whose boot's clock the times of tasks and pins are read on.
//!
//! They are numbers that are compared and found in order, so all are of one boot. The first who writes in another boot
//! moves them to its clock: as in `BootMoment`, what was before it began was at zero. What they say of each other stays,
//! where it is asked which came first.

use rusqlite::Connection;
use tenure_core::time::{BootId, BootMoment};

use crate::error::WorkError;
use crate::row::OwnTime;
use crate::sql;

/// The boot of whose clock the times are, if anybody ever wrote any.
pub(crate) fn boot(conn: &Connection) -> Result<Option<BootId>, WorkError> {
    sql::one(conn, sql::BOOT_FIND, [], |row| Ok(BootId(row.get(0)?)))
}

/// Moves every time to the clock of this boot.
pub(crate) fn move_to(conn: &Connection, BootId(boot): BootId) -> Result<(), WorkError> {
    sql::write(conn, sql::PIN_REBOOT, [boot])?;
    sql::write(conn, sql::TASK_REBOOT, [])?;
    sql::write(conn, sql::BOOT_SET, [boot]).map(drop)
}

/// The clock, for who reads the times as they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dial {
    now: BootMoment,
    /// Nobody wrote in this boot yet.
    is_before: bool,
}

impl Dial {
    pub(crate) fn of(conn: &Connection, now: BootMoment) -> Result<Self, WorkError> {
        Ok(Self { now, is_before: boot(conn)? != Some(now.boot) })
    }

    /// Whether an attempt's own time is over.
    pub(crate) fn is_late(&self, own_time: Option<OwnTime>) -> bool {
        let end = own_time.map(|(expires, ttl)| if self.is_before { ttl } else { expires });
        end.is_some_and(|end| end <= self.now.ms)
    }
}

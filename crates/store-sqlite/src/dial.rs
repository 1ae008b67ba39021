//! Whose boot's clock the times of tasks and pins are read on.
//!
//! They are numbers that are compared and found in order, so all are of one boot. The first who writes in another boot
//! moves them to its clock: as in `BootMoment`, what was before it began was at zero. What they say of each other stays,
//! where it is asked which came first.

use rusqlite::Connection;
use tenure_core::time::{BootId, BootMoment};

use crate::error::WorkError;
use crate::row::{OwnTime, signed};
use crate::sql;

/// The boot of whose clock the times are, if anybody ever wrote any.
pub(crate) fn boot(conn: &Connection) -> Result<Option<BootId>, WorkError> {
    sql::one(conn, sql::BOOT_FIND, [], |row| Ok(BootId(row.get(0)?)))
}

/// Moves every time to the clock of this boot. Of times of which nobody knows the boot, which may be this one, attempts
/// are granted anew: never too short.
pub(crate) fn move_to(conn: &Connection, now: BootMoment, known: Option<BootId>) -> Result<(), WorkError> {
    let BootId(boot) = now.boot;
    let counts_from = known.map_or(now.ms, |_| 0);
    sql::write(conn, sql::PIN_REBOOT, [boot])?;
    sql::write(conn, sql::TASK_REBOOT, [signed(counts_from)])?;
    sql::write(conn, sql::BOOT_SET, [boot]).map(drop)
}

/// The clock, for who reads the times as they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dial {
    now: BootMoment,
    /// Of which boot the times are, if that is known.
    of: Option<BootId>,
}

impl Dial {
    pub(crate) fn of(conn: &Connection, now: BootMoment) -> Result<Self, WorkError> {
        Ok(Self { now, of: boot(conn)? })
    }

    /// Whether an attempt's own time is over.
    pub(crate) fn is_late(&self, own_time: Option<OwnTime>) -> bool {
        let Some(((expires, ttl), of)) = own_time.zip(self.of) else { return false };
        let end = if of == self.now.boot { expires } else { ttl };
        end <= self.now.ms
    }
}

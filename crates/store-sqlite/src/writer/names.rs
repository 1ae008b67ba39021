//! Removing names of workers that are gone, and their keys, a part at a time.
//!
//! Whoever gets such a key takes it from the name. Those that nobody asks for go once they are idle: until then another
//! start of the worker would have them back.

use std::time::Duration;

use rusqlite::Connection;
use tenure_core::time::{Moment, millis};
use tenure_core::worker::idle_length;

use super::memory::Memory;
use super::work::Work;
use crate::error::WorkError;
use crate::row::{signed, unsigned};
use crate::sql;

/// Keys that one transaction removes.
const KEYS_MAX: i64 = 256;

/// A name that no worker has, and what of it can go.
pub(super) struct DeadName {
    wid: i64,
    keys: Vec<i64>,
    /// It holds nothing any more.
    is_empty: bool,
}

/// How long it is not looked for what can go where nothing could.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Whether it was not looked just before. What is to go later is found by somebody who looks again.
pub(super) fn is_time_to_look(memory: &Memory, now: &Moment) -> bool {
    memory.looked_at_names.is_none_or(|looked| looked.is_over(LOOK_AGAIN_AFTER, now.boot))
}

/// The first name of which something can go, if it was not looked for just before.
pub(super) fn due(
    conn: &Connection,
    memory: &mut Memory,
    now: &Moment,
) -> Result<Option<DeadName>, WorkError> {
    if !is_time_to_look(memory, now) {
        return Ok(None);
    }
    let found = first(conn, now)?;
    if found.is_none() {
        memory.looked_at_names = Some(now.boot);
    }
    Ok(found)
}

fn first(conn: &Connection, now: &Moment) -> Result<Option<DeadName>, WorkError> {
    let mut last = 0;
    loop {
        let name = sql::one(conn, sql::NAME_LEFT, [last], |row| {
            Ok((row.get::<_, i64>(0)?, unsigned(row.get(1)?)?, row.get::<_, i64>(2)?))
        })?;
        let Some((wid, idle, pins)) = name else {
            return Ok(None);
        };
        let idle = signed(millis(idle_length(Duration::from_millis(idle))));
        let before = signed(now.boot.ms).saturating_sub(idle);
        let row = (wid, before, now.boot.boot.0, KEYS_MAX);
        let keys = sql::all(conn, sql::PIN_DEAD, row, |row| Ok(row.get(0)?))?;
        if pins == 0 || !keys.is_empty() {
            return Ok(Some(DeadName { wid, keys, is_empty: pins == 0 }));
        }
        last = wid;
    }
}

impl Work<'_> {
    /// Removes what can go of a name.
    pub(super) fn forget_name(&mut self, name: &DeadName) -> Result<(), WorkError> {
        if name.is_empty {
            return sql::write(self.conn, sql::NAME_DELETE, [name.wid]).map(drop);
        }
        for kid in &name.keys {
            let key = self.memory.keys.at(self.conn, *kid)?;
            self.memory.count_pins(name.wid, -1);
            self.remove_key(&key)?;
        }
        self.memory.write_pins(self.conn)
    }
}

//! Rows of tasks.

use rusqlite::Row;
use tenure_core::id::{Fence, Operation};
use tenure_core::time::WallTime;
use tenure_store::{Handle, TaskId};

use super::{blob, unsigned};
use crate::error::WorkError;

/// Tasks that need no key wait for whoever asks.
pub(crate) const OPEN: i64 = 0;
/// Tasks whose key nobody held when they came wait for who gets it. Higher lanes are those of names.
pub(crate) const FRESH: i64 = 1;
/// Tasks that are hidden for a time.
pub(crate) const HIDDEN: i64 = -1;
/// Tasks that wait behind another one of their key.
pub(crate) const BEHIND: i64 = -2;
/// Tasks that are under way.
pub(crate) const RUN: i64 = -3;
/// Tasks that cannot be read. Somebody has to mend them first.
pub(crate) const SHELVED: i64 = -4;

/// A task's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskRow {
    pub(crate) task: TaskId,
    pub(crate) handle: Handle,
    pub(crate) execution: u64,
    pub(crate) op: Operation,
    pub(crate) kid: Option<i64>,
    /// It runs alone.
    pub(crate) is_exclusive: bool,
    pub(crate) queue: i64,
    pub(crate) lane: i64,
    /// When it came, or is shown again.
    pub(crate) visible: WallTime,
    /// Since when it waits, or waited, by the boot-time clock.
    pub(crate) waits: u64,
    pub(crate) attempt: u32,
    pub(crate) rescues: u32,
    pub(crate) fence: Fence,
    /// Who runs it, or had it before it was lost.
    pub(crate) worker: Option<i64>,
    pub(crate) is_lost: bool,
    /// When the attempt is lost though its worker lives, by the boot-time clock, and for how long each time.
    pub(crate) own_time: Option<OwnTime>,
    /// Workers that have no code for it.
    pub(crate) lacks: Vec<i64>,
}

/// When an attempt is lost, by the boot-time clock, and how long it has each time, in milliseconds.
pub(crate) type OwnTime = (u64, u64);

/// An attempt's own time, if it has one, from two neighbouring columns.
pub(crate) fn own_time(row: &Row<'_>, first: usize) -> Result<Option<OwnTime>, WorkError> {
    let number = |column| row.get::<_, Option<i64>>(column)?.map(unsigned).transpose();
    Ok(number(first)?.zip(number(first + 1)?))
}

/// How many columns that are.
pub(crate) const TASK_COLUMNS: usize = 18;

impl TaskRow {
    /// Takes a row of `task_find` and its likes apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self {
            task: TaskId(row.get(0)?),
            handle: Handle(row.get(1)?),
            execution: unsigned(row.get(2)?)?,
            op: Operation(row.get::<_, i64>(3)?.cast_unsigned()),
            kid: row.get(4)?,
            is_exclusive: row.get(5)?,
            queue: row.get(6)?,
            lane: row.get(7)?,
            visible: WallTime::from_epoch_ms(unsigned(row.get(8)?)?),
            waits: unsigned(row.get(9)?)?,
            attempt: row.get(10)?,
            rescues: row.get(11)?,
            fence: Fence(unsigned(row.get(12)?)?),
            worker: row.get(13)?,
            is_lost: row.get(14)?,
            own_time: own_time(row, 15)?,
            lacks: workers(blob(row, 17)?.unwrap_or_default()),
        })
    }

    /// The workers that have no code for it, as a column.
    pub(crate) fn lacks_column(&self) -> Option<Vec<u8>> {
        let bytes = || self.lacks.iter().flat_map(|worker| worker.to_le_bytes()).collect();
        (!self.lacks.is_empty()).then(bytes)
    }
}

fn workers(bytes: &[u8]) -> Vec<i64> {
    bytes.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
}

//! Checking tasks: what each is to be run can be read.

use rusqlite::Connection;
use tenure_core::id::Operation;
use tenure_core::orchestration::HistoryEvent;
use tenure_store::record;

use crate::error::WorkError;
use crate::row::blob;
use crate::sql;

/// Every task is asked for by the row of the histories that it names.
pub(super) fn check(conn: &Connection) -> Result<Vec<String>, WorkError> {
    let mut found = Vec::new();
    let (mut at, mut asked) = (0, Vec::new());
    let mut statement = conn.prepare(sql::VERIFY_TASK_ROWS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (tid, op, pos): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if pos != at {
            (at, asked) = (pos, asks_for(blob(row, 3)?.unwrap_or_default()));
        }
        if !asked.contains(&Operation(op.cast_unsigned())) {
            found.push(format!("task {tid} is asked for by no row of the histories"));
        }
    }
    Ok(found)
}

/// The activities that a row asks for. One that cannot be read is found out elsewhere.
fn asks_for(payload: &[u8]) -> Vec<Operation> {
    let events = record::decode_history(payload).unwrap_or_default();
    let asked = events.iter().filter_map(|event| match event {
        HistoryEvent::TaskScheduled(activity) => Some(activity.op),
        _ => None,
    });
    asked.collect()
}

//! How many tasks wait in which queue.

use rusqlite::Connection;
use tenure_core::id::{Namespace, QueueName};
use tenure_store::QueueCount;

use crate::error::WorkError;
use crate::row::{corrupt, unsigned};
use crate::sql;

/// A tenant's tasks that no worker was given, by queue.
pub(crate) fn queues(conn: &Connection, namespace: &Namespace) -> Result<Vec<QueueCount>, WorkError> {
    let Some(ns) = sql::one(conn, sql::NAMESPACE_FIND, [namespace.as_str()], |row| Ok(row.get(0)?))? else {
        return Ok(Vec::new());
    };
    let ns: i64 = ns;
    sql::all(conn, sql::QUEUE_COUNT, [ns], |row| {
        let (name, count): (Option<String>, i64) = (row.get(0)?, row.get(1)?);
        let queue = name.as_deref().map(QueueName::parse).transpose();
        let queue = queue.map_err(|why| corrupt(format!("a queue's name is not one: {why:?}")))?;
        Ok(QueueCount { queue, count: unsigned(count)? })
    })
}

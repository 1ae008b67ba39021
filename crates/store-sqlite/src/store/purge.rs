//! The role that removes sessions.

use async_trait::async_trait;
use tenure_store::{Handle, PurgeOutcome, PurgeStore, StoreError, Weight};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::Request;
use crate::row::{Stored, unsigned};
use crate::writer::idle_since;
use crate::{sql, tail};
use rusqlite::Connection;

#[async_trait]
impl PurgeStore for SqliteStore {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        loop {
            if let Some(outcome) = self.ask(handle, |asked| Request::Purge(Box::new(asked))).await? {
                return Ok(outcome);
            }
        }
    }

    async fn weigh(&self, handle: Handle) -> Result<Weight, StoreError> {
        self.read_much("weigh a session", move |conn| weigh(conn, handle)).await
    }

    async fn reclaim(&self) -> Result<bool, StoreError> {
        // Mostly there is nothing, and looking costs no turn of the writer.
        let idle = idle_since(&self.shared.clock.now());
        let is_left = |conn: &Connection| {
            Ok(sql::any(conn, sql::PURGE_ANY, [])? || sql::any(conn, sql::ARRIVAL_IDLE, idle)?)
        };
        if !self.shared.readers.read("look for what nobody needs", is_left)? {
            return Ok(false);
        }
        self.ask((), |asked| Request::Reclaim(Box::new(asked))).await
    }
}

fn weigh(conn: &Connection, handle: Handle) -> Result<Weight, WorkError> {
    let Some(stored) = sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)? else {
        return Ok(Weight::default());
    };
    let log = stored.log;
    let chunks = sql::one(conn, sql::CHUNK_BYTES, [handle.0], |row| unsigned(row.get(0)?))?.unwrap_or(0);
    let mut bytes = chunks;
    if log.folded < log.seq {
        for row in tail::rows(conn, handle, log, (log.folded, log.seq))? {
            bytes += row.bytes;
        }
    }
    Ok(Weight { events: log.seq.next().0.saturating_sub(log.earliest.0), bytes })
}

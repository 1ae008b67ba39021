//! The role that removes sessions.

use async_trait::async_trait;
use tenure_store::{Handle, PurgeOutcome, PurgeStore, StoreError};

use super::SqliteStore;
use crate::request::Request;
use crate::sql;

#[async_trait]
impl PurgeStore for SqliteStore {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        loop {
            if let Some(outcome) = self.ask(handle, |asked| Request::Purge(Box::new(asked))).await? {
                return Ok(outcome);
            }
        }
    }

    async fn reclaim(&self) -> Result<bool, StoreError> {
        // Mostly there is nothing, and looking costs no turn of the writer.
        let is_left = |conn: &rusqlite::Connection| sql::any(conn, sql::PURGE_ANY, []);
        if !self.shared.readers.read("look for what nobody needs", is_left)? {
            return Ok(false);
        }
        self.ask((), |asked| Request::Reclaim(Box::new(asked))).await
    }
}

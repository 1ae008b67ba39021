//! The role that keeps the logs of sessions.

use async_trait::async_trait;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, CompactOutcome, CompactRequest, Handle, LogStore,
    ReadOutcome, ReadRequest, StoreError, Watch,
};

use super::SqliteStore;
use crate::request::Request;
use crate::{pages, resolve};

#[async_trait]
impl LogStore for SqliteStore {
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError> {
        self.ask(request.into(), |asked| Request::Append(Box::new(asked))).await
    }

    async fn resolve_append(&self, request: &AppendRequest) -> Result<AppendResolution, StoreError> {
        let (lost, rows_max) = (resolve::Lost::of(request), self.shared.limits.resolved_rows_max);
        self.read_much("find an append", move |conn| resolve::resolve(conn, &lost, rows_max)).await
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadOutcome, StoreError> {
        self.read_much("read a log", move |conn| pages::read(conn, &request)).await
    }

    async fn compact(&self, request: CompactRequest) -> Result<CompactOutcome, StoreError> {
        self.ask(request, |asked| Request::Compact(Box::new(asked))).await
    }

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        // The ear is there before the watch begins, so that its net has seen the state before any change.
        let can_be_rung = self.shared.listen()?;
        let (changes, watcher) = self.shared.watches.add(&self.shared.queue, handle)?;
        self.shared.nudge();
        if can_be_rung {
            match self.ask(handle, |asked| Request::Watch(Box::new(asked))).await {
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                // Where it cannot be written down that it watches, the net alone has to do.
                Err(why) => self.shared.troubles.note("ask to be rung", &why),
                Ok(()) => watcher.is_rung(),
            }
        }
        Ok(Watch::new(changes, Box::new(watcher)))
    }
}

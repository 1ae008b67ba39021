//! The role that keeps the logs of sessions.

use async_trait::async_trait;
use tenure_core::id::Seq;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Changes, CompactOutcome, CompactRequest, Handle, Head,
    LogStore, ReadOutcome, ReadRequest, StoreError, Watch,
};
use tokio::sync::watch;

use super::SqliteStore;
use crate::request::Request;
use crate::row::unsigned;
use crate::watches::{ALL, Watcher};
use crate::{pages, resolve, sql};

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
        let (changes, watcher) = self.begin_to_watch(handle).await?;
        Ok(Watch::new(changes, Box::new(watcher)))
    }

    async fn changes(&self) -> Result<Changes, StoreError> {
        // The net asks it.
        self.writer.start()?;
        let (_changes, watcher) = self.begin_to_watch(ALL).await?;
        Ok(self.shared.watches.feed().listen(Box::new(watcher)))
    }

    async fn heads(&self, after: Handle, limit: usize) -> Result<Vec<Head>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read_much("read where logs stand", move |conn| {
            sql::all(conn, sql::HEADS, (after.0, limit), |row| {
                let (seq, shared) = (Seq(unsigned(row.get(1)?)?), Seq(unsigned(row.get(2)?)?));
                Ok(Head { handle: Handle(row.get(0)?), seq, shared })
            })
        })
        .await
    }
}

impl SqliteStore {
    async fn begin_to_watch(&self, handle: Handle) -> Result<(watch::Receiver<u64>, Watcher), StoreError> {
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
        Ok((changes, watcher))
    }
}

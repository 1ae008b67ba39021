//! The role that keeps sessions and their leases.

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::session::Current;
use tenure_core::time::Moment;
use tenure_store::{
    CommitOutcome, CommitRequest, Committed, Find, Found, RenewOutcome, RenewRequest, SessionStore,
    StoreError, record,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::Request;
use crate::row::{SlotRow, Stored};
use crate::sql;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn now(&self) -> Result<Moment, StoreError> {
        Ok(self.shared.clock.now())
    }

    async fn find(&self, request: Find) -> Result<Found, StoreError> {
        self.shared.readers.read("find a session", |conn| find(conn, &request))
    }

    async fn commit(&self, request: CommitRequest) -> Result<CommitOutcome, StoreError> {
        self.ask(request.into(), |asked| Request::Commit(Box::new(asked))).await
    }

    async fn renew(&self, request: RenewRequest) -> Result<RenewOutcome, StoreError> {
        self.ask(request, Request::Renew).await
    }

    async fn resolve(&self, request: &CommitRequest) -> Result<Option<Committed>, StoreError> {
        let Some(session) = request.decision.session() else {
            return Ok(None);
        };
        let key = (session.namespace.as_str(), session.id.as_str());
        let stored = self
            .shared
            .readers
            .read("find a commit", |conn| sql::one(conn, sql::FIND_ID, key, Stored::of))?;
        Ok(stored.filter(|stored| stored.commit.id == request.commit_id).map(|stored| Committed {
            handle: stored.handle,
            head: stored.commit.seq,
            revision: stored.session.counters.revision,
            at: stored.commit.at,
        }))
    }
}

fn find(conn: &Connection, request: &Find) -> Result<Found, WorkError> {
    let found = match request {
        Find::Handle(handle) => sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)?,
        Find::Id { namespace, id } => {
            sql::one(conn, sql::FIND_ID, (namespace.as_str(), id.as_str()), Stored::of)?
        }
        Find::Slot(slot) => {
            let key = (slot.namespace.as_str(), slot.key.as_str(), record::kind_code(slot.kind));
            let Some(row) = sql::one(conn, sql::FIND_SLOT, key, SlotRow::of)? else {
                return Ok(Found::default());
            };
            let newest = sql::one(conn, sql::FIND_HANDLE, [row.newest], Stored::of)?;
            let counters_only =
                || Found { current: Current { session: None, counters: row.counters }, ..Found::default() };
            return Ok(newest.map_or_else(counters_only, Stored::found));
        }
    };
    Ok(found.map(Stored::found).unwrap_or_default())
}

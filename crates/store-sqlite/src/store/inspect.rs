//! The role that looks at many sessions.

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::id::Namespace;
use tenure_core::limits;
use tenure_store::{
    ChildrenRequest, Due, Handle, Inspect, ListRequest, Listed, NamedRequest, Page, Postpone, StoreError,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::Request;
use crate::row::{self, Stored, signed};
use crate::{catalog, sql};

#[async_trait]
impl Inspect for SqliteStore {
    async fn list(&self, request: ListRequest) -> Result<Page, StoreError> {
        self.read_much("list sessions", move |conn| catalog::list(conn, &request)).await
    }

    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError> {
        self.shared.readers.read("find sessions by name", |conn| named(conn, &request))
    }

    async fn children(&self, request: ChildrenRequest) -> Result<Page, StoreError> {
        self.read_much("list a session's children", move |conn| children(conn, &request)).await
    }

    async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        let Some(now) = self.shared.clock.now().wall else {
            return Ok(Vec::new());
        };
        let range = (signed(now.epoch_ms()), signed(limit as u64));
        let read = |conn: &Connection| {
            let due = sql::all(conn, sql::FIND_DUE, range, |row| Ok(Handle(row.get(0)?)))?;
            due.into_iter().filter_map(|handle| stored(conn, handle).transpose()).collect()
        };
        let due: Vec<Stored> = self.shared.readers.read("find due sessions", read)?;
        Ok(due.into_iter().map(|stored| Due { handle: stored.handle, session: stored.session }).collect())
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, StoreError> {
        let all = |conn: &Connection| sql::all(conn, sql::NAMESPACE_LIST, [], |row| row::namespace(row, 0));
        self.shared.readers.read("list the tenants", all)
    }

    async fn postpone(&self, looks: Vec<Postpone>) -> Result<(), StoreError> {
        self.ask(looks, |asked| Request::Postpone(Box::new(asked))).await
    }
}

fn stored(conn: &Connection, handle: Handle) -> Result<Option<Stored>, WorkError> {
    sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)
}

fn children(conn: &Connection, request: &ChildrenRequest) -> Result<Page, WorkError> {
    let limit = request.limit.min(limits::LIST_MAX);
    let before = request.before.unwrap_or(Handle(i64::MAX));
    // One more than wanted tells whether there is a next page.
    let range = (request.parent.0, before.0, signed(limit as u64 + 1));
    let mut handles = sql::all(conn, sql::LIST_CHILDREN, range, |row| Ok(Handle(row.get(0)?)))?;
    let has_more = handles.len() > limit;
    handles.truncate(limit);
    let next = handles.last().copied().filter(|_| has_more);
    let found = handles.into_iter().filter_map(|handle| stored(conn, handle).transpose());
    let sessions = found.map(|found| found.map(Stored::listed)).collect::<Result<_, _>>()?;
    Ok(Page { sessions, next })
}

fn named(conn: &Connection, request: &NamedRequest) -> Result<Vec<Listed>, WorkError> {
    let key = (request.namespace.as_str(), request.name.as_str());
    if let Some(found) = sql::one(conn, sql::FIND_ID, key, Stored::of)? {
        return Ok(vec![found.listed()]);
    }
    let newest = sql::all(conn, sql::FIND_SLOTS_NAMED, key, |row| Ok(Handle(row.get(0)?)))?;
    let mut found = Vec::new();
    for handle in newest {
        found.extend(stored(conn, handle)?);
    }
    let has_open = found.iter().any(|stored| !stored.session.is_terminal());
    found.retain(|stored| !has_open || !stored.session.is_terminal());
    Ok(found.into_iter().map(Stored::listed).collect())
}

//! The role that looks at many sessions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::id::Namespace;
use tenure_core::kind::Kind;
use tenure_core::limits;
use tenure_core::session::StateName;
use tenure_store::{
    Due, Handle, Inspect, ListRequest, Listed, NamedRequest, Page, Postpone, StoreError, record,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::Request;
use crate::row::{self, Stored, signed};
use crate::sql;

/// Most sessions that are read for one page when labels are asked for. A page may then be short, or empty,
/// and still have a next one.
const SCANNED_MAX: usize = 20_000;

#[async_trait]
impl Inspect for SqliteStore {
    async fn list(&self, request: ListRequest) -> Result<Page, StoreError> {
        self.read_much("list sessions", move |conn| list(conn, &request)).await
    }

    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError> {
        self.shared.readers.read("find sessions by name", |conn| named(conn, &request))
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

fn list(conn: &Connection, request: &ListRequest) -> Result<Page, WorkError> {
    let limit = request.limit.min(limits::LIST_MAX);
    let mut page = Page::default();
    let mut before = request.before.unwrap_or(Handle(i64::MAX));
    let mut scanned = 0;
    while page.sessions.len() < limit && scanned < SCANNED_MAX {
        // One more than wanted tells whether there is a next page.
        let wanted = limit - page.sessions.len() + 1;
        let handles = newest_before(conn, request, before, wanted)?;
        scanned += handles.len();
        let is_last = handles.len() < wanted;
        for handle in handles {
            if page.sessions.len() == limit {
                page.next = Some(before);
                return Ok(page);
            }
            before = handle;
            let found = stored(conn, handle)?;
            page.sessions.extend(found.filter(|stored| has_labels(stored, request)).map(Stored::listed));
        }
        if is_last {
            return Ok(page);
        }
    }
    page.next = Some(before);
    Ok(page)
}

fn has_labels(stored: &Stored, request: &ListRequest) -> bool {
    request.labels.iter().all(|(name, value)| stored.session.labels.get(name) == Some(value))
}

/// The newest sessions of the kinds and states asked for: the newest of each range of the index, together.
fn newest_before(
    conn: &Connection,
    request: &ListRequest,
    before: Handle,
    limit: usize,
) -> Result<Vec<Handle>, WorkError> {
    let kinds = if request.kinds.is_empty() { &Kind::ALL[..] } else { &request.kinds };
    let states = if request.states.is_empty() { &StateName::ALL[..] } else { &request.states };
    let mut newest = BTreeSet::new();
    for kind in kinds {
        for state in states {
            let range = (
                request.namespace.as_str(),
                record::kind_code(*kind),
                record::state_code(*state),
                before.0,
                signed(limit as u64),
            );
            newest.extend(sql::all(conn, sql::LIST_RANGE, range, |row| Ok(row.get::<_, i64>(0)?))?);
        }
    }
    Ok(newest.into_iter().rev().take(limit).map(Handle).collect())
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

//! The role that keeps groups.

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_store::{GroupFound, GroupMember, GroupRequest, GroupStore, Handle, LimitRequest, StoreError};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::Request;
use crate::row::{GroupRow, Stored};
use crate::sql;

#[async_trait]
impl GroupStore for SqliteStore {
    async fn group(&self, request: GroupRequest) -> Result<GroupFound, StoreError> {
        self.read_much("look at a group", move |conn| found(conn, &request)).await
    }

    async fn limit_group(&self, request: LimitRequest) -> Result<Option<u32>, StoreError> {
        self.ask(request, |asked| Request::Limit(Box::new(asked))).await
    }
}

fn found(conn: &Connection, request: &GroupRequest) -> Result<GroupFound, WorkError> {
    let key = (request.namespace.as_str(), request.name.as_str());
    let Some(group) = sql::one(conn, sql::GROUP_SHOWN, key, GroupRow::of)? else {
        return Ok(GroupFound::default());
    };
    let mut members = Vec::new();
    for (handle, ticket) in group.members(conn)? {
        let stored = sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)?;
        members.extend(stored.map(|stored| GroupMember { handle, session: stored.session, ticket }));
    }
    Ok(GroupFound { handle: Some(Handle(-group.grp)), limit: group.limit, members })
}

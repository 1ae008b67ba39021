//! The role that keeps instances of orchestrations.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::id::{AffinityKey, Fence};
use tenure_core::orchestration::{HistoryEvent, Message, MessageId};
use tenure_core::time::WallTime;
use tenure_store::{
    Attention, ClaimRequest, Claimed, FreeRequest, Handle, HistoryPage, HistoryRequest, InstanceStore,
    MailRequest, Mailed, Notice, NoticeId, PostOutcome, PostRequest, StoreError, TaskId, TurnOutcome,
    TurnRequest, record,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::{Request, Turn};
use crate::row::{blob, corrupt, history_of, namespace, unsigned};
use crate::sql;
use crate::watches::WORKERS;

/// Most messages that are looked at for one answer.
const LOOKED_AT_MAX: usize = 16_384;

#[async_trait]
impl InstanceStore for SqliteStore {
    async fn commit_turns(&self, turns: Vec<Arc<TurnRequest>>) -> Vec<Result<TurnOutcome, StoreError>> {
        let count = turns.len();
        let asked = turns.iter().map(|turn| Turn::from(turn.as_ref()));
        match self.ask_all(asked, |asked| Request::Turn(Box::new(asked))).await {
            Ok(answers) => answers,
            Err(why) => refused(count, why),
        }
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        loop {
            let given = self.ask(request.clone(), |asked| Request::Claim(Box::new(asked))).await?;
            if !given.is_more {
                return Ok(given.claimed);
            }
        }
    }

    async fn free(&self, instances: Vec<FreeRequest>) -> Result<(), StoreError> {
        self.ask(instances, |asked| Request::Free(Box::new(asked))).await
    }

    async fn history(&self, request: HistoryRequest) -> Result<HistoryPage, StoreError> {
        self.read_much("read a history", move |conn| history(conn, request)).await
    }

    async fn post(&self, request: PostRequest) -> Result<PostOutcome, StoreError> {
        self.ask(request.into(), |asked| Request::Post(Box::new(asked))).await
    }

    async fn mail(&self, request: MailRequest) -> Result<Mailed, StoreError> {
        self.shared.readers.read("read messages", |conn| mail(conn, request))
    }

    async fn attend(&self) -> Result<Attention, StoreError> {
        let can_be_rung = self.shared.listen()?;
        let changes = self.shared.attend()?;
        self.shared.nudge();
        if can_be_rung {
            match self.ask(WORKERS, |asked| Request::Watch(Box::new(asked))).await {
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                // Where it cannot be written down that it pays attention, the net alone has to do.
                Err(why) => self.shared.troubles.note("ask to be rung", &why),
                Ok(()) => {}
            }
        }
        Ok(Attention::new(changes))
    }

    async fn next_wake(&self) -> Result<Option<WallTime>, StoreError> {
        let next = |conn: &Connection| {
            let next = sql::one(conn, sql::INSTANCE_NEXT, [], |row| Ok(row.get::<_, Option<i64>>(0)?))?;
            next.flatten().map(unsigned).transpose()
        };
        let next = self.shared.readers.read("look for instances", next)?;
        Ok(next.map(WallTime::from_epoch_ms))
    }
}

/// The same for each of so many: the store was closed, or its writer cannot be started.
fn refused(count: usize, why: StoreError) -> Vec<Result<TurnOutcome, StoreError>> {
    let text = why.to_string();
    let again = || match &why {
        StoreError::Closed => StoreError::Closed,
        _ => StoreError::Unavailable { what: "keep turns", source: text.clone().into() },
    };
    (0..count).map(|_| Err(again())).collect()
}

/// One row of a history.
struct Added {
    execution: u64,
    prev: i64,
    events: Vec<HistoryEvent>,
}

/// Walks an instance's rows back from the newest one, as far as the execution that is asked for goes.
fn history(conn: &Connection, request: HistoryRequest) -> Result<HistoryPage, WorkError> {
    let mut page = HistoryPage::default();
    let (mut pos, mut wanted) = (history_of(conn, request.handle)?, request.execution);
    while pos != 0 {
        let added = added(conn, request.handle, (pos, wanted))?;
        match wanted {
            Some(wanted) if added.execution < wanted => break,
            Some(wanted) if added.execution > wanted => {}
            Some(_) | None => {
                wanted = Some(added.execution);
                page.execution = added.execution;
                page.turns.push(added.events);
            }
        }
        pos = added.prev;
    }
    page.turns.reverse();
    Ok(page)
}

/// A row, whose events are taken apart only where they are of the execution that is wanted.
fn added(conn: &Connection, handle: Handle, (pos, wanted): (i64, Option<u64>)) -> Result<Added, WorkError> {
    let read = sql::one(conn, sql::HISTORY_ROW, [pos], |row| {
        if row.get::<_, i64>(0)? != handle.0 {
            return Err(corrupt(format!("row {pos} of the histories belongs to another session")));
        }
        let (execution, prev) = (unsigned(row.get(1)?)?, row.get(2)?);
        let is_wanted = wanted.is_none_or(|wanted| wanted == execution);
        let payload = if is_wanted { blob(row, 3)?.unwrap_or_default() } else { &[] };
        Ok(Added { execution, prev, events: record::decode_history(payload)? })
    })?;
    read.ok_or_else(|| corrupt(format!("row {pos} of the histories is missing")))
}

fn mail(conn: &Connection, request: MailRequest) -> Result<Mailed, WorkError> {
    let is_draining = sql::one(conn, sql::WORKER_DRAINING, [request.worker.0], |row| Ok(row.get(0)?))?;
    let mut mailed = Mailed {
        messages: Vec::new(),
        read_to: request.after,
        notices: notices(conn, request)?,
        is_draining: is_draining.unwrap_or(false),
    };
    let mut statement = conn.prepare_cached(sql::MESSAGE_READ)?;
    let mut rows = statement.query((request.worker.0, request.after.0))?;
    for _ in 0..LOOKED_AT_MAX {
        if mailed.messages.len() >= request.limit {
            break;
        }
        let Some(row) = rows.next()? else {
            break;
        };
        mailed.read_to = MessageId(row.get(0)?);
        if let Some(payload) = blob(row, 2)? {
            let mail = record::decode_mail(payload)?;
            mailed.messages.push((Handle(row.get(1)?), Message { id: mailed.read_to, mail }));
        }
    }
    Ok(mailed)
}

/// What a worker itself is told.
fn notices(conn: &Connection, request: MailRequest) -> Result<Vec<(NoticeId, Notice)>, WorkError> {
    let limit = i64::try_from(request.limit).unwrap_or(i64::MAX);
    sql::all(conn, sql::NOTICE_LIST, (request.worker.0, request.noticed.0, limit), |row| {
        let (id, fence) = (NoticeId(row.get(0)?), Fence(unsigned(row.get(4)?)?));
        if let Some(task) = row.get::<_, Option<i64>>(3)? {
            return Ok((id, Notice::Withdrawn { task: TaskId(task), fence }));
        }
        let key = row.get_ref(2)?.as_str().map_err(|why| corrupt(why.to_string()))?;
        let key = AffinityKey::parse(key).map_err(|why| corrupt(format!("a key is not a name: {why:?}")))?;
        Ok((id, Notice::PinLost { namespace: namespace(row, 1)?, key, fence }))
    })
}

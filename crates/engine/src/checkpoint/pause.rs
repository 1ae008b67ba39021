//! What a pause saves, and what going on says of it.
//!
//! A session's record is durable, so going on needs nothing to be brought back: what was saved is there for whoever
//! wants it back, and going on says so in the log if the session is still about what it was about then. What was
//! said meanwhile is newer, and stays.

use std::sync::Arc;

use tenure_core::checkpoint::{Checkpoint, Content, PAUSE_REASON, Record};
use tenure_core::id::CheckpointId;
use tenure_core::session::{Change, Decision, Session, StateName};
use tenure_core::time::Moment;
use tenure_store::payload::Packed;
use tenure_store::{
    Capture, CheckpointRequest, Found, Handle, ListedCheckpoint, PayloadOutcome, RemoveRequest,
};

use super::record;
use crate::{Engine, EngineError};

/// So far back among a session's checkpoints the last pause's is looked for.
const LOOKED_AT_MAX: usize = 100;

impl Engine {
    /// Has a decision that pauses a session save its record, and one that goes on say what it goes on from.
    pub(crate) async fn around_a_pause(
        &self,
        found: &Found,
        mut decision: Decision,
        now: &Moment,
    ) -> Result<(Decision, Option<Capture>), EngineError> {
        let before = found.current.session.as_ref().map(|session| session.state.name());
        let after = decision.session().map(|session| session.state.name());
        match (before, after, decision.session()) {
            (Some(before), Some(StateName::Paused), Some(session)) if before != StateName::Paused => {
                let written = Session { counters: decision.counters, ..session.clone() };
                let capture = Capture {
                    id: self.ids.checkpoint_id(now.wall),
                    reason: Some(PAUSE_REASON.to_owned()),
                    content: Content::Record,
                    payload: Arc::new(Packed::of(record::written(&written, found.head))),
                };
                Ok((decision, Some(capture)))
            }
            (Some(StateName::Paused), Some(StateName::Active), _) => {
                if let (Some(handle), Some(session)) = (found.handle, &found.current.session)
                    && let Some(id) = self.still_as_paused(handle, session).await?
                    && let Some(write) = decision.writes.pop()
                {
                    decision.writes.push(write.then(Change::Restored { id, record: None }));
                }
                Ok((decision, None))
            }
            _ => Ok((decision, None)),
        }
    }

    /// The checkpoint of the last pause, if the session is about what that says.
    async fn still_as_paused(
        &self,
        handle: Handle,
        session: &Session,
    ) -> Result<Option<CheckpointId>, EngineError> {
        let Some(id) = self.pauses(handle).await?.into_iter().next() else { return Ok(None) };
        let request = CheckpointRequest { handle, id: id.clone() };
        Ok(match self.store.read_payload(request).await? {
            PayloadOutcome::Payload { bytes, .. } => {
                record::read(&bytes).is_ok_and(|record| record == Record::of(session)).then_some(id)
            }
            PayloadOutcome::Damaged { .. } | PayloadOutcome::NotFound => None,
        })
    }

    /// Keeps only the newest of what pauses saved. What cannot be removed now is removed with the next one.
    pub(crate) async fn forget_earlier_pauses(&self, handle: Handle, newest: &CheckpointId) {
        let Ok(mut ids) = self.pauses(handle).await else { return };
        ids.retain(|id| id != newest);
        if !ids.is_empty() {
            drop(self.store.remove_checkpoints(RemoveRequest { handle, fence: None, ids }).await);
        }
    }

    /// What pauses saved, newest first.
    async fn pauses(&self, handle: Handle) -> Result<Vec<CheckpointId>, EngineError> {
        let listed = self.checkpoints(handle, None, LOOKED_AT_MAX).await?;
        let is_pauses = |checkpoint: &Checkpoint| {
            checkpoint.content == Content::Record && checkpoint.reason.as_deref() == Some(PAUSE_REASON)
        };
        let readable = listed.into_iter().filter_map(|listed| match listed {
            ListedCheckpoint::Readable(checkpoint) => Some(checkpoint),
            ListedCheckpoint::Damaged { .. } => None,
        });
        Ok(readable.filter(is_pauses).map(|checkpoint| checkpoint.id).collect())
    }
}

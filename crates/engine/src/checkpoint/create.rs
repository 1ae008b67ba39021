//! Saving a session.

use std::sync::Arc;

use tenure_core::checkpoint::{Checkpoint, CheckpointRefusal, Content, PAUSE_REASON, Permit, permit};
use tenure_core::id::Fence;
use tenure_core::limits;
use tenure_core::refusal::{Existing, Held, LimitRefusal, Refusal};
use tenure_core::session::Session;
use tenure_store::payload::Packed;
use tenure_store::{CreateOutcome, CreateRequest, Handle, StoreError};

use super::{fenced, largest_parts, record, refuse};
use crate::{Engine, EngineError};

/// What is to be saved of a session, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Save {
    /// The owner's fence; `None`: an operator's wish, while nobody holds the session.
    pub fence: Option<Fence>,
    /// Why.
    pub reason: Option<String>,
    /// What its maker wants to know of it: JSON text.
    pub metadata: Option<String>,
    /// The value; `None`: the session's own record.
    pub payload: Option<Vec<u8>>,
}

impl Engine {
    /// Saves a session. When it returns, the checkpoint is durable.
    ///
    /// # Errors
    /// [`Refusal::Ended`], [`Refusal::Checkpoint`] when the payload is too large or the record is said to be a
    /// pause's, [`Refusal::Fenced`] and [`Refusal::Held`] when somebody else holds the session; a [`StoreError`]
    /// when the store gives no answer.
    pub async fn save(&self, handle: Handle, save: Save) -> Result<Checkpoint, EngineError> {
        if save.payload.is_none() && save.reason.as_deref() == Some(PAUSE_REASON) {
            return Err(refuse(CheckpointRefusal::PauseReason));
        }
        let (session, found) = self.saved_session(handle).await?;
        let now = self.store.now().await?;
        let at = now.wall().map_err(|unusable| EngineError::refused(unusable.into()))?;
        let gone = self.gone(&session);
        // Told before anything large is done. What counts is told by the store, once it is written.
        judge(
            permit(&session, save.fence, gone, &now),
            (&session, save.fence),
            found.current.counters.fence,
        )?;
        let (content, payload) = match save.payload {
            Some(payload) => (Content::Given, payload),
            None => (Content::Record, record::written(&session, found.head)),
        };
        bounded(&payload, save.metadata.as_deref())?;
        let packed = tokio::task::spawn_blocking(move || Packed::of(payload)).await;
        let packed = packed.expect("packing a payload does not panic, and nobody ends it");
        let request = CreateRequest {
            commit_id: self.ids.commit_id(),
            handle,
            fence: save.fence,
            gone,
            id: self.ids.checkpoint_id(Some(at)),
            reason: save.reason,
            metadata: save.metadata,
            content,
            payload: Arc::new(packed),
        };
        self.created(request).await
    }

    /// Makes the checkpoint, and finds out what happened if the answer got lost.
    pub(super) async fn created(&self, request: CreateRequest) -> Result<Checkpoint, EngineError> {
        let (handle, fence) = (request.handle, request.fence);
        let outcome = match self.store.create_checkpoint(request.clone()).await {
            // The same request happens once.
            Err(StoreError::Unknown { .. }) => self.store.create_checkpoint(request).await?,
            answer => answer?,
        };
        let (permit, current) = match outcome {
            CreateOutcome::Created(checkpoint) => return Ok(checkpoint),
            CreateOutcome::NotFound => return Err(EngineError::refused(Refusal::NotFound)),
            CreateOutcome::IdTaken => {
                let what = "two random ids are the same".to_owned();
                return Err(StoreError::Corrupt { what }.into());
            }
            CreateOutcome::Fenced { current } => (Permit::Fenced, current),
            CreateOutcome::Held => (Permit::Held, Fence(0)),
            CreateOutcome::Ended => (Permit::Ended, Fence(0)),
        };
        let (session, _) = self.saved_session(handle).await?;
        judge(permit, (&session, fence), current)?;
        unreachable!("the store refused it")
    }

    /// The incarnation of a holder that is proven to be gone.
    fn gone(&self, session: &Session) -> Option<tenure_core::id::Incarnation> {
        let lease = session.lease.as_ref().filter(|lease| self.witness.is_gone(lease));
        lease.map(|lease| lease.incarnation)
    }
}

/// What is not permitted is refused, and names who is in the way.
fn judge(
    permit: Permit,
    (session, given): (&Session, Option<Fence>),
    current: Fence,
) -> Result<(), EngineError> {
    match permit {
        Permit::Granted => Ok(()),
        Permit::Fenced => Err(fenced(session, given.unwrap_or_default(), current)),
        Permit::Ended => Err(EngineError::refused(Refusal::Ended(Box::new(Existing::of(session))))),
        Permit::Held => Err(match &session.lease {
            Some(lease) => EngineError::refused(Refusal::Held(Box::new(Held::of(session, lease)))),
            // Its holder let go since: whoever asks again is granted it.
            None => EngineError::refused(Refusal::Conflict {
                verb: "checkpoint create",
                expected: session.counters.revision,
                actual: session.counters.revision,
            }),
        }),
    }
}

fn bounded(payload: &[u8], metadata: Option<&str>) -> Result<(), EngineError> {
    let max = limits::CHECKPOINT_METADATA_BYTES_MAX;
    if let Some(length) = metadata.map(str::len).filter(|length| *length > max) {
        let limit = LimitRefusal::Bytes { what: "metadata", length, max };
        return Err(EngineError::refused(limit.into()));
    }
    if payload.len() > limits::CHECKPOINT_BYTES_MAX {
        return Err(refuse(CheckpointRefusal::TooLarge {
            size: payload.len() as u64,
            max: limits::CHECKPOINT_BYTES_MAX as u64,
            largest: largest_parts(payload),
        }));
    }
    Ok(())
}

//! Finding checkpoints and reading their payloads, past those that are damaged.

use tenure_core::checkpoint::{Checkpoint, CheckpointRefusal};
use tenure_core::id::{CheckpointId, Seq, SessionId};
use tenure_core::limits;
use tenure_store::{CheckpointRequest, CheckpointsRequest, Handle, ListedCheckpoint, PayloadOutcome};

use super::{id_of, refuse};
use crate::{Engine, EngineError};

/// A checkpoint with its payload, which is what was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its payload.
    pub bytes: Vec<u8>,
    /// Newer ones that were passed over.
    pub skipped: Vec<Skipped>,
}

/// A checkpoint that was passed over because it is not what was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which.
    pub id: CheckpointId,
    /// What was found.
    pub what: String,
}

impl Engine {
    /// The newest checkpoints of a session before a position, at most `limit`, newest first, without their
    /// payloads.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn checkpoints(
        &self,
        handle: Handle,
        mut before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<ListedCheckpoint>, EngineError> {
        let mut all = Vec::new();
        while all.len() < limit {
            let wanted = limits::CHECKPOINTS_LISTED_MAX.min(limit - all.len());
            let request = CheckpointsRequest { handle, before, limit: wanted, with_files: false };
            let page = self.store.list_checkpoints(request).await?;
            let is_last = page.len() < wanted;
            before = page.last().map(seq_of);
            all.extend(page);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// A checkpoint without its payload: the one of that id, else the newest.
    ///
    /// # Errors
    /// [`CheckpointRefusal::NotFound`] or [`CheckpointRefusal::None`] when there is none.
    pub async fn checkpoint(
        &self,
        handle: Handle,
        id: Option<&CheckpointId>,
    ) -> Result<ListedCheckpoint, EngineError> {
        let found = match id {
            Some(id) => self.store.find_checkpoint(CheckpointRequest { handle, id: id.clone() }).await?,
            None => self.checkpoints(handle, None, 1).await?.pop(),
        };
        match found {
            Some(listed) => Ok(listed),
            None => Err(self.no_checkpoint(handle, id).await?),
        }
    }

    /// A checkpoint with its payload: the one of that id, else the newest that is what was saved.
    ///
    /// # Errors
    /// As [`Engine::checkpoint`]; [`EngineError::Damaged`] when the one asked for, or every one, is damaged.
    pub async fn read_checkpoint(
        &self,
        handle: Handle,
        id: Option<&CheckpointId>,
    ) -> Result<Readable, EngineError> {
        let Some(id) = id else {
            return self.newest_valid(handle).await;
        };
        match self.store.read_payload(CheckpointRequest { handle, id: id.clone() }).await? {
            PayloadOutcome::Payload { checkpoint, bytes } => {
                Ok(Readable { checkpoint, bytes, skipped: Vec::new() })
            }
            PayloadOutcome::NotFound => Err(self.no_checkpoint(handle, Some(id)).await?),
            PayloadOutcome::Damaged { what } => {
                let newest_valid = match self.newest_valid(handle).await {
                    Ok(valid) => Some(valid.checkpoint.id),
                    Err(EngineError::Damaged { .. } | EngineError::Refused { .. }) => None,
                    Err(error) => return Err(error),
                };
                let session = self.saved_id(handle).await?;
                Err(EngineError::Damaged { session, id: id.clone(), what, newest_valid })
            }
        }
    }

    /// The newest checkpoint that is what was saved.
    async fn newest_valid(&self, handle: Handle) -> Result<Readable, EngineError> {
        let mut skipped: Vec<Skipped> = Vec::new();
        for listed in self.checkpoints(handle, None, usize::MAX).await? {
            let id = id_of(&listed).clone();
            match self.store.read_payload(CheckpointRequest { handle, id: id.clone() }).await? {
                PayloadOutcome::Payload { checkpoint, bytes } => {
                    return Ok(Readable { checkpoint, bytes, skipped });
                }
                PayloadOutcome::Damaged { what } => skipped.push(Skipped { id, what }),
                // Removed since it was listed.
                PayloadOutcome::NotFound => {}
            }
        }
        match skipped.into_iter().next() {
            Some(Skipped { id, what }) => {
                let session = self.saved_id(handle).await?;
                Err(EngineError::Damaged { session, id, what, newest_valid: None })
            }
            None => Err(self.no_checkpoint(handle, None).await?),
        }
    }

    async fn no_checkpoint(
        &self,
        handle: Handle,
        id: Option<&CheckpointId>,
    ) -> Result<EngineError, EngineError> {
        let session = self.saved_id(handle).await?;
        Ok(refuse(match id {
            Some(id) => CheckpointRefusal::NotFound { session, id: id.clone() },
            None => CheckpointRefusal::None { session },
        }))
    }

    pub(super) async fn saved_id(&self, handle: Handle) -> Result<SessionId, EngineError> {
        Ok(self.saved_session(handle).await?.0.id)
    }
}

fn seq_of(listed: &ListedCheckpoint) -> Seq {
    match listed {
        ListedCheckpoint::Readable(Checkpoint { seq, .. }) | ListedCheckpoint::Damaged { seq, .. } => *seq,
    }
}

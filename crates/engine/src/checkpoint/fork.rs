//! Going on from an earlier point in a new session.

use tenure_core::checkpoint::{Checkpoint, CheckpointRefusal, Content, Fork, Record};
use tenure_core::id::{CheckpointId, Principal, Seq, SessionId};
use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::Session;
use tenure_store::{Find, ForkOutcome, ForkRequest, Handle, StoreError};

use super::{record, refuse};
use crate::{Engine, EngineError};

/// Where a fork begins to be a session of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkAt {
    /// After everything that its parent has.
    Head,
    /// After this position.
    Seq(Seq),
    /// After this checkpoint: it is the fork's newest.
    Checkpoint(CheckpointId),
}

/// A fork to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkWish {
    /// Where.
    pub at: ForkAt,
    /// What it will be called; `None`: a new id.
    pub id: Option<SessionId>,
    /// On whose behalf it is opened; `None`: on whose its parent was.
    pub principal: Option<Principal>,
}

/// A fork that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forked {
    /// The new session.
    pub session: Session,
    /// Its handle.
    pub handle: Handle,
    /// The last position that it shares with its parent.
    pub at: Seq,
    /// Where its log begins: where its parent's does, or after what they share if that was dropped.
    pub earliest: Seq,
    /// The parent.
    pub parent: SessionId,
}

impl Engine {
    /// Opens a session that goes on from another one, which stays as it is, whoever holds it.
    ///
    /// # Errors
    /// [`Refusal::Checkpoint`] when the parent has no such position or checkpoint, [`Refusal::IdInUse`];
    /// [`EngineError::Damaged`] when the checkpoint is not what was saved.
    pub async fn fork(&self, parent: Handle, wish: ForkWish) -> Result<Forked, EngineError> {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.fork(parent, wish).await;
        }
        let (session, found) = self.saved_session(parent).await?;
        let (at, record) = match &wish.at {
            ForkAt::Head => (found.head, None),
            ForkAt::Seq(seq) => (*seq, None),
            ForkAt::Checkpoint(id) => self.forked_from(parent, id).await?,
        };
        let now = self.store.now().await?.wall().map_err(|unusable| EngineError::refused(unusable.into()))?;
        let id = wish.id.unwrap_or_else(|| self.ids.session_id(Some(now)));
        let write = Fork { id, at, record, principal: wish.principal }.opening(&session, now);
        let request = ForkRequest { commit_id: self.ids.commit_id(), parent, at, write };
        let outcome = match self.store.fork(request.clone()).await {
            // The same request happens once.
            Err(StoreError::Unknown { .. }) => self.store.fork(request.clone()).await?,
            answer => answer?,
        };
        match outcome {
            ForkOutcome::Forked(done) => {
                let fork = request.write.session;
                let earliest = found.earliest.min(at.next());
                Ok(Forked { session: fork, handle: done.handle, at, earliest, parent: session.id })
            }
            ForkOutcome::NotFound => Err(EngineError::refused(Refusal::NotFound)),
            ForkOutcome::Beyond { head } => {
                Err(refuse(CheckpointRefusal::Beyond { session: session.id, at, head }))
            }
            ForkOutcome::IdTaken => Err(self.id_in_use(request.write.session).await?),
        }
    }

    /// Who has the id that was to be a fork's.
    async fn id_in_use(&self, fork: Session) -> Result<EngineError, StoreError> {
        let find = Find::Id { namespace: fork.namespace, id: fork.id };
        let refusal = match self.store.find(find).await?.current.session {
            Some(session) => Refusal::IdInUse(Box::new(Existing::of(&session))),
            // It was purged since.
            None => Refusal::NotFound,
        };
        Ok(EngineError::refused(refusal))
    }

    /// Where a checkpoint is, and what it says of the session itself, if it does. It must be what was saved.
    async fn forked_from(
        &self,
        parent: Handle,
        id: &CheckpointId,
    ) -> Result<(Seq, Option<Record>), EngineError> {
        let read = self.read_checkpoint(parent, Some(id)).await?;
        let Checkpoint { seq, content, session, id, .. } = read.checkpoint;
        let record = match content {
            Content::Given | Content::File(_) => None,
            Content::Record => Some(record::read(&read.bytes).map_err(|what| EngineError::Damaged {
                session,
                id,
                what,
                newest_valid: None,
            })?),
        };
        Ok((seq, record))
    }
}

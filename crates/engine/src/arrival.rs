//! Taking in a session that comes from elsewhere: bit by bit, seen as a whole.

use std::sync::Arc;

use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;
use tenure_core::id::{CheckpointId, CommitId, Seq, SessionId};
use tenure_core::session::{Counters, Session};
use tenure_store::payload::Packed;
use tenure_store::{
    AdmitOutcome, AdmitRequest, ArriveOutcome, ArriveRequest, BringCheckpointOutcome, BringCheckpointRequest,
    BringOutcome, BringRequest, Handle, Origin, Store, StoreError,
};

use crate::{Engine, EngineError, Ids};

/// Why a session was not taken in. Nothing of it is seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArrivalError {
    /// A session of its id exists.
    #[error("take in a session whose id exists")]
    IdTaken {
        /// What that was brought in from, if it was.
        origin: Option<Origin>,
    },
    /// There is an open session in its slot.
    #[error("take in a session whose key has an open one")]
    SlotTaken {
        /// That session.
        by: SessionId,
    },
    /// Two of its events have the same id.
    #[error("take in two events with one id")]
    IdRepeated {
        /// The position of the later one.
        seq: Seq,
    },
    /// Two of its checkpoints have the same id.
    #[error("take in two checkpoints with one id")]
    CheckpointRepeated {
        /// The id.
        id: CheckpointId,
    },
    /// Somebody else began to bring it in, or was in its slot meanwhile, or nothing was brought for too long.
    #[error("go on with what was given up")]
    GivenUp,
}

/// A session that is being brought in.
#[derive(Debug)]
pub struct Arrival {
    store: Arc<dyn Store>,
    handle: Handle,
    ids: Arc<dyn Ids>,
    commit_id: CommitId,
    next: Seq,
}

/// What is seen in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The session.
    pub session: Session,
    /// Its slot's counters where it comes from, if it has a key.
    pub slot: Option<Counters>,
    /// What it comes from.
    pub origin: Origin,
}

impl Engine {
    /// Begins to bring a session in.
    ///
    /// # Errors
    /// [`ArrivalError::IdTaken`], [`ArrivalError::SlotTaken`], or when the store cannot do it.
    pub async fn arrive(&self, request: ArriveRequest) -> Result<Arrival, EngineError> {
        let next = request.earliest;
        match self.store.arrive(request).await? {
            ArriveOutcome::Begun(handle) => {
                let (store, ids) = (Arc::clone(&self.store), Arc::clone(&self.ids));
                Ok(Arrival { store, handle, commit_id: ids.commit_id(), ids, next })
            }
            ArriveOutcome::IdTaken { origin } => Err(ArrivalError::IdTaken { origin }.into()),
            ArriveOutcome::SlotTaken { by } => Err(ArrivalError::SlotTaken { by }.into()),
        }
    }
}

impl Arrival {
    /// The position of the event that comes next.
    #[must_use]
    pub const fn next(&self) -> Seq {
        self.next
    }

    /// Brings the next events.
    ///
    /// # Errors
    /// [`ArrivalError::IdRepeated`], [`ArrivalError::GivenUp`], or when the store cannot do it.
    pub async fn bring(&mut self, events: Vec<Event>) -> Result<(), EngineError> {
        let Some(last) = events.last().map(|event| event.seq) else {
            return Ok(());
        };
        match self.store.bring(BringRequest { arrival: self.handle, events }).await? {
            BringOutcome::Brought => {
                self.next = last.next();
                Ok(())
            }
            BringOutcome::IdRepeated { seq } => Err(ArrivalError::IdRepeated { seq }.into()),
            BringOutcome::Gap { .. } | BringOutcome::NotFound => Err(ArrivalError::GivenUp.into()),
        }
    }

    /// Brings a checkpoint.
    ///
    /// # Errors
    /// [`ArrivalError::CheckpointRepeated`], [`ArrivalError::GivenUp`], or when the store cannot do it.
    pub async fn bring_checkpoint(
        &self,
        checkpoint: Checkpoint,
        payload: Vec<u8>,
    ) -> Result<(), EngineError> {
        let (id, payload) = (checkpoint.id.clone(), Arc::new(Packed::of(payload)));
        let commit_id = CommitId(self.ids.random());
        let request = BringCheckpointRequest { commit_id, arrival: self.handle, checkpoint, payload };
        match self.store.bring_checkpoint(request).await? {
            BringCheckpointOutcome::Brought => Ok(()),
            BringCheckpointOutcome::IdRepeated => Err(ArrivalError::CheckpointRepeated { id }.into()),
            BringCheckpointOutcome::NotFound => Err(ArrivalError::GivenUp.into()),
        }
    }

    /// Shows it, once all of its events were brought. When this returns, it is durable.
    ///
    /// # Errors
    /// [`ArrivalError`], or when the store cannot do it. What lost its answer is asked again.
    pub async fn admit(&self, admission: Admission) -> Result<Handle, EngineError> {
        let Admission { session, slot, origin } = admission;
        let request = AdmitRequest {
            commit_id: self.commit_id,
            arrival: self.handle,
            counters: slot.unwrap_or(session.counters),
            session,
            head: Seq(self.next.0.saturating_sub(1)),
            origin,
        };
        let outcome = match self.store.admit(request.clone()).await {
            Err(StoreError::Unknown { .. }) => self.store.admit(request).await?,
            answer => answer?,
        };
        match outcome {
            AdmitOutcome::Admitted => Ok(self.handle),
            AdmitOutcome::IdTaken { origin: Some(same) } if same == origin => Ok(self.handle),
            AdmitOutcome::IdTaken { origin } => Err(ArrivalError::IdTaken { origin }.into()),
            AdmitOutcome::SlotTaken { by } => Err(ArrivalError::SlotTaken { by }.into()),
            AdmitOutcome::Overtaken | AdmitOutcome::Incomplete { .. } | AdmitOutcome::NotFound => {
                Err(ArrivalError::GivenUp.into())
            }
        }
    }

    /// Leaves nothing of it, as far as that can be done now; the rest is swept up later.
    pub async fn give_up(self) {
        if self.store.give_up(self.handle).await.is_ok() {
            while matches!(self.store.reclaim().await, Ok(true)) {}
        }
    }
}

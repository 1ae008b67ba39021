//! Sessions that come from elsewhere: brought bit by bit, seen as a whole.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;
use tenure_core::id::{CommitId, Namespace, Seq, SessionId};
use tenure_core::session::{Counters, Session};

use crate::payload::Packed;
use crate::{Handle, Slot, StoreError};

/// Names what a session was brought in from: one export, or one hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin(pub [u8; 32]);

/// Somebody begins to bring a session in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArriveRequest {
    /// The tenant.
    pub namespace: Namespace,
    /// Its id.
    pub id: SessionId,
    /// The slot it will be in, if any.
    pub slot: Option<Slot>,
    /// The position of the first event that will be brought: where its log will begin.
    pub earliest: Seq,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArriveOutcome {
    /// Events can be brought. Nobody sees it; the handle is what it will have.
    Begun(Handle),
    /// A session of that id exists. Nothing was written.
    IdTaken {
        /// What that was brought in from, if it was.
        origin: Option<Origin>,
    },
    /// There is an open session in its slot. Nothing was written.
    SlotTaken {
        /// That session.
        by: SessionId,
    },
}

/// The next events of a session that is being brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BringRequest {
    /// What [`ArriveOutcome::Begun`] said.
    pub arrival: Handle,
    /// The events, at their positions. Not empty, and no more than one read returns.
    pub events: Vec<Event>,
}

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BringOutcome {
    /// They are kept.
    Brought,
    /// They do not follow what was brought before. Nothing was written.
    Gap {
        /// The position that comes next.
        next: Seq,
    },
    /// The id of one of them names another event. Nothing was written.
    IdRepeated {
        /// The position of the later one.
        seq: Seq,
    },
    /// Nobody brings this in (any more): it was given up, or begun anew by somebody else.
    NotFound,
}

/// A checkpoint of a session that is being brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BringCheckpointRequest {
    /// Names this request, and the payload while it is written.
    pub commit_id: CommitId,
    /// What [`ArriveOutcome::Begun`] said.
    pub arrival: Handle,
    /// The checkpoint. How its payload is stored is what `payload` says.
    pub checkpoint: Checkpoint,
    /// The payload.
    pub payload: Arc<Packed>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BringCheckpointOutcome {
    /// It is kept.
    Brought,
    /// Another one of its id was brought. Nothing was written.
    IdRepeated,
    /// Nobody brings this in (any more).
    NotFound,
}

/// All was brought: the session is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmitRequest {
    /// Names this admission. The session remembers it as its last commit.
    pub commit_id: CommitId,
    /// What [`ArriveOutcome::Begun`] said.
    pub arrival: Handle,
    /// The session, held by nobody.
    pub session: Session,
    /// The counters of its slot where it comes from; for a session without a key, its own.
    pub counters: Counters,
    /// The position of its newest event.
    pub head: Seq,
    /// What it was brought in from.
    pub origin: Origin,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdmitOutcome {
    /// It is there.
    Admitted,
    /// A session of that id exists. Nothing was written.
    IdTaken {
        /// What that was brought in from, if it was.
        origin: Option<Origin>,
    },
    /// There is an open session in its slot. Nothing was written.
    SlotTaken {
        /// That session.
        by: SessionId,
    },
    /// A session that is newer was in its slot meanwhile, and has ended. Nothing was written: it is begun anew.
    Overtaken,
    /// Not all of its events were brought. Nothing was written.
    Incomplete {
        /// The position that comes next.
        next: Seq,
    },
    /// Nobody brings this in (any more).
    NotFound,
}

/// Takes sessions in that come from elsewhere.
#[async_trait]
pub trait ArrivalStore: Send + Sync {
    /// Begins to bring a session in.
    ///
    /// *Before:* no session has its id, and its slot has no open one. *Effect:* none that readers see. If somebody
    /// else is bringing in a session of this id, that is given up. What nobody goes on with for
    /// [`tenure_core::limits::ARRIVAL_IDLE_MAX`], or from before the machine was started, is given up as well, and
    /// its room is given back by [`crate::PurgeStore::reclaim`]. *Outcomes:* [`ArriveOutcome`].
    async fn arrive(&self, request: ArriveRequest) -> Result<ArriveOutcome, StoreError>;

    /// Brings the next events.
    ///
    /// *Before:* they follow those that were brought before, and none of their ids names another one. *Effect:* none
    /// that readers see. *Outcomes:* [`BringOutcome`]. It carries no commit id: asked once more after an error, the
    /// gap says that they were kept.
    async fn bring(&self, request: BringRequest) -> Result<BringOutcome, StoreError>;

    /// Brings a checkpoint.
    ///
    /// *Before:* none of its id was brought. *Effect:* none that readers see. However large the payload is, other
    /// writers wait only for a piece of it. *Outcomes:* [`BringCheckpointOutcome`]. Asked once more with the same commit
    /// id, it is brought once.
    async fn bring_checkpoint(
        &self,
        request: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError>;

    /// Shows a session of which everything was brought.
    ///
    /// *Before:* no session has its id, and its slot has no open one. *Effect:* it is there at once and as a whole,
    /// with its revision, its fence and its positions, held by nobody. Its slot counts on from the higher of what it
    /// had and what comes with the session. A sweep leaves it alone for the time that it may be idle: where it comes
    /// from, its owner could not be heard. Its events were counted where they came in. *Outcomes:*
    /// [`AdmitOutcome`]; `Admitted` is durable. Asked once more, it is taken by what has the same origin.
    async fn admit(&self, request: AdmitRequest) -> Result<AdmitOutcome, StoreError>;

    /// Gives up bringing a session in. Of one that is not known, nothing is done.
    async fn give_up(&self, arrival: Handle) -> Result<(), StoreError>;
}

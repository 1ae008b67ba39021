//! Why the engine did not do what was asked.

use tenure_core::id::{CheckpointId, EventId, Seq, SessionId};
use tenure_core::refusal::Refusal;
use tenure_store::{Listed, StoreError};

use crate::ArrivalError;

/// What was asked was not done, and nothing was changed (but see [`StoreError::Unknown`]).
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A rule said no.
    #[error("{refusal:?}")]
    Refused {
        /// The rule's facts.
        refusal: Refusal,
        /// Whether it was decided anew after somebody else wrote in between.
        raced: bool,
    },
    /// No session has that name.
    #[error("find a session of that name")]
    NotFound {
        /// The name.
        name: String,
    },
    /// Several sessions have that name.
    #[error("tell which session is meant")]
    Ambiguous {
        /// The name.
        name: String,
        /// Which.
        matches: Vec<Listed>,
    },
    /// The session has ended; its log takes nothing more.
    #[error("append to a session that has ended")]
    Ended,
    /// An event's id names another event already.
    #[error("append an event whose id names another one")]
    IdReused {
        /// The id.
        id: EventId,
        /// Where the other one is; `None`: it was asked for together with this one.
        seq: Option<Seq>,
    },
    /// What was to be read was dropped from the log.
    #[error("read what was dropped from the log")]
    Compacted {
        /// The position of the oldest event that is kept, or of the next one to come.
        earliest: Seq,
    },
    /// A checkpoint is not what was saved.
    #[error("read checkpoint {id}: {what}")]
    Damaged {
        /// The session.
        session: SessionId,
        /// The checkpoint.
        id: CheckpointId,
        /// What was found.
        what: String,
        /// The newest checkpoint of the session that is what was saved, if there is one.
        newest_valid: Option<CheckpointId>,
    },
    /// A session that comes from elsewhere was not taken in.
    #[error(transparent)]
    Arrival(#[from] ArrivalError),
    /// No answer, or none to be trusted, from the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EngineError {
    /// A rule's no that was decided at the first look.
    pub(crate) const fn refused(refusal: Refusal) -> Self {
        Self::Refused { refusal, raced: false }
    }
}

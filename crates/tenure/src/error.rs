//! What can go wrong outside of orchestrations.

use tenure_engine::{EngineError, StartError, WorkerError};
use tenure_store_sqlite::OpenError;

use crate::Failure;

/// What can go wrong outside of orchestrations.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be opened.
    #[error("open the store: {0}")]
    Open(#[from] OpenError),
    /// A worker of that name is at work already: give this one another name, or let it take the other's place
    /// (`WorkerOptions::replaces`).
    #[error("start the worker: {0}")]
    Worker(#[from] WorkerError),
    /// A name, an id or an input cannot be used.
    #[error("{0}")]
    Invalid(Failure),
    /// The id is in use: by something else, or at all, where [`crate::IfThere::Fail`] was asked for.
    #[error("the id {id} is in use")]
    IdInUse {
        /// The id.
        id: String,
    },
    /// No instance has that id.
    #[error("no instance has the id {id}")]
    NotFound {
        /// The id.
        id: String,
    },
    /// The instance has ended: it takes nothing more.
    #[error("the instance has ended")]
    Ended,
    /// The orchestration failed.
    #[error("{0}")]
    Failed(Failure),
    /// Somebody wished the instance to end.
    #[error("cancelled: {reason}")]
    Cancelled {
        /// Why.
        reason: String,
    },
    /// The instance was deleted.
    #[error("the instance was deleted")]
    Deleted,
    /// The store did not answer.
    #[error(transparent)]
    Engine(EngineError),
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound { name } => Self::NotFound { id: name },
            EngineError::Ended => Self::Ended,
            other => Self::Engine(other),
        }
    }
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        match error {
            StartError::IdInUse { session } => Self::IdInUse { id: session.id.as_str().to_owned() },
            StartError::Engine(error) => error.into(),
        }
    }
}

//! What an instance of an orchestration waits for.

use serde::{Deserialize, Serialize};
use tenure_core::orchestration::{self};
use utoipa::ToSchema;

use crate::time::Instant;
use crate::word::CauseWord;

/// What an instance waits for; a signal, when there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Pending {
    /// Activities that are to be run or are under way.
    pub activities: Vec<PendingActivity>,
    /// Timers that are to fire.
    pub timers: Vec<PendingTimer>,
    /// Children that have not ended.
    pub children: Vec<PendingChild>,
    /// Why somebody wishes it to end; `null` when nobody does.
    #[schema(required = true)]
    pub cancel_requested: Option<String>,
}

/// An activity that is to be run or is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingActivity {
    /// Its number in the execution.
    pub operation: u64,
    /// What is to be run.
    pub name: String,
    /// Which attempt is the next one or under way, from 1.
    pub attempt: u32,
    /// The queue it waits in; `null` when it runs where its instance is.
    #[schema(required = true)]
    pub queue: Option<String>,
    /// The key it follows; `null` when it follows none.
    #[schema(required = true)]
    pub key: Option<String>,
    /// The worker that runs it for another, or that holds its key; `null` when none does.
    #[schema(required = true)]
    pub worker: Option<String>,
    /// How often it may be tried.
    pub attempts_max: u32,
    /// When that attempt may begin; `null` when at once.
    #[schema(required = true)]
    pub due_at: Option<Instant>,
    /// Why the attempt before failed; `null` when there was none.
    #[schema(required = true)]
    pub failure: Option<Failure>,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// What sort of failure it is.
    pub cause: CauseWord,
    /// What was said.
    pub message: String,
}

impl Failure {
    /// The form of `failure`.
    #[must_use]
    pub fn of(failure: &orchestration::Failure) -> Self {
        Self { cause: failure.cause.into(), message: failure.message.clone() }
    }
}

/// A timer that is to fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingTimer {
    /// Its number in the execution.
    pub operation: u64,
    /// When it fires.
    pub fires_at: Instant,
}

/// A child that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingChild {
    /// Its number in the execution.
    pub operation: u64,
    /// Its session.
    pub session: String,
}

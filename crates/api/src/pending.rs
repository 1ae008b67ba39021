//! What an instance of an orchestration waits for.

use serde::{Deserialize, Serialize};
use tenure_core::id::{AffinityKey, CodeName, Operation, QueueName, SessionId, WorkerId};
use tenure_core::orchestration;
use tenure_core::time::WallTime;
use utoipa::ToSchema;

use crate::time::Instant;
use crate::unreadable::{Unreadable, name, optional};
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
    /// Who does, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_requested_by: Option<String>,
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

impl PendingActivity {
    /// Its number in the execution, and what is to be run.
    ///
    /// # Errors
    /// [`Unreadable`] when no code can be called so.
    pub fn code(&self) -> Result<(Operation, CodeName), Unreadable> {
        Ok((Operation(self.operation), name("name", &self.name, CodeName::parse)?))
    }

    /// The queue it waits in, if it waits in one.
    ///
    /// # Errors
    /// [`Unreadable`] when no queue can be called so.
    pub fn queue(&self) -> Result<Option<QueueName>, Unreadable> {
        optional("queue", self.queue.as_deref(), QueueName::parse)
    }

    /// The key it follows, if it follows one.
    ///
    /// # Errors
    /// [`Unreadable`] when no key can be called so.
    pub fn key(&self) -> Result<Option<AffinityKey>, Unreadable> {
        optional("key", self.key.as_deref(), AffinityKey::parse)
    }

    /// The worker that runs it for another, or that holds its key, if one does.
    ///
    /// # Errors
    /// [`Unreadable`] when no worker can be called so.
    pub fn worker(&self) -> Result<Option<WorkerId>, Unreadable> {
        optional("worker", self.worker.as_deref(), WorkerId::parse)
    }
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

    /// The failure that it is the form of, without details, which are not told.
    ///
    /// # Errors
    /// [`Unreadable`] when its sort is not known.
    pub fn read(self) -> Result<orchestration::Failure, Unreadable> {
        Ok(orchestration::Failure::new(self.cause.read("cause")?, self.message))
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

impl PendingTimer {
    /// Its number in the execution, and when it fires.
    #[must_use]
    pub const fn read(&self) -> (Operation, WallTime) {
        (Operation(self.operation), self.fires_at.0)
    }
}

/// A child that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingChild {
    /// Its number in the execution.
    pub operation: u64,
    /// Its session.
    pub session: String,
}

impl PendingChild {
    /// Its number in the execution, and its session.
    ///
    /// # Errors
    /// [`Unreadable`] when no session can be called so.
    pub fn read(&self) -> Result<(Operation, SessionId), Unreadable> {
        Ok((Operation(self.operation), name("session", &self.session, SessionId::parse)?))
    }
}

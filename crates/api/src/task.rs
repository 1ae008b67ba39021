//! Work for workers over the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::lease::Term;
use tenure_core::orchestration;
use utoipa::ToSchema;

use crate::orchestration::Payload;
use crate::time::Instant;

/// A worker's lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// Names this start of the worker in every request of its own. Nobody else is to know it.
    pub registration: String,
    /// The worker's name.
    pub worker: String,
    /// How long the lease holds after each renewal.
    pub ttl_ms: u64,
    /// Until when it holds unless it is renewed. Judge by `ttl_ms` from when the request was sent: clocks differ.
    pub expires_at: Instant,
}

/// A worker's lease, renewed, and what the worker is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Renewed {
    /// Until when it holds unless it is renewed.
    pub expires_at: Instant,
    /// Whether the worker is to finish what it can, let go of the rest, and stop.
    pub draining: bool,
    /// What it is told; gone once a renewal has named it as `noticed`.
    pub notices: Vec<Notice>,
}

/// Something that a worker is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Notice {
    /// The worker does not have this key any more: what it keeps for it in memory is of no use.
    PinLost {
        /// The notice's number.
        notice: i64,
        /// The tenant.
        namespace: String,
        /// The key.
        key: String,
        /// The fence under which it had it.
        fence: u64,
    },
    /// Nobody waits for this attempt any more, or somebody else has the task now.
    Withdrawn {
        /// The notice's number.
        notice: i64,
        /// Which task.
        task: String,
        /// The attempt's fence.
        fence: u64,
    },
}

/// What a worker is to run; none, when there was none in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tasks {
    /// These.
    pub tasks: Vec<Task>,
}

/// An attempt of an activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// The task's name.
    pub task: String,
    /// Guards the attempt: whoever gets the task next has a higher one.
    pub fence: u64,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How many of the attempts before were lost with whoever ran them.
    pub rescues: u32,
    /// Names what is done to others that do it once for each name: the same for every attempt.
    pub idempotency_key: String,
    /// The tenant.
    pub namespace: String,
    /// The instance that waits for it.
    pub session: String,
    /// The fence under which that was held when the attempt was claimed.
    pub session_fence: u64,
    /// The execution that asked for it.
    pub execution: u64,
    /// What to run.
    pub activity: String,
    /// What it is given.
    pub input: Payload,
    /// How far an earlier attempt said that it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Payload>,
    /// The hold on its key, if it follows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<Held>,
    /// The trace that whoever started the instance was in, as the header `traceparent` says it: a span of the attempt
    /// belongs under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// How long the attempt may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How long it may be silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_timeout_ms: Option<u64>,
}

/// A hold on a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// The key.
    pub key: String,
    /// Its fence: it grows whenever another start of a worker gets the key.
    pub fence: u64,
    /// `held`: the worker had it; `claimed`: it has it from now on; `resumed`: an earlier start of it had it.
    pub hold: String,
}

/// How an attempt's worker stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStanding {
    /// It is as the worker said.
    Done,
    /// Its time is over, or somebody else has it. Nothing was written.
    Expired,
    /// Nobody waits for it any more. Nothing was written.
    Gone,
}

/// What became of an attempt that its worker spoke of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskAnswer {
    /// How it stands.
    pub outcome: TaskStanding,
}

/// When a lease ends, for documents.
#[must_use]
pub fn ends_at(term: &Term) -> Option<Instant> {
    term.expires_at().map(Instant)
}

/// What a worker says as a value of the kind that activities give each other.
#[must_use]
pub fn payload(value: &Value) -> orchestration::Payload {
    orchestration::Payload(value.to_string().into_bytes())
}

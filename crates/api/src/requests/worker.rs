//! Workers that talk over the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A worker that starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterWorker {
    /// Its name: one live worker at a time has it.
    pub id: String,
    /// How long its lease holds after each renewal, in milliseconds: 1,000 to 600,000. Without one: 15,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// Which queues it serves; `default` is the one that activities wait in when none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<String>,
    /// How many keys it may hold; 0: it serves no activities that follow a key. Without one: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys_max: Option<u32>,
    /// For how long a key stays its own without use, in milliseconds; without it five minutes, or two renewals of the
    /// lease where those are longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_idle_ms: Option<u64>,
    /// Whether it takes the place of a live worker of its name.
    pub replace: bool,
    /// Whether it is let go of at once when its connection ends while it waits for tasks.
    pub revoke_on_disconnect: bool,
}

/// A worker that is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RenewWorker {
    /// How often its own loop went round. Where that does not grow, the worker is there but does nothing.
    pub progress: u64,
    /// Notices up to this one were taken in.
    pub noticed: i64,
}

/// A worker that wants tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimTasks {
    /// At most this many: 1 to 100. Without one: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How long to wait for one, in milliseconds: at most 30,000. Without one: 20,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// How long an attempt holds unless it is renewed, in milliseconds; without one: as long as the worker's lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// Attempts that go on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RenewTasks {
    /// The attempt's fence.
    pub fence: u64,
    /// How far it is: any JSON, which the next attempt can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// An attempt that ended well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// The attempt's fence.
    pub fence: u64,
    /// What came of it: any JSON.
    #[serde(default)]
    pub output: Value,
}

/// An attempt that ended badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailTask {
    /// The attempt's fence.
    pub fence: u64,
    /// What went wrong.
    pub message: String,
    /// Whether another attempt is of no use.
    #[serde(default)]
    pub is_final: bool,
    /// More for the orchestration: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// How far it got: any JSON, which the next attempt can read. What a heartbeat said is to be repeated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Value>,
}

/// An attempt that is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandBackTask {
    /// The attempt's fence.
    pub fence: u64,
    /// How long it stays hidden, in milliseconds: at most 3,600,000.
    #[serde(default)]
    pub delay_ms: u64,
    /// Whether the worker has no code for it.
    #[serde(default)]
    pub lacks_code: bool,
}

/// How a worker is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Going {
    /// By itself: it gets nothing new, finishes what it can, and stops.
    Drain,
    /// At once: it holds nothing any more.
    Evict,
}

/// A worker that is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvictOrDrain {
    /// How.
    pub how: Going,
}

/// Who is to have a key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MovePin {
    /// This worker; without one: whoever claims it next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

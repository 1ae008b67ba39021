//! How a tenant's sessions are doing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::time::Instant;
use crate::word::{KindWord, StateWord};

/// How a tenant's sessions are doing, all at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// The tenant.
    pub namespace: String,
    /// When; `null` when the clock cannot be used, and then nothing is recent or stuck.
    #[schema(required = true)]
    pub at: Option<Instant>,
    /// Every session.
    pub total_sessions: u64,
    /// Those that have not ended.
    pub open_sessions: u64,
    /// Those at work.
    pub active_sessions: u64,
    /// How old the oldest open one is.
    pub oldest_session_age_ms: u64,
    /// How old the newest open one is.
    pub newest_session_age_ms: u64,
    /// How old open ones are in the mean.
    pub avg_session_age_ms: u64,
    /// How long those that completed or failed took in the mean.
    pub avg_duration_ms: u64,
    /// Every session, by kind and state.
    pub sessions: Vec<Tally>,
    /// Those that were opened lately.
    pub last_24h: LastDay,
    /// What happened lately.
    pub last_hour: LastHour,
    /// Those at work without activity for too long.
    pub stuck: Stuck,
    /// What is worth a look.
    pub alerts: Vec<Alert>,
}

/// The sessions of one kind in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// The kind.
    pub kind: KindWord,
    /// The state.
    pub state: StateWord,
    /// How many.
    pub count: u64,
    /// How long they took together. Of those that have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// The sessions that were opened in the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastDay {
    /// Since when.
    #[schema(required = true)]
    pub since: Option<Instant>,
    /// How many.
    pub opened: u64,
    /// How many are in each state, also in those that none is in.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub states: Map<String, Value>,
    /// How long those that completed or failed took in the mean.
    pub avg_duration_ms: u64,
    /// Which part of them has expired.
    pub expiration_rate_percent: f64,
}

/// The events of the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastHour {
    /// Since when.
    #[schema(required = true)]
    pub since: Option<Instant>,
    /// How many of each type.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub events: Map<String, Value>,
}

/// The sessions at work without activity for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stuck {
    /// How long is too long.
    pub after_ms: u64,
    /// How many.
    pub count: u64,
    /// Those whose owner has done nothing at all since they started.
    pub without_events: u64,
    /// Those that have been stuck for longest, not all where there are many.
    pub sessions: Vec<String>,
}

/// Something worth a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "alert", rename_all = "snake_case")]
pub enum Alert {
    /// Too many of the sessions that were opened lately have expired.
    ExpirationRate {
        /// Which part of them.
        percent: f64,
        /// How many were opened.
        opened: u64,
        /// How many of those have expired.
        expired: u64,
    },
    /// Sessions are stuck.
    Stuck {
        /// How many.
        count: u64,
    },
    /// Sessions whose owner has done nothing at all since they started are stuck.
    WithoutEvents {
        /// How many.
        count: u64,
    },
}

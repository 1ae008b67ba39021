//! Writing to a session's log.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDraft {
    /// A name for it. An event whose id the log has is not appended again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its type: one of a caller's own, such as `x.step`, or one that Tenure describes, such as `thinking`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Any JSON, at most 1 MiB of it.
    pub data: Value,
}

/// Events of a session's holder, whose fence the header `Fence` carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppendEvents {
    /// In order; 1 to 1,000.
    pub events: Vec<EventDraft>,
}

/// Messages to a session's holder, from anybody who may see the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessages {
    /// In order; 1 to 1,000.
    pub events: Vec<EventDraft>,
}

/// Which beginning of a log is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Compact {
    /// Everything before this position.
    pub before: u64,
}

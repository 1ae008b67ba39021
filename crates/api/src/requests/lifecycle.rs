//! Holding a session, and moving it through its life.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who wants to hold a session. With the header `Fence`, the holder renews its lease, and the body is not needed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Claim {
    /// A name for the holder, to be shown to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// For how long after each renewal, in milliseconds: 1,000 to 600,000. Without one: a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// Who takes an abandoned session over, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Takeover {
    /// A name for the new holder.
    pub holder: String,
    /// Why.
    pub reason: String,
    /// For how long after each renewal, in milliseconds; without one: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// What a holder does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Note {
    /// In its own words; at most 280 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
}

/// Why something is wished for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reason {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A wish that the session ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct End {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether an orchestration is ended at once, without a chance to tidy up.
    pub now: bool,
}

/// What the holder, or whoever drives the session, is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long to wait for it to be done, in milliseconds: at most 60,000. Without one: 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What work has used since the last report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Used {
    /// Rounds of the agent.
    pub iterations: u64,
    /// Tokens that a model read.
    pub input_tokens: u64,
    /// Tokens that a model wrote.
    pub output_tokens: u64,
    /// Tools that were called.
    pub tool_calls: u64,
    /// What it cost, in millionths.
    pub cost_micros: u64,
}

/// The work ended well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Complete {
    /// What to tell people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the last step used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Used>,
}

/// The work ended badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// What went wrong.
    pub error: String,
    /// What the last step used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Used>,
}

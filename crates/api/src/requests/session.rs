//! Creating a session, and what is kept with one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Used;

/// A session to be created, for somebody to start later.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateSession {
    /// Its id: 1 to 128 visible ASCII characters without `/?#&=,`. Without one, it is given one. Creating the same
    /// session again under the same id answers with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The key: at most one open session has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The session that it is created for, by id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The group that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Names and values by which it can be listed; at most 64.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Anything to keep with it; at most 64 KiB.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// The directory that it works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Without activity for this long, once it was started, it expires; 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// It expires if nobody starts it within this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_timeout_ms: Option<u64>,
    /// It expires this long after it was created, whatever happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
    /// Who it belongs to; only an administrator may name somebody else than itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProgress {
    /// How much of it is done.
    pub current: u64,
    /// How much there is, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// Facts to keep with a session. What is not named stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateSession {
    /// Labels to add or replace.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Metadata to merge; null removes a name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// How far the work is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<UpdateProgress>,
    /// How long named operations took, in milliseconds: to add or replace.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub timings_ms: BTreeMap<String, u64>,
    /// What was used since the last report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Used>,
}

/// How many sessions of a group may be at work at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLimit {
    /// So many, at least 1; null: any number.
    #[schema(minimum = 1)]
    pub limit: Option<u32>,
    /// Whether only if the group has none yet. The answer tells which it has then.
    #[serde(default)]
    pub only_first: bool,
}

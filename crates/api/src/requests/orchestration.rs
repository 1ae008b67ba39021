//! Starting orchestrations, and sending to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// An orchestration to be started. A worker that has its code runs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartOrchestration {
    /// Which one.
    pub name: String,
    /// Exactly this version, such as `1.2.0`; without one: the latest that the worker has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is given: any JSON.
    #[serde(default)]
    pub input: Value,
    /// The instance's id; without one: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Names and values to keep with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What is done if an instance of that id is there.
    #[serde(default)]
    pub if_there: IfThere,
}

/// What a start does if an instance of its id is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfThere {
    /// It answers with that one.
    #[default]
    Give,
    /// It is refused.
    Fail,
    /// It answers with that one while it goes on; once it has ended, another begins, under the next id of a series.
    Follow,
}

/// A signal to an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Its name: whoever waits for that gets it.
    pub name: String,
    /// What it says: any JSON.
    #[serde(default)]
    pub data: Value,
}

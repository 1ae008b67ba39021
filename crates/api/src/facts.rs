//! What belongs to a session besides its life: work, family, keeping.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use tenure_core::orchestration;
use tenure_core::session;
use utoipa::ToSchema;

use crate::time::Instant;

/// What a holder last said it was doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// Its words.
    pub text: String,
    /// Who said it.
    pub actor_id: String,
    /// When.
    pub at: Instant,
}

impl Activity {
    /// The form of `activity`.
    #[must_use]
    pub fn of(activity: &session::Activity) -> Self {
        let session::Activity { text, actor, at, revision: _ } = activity;
        Self { text: text.clone(), actor_id: actor.as_str().to_owned(), at: Instant(*at) }
    }
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// How much of it is done.
    pub current: u64,
    /// How much there is, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl Progress {
    /// The form of `progress`.
    #[must_use]
    pub const fn of(progress: &session::Progress) -> Self {
        Self { current: progress.current, total: progress.total }
    }
}

/// What work has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Rounds of the agent.
    pub iterations: u64,
    /// Tokens that a model read.
    pub input_tokens: u64,
    /// Tokens that a model wrote.
    pub output_tokens: u64,
    /// Tools that were called.
    pub tool_calls: u64,
    /// What was paid, to the millionth.
    #[schema(value_type = f64)]
    pub cost: Number,
}

impl Usage {
    /// The form of `usage`.
    #[must_use]
    pub fn of(usage: &session::Usage) -> Self {
        Self {
            iterations: usage.iterations,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            tool_calls: usage.tool_calls,
            cost: cost(usage),
        }
    }
}

/// What was paid, as a number.
pub(crate) fn cost(usage: &session::Usage) -> Number {
    serde_json::from_str(&usage.cost()).expect("a decimal number is JSON")
}

/// The session that another one was created for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parent {
    /// Its id.
    pub id: String,
    /// Whether it was deleted since.
    pub deleted: bool,
}

impl Parent {
    /// The form of `parent`.
    #[must_use]
    pub fn of(parent: &session::Parent) -> Self {
        Self { id: parent.id.as_str().to_owned(), deleted: parent.deleted }
    }
}

/// Somebody wants everything of a session kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retained {
    /// Why.
    pub reason: String,
    /// Who said so; `null` when that is not known.
    #[schema(required = true)]
    pub by: Option<String>,
    /// When.
    pub at: Instant,
}

impl Retained {
    /// The form of `retained`.
    #[must_use]
    pub fn of(retained: &session::Retained) -> Self {
        let session::Retained { reason, by, at } = retained;
        let by = by.as_ref().map(|by| by.as_str().to_owned());
        Self { reason: reason.clone(), by, at: Instant(*at) }
    }
}

/// Where a session was handed over to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Handover {
    /// The other store.
    pub to: String,
    /// Names the hand-over, on both sides.
    pub id: String,
    /// Who wished it; `null` when that is not known.
    #[schema(required = true)]
    pub by: Option<String>,
    /// When.
    pub at: Instant,
    /// Whether the other store is known to have it.
    pub has_arrived: bool,
}

impl Handover {
    /// The form of `handover`.
    #[must_use]
    pub fn of(handover: &session::Handover) -> Self {
        Self {
            to: handover.to.clone(),
            id: handover.id.to_string(),
            by: handover.by.as_ref().map(|by| by.as_str().to_owned()),
            at: handover.at.into(),
            has_arrived: handover.has_arrived,
        }
    }
}

/// Which code drives a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// The orchestration's name.
    pub orchestration: String,
    /// The version that this execution began with, and keeps.
    pub version: String,
    /// Which execution it is, from 1: continuing as new begins the next one.
    pub number: u64,
    /// What the orchestration last said of itself; `null` when it said nothing.
    #[schema(required = true)]
    pub status: Option<String>,
}

impl Execution {
    /// The form of `execution`.
    #[must_use]
    pub fn of(execution: &orchestration::Execution) -> Self {
        let orchestration::Execution { name, version, number, status, status_changes: _ } = execution;
        Self {
            orchestration: name.as_str().to_owned(),
            version: version.to_string(),
            number: *number,
            status: status.clone(),
        }
    }
}

//! What belongs to a session besides its life: work, family, keeping.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use tenure_core::id::{ActorId, CodeName, Fence, HandoverId, Revision, SessionId};
use tenure_core::orchestration::{self, Version};
use tenure_core::session;
use utoipa::ToSchema;

use crate::document::millionths;
use crate::time::Instant;
use crate::unreadable::{Unreadable, actor, name, word};

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

    /// The activity that it is the form of. At which revision it was said is not told, and 0.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can be called like who said it.
    pub fn read(self) -> Result<session::Activity, Unreadable> {
        let actor = name("actor_id", &self.actor_id, ActorId::parse)?;
        Ok(session::Activity { text: self.text, actor, at: self.at.0, revision: Revision(0) })
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

    /// The progress that it is the form of.
    #[must_use]
    pub const fn read(self) -> session::Progress {
        session::Progress { current: self.current, total: self.total }
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

    /// The usage that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when the cost is negative or beyond counting.
    pub fn read(self) -> Result<session::Usage, Unreadable> {
        Ok(session::Usage {
            iterations: self.iterations,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            tool_calls: self.tool_calls,
            cost_micros: cost_micros(&self.cost)?,
        })
    }
}

/// What was paid, as a number.
pub(crate) fn cost(usage: &session::Usage) -> Number {
    serde_json::from_str(&usage.cost()).expect("a decimal number is JSON")
}

/// What was paid, in millionths.
pub(crate) fn cost_micros(cost: &Number) -> Result<u64, Unreadable> {
    millionths(cost).ok_or_else(|| Unreadable::form("cost", "an amount that can be counted in millionths"))
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

    /// The parent that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when no session can be called so.
    pub fn read(self) -> Result<session::Parent, Unreadable> {
        Ok(session::Parent { id: name("id", &self.id, SessionId::parse)?, deleted: self.deleted })
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

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can be called like who said so.
    pub fn read(self) -> Result<session::Retained, Unreadable> {
        let by = actor("by", self.by.as_deref())?;
        Ok(session::Retained { reason: self.reason, by, at: self.at.0 })
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

    /// The hand-over that it is the form of, of a session whose highest fence is `fence`: the one that was raised for
    /// it, as no other has been given out since.
    ///
    /// # Errors
    /// [`Unreadable`] when its name is none, or nobody can be called like who wished it.
    pub fn read(self, fence: Fence) -> Result<session::Handover, Unreadable> {
        Ok(session::Handover {
            id: word("id", &self.id, HandoverId::parse)?,
            to: self.to,
            by: actor("by", self.by.as_deref())?,
            at: self.at.0,
            fence,
            has_arrived: self.has_arrived,
        })
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

    /// The execution that it is the form of. How often its status became something else is not told, and 0.
    ///
    /// # Errors
    /// [`Unreadable`] when no code can be called so, or its version is none.
    pub fn read(self) -> Result<orchestration::Execution, Unreadable> {
        Ok(orchestration::Execution {
            name: name("orchestration", &self.orchestration, CodeName::parse)?,
            version: word("version", &self.version, Version::parse)?,
            number: self.number,
            status: self.status,
            status_changes: 0,
        })
    }
}

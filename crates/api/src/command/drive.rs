//! Steps of a session that is driven by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::id::Fence;
use tenure_core::session::{self, Writer};
use tenure_core::time::millis;
use utoipa::ToSchema;

use super::restore::Restore;
use super::stats::is_nothing;
use super::verb::reason;
use crate::document::{all_given, all_taken};
use crate::requests::{UpdateProgress, Used};
use crate::unreadable::{Unreadable, actor};

/// One step of a session that is driven by hand: its holder's, under a fence, or somebody's, if nobody holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// The fence that the holder holds it under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
    /// Who else takes the step, if that is said. The holder does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it is.
    pub step: Step,
}

/// What can be done by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Start what is held already.
    Start {},
    /// Stop for now, keeping the lease.
    Pause {
        /// Why.
        reason: String,
    },
    /// Go on.
    Resume {
        /// Why.
        reason: String,
    },
    /// The work ended well.
    Complete {
        /// What to tell people.
        message: String,
        /// What the last step used.
        #[serde(default, skip_serializing_if = "is_nothing")]
        usage: Used,
    },
    /// The work ended badly.
    Fail {
        /// What went wrong.
        error: String,
        /// What the last step used.
        #[serde(default, skip_serializing_if = "is_nothing")]
        usage: Used,
    },
    /// Let go, without a change of state.
    Release {},
    /// Keep facts.
    Update(Update),
    /// Be about what a checkpoint says, or only say that it was brought back.
    Restore(Box<Restore>),
}

/// Facts to keep with a session. What is not named stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Update {
    /// Labels to add or replace.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Metadata to merge; null removes a name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
    /// How far the work is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<UpdateProgress>,
    /// How long named operations took, in milliseconds: to add or replace.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub timings_ms: BTreeMap<String, u64>,
    /// What was used since the last report.
    #[serde(skip_serializing_if = "is_nothing")]
    pub usage: Used,
    /// What went wrong: the session has failed by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Drive {
    /// The form of `drive`.
    #[must_use]
    pub fn of(drive: &session::Drive) -> Self {
        let (fence, by) = match &drive.writer {
            Writer::Owner(fence) => (Some(fence.0), None),
            Writer::Operator(by) => (None, by.as_ref().map(|by| by.as_str().to_owned())),
        };
        Self { fence, by, step: Step::of(&drive.step) }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when both the holder and somebody else take the step, or the step is.
    pub fn read(self) -> Result<session::Drive, Unreadable> {
        let writer = match (self.fence, actor("by", self.by.as_deref())?) {
            (Some(fence), None) => Writer::Owner(Fence(fence)),
            (None, by) => Writer::Operator(by),
            (Some(_), Some(_)) => return Err(Unreadable::form("by", "said by the holder")),
        };
        Ok(session::Drive { writer, step: self.step.read().map_err(Unreadable::within("step"))? })
    }
}

impl Step {
    /// The form of `step`.
    #[must_use]
    pub fn of(step: &session::Step) -> Self {
        match step {
            session::Step::Start => Self::Start {},
            session::Step::Pause { reason } => Self::Pause { reason: reason.clone() },
            session::Step::Resume { reason } => Self::Resume { reason: reason.clone() },
            session::Step::Complete { message, usage } => {
                Self::Complete { message: message.clone(), usage: Used::of(*usage) }
            }
            session::Step::Fail { error, usage } => {
                Self::Fail { error: error.clone(), usage: Used::of(*usage) }
            }
            session::Step::Release => Self::Release {},
            session::Step::Update(update) => Self::Update(Update::of(update)),
            session::Step::Restore(restore) => Self::Restore(Box::new(Restore::of(restore))),
        }
    }

    /// The step that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, or a reason says nothing or too much.
    pub fn read(self) -> Result<session::Step, Unreadable> {
        Ok(match self {
            Self::Start {} => session::Step::Start,
            Self::Pause { reason: why } => session::Step::Pause { reason: reason(&why)? },
            Self::Resume { reason: why } => session::Step::Resume { reason: reason(&why)? },
            Self::Complete { message, usage } => session::Step::Complete { message, usage: usage.read() },
            Self::Fail { error, usage } => session::Step::Fail { error, usage: usage.read() },
            Self::Release {} => session::Step::Release,
            Self::Update(update) => session::Step::Update(Box::new(update.read())),
            Self::Restore(restore) => session::Step::Restore(Box::new(restore.read()?)),
        })
    }
}

impl Update {
    /// The form of `update`.
    #[must_use]
    pub fn of(update: &session::Update) -> Self {
        Self {
            labels: update.labels.clone(),
            metadata: all_given(&update.metadata),
            progress: update.progress.map(UpdateProgress::of),
            timings_ms: update.timings.iter().map(|(name, took)| (name.clone(), millis(*took))).collect(),
            usage: Used::of(update.usage),
            error: update.error.clone(),
        }
    }

    /// What it is the form of.
    #[must_use]
    pub fn read(self) -> session::Update {
        let timings = self.timings_ms.into_iter();
        session::Update {
            labels: self.labels,
            metadata: all_taken(&self.metadata),
            progress: self.progress.map(UpdateProgress::read),
            timings: timings.map(|(name, ms)| (name, Duration::from_millis(ms))).collect(),
            usage: self.usage.read(),
            error: self.error,
        }
    }
}

impl UpdateProgress {
    /// The form of `progress`.
    #[must_use]
    pub const fn of(progress: session::Progress) -> Self {
        Self { current: progress.current, total: progress.total }
    }

    /// The progress that it is the form of.
    #[must_use]
    pub const fn read(self) -> session::Progress {
        session::Progress { current: self.current, total: self.total }
    }
}

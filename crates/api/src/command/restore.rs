//! Bringing a checkpoint back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::checkpoint;
use tenure_core::id::{ActorId, CheckpointId, Revision};
use tenure_core::session;
use tenure_core::time::millis;
use utoipa::ToSchema;

use super::claim::Idle;
use crate::document::{all_given, all_taken};
use crate::requests::UpdateProgress;
use crate::time::Instant;
use crate::unreadable::{Unreadable, name, part};
use crate::word::ModeWord;

/// A checkpoint that is brought back. Its payload was read and is what was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Which.
    pub checkpoint: String,
    /// What it says of the session itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

/// What a session is about: everything that a checkpoint of its own record brings back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What it is for.
    pub mode: ModeWord,
    /// Names and values given by callers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The command it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The directory it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// When it expires without activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Idle>,
    /// Names and values of any shape that callers keep with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
    /// How far the work is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<UpdateProgress>,
    /// How long each named operation took.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timings_ms: BTreeMap<String, u64>,
    /// What its holder last said it was doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<RecordedActivity>,
}

/// What a holder said it was doing, and at which revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedActivity {
    /// Its words.
    pub text: String,
    /// Who said it.
    pub actor_id: String,
    /// When.
    pub at: Instant,
    /// The session's revision then.
    pub revision: u64,
}

impl Restore {
    /// The form of `restore`.
    #[must_use]
    pub fn of(restore: &checkpoint::Restore) -> Self {
        let record = restore.record.as_ref().map(Record::of);
        Self { checkpoint: restore.id.as_str().to_owned(), record }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when no checkpoint can be called so, or the record is.
    pub fn read(self) -> Result<checkpoint::Restore, Unreadable> {
        Ok(checkpoint::Restore {
            id: name("checkpoint", &self.checkpoint, CheckpointId::parse)?,
            record: part("record", self.record, Record::read)?,
        })
    }
}

impl Record {
    /// The form of `record`.
    #[must_use]
    pub fn of(record: &checkpoint::Record) -> Self {
        Self {
            mode: record.mode.into(),
            labels: record.labels.clone(),
            command: record.command.clone(),
            directory: record.directory.clone(),
            idle: record.idle.map(Idle::of),
            metadata: all_given(&record.metadata),
            progress: record.progress.map(UpdateProgress::of),
            timings_ms: record.timings.iter().map(|(name, took)| (name.clone(), millis(*took))).collect(),
            activity: record.activity.as_ref().map(RecordedActivity::of),
        }
    }

    /// The record that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when its mode is not known, it leaves no time, or nobody can be called like who said something.
    pub fn read(self) -> Result<checkpoint::Record, Unreadable> {
        let timings = self.timings_ms.into_iter();
        Ok(checkpoint::Record {
            mode: self.mode.read("mode")?,
            labels: self.labels,
            command: self.command,
            directory: self.directory,
            idle: part("idle", self.idle, Idle::read)?,
            metadata: all_taken(&self.metadata),
            progress: self.progress.map(UpdateProgress::read),
            timings: timings.map(|(name, ms)| (name, Duration::from_millis(ms))).collect(),
            activity: part("activity", self.activity, RecordedActivity::read)?,
        })
    }
}

impl RecordedActivity {
    /// The form of `activity`.
    #[must_use]
    pub fn of(activity: &session::Activity) -> Self {
        let session::Activity { text, actor, at, revision } = activity;
        Self {
            text: text.clone(),
            actor_id: actor.as_str().to_owned(),
            at: Instant(*at),
            revision: revision.0,
        }
    }

    /// The activity that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can be called like who said it.
    pub fn read(self) -> Result<session::Activity, Unreadable> {
        let actor = name("actor_id", &self.actor_id, ActorId::parse)?;
        Ok(session::Activity { text: self.text, actor, at: self.at.0, revision: Revision(self.revision) })
    }
}

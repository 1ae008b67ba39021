//! What of a session a checkpoint can bring back.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kind::IdleRule;
use crate::session::{Activity, Mode, Progress, Session};

/// What a session is about: everything that a checkpoint of its own record brings back.
///
/// Who it is, where it is in its life, who holds it, its counters, its instants and what it has used are facts of
/// the session's course; they go on. When it expires in any case was said when it was created, and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is for.
    pub mode: Mode,
    /// Names and values given by callers.
    pub labels: BTreeMap<String, String>,
    /// The command it runs.
    pub command: Vec<String>,
    /// The directory it works in.
    pub directory: Option<String>,
    /// When it expires without activity.
    pub idle: Option<IdleRule>,
    /// Metadata: JSON text.
    pub metadata: BTreeMap<String, String>,
    /// How far the work is.
    pub progress: Option<Progress>,
    /// How long each named operation took.
    pub timings: BTreeMap<String, Duration>,
    /// What its holder last said it was doing.
    pub activity: Option<Activity>,
}

impl Record {
    /// The record of a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            mode: session.mode,
            labels: session.labels.clone(),
            command: session.command.clone(),
            directory: session.directory.clone(),
            idle: session.idle,
            metadata: session.facts.metadata.clone(),
            progress: session.facts.progress,
            timings: session.facts.timings.clone(),
            activity: session.activity.clone(),
        }
    }

    /// Makes `session` be about this again.
    pub fn bring_back(&self, session: &mut Session) {
        session.mode = self.mode;
        session.labels.clone_from(&self.labels);
        session.command.clone_from(&self.command);
        session.directory.clone_from(&self.directory);
        session.idle = self.idle;
        session.facts.metadata.clone_from(&self.metadata);
        session.facts.progress = self.progress;
        session.facts.timings.clone_from(&self.timings);
        session.activity.clone_from(&self.activity);
    }
}

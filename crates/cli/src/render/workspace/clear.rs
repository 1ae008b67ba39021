//! The report of `tenure clear`.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use tenure_core::escape::Escaped;
use tenure_engine::Applied;

use super::{Ownership, Where, document};
use crate::render::{Look, Report};
use crate::workspace::Workspace;

/// A workspace's session was ended, or there was none.
#[derive(Debug, Serialize)]
pub(crate) struct Cleared {
    command: &'static str,
    ok: bool,
    #[serde(flatten)]
    place: Where,
    cleared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten)]
    ended: Option<Ended>,
}

/// What was ended.
#[derive(Debug, Serialize)]
struct Ended {
    lifecycle: &'static str,
    owner_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supervisor_id: Option<String>,
    cleared_revision: u64,
    fence: u64,
}

impl Cleared {
    /// There was nothing to end.
    pub(crate) fn nothing(db: &Path, workspace: &Workspace, reason: Option<String>) -> Self {
        let place = Where::workspace(db, workspace);
        Self { command: "session-state-clear", ok: true, place, cleared: false, reason, ended: None }
    }

    /// What `applied` did, for this reason.
    pub(crate) fn new(db: &Path, workspace: &Workspace, reason: Option<String>, applied: &Applied) -> Self {
        let nothing = Self::nothing(db, workspace, reason);
        let (Some(before), Some(after), Some(_)) = (&applied.before, &applied.session, &applied.committed)
        else {
            return nothing;
        };
        let Ownership { lifecycle, owner_kind, actor_id, supervisor_id, .. } = Ownership::of(before);
        let (cleared_revision, fence) = (after.counters.revision.0, after.counters.fence.0);
        let ended = Ended { lifecycle, owner_kind, actor_id, supervisor_id, cleared_revision, fence };
        Self { cleared: true, ended: Some(ended), ..nothing }
    }
}

impl Report for Cleared {
    fn text(&self, _: &Look) -> String {
        let words = if self.cleared { "Cleared session state at" } else { "No session state found at" };
        format!("{words} {}\n", Escaped(&self.place.path))
    }

    fn json(&self) -> Value {
        document(self)
    }
}

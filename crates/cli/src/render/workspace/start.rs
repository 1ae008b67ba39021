//! The report of `tenure start`.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use tenure_core::escape::Escaped;
use tenure_core::session::{Session, Warning};
use tenure_core::time::WallTime;
use tenure_engine::Applied;

use super::{Ownership, Where, activity, document, fence_of, id_of};
use crate::render::{Look, Report, Tone};
use crate::workspace::Workspace;
use tenure_words::when::instant;

/// A workspace was started.
#[derive(Debug, Serialize)]
pub(crate) struct Started {
    command: &'static str,
    ok: bool,
    #[serde(flatten)]
    place: Where,
    started_at_epoch_s: u64,
    last_started_at_epoch_s: u64,
    start_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    mode: &'static str,
    #[serde(flatten)]
    ownership: Ownership,
    revision: u64,
    fence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_updated_at_epoch_s: Option<u64>,
    reset: bool,
    warning: Option<String>,
}

impl Started {
    /// What `applied` did to the workspace.
    pub(crate) fn new(db: &Path, workspace: &Workspace, applied: &Applied) -> Self {
        let session = applied.session.as_ref().expect("a start that is not refused leaves a session");
        let reset = session.start_count == 1;
        let activity = activity(session).filter(|_| !reset);
        let started = session.started_at.unwrap_or(session.created_at);
        Self {
            command: "session-state-start",
            ok: true,
            place: Where::workspace(db, workspace),
            started_at_epoch_s: started.epoch_secs(),
            last_started_at_epoch_s: session.last_started_at.unwrap_or(started).epoch_secs(),
            start_count: session.start_count,
            session_id: id_of(session),
            mode: session.mode.name(),
            ownership: Ownership::of(session),
            revision: session.counters.revision.0,
            fence: fence_of(session),
            current_activity: activity.map(|activity| activity.text.clone()),
            activity_updated_at_epoch_s: activity.map(|activity| activity.at.epoch_secs()),
            reset,
            warning: applied.warning.as_ref().map(|warning| words(warning, workspace, session)),
        }
    }
}

fn words(warning: &Warning, workspace: &Workspace, session: &Session) -> String {
    match warning {
        Warning::InteractiveRefreshed => format!(
            "an active interactive session already exists for profile `{}`; incrementing start_count to {}",
            workspace.profile, session.start_count
        ),
        Warning::AutonomousRefreshed { owner } => format!(
            "an active autonomous session of `{owner}` already exists; \
             refreshing lease and incrementing start_count to {}",
            session.start_count
        ),
        Warning::LegacyReplaced => {
            "legacy session state detected (a record without session_id); starting a fresh session".to_owned()
        }
    }
}

impl Report for Started {
    fn text(&self, look: &Look) -> String {
        let warning =
            self.warning.iter().map(|words| format!("{} {words}\n", look.paint(Tone::Warn, "Warning:")));
        let started = instant(WallTime::from_epoch_secs(self.started_at_epoch_s));
        let state = format!(
            "Session state: mode={} start_count={} started_at={started} reset={}\n",
            self.mode, self.start_count, self.reset
        );
        warning.chain([state, self.held()]).collect()
    }

    fn json(&self) -> Value {
        document(self)
    }
}

impl Started {
    /// What a script needs to go on.
    fn held(&self) -> String {
        let id = self.session_id.as_deref().unwrap_or("without an id");
        let owner = self.ownership.actor_id.as_deref().unwrap_or("unknown");
        let until = self.ownership.lease_expires_at_epoch_s.map_or_else(String::new, |at| {
            format!(", lease_expires_at={}", instant(WallTime::from_epoch_secs(at)))
        });
        format!(
            "Held by `{}` as session `{}` (fence={}, revision={}{until}).\n",
            Escaped(owner),
            Escaped(id),
            self.fence,
            self.revision
        )
    }
}

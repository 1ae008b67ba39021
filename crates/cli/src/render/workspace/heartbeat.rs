//! The report of a workspace's `tenure heartbeat`.

use serde::Serialize;
use serde_json::Value;
use tenure_core::escape::Escaped;
use tenure_core::time::WallTime;
use tenure_core::workspace::ActivityText;
use tenure_engine::Applied;

use super::{Where, activity, document, fence_of};
use crate::render::{Look, Report};
use tenure_words::when::instant;

/// A workspace's lease was renewed.
#[derive(Debug, Serialize)]
pub(crate) struct Beaten {
    command: &'static str,
    ok: bool,
    #[serde(flatten)]
    place: Where,
    session_id: String,
    actor_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_activity: Option<String>,
    last_heartbeat_at_epoch_s: u64,
    lease_expires_at_epoch_s: u64,
    revision: u64,
    fence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_updated_at_epoch_s: Option<u64>,
}

impl Beaten {
    /// What `applied` did, when `said` was given as activity.
    pub(crate) fn new(place: Where, applied: &Applied, said: Option<&ActivityText>) -> Self {
        let session = applied.session.as_ref().expect("a heartbeat that is not refused leaves a session");
        let lease = session.lease.as_ref().expect("a heartbeat that is not refused leaves its lease");
        let kept = activity(session);
        let current =
            said.map(|said| said.as_str().to_owned()).or_else(|| kept.map(|kept| kept.text.clone()));
        let secs = |at: Option<WallTime>| at.map_or(0, WallTime::epoch_secs);
        Self {
            command: "session-state-heartbeat",
            ok: true,
            place,
            session_id: session.id.as_str().to_owned(),
            actor_id: lease.holder.id.as_str().to_owned(),
            activity: current.clone(),
            current_activity: current,
            last_heartbeat_at_epoch_s: secs(lease.term.renewed_at()),
            lease_expires_at_epoch_s: secs(lease.term.expires_at()),
            revision: session.counters.revision.0,
            fence: fence_of(session),
            activity_updated_at_epoch_s: kept.map(|kept| kept.at.epoch_secs()),
        }
    }
}

impl Report for Beaten {
    fn text(&self, _: &Look) -> String {
        let line = format!(
            "Heartbeat recorded for `{}` on session `{}` (revision={}, lease_expires_at={}).\n",
            Escaped(&self.actor_id),
            Escaped(&self.session_id),
            self.revision,
            instant(WallTime::from_epoch_secs(self.lease_expires_at_epoch_s))
        );
        match &self.current_activity {
            Some(activity) => format!("{line}Activity: {}\n", Escaped(activity)),
            None => line,
        }
    }

    fn json(&self) -> Value {
        document(self)
    }
}

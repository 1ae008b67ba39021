//! The report of a workspace's `tenure takeover`.

use serde::Serialize;
use serde_json::Value;
use tenure_core::escape::Escaped;
use tenure_core::time::WallTime;
use tenure_engine::Applied;

use super::{Where, document, fence_of};
use crate::render::{Look, Report};

/// A workspace was taken over.
#[derive(Debug, Serialize)]
pub(crate) struct TakenOver {
    command: &'static str,
    ok: bool,
    #[serde(flatten)]
    place: Where,
    prior_session_id: String,
    prior_actor_id: String,
    session_id: String,
    actor_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    supervisor_id: Option<String>,
    lease_ttl_secs: u64,
    last_heartbeat_at_epoch_s: u64,
    lease_expires_at_epoch_s: u64,
    revision: u64,
    fence: u64,
    reason: String,
}

impl TakenOver {
    /// What `applied` did, for this reason.
    pub(crate) fn new(place: Where, applied: &Applied, reason: String) -> Self {
        let prior = applied.before.as_ref().expect("what is taken over was there");
        let prior_lease = prior.lease.as_ref().expect("what is taken over was held");
        let session = applied.session.as_ref().expect("a takeover that is not refused leaves a session");
        let lease = session.lease.as_ref().expect("a takeover that is not refused leaves a lease");
        let secs = |at: Option<WallTime>| at.map_or(0, WallTime::epoch_secs);
        Self {
            command: "session-state-takeover",
            ok: true,
            place,
            prior_session_id: prior.id.as_str().to_owned(),
            prior_actor_id: prior_lease.holder.id.as_str().to_owned(),
            session_id: session.id.as_str().to_owned(),
            actor_id: lease.holder.id.as_str().to_owned(),
            supervisor_id: lease.holder.supervisor.as_ref().map(|id| id.as_str().to_owned()),
            lease_ttl_secs: lease.term.ttl().map_or(0, |ttl| ttl.length().as_secs()),
            last_heartbeat_at_epoch_s: secs(lease.term.renewed_at()),
            lease_expires_at_epoch_s: secs(lease.term.expires_at()),
            revision: session.counters.revision.0,
            fence: fence_of(session),
            reason,
        }
    }
}

impl Report for TakenOver {
    fn text(&self, _: &Look) -> String {
        format!(
            "Session takeover recorded: `{}` replaced `{}` on `{}` (revision={}).\n\
             Held as session `{}` (fence={}).\n",
            Escaped(&self.actor_id),
            Escaped(&self.prior_actor_id),
            Escaped(&self.place.path),
            self.revision,
            Escaped(&self.session_id),
            self.fence
        )
    }

    fn json(&self) -> Value {
        document(self)
    }
}

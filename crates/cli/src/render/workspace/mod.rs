//! Reports of the workspace verbs: keys and words that callers rely on.

mod clear;
mod heartbeat;
mod start;
mod status;
mod takeover;

use std::path::Path;

use serde::Serialize;
use tenure_core::lease::{Lease, Lifecycle};
use tenure_core::session::{Activity, Session};
use tenure_core::workspace::lifecycle;

pub(crate) use clear::Cleared;
pub(crate) use heartbeat::Beaten;
pub(crate) use start::Started;
pub(crate) use status::Status;
pub(crate) use takeover::TakenOver;

use crate::workspace::{Workspace, profile_in};

/// Which workspace, and which store.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Where {
    profile: String,
    path: String,
}

impl Where {
    /// A workspace that was found by its directory.
    pub(crate) fn workspace(db: &Path, workspace: &Workspace) -> Self {
        Self { profile: workspace.profile.to_string(), path: db.to_string_lossy().into_owned() }
    }

    /// The workspace of a session that was named.
    pub(crate) fn of(db: &Path, session: &Session) -> Self {
        let profile = session.key.as_ref().map(profile_in).unwrap_or_default();
        Self { profile: profile.to_owned(), path: db.to_string_lossy().into_owned() }
    }
}

/// Who holds a workspace's session, and until when. Absent facts are left out.
#[derive(Debug, Clone, Default, Serialize)]
struct Ownership {
    lifecycle: &'static str,
    owner_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supervisor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_ttl_secs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_heartbeat_at_epoch_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_expires_at_epoch_s: Option<u64>,
}

impl Ownership {
    fn of(session: &Session) -> Self {
        let Some(Lease { holder, term, .. }) = &session.lease else {
            let lifecycle = lifecycle(session).name();
            return Self { lifecycle, owner_kind: lifecycle, ..Self::default() };
        };
        Self {
            lifecycle: lifecycle(session).name(),
            owner_kind: holder.kind.name(),
            actor_id: Some(holder.id.as_str().to_owned()),
            supervisor_id: holder.supervisor.as_ref().map(|id| id.as_str().to_owned()),
            lease_ttl_secs: term.ttl().map(|ttl| ttl.length().as_secs()),
            last_heartbeat_at_epoch_s: term.renewed_at().map(|at| at.epoch_secs()),
            lease_expires_at_epoch_s: term.expires_at().map(|at| at.epoch_secs()),
        }
    }
}

/// What an autonomous owner last said it is doing, unless somebody else said it.
fn activity(session: &Session) -> Option<&Activity> {
    let owner = session.lease.as_ref().map(|lease| &lease.holder.id);
    let is_owners = |activity: &&Activity| Some(&activity.actor) == owner;
    session.activity.as_ref().filter(|_| lifecycle(session) == Lifecycle::Autonomous).filter(is_owners)
}

/// The id, unless the session came from a record that had none.
fn id_of(session: &Session) -> Option<String> {
    (!session.anonymous).then(|| session.id.as_str().to_owned())
}

/// The fence under which it is held now, else the highest that was given out.
fn fence_of(session: &Session) -> u64 {
    session.lease.as_ref().map_or(session.counters.fence, |lease| lease.fence).0
}

/// The document of a report. Its fields are numbers, texts and nothing.
fn document(report: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(report).expect("a report is numbers and texts under fixed names")
}

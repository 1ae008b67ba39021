//! The report of `tenure status`.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use tenure_core::escape::Escaped;
use tenure_core::id::ActorId;
use tenure_core::lease::{Lifecycle, Standing};
use tenure_core::session::Session;
use tenure_core::time::{Moment, UnusableClock, WallTime};
use tenure_core::workspace::{lifecycle, session_minutes};

use super::{Ownership, Where, activity, document, fence_of, id_of};
use crate::render::lease::LeaseNow;
use crate::render::{Look, Report, Tone, block};
use crate::workspace::Workspace;
use tenure_words::when::ago;

/// How a workspace stands.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    command: &'static str,
    ok: bool,
    #[serde(flatten)]
    place: Where,
    workspace: String,
    status: &'static str,
    #[serde(flatten)]
    session: Option<Box<Projection>>,
    /// What the words for people are made of.
    #[serde(skip)]
    seen: Option<Box<(Session, Moment)>>,
}

/// The open session, as status views show it. Absent facts are left out.
#[derive(Debug, Serialize)]
struct Projection {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    mode: &'static str,
    start_count: u64,
    started_at_epoch_s: u64,
    last_started_at_epoch_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_minutes: Option<u64>,
    #[serde(flatten)]
    ownership: Ownership,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale: Option<bool>,
    revision: u64,
    fence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_updated_at_epoch_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_conflict: Option<bool>,
}

impl Status {
    /// Nobody has an open session in it.
    pub(crate) fn missing(db: &Path, workspace: &Workspace) -> Self {
        Self {
            command: "session-state-status",
            ok: true,
            place: Where::workspace(db, workspace),
            workspace: workspace.root.clone(),
            status: "missing",
            session: None,
            seen: None,
        }
    }

    /// `session` is open in it.
    pub(crate) fn of(
        db: &Path,
        workspace: &Workspace,
        session: &Session,
        (now, actor): (Moment, Option<ActorId>),
    ) -> Self {
        let standing = session.standing(&now);
        let status = match standing {
            Ok(Standing::Live) => "active",
            Ok(Standing::Over) => "stale",
            Err(UnusableClock) => "unknown",
        };
        let projection = Projection::of(session, &now, actor.as_ref());
        let seen = Some(Box::new((session.clone(), now)));
        Self { status, session: Some(Box::new(projection)), seen, ..Self::missing(db, workspace) }
    }
}

impl Projection {
    fn of(session: &Session, now: &Moment, actor: Option<&ActorId>) -> Self {
        let standing = session.standing(now).ok();
        let activity = activity(session);
        let started = session.started_at.unwrap_or(session.created_at);
        Self {
            session_id: id_of(session),
            mode: session.mode.name(),
            start_count: session.start_count,
            started_at_epoch_s: started.epoch_secs(),
            last_started_at_epoch_s: session.last_started_at.unwrap_or(started).epoch_secs(),
            session_minutes: now.wall.map(|now| session_minutes(started, now)),
            ownership: Ownership::of(session),
            stale: standing.map(|standing| standing == Standing::Over),
            revision: session.counters.revision.0,
            fence: fence_of(session),
            current_activity: activity.map(|activity| activity.text.clone()),
            activity_updated_at_epoch_s: activity.map(|activity| activity.at.epoch_secs()),
            ownership_conflict: actor.and_then(|actor| conflict(session, standing?, actor)),
        }
    }
}

/// Whether the session is an autonomous owner's other than `actor`, and not stale.
fn conflict(session: &Session, standing: Standing, actor: &ActorId) -> Option<bool> {
    let owner = session.lease.as_ref().map(|lease| &lease.holder.id);
    let is_others = lifecycle(session) == Lifecycle::Autonomous && owner != Some(actor);
    Some(is_others && standing == Standing::Live)
}

impl Report for Status {
    fn text(&self, look: &Look) -> String {
        let mut rows = vec![
            ("Workspace", format!("{} (profile {})", Escaped(&self.workspace), self.place.profile)),
            ("Status", self.status(look)),
        ];
        if let (Some(session), Some(seen)) = (&self.session, &self.seen) {
            let (stored, now) = &**seen;
            let lease = LeaseNow::of(stored, false, now).map(|lease| ("Lease", lease.words(look)));
            rows.push(("Holder", session.holder()));
            rows.extend(lease);
            rows.extend(session.rows(look, now));
        }
        block(look, rows)
    }

    fn json(&self) -> Value {
        document(self)
    }
}

impl Status {
    fn status(&self, look: &Look) -> String {
        let (tone, words) = match self.status {
            "active" => (Tone::Good, "active"),
            "stale" => (Tone::Warn, "stale: whoever held it is late, or has gone"),
            "missing" => return "missing: nobody holds it".to_owned(),
            _ => (Tone::Warn, "unknown: the system clock is before UNIX_EPOCH"),
        };
        look.paint(tone, words)
    }
}

impl Projection {
    fn rows(&self, look: &Look, now: &Moment) -> Vec<(&'static str, String)> {
        let mut rows = vec![("Session", self.session(now))];
        if let (Some(text), Some(at)) = (&self.current_activity, self.activity_updated_at_epoch_s) {
            let at = ago(WallTime::from_epoch_secs(at), now);
            rows.push(("Activity", format!("{} ({at})", Escaped(text))));
        }
        match self.ownership_conflict {
            Some(true) => rows.push(("Conflict", look.paint(Tone::Bad, "yes: it is another actor's"))),
            Some(false) => rows.push(("Conflict", "no".to_owned())),
            None => {}
        }
        rows
    }

    fn holder(&self) -> String {
        let Ownership { actor_id, supervisor_id, owner_kind, .. } = &self.ownership;
        let actor = actor_id.as_deref().unwrap_or("unknown");
        match supervisor_id {
            Some(supervisor) => {
                format!("{} ({owner_kind}, supervisor {})", Escaped(actor), Escaped(supervisor))
            }
            None if actor == *owner_kind => actor.to_owned(),
            None => format!("{} ({owner_kind})", Escaped(actor)),
        }
    }

    fn session(&self, now: &Moment) -> String {
        let id = self.session_id.as_deref().unwrap_or("without an id");
        let started = ago(WallTime::from_epoch_secs(self.started_at_epoch_s), now);
        format!(
            "{}, mode {}, started {started}, start {}, revision {}",
            Escaped(id),
            self.mode,
            self.start_count,
            self.revision
        )
    }
}

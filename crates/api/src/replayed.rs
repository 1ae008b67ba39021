//! A session as its log tells that it was.

use serde::{Deserialize, Serialize};
use tenure_core::session::{self, Replay, Told};
use tenure_core::time::millis;
use utoipa::ToSchema;

use crate::lease::Holder;
use crate::session::ShownSession;
use crate::time::Instant;
use crate::word::{KindWord, StateWord};

/// A session as its log tells that it was right after an event.
///
/// A log tells where a session was in its life, who held it, and what was being done. `untold` names what of that happened
/// before the log begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedSession {
    /// Its id.
    pub id: String,
    /// The tenant.
    pub namespace: String,
    /// Its kind.
    pub kind: KindWord,
    /// Its key; `null`: it has none.
    #[schema(required = true)]
    pub key: Option<String>,
    /// The position of the event.
    pub as_of_seq: u64,
    /// When that was; `null` before the first one.
    #[schema(required = true)]
    pub as_of: Option<Instant>,
    /// Where it was in its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateWord>,
    /// Why; of a failure: what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when; `null` for one that was just opened, and where that is not told.
    #[schema(required = true)]
    pub state_since: Option<Instant>,
    /// Who held it; `null`: nobody, unless that is not told.
    #[schema(required = true)]
    pub lease: Option<ReplayedLease>,
    /// What its holder had said it was doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<ReplayedActivity>,
    /// The session that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// What the log does not tell: `state`, `lease`, `activity`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<String>,
}

/// Who held a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedLease {
    /// Who.
    pub holder: Holder,
    /// Under which fence.
    pub fence: u64,
    /// Since when.
    pub since: Instant,
    /// For how long after each renewal, where the log tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// What a holder had said it was doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedActivity {
    /// Its words.
    pub text: String,
    /// Who said them; `null`: the log does not tell.
    #[schema(required = true)]
    pub actor_id: Option<String>,
    /// When.
    pub at: Instant,
}

impl ReplayedSession {
    /// The form of a session as `replay` tells that it was.
    #[must_use]
    pub fn of(session: &session::Session, replay: &Replay) -> Self {
        let phase = this(&replay.phase);
        let untold = [
            ("state", phase.is_none()),
            ("lease", replay.tenancy == Told::Untold),
            ("activity", replay.activity == Told::Untold),
        ];
        let untold = untold.into_iter().filter(|(_, is_untold)| *is_untold);
        Self {
            id: session.id.as_str().to_owned(),
            namespace: session.namespace.as_str().to_owned(),
            kind: session.kind.into(),
            key: session.key.as_ref().map(|key| key.as_str().to_owned()),
            as_of_seq: replay.seq.0,
            as_of: replay.at.map(Instant),
            state: phase.map(|phase| phase.name.into()),
            reason: phase.map(|phase| phase.reason.clone()),
            state_since: phase.and_then(|phase| phase.since).map(Instant),
            lease: this(&replay.tenancy).map(lease),
            activity: this(&replay.activity).map(activity),
            successor: replay.successor.as_ref().map(|id| id.as_str().to_owned()),
            untold: untold.map(|(name, _)| name.to_owned()).collect(),
        }
    }
}

const fn this<T>(told: &Told<T>) -> Option<&T> {
    match told {
        Told::This(this) => Some(this),
        Told::Nothing | Told::Untold => None,
    }
}

fn lease(tenancy: &session::Tenancy) -> ReplayedLease {
    ReplayedLease {
        holder: Holder::of(&tenancy.holder),
        fence: tenancy.fence.0,
        since: tenancy.since.into(),
        ttl_ms: tenancy.ttl.map(millis),
    }
}

fn activity(saying: &session::Saying) -> ReplayedActivity {
    ReplayedActivity {
        text: saying.text.clone(),
        actor_id: saying.actor.as_ref().map(|actor| actor.as_str().to_owned()),
        at: saying.at.into(),
    }
}

/// A session as it is, or as it was where that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SessionSeen {
    /// As it was.
    Then(Box<ReplayedSession>),
    /// As it is.
    Now(Box<ShownSession>),
}

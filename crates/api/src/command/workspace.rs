//! Opening workspaces, and taking them over.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure_core::id::{ActorId, Incarnation, Key, Namespace, Principal, SessionId};
use tenure_core::lease::{self, HolderKind, Ttl};
use tenure_core::limits;
use tenure_core::refusal::LimitRefusal;
use tenure_core::time::millis;
use tenure_core::workspace::{self, Owner};
use utoipa::ToSchema;

use super::verb::reason;
use crate::unreadable::{Unreadable, actor, name, optional, part, word};
use crate::word::{HolderKindWord, ModeWord};

/// Where a caller runs, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The machine's name.
    pub host: String,
    /// The process id there.
    pub pid: u32,
}

impl Place {
    /// The form of `place`.
    #[must_use]
    pub fn of(place: &lease::Place) -> Self {
        Self { host: place.host.as_ref().to_owned(), pid: place.pid }
    }

    /// The place that it is the form of.
    #[must_use]
    pub fn read(self) -> lease::Place {
        lease::Place { host: self.host.into(), pid: self.pid }
    }
}

/// A runtime that owns a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Autonomous {
    /// Its sort: `runtime_supervisor` or `runtime_worker`.
    pub kind: HolderKindWord,
    /// Its id.
    pub actor_id: String,
    /// Its supervisor, if named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor_id: Option<String>,
    /// For how long after each renewal, in milliseconds: whole seconds, to a day.
    pub ttl_ms: u64,
}

impl Autonomous {
    /// The form of `owner`.
    #[must_use]
    pub fn of(owner: &workspace::Autonomous) -> Self {
        Self {
            kind: owner.kind.into(),
            actor_id: owner.actor.as_str().to_owned(),
            supervisor_id: owner.supervisor.as_ref().map(|id| id.as_str().to_owned()),
            ttl_ms: millis(owner.ttl.length()),
        }
    }

    /// The runtime that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when it is no runtime, cannot be called so, or its time is outside what is allowed.
    pub fn read(self) -> Result<workspace::Autonomous, Unreadable> {
        let kind = match self.kind.read("kind")? {
            kind @ (HolderKind::RuntimeSupervisor | HolderKind::RuntimeWorker) => kind,
            HolderKind::Interactive | HolderKind::Run | HolderKind::Worker => {
                return Err(Unreadable::form("kind", "that of a runtime"));
            }
        };
        let (min, max) = (limits::WORKSPACE_TTL_MIN, limits::WORKSPACE_TTL_MAX);
        let limit = LimitRefusal::Length { what: "lease", min, max };
        let ttl = Ttl::workspace(Duration::from_millis(self.ttl_ms));
        Ok(workspace::Autonomous {
            kind,
            actor: name("actor_id", &self.actor_id, ActorId::parse)?,
            supervisor: actor("supervisor_id", self.supervisor_id.as_deref())?,
            ttl: ttl.ok_or_else(|| Unreadable::limit("ttl_ms")(limit))?,
        })
    }
}

/// A workspace that is opened or refreshed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceStart {
    /// The id of the session if a fresh one is opened.
    pub id: String,
    /// The holder's incarnation if a fresh one is opened, as 32 hexadecimal digits.
    pub incarnation: String,
    /// On whose behalf a fresh one is opened, if that is said. One that is refreshed keeps what it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The key: the workspace's root and profile.
    pub key: String,
    /// The workspace's root.
    pub directory: String,
    /// The runtime that it is for; without one: a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Autonomous>,
    /// What it is for, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ModeWord>,
    /// Where the caller runs, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl WorkspaceStart {
    /// The form of `start`. Its tenant is its caller's.
    #[must_use]
    pub fn of(start: &workspace::Start) -> Self {
        let owner = match &start.owner {
            Owner::Interactive => None,
            Owner::Autonomous(owner) => Some(Autonomous::of(owner)),
        };
        Self {
            id: start.id.as_str().to_owned(),
            incarnation: start.incarnation.to_string(),
            principal: start.principal.as_ref().map(|principal| principal.as_str().to_owned()),
            key: start.key.as_str().to_owned(),
            directory: start.directory.clone(),
            owner,
            mode: start.mode.map(Into::into),
            place: start.place.as_ref().map(Place::of),
        }
    }

    /// What it is the form of, for a caller of `namespace`.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, a word is not known, or the owner is.
    pub fn read(self, namespace: &Namespace) -> Result<workspace::Start, Unreadable> {
        Ok(workspace::Start {
            id: name("id", &self.id, SessionId::parse)?,
            incarnation: word("incarnation", &self.incarnation, Incarnation::parse)?,
            namespace: namespace.clone(),
            principal: optional("principal", self.principal.as_deref(), Principal::parse)?,
            key: name("key", &self.key, Key::parse)?,
            directory: self.directory,
            owner: part("owner", self.owner, Autonomous::read)?.map_or(Owner::Interactive, Owner::Autonomous),
            mode: self.mode.map(|mode| mode.read("mode")).transpose()?,
            place: self.place.map(Place::read),
        })
    }
}

/// An abandoned workspace that somebody takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceTakeover {
    /// The id of the session that goes on.
    pub id: String,
    /// The new holder's incarnation, as 32 hexadecimal digits.
    pub incarnation: String,
    /// Who takes it.
    pub actor_id: String,
    /// Its supervisor; without one: the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor_id: Option<String>,
    /// Why.
    pub reason: String,
    /// Where the caller runs, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl WorkspaceTakeover {
    /// The form of `takeover`.
    #[must_use]
    pub fn of(takeover: &workspace::Takeover) -> Self {
        Self {
            id: takeover.id.as_str().to_owned(),
            incarnation: takeover.incarnation.to_string(),
            actor_id: takeover.actor.as_str().to_owned(),
            supervisor_id: takeover.supervisor.as_ref().map(|id| id.as_str().to_owned()),
            reason: takeover.reason.clone(),
            place: takeover.place.as_ref().map(Place::of),
        }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, or the reason says nothing or too much.
    pub fn read(self) -> Result<workspace::Takeover, Unreadable> {
        Ok(workspace::Takeover {
            id: name("id", &self.id, SessionId::parse)?,
            incarnation: word("incarnation", &self.incarnation, Incarnation::parse)?,
            actor: name("actor_id", &self.actor_id, ActorId::parse)?,
            supervisor: actor("supervisor_id", self.supervisor_id.as_deref())?,
            reason: reason(&self.reason)?,
            place: self.place.map(Place::read),
        })
    }
}

//! Becoming the holder of an agent session.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure_core::id::{GroupName, Incarnation, Key, Namespace, Principal, SessionId};
use tenure_core::kind::IdleRule;
use tenure_core::lease::Ttl;
use tenure_core::limits;
use tenure_core::refusal::LimitRefusal;
use tenure_core::session::{self, labelled};
use tenure_core::time::millis;
use tenure_core::workspace::parse_reason;
use utoipa::ToSchema;

use crate::lease::Holder;
use crate::recipe::Recipe;
use crate::unreadable::{Unreadable, name, optional, part, word};

/// Who wants to become the holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claimant {
    /// The would-be holder.
    pub holder: Holder,
    /// Which start of it, as 32 hexadecimal digits: random, and known to nobody else.
    pub incarnation: String,
}

impl Claimant {
    /// The form of `claimant`.
    #[must_use]
    pub fn of(claimant: &session::Claimant) -> Self {
        Self { holder: Holder::of(&claimant.holder), incarnation: claimant.incarnation.to_string() }
    }

    /// The claimant that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when the holder is, or the incarnation is none.
    pub fn read(self) -> Result<session::Claimant, Unreadable> {
        Ok(session::Claimant {
            holder: self.holder.read().map_err(Unreadable::within("holder"))?,
            incarnation: word("incarnation", &self.incarnation, Incarnation::parse)?,
        })
    }
}

/// Somebody who becomes the holder of a session that nobody holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimSession {
    /// The new holder.
    pub claimant: Claimant,
    /// For how long after each renewal, in milliseconds: 1,000 to 600,000.
    pub ttl_ms: u64,
    /// The group that it belongs to from now on; without one: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it waits where its group has no place.
    #[serde(default)]
    pub waits: bool,
}

impl ClaimSession {
    /// The form of `claim`.
    #[must_use]
    pub fn of(claim: &session::Claim) -> Self {
        Self {
            claimant: Claimant::of(&claim.claimant),
            ttl_ms: millis(claim.ttl.length()),
            group: claim.group.as_ref().map(|group| group.as_str().to_owned()),
            waits: claim.waits,
        }
    }

    /// The claim that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when the claimant is, the time is outside what is allowed, or no group can be called so.
    pub fn read(self) -> Result<session::Claim, Unreadable> {
        Ok(session::Claim {
            claimant: self.claimant.read().map_err(Unreadable::within("claimant"))?,
            ttl: run_ttl(self.ttl_ms)?,
            group: optional("group", self.group.as_deref(), GroupName::parse)?,
            waits: self.waits,
        })
    }
}

/// Somebody who runs a session's command again, and holds the session meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    /// Who will hold it.
    pub claimant: Claimant,
    /// Whether nobody asked for this very session: only what was paused for a shutdown goes on then.
    pub is_automatic: bool,
}

impl Rerun {
    /// The form of `rerun`.
    #[must_use]
    pub fn of(rerun: &session::Rerun) -> Self {
        Self { claimant: Claimant::of(&rerun.claimant), is_automatic: rerun.is_automatic }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when the claimant is.
    pub fn read(self) -> Result<session::Rerun, Unreadable> {
        let claimant = self.claimant.read().map_err(Unreadable::within("claimant"))?;
        Ok(session::Rerun { claimant, is_automatic: self.is_automatic })
    }
}

/// When a session expires without activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// When its last activity is longer ago than this many milliseconds.
    #[schema(minimum = 1)]
    pub after_ms: u64,
    /// Whether it is spared that while its lease is live.
    pub spares_held: bool,
}

impl Idle {
    /// The form of `rule`.
    #[must_use]
    pub fn of(rule: IdleRule) -> Self {
        Self { after_ms: millis(rule.after), spares_held: rule.spares_held }
    }

    /// The rule that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when there is no time in which to do anything, or more than anybody has.
    pub fn read(self) -> Result<IdleRule, Unreadable> {
        let after = LimitRefusal::span("idle time-out", Duration::from_millis(self.after_ms));
        let after = after.map_err(Unreadable::limit("after_ms"))?;
        Ok(IdleRule { after, spares_held: self.spares_held })
    }
}

/// An agent session that is started by key and held, or opened for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The id of the session if one is opened.
    pub id: String,
    /// On whose behalf a session is opened, if that is said. One that is open keeps what it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The key; without one, every start opens a session of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who will hold it.
    pub claimant: Claimant,
    /// For how long after each renewal, in milliseconds: 1,000 to 600,000.
    pub ttl_ms: u64,
    /// Names and values to keep with it; at most 64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The words of the command that it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The directory it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// When it expires without activity; without: as its kind says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Idle>,
    /// The group, if any; a session that has one keeps it where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it waits where its group has no place.
    #[serde(default)]
    pub waits: bool,
    /// How it is run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
    /// The reason to take an abandoned session over instead of refusing to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<String>,
    /// Whether what a shutdown has paused is ended, and another session opened, instead of going on with it.
    #[serde(default)]
    pub is_fresh: bool,
}

impl StartRun {
    /// The form of `start`. Its tenant is its caller's.
    #[must_use]
    pub fn of(start: &session::StartRun) -> Self {
        Self {
            id: start.id.as_str().to_owned(),
            principal: start.principal.as_ref().map(|principal| principal.as_str().to_owned()),
            key: start.key.as_ref().map(|key| key.as_str().to_owned()),
            claimant: Claimant::of(&start.claimant),
            ttl_ms: millis(start.ttl.length()),
            labels: start.labels.clone(),
            words: start.command.clone(),
            directory: start.directory.clone(),
            idle: start.idle.map(Idle::of),
            group: start.group.as_ref().map(|group| group.as_str().to_owned()),
            waits: start.waits,
            recipe: start.recipe.as_deref().map(Recipe::of),
            takeover: start.takeover.clone(),
            is_fresh: start.is_fresh,
        }
    }

    /// What it is the form of, for a caller of `namespace`.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, or something is outside what is allowed.
    pub fn read(self, namespace: &Namespace) -> Result<session::StartRun, Unreadable> {
        let takeover = self.takeover.as_deref().map(parse_reason).transpose();
        Ok(session::StartRun {
            id: name("id", &self.id, SessionId::parse)?,
            namespace: namespace.clone(),
            principal: optional("principal", self.principal.as_deref(), Principal::parse)?,
            key: optional("key", self.key.as_deref(), Key::parse)?,
            claimant: self.claimant.read().map_err(Unreadable::within("claimant"))?,
            ttl: run_ttl(self.ttl_ms)?,
            labels: labelled(&BTreeMap::new(), &self.labels).map_err(Unreadable::limit("labels"))?,
            command: self.words,
            directory: self.directory,
            idle: part("idle", self.idle, Idle::read)?,
            group: optional("group", self.group.as_deref(), GroupName::parse)?,
            waits: self.waits,
            recipe: part("recipe", self.recipe, Recipe::read)?.map(Box::new),
            takeover: takeover.map_err(Unreadable::limit("takeover"))?,
            is_fresh: self.is_fresh,
        })
    }
}

/// How long a run's lease holds after each renewal.
pub(super) fn run_ttl(ms: u64) -> Result<Ttl, Unreadable> {
    let (min, max) = (limits::RUN_TTL_MIN, limits::RUN_TTL_MAX);
    let limit = LimitRefusal::Length { what: "lease", min, max };
    Ttl::run(Duration::from_millis(ms)).ok_or_else(|| Unreadable::limit("ttl_ms")(limit))
}

//! Creating a session that somebody starts later.

use std::collections::BTreeMap;
use std::time::Duration;

use super::facts::{self, Merged};
use super::{
    Change, Context, Counters, Current, Decision, Facts, Mode, Opening, Parent, Session, Usage, Write,
};
use crate::fnv::Fnv;
use crate::id::{GroupName, Key, Namespace, Principal, SessionId};
use crate::kind::{IdleRule, Kind};
use crate::refusal::{Existing, LimitRefusal, Refusal};
use crate::time::millis;

/// Create an agent session, pending and held by nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// Its id. Creating it once more in the same way changes nothing.
    pub id: SessionId,
    /// The tenant.
    pub namespace: Namespace,
    /// On whose behalf, if that is said.
    pub principal: Option<Principal>,
    /// The slot, if any.
    pub key: Option<Key>,
    /// The session that it is created for.
    pub parent: Option<SessionId>,
    /// The group, if any.
    pub group: Option<GroupName>,
    /// Names and values to keep with it.
    pub labels: BTreeMap<String, String>,
    /// Names and values to keep with it: compact JSON text.
    pub metadata: BTreeMap<String, String>,
    /// The directory it works in.
    pub directory: Option<String>,
    /// When it expires.
    pub expiry: Expiry,
}

/// When a session expires by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expiry {
    /// Without activity, once it was started.
    pub idle: IdleLimit,
    /// Without a start, this long after it was created.
    pub pending: Option<Duration>,
    /// In any case, this long after it was created.
    pub absolute: Option<Duration>,
}

/// How long a session may be without activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdleLimit {
    /// As its kind says.
    #[default]
    Kind,
    /// For ever.
    Never,
    /// Not longer than this.
    After(Duration),
}

/// How a session was created, shortened to a number: whoever creates it again must mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl IdleLimit {
    fn rule(self) -> Result<Option<IdleRule>, LimitRefusal> {
        Ok(match self {
            Self::Kind => Kind::Agent.rules().idle,
            Self::Never => None,
            Self::After(after) => {
                Some(IdleRule { after: LimitRefusal::span("idle time-out", after)?, spares_held: false })
            }
        })
    }
}

impl Create {
    /// What tells this way of creating it from every other.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Fnv::default();
        hash.text(self.id.as_str());
        hash.text(self.namespace.as_str());
        hash.optional(self.key.as_ref().map(Key::as_str));
        hash.optional(self.parent.as_ref().map(SessionId::as_str));
        hash.pairs(&self.labels);
        hash.pairs(&self.metadata);
        hash.optional(self.directory.as_deref());
        match self.expiry.idle {
            IdleLimit::Kind => hash.number(0),
            IdleLimit::Never => hash.number(1),
            IdleLimit::After(after) => {
                hash.number(2);
                hash.number(millis(after));
            }
        }
        // One that has none is told as before there were any.
        if let Some(group) = &self.group {
            hash.text(group.as_str());
        }
        for length in [self.expiry.pending, self.expiry.absolute] {
            hash.number(length.map_or(0, millis));
        }
        if let Some(principal) = &self.principal {
            hash.text(principal.as_str());
        }
        Fingerprint(hash.value().to_be_bytes())
    }

    fn session(&self, counters: Counters, now: crate::time::WallTime) -> Result<Session, LimitRefusal> {
        let Merged { metadata, iterations } = facts::merged(&BTreeMap::new(), &self.metadata)?;
        let absolute = self.expiry.absolute.map(|length| LimitRefusal::span("expiry", length)).transpose()?;
        let opening = Opening {
            id: self.id.clone(),
            namespace: self.namespace.clone(),
            principal: self.principal.clone(),
            kind: Kind::Agent,
            key: self.key.clone(),
            group: self.group.clone(),
            mode: Mode::General,
            labels: facts::labelled(&BTreeMap::new(), &self.labels)?,
            command: Vec::new(),
            directory: self.directory.clone(),
            recipe: None,
            idle: self.expiry.idle.rule()?,
            predecessor: None,
            at: now,
        };
        Ok(Session {
            parent: self.parent.clone().map(|id| Parent { id, deleted: false }),
            facts: Facts { metadata, usage: Usage { iterations, ..Usage::default() }, ..Facts::default() },
            expires_at: absolute.map(|length| now.after(length)),
            pending_timeout: self
                .expiry
                .pending
                .map(|length| LimitRefusal::span("pending time-out", length))
                .transpose()?,
            created_as: Some(self.fingerprint()),
            ..opening.into_session(counters)
        })
    }
}

/// Creates it; nothing is done where it was created in the same way before.
pub(super) fn create(current: &Current, create: &Create, context: &Context) -> Result<Decision, Refusal> {
    let now = context.now.wall()?;
    if let Some(session) = current.session.as_ref().filter(|session| session.id == create.id) {
        if session.created_as == Some(create.fingerprint()) {
            return Ok(Decision::new(Vec::new(), current.counters, None));
        }
        return Err(Refusal::IdInUse(Box::new(Existing::of(session))));
    }
    if let Some(session) = current.open() {
        return Err(Refusal::KeyInUse(Box::new(Existing::of(session))));
    }
    let counters = current.counters.revised();
    let created = Change::Created { reason: "session created".to_owned() };
    let write = Write::opening(create.session(counters, now)?).then(created);
    Ok(Decision::new(vec![write], counters, None))
}

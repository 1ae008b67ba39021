//! Creating an agent session that somebody starts later.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::id::{GroupName, Key, Namespace, Principal, SessionId};
use tenure_core::session::{self, Expiry};
use tenure_core::time::millis;
use utoipa::ToSchema;

use crate::document::{all_given, all_taken};
use crate::unreadable::{Unreadable, name, optional};

/// An agent session to be created, pending and held by nobody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Its id. Creating it once more in the same way changes nothing.
    pub id: String,
    /// On whose behalf, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The key, if any: at most one open session has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The session that it is created for, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The group, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Names and values by which it can be listed; at most 64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Anything to keep with it; at most 64 KiB.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
    /// The directory that it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// How long it may be without activity, once it was started.
    #[serde(default)]
    pub idle: IdleLimit,
    /// It expires if nobody starts it within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_timeout_ms: Option<u64>,
    /// It expires this long after it was created, whatever happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
}

/// How long a session may be without activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdleLimit {
    /// As its kind says.
    #[default]
    Kind,
    /// For ever.
    Never,
    /// Not longer than this.
    AfterMs(u64),
}

impl IdleLimit {
    /// The form of `limit`.
    #[must_use]
    pub fn of(limit: session::IdleLimit) -> Self {
        match limit {
            session::IdleLimit::Kind => Self::Kind,
            session::IdleLimit::Never => Self::Never,
            session::IdleLimit::After(after) => Self::AfterMs(millis(after)),
        }
    }

    /// The limit that it is the form of.
    #[must_use]
    pub const fn read(self) -> session::IdleLimit {
        match self {
            Self::Kind => session::IdleLimit::Kind,
            Self::Never => session::IdleLimit::Never,
            Self::AfterMs(ms) => session::IdleLimit::After(Duration::from_millis(ms)),
        }
    }
}

impl Create {
    /// The form of `create`. Its tenant is its caller's.
    #[must_use]
    pub fn of(create: &session::Create) -> Self {
        Self {
            id: create.id.as_str().to_owned(),
            principal: create.principal.as_ref().map(|principal| principal.as_str().to_owned()),
            key: create.key.as_ref().map(|key| key.as_str().to_owned()),
            parent: create.parent.as_ref().map(|parent| parent.as_str().to_owned()),
            group: create.group.as_ref().map(|group| group.as_str().to_owned()),
            labels: create.labels.clone(),
            metadata: all_given(&create.metadata),
            directory: create.directory.clone(),
            idle: IdleLimit::of(create.expiry.idle),
            pending_timeout_ms: create.expiry.pending.map(millis),
            expires_in_ms: create.expiry.absolute.map(millis),
        }
    }

    /// What it is the form of, for a caller of `namespace`.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one.
    pub fn read(self, namespace: &Namespace) -> Result<session::Create, Unreadable> {
        Ok(session::Create {
            id: name("id", &self.id, SessionId::parse)?,
            namespace: namespace.clone(),
            principal: optional("principal", self.principal.as_deref(), Principal::parse)?,
            key: optional("key", self.key.as_deref(), Key::parse)?,
            parent: optional("parent", self.parent.as_deref(), SessionId::parse)?,
            group: optional("group", self.group.as_deref(), GroupName::parse)?,
            labels: self.labels,
            metadata: all_taken(&self.metadata),
            directory: self.directory,
            expiry: Expiry {
                idle: self.idle.read(),
                pending: self.pending_timeout_ms.map(Duration::from_millis),
                absolute: self.expires_in_ms.map(Duration::from_millis),
            },
        })
    }
}

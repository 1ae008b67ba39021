//! Sessions that are at work in turn.

use serde::{Deserialize, Serialize};
use tenure_core::id::{GroupName, Key, SessionId};
use tenure_core::refusal::Existing;
use tenure_core::session::Session;
use utoipa::ToSchema;

use crate::unreadable::{Unreadable, name, optional};
use crate::word::StateWord;

/// A group, and its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// Its name.
    pub group: String,
    /// How many of it may be at work at once; `null` for any number.
    #[schema(required = true)]
    pub limit: Option<u32>,
    /// Those at work, oldest session first.
    pub active: Vec<GroupMember>,
    /// Those that wait, in their order.
    pub waiting: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupMember {
    /// The session's id.
    pub session: String,
    /// Its slot; `null` when it has none.
    #[schema(required = true)]
    pub key: Option<String>,
    /// Its state.
    pub state: StateWord,
    /// Whether its holder is there.
    pub holder_there: bool,
}

impl Group {
    /// The group of that name, without members yet.
    #[must_use]
    pub fn of(name: &GroupName, limit: Option<u32>) -> Self {
        Self { group: name.as_str().to_owned(), limit, active: Vec::new(), waiting: Vec::new() }
    }

    /// Its name.
    ///
    /// # Errors
    /// [`Unreadable`] when no group can be called so.
    pub fn name(&self) -> Result<GroupName, Unreadable> {
        name("group", &self.group, GroupName::parse)
    }
}

impl GroupMember {
    /// The form of a member.
    #[must_use]
    pub fn of(session: &Session, is_holder_there: bool) -> Self {
        Self {
            session: session.id.as_str().to_owned(),
            key: session.key.as_ref().map(|key| key.as_str().to_owned()),
            state: session.state.name().into(),
            holder_there: is_holder_there,
        }
    }

    /// The session that it is, in short.
    ///
    /// # Errors
    /// [`Unreadable`] when no session or slot can be called so, or its state is not known.
    pub fn read(&self) -> Result<Existing, Unreadable> {
        Ok(Existing {
            session: name("session", &self.session, SessionId::parse)?,
            key: optional("key", self.key.as_deref(), Key::parse)?,
            state: self.state.read("state")?,
        })
    }
}

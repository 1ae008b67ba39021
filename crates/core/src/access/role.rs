//! What somebody may do, by role.

use crate::id::Principal;

/// What a token's bearer may do in its namespace. Each role may what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads what its principal may see, and writes to inboxes.
    Observer,
    /// Also creates, holds and drives sessions of its principal.
    Owner,
    /// Also takes tasks of the namespace.
    Worker,
    /// Everything in the namespace: sessions of all principals, tokens.
    Admin,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Look at sessions, their logs and what belongs to them.
    Observe,
    /// Write to the inbox of a session.
    Send,
    /// Create sessions, hold them and drive them.
    Own,
    /// Take tasks and run them.
    Work,
    /// Say who may what: tokens, limits, workers, whatever is not about one session.
    Administer,
}

impl Role {
    /// Every role, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Observer, Self::Owner, Self::Worker, Self::Admin];

    /// Its name on the wire and in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Owner => "owner",
            Self::Worker => "worker",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it may do that at all. With which sessions is for [`Self::reaches`] to say.
    #[must_use]
    pub const fn may(self, action: Action) -> bool {
        match action {
            Action::Observe | Action::Send => true,
            Action::Own => matches!(self, Self::Owner | Self::Worker | Self::Admin),
            Action::Work => matches!(self, Self::Worker | Self::Admin),
            Action::Administer => matches!(self, Self::Admin),
        }
    }

    /// Whether somebody of this role who acts for `principal` has to do with a session of its namespace that was
    /// opened on behalf of `whose`. To everybody else it is as if the session did not exist.
    #[must_use]
    pub fn reaches(self, principal: &Principal, whose: Option<&Principal>) -> bool {
        match self {
            Self::Admin => true,
            Self::Observer | Self::Owner | Self::Worker => whose == Some(principal),
        }
    }
}

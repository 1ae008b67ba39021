//! What a command is sent with, and what is answered to one.

use serde::{Deserialize, Serialize};
use tenure_core::id::{ActorId, Key, SessionId};
use tenure_core::kind::Kind;
use tenure_core::session;
use utoipa::ToSchema;

use super::verb::Command;
use crate::session::Session;
use crate::time::Instant;
use crate::unreadable::{Unreadable, name, part};
use crate::word::KindWord;

/// What a command is about. The tenant is its caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// Whatever a slot holds, or will hold.
    Slot {
        /// What kind of session it holds.
        kind: KindWord,
        /// Its key.
        key: String,
    },
    /// A session that is there.
    Session {
        /// Its id.
        id: String,
    },
    /// A session that does not exist yet and has no slot.
    None {},
    /// The session of this id, else whatever its slot holds: for creating it, once.
    Id {
        /// The id.
        id: String,
        /// Where it is to be; without one, in no slot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<TargetSlot>,
    },
}

/// A slot of a caller's tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSlot {
    /// What kind of session it holds.
    pub kind: KindWord,
    /// Its key.
    pub key: String,
}

/// What a command is about, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// Whatever a slot holds, or will hold.
    Slot(Kind, Key),
    /// A session that is there.
    Session(SessionId),
    /// A session that does not exist yet and has no slot.
    Nothing,
    /// The session of this id, else whatever its slot holds.
    Id(SessionId, Option<(Kind, Key)>),
}

impl Target {
    /// The form of `aim`.
    #[must_use]
    pub fn of(aim: &Aim) -> Self {
        let text = |id: &SessionId| id.as_str().to_owned();
        match aim {
            Aim::Slot(kind, key) => Self::Slot { kind: (*kind).into(), key: key.as_str().to_owned() },
            Aim::Session(id) => Self::Session { id: text(id) },
            Aim::Nothing => Self::None {},
            Aim::Id(id, slot) => Self::Id { id: text(id), slot: slot.as_ref().map(TargetSlot::of) },
        }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when no session or slot can be called so, or the kind is not known.
    pub fn read(self) -> Result<Aim, Unreadable> {
        let session = |id: &str| name("id", id, SessionId::parse);
        Ok(match self {
            Self::Slot { kind, key } => {
                let (kind, key) = TargetSlot { kind, key }.read()?;
                Aim::Slot(kind, key)
            }
            Self::Session { id } => Aim::Session(session(&id)?),
            Self::None {} => Aim::Nothing,
            Self::Id { id, slot } => Aim::Id(session(&id)?, part("slot", slot, TargetSlot::read)?),
        })
    }
}

impl TargetSlot {
    fn of((kind, key): &(Kind, Key)) -> Self {
        Self { kind: (*kind).into(), key: key.as_str().to_owned() }
    }

    fn read(self) -> Result<(Kind, Key), Unreadable> {
        Ok((self.kind.read("kind")?, name("key", &self.key, Key::parse)?))
    }
}

/// A command, and what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// What it is about.
    pub target: Target,
    /// What is asked.
    pub command: Command,
}

/// What became of a command that was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CommandAnswer {
    /// The session as it was before, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Session>,
    /// The session as it is now; left out when there was nothing to do and nothing there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What was written; left out when there was nothing to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// What a person should know although the command succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
}

/// What a command has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// The position of the newest event of the session's log.
    pub head_seq: u64,
    /// The revision that the session has now.
    pub revision: u64,
    /// When it was written; the beginning of 1970 where the store's clock cannot be used.
    pub at: Instant,
}

/// What a person should know although a command succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// An active interactive session was there already and was started once more.
    InteractiveRefreshed,
    /// The same owner's autonomous session was there already and was started once more.
    AutonomousRefreshed {
        /// The owner.
        owner: String,
    },
    /// A record without a session id was found; a fresh session was started.
    LegacyReplaced,
}

impl Warning {
    /// The form of `warning`.
    #[must_use]
    pub fn of(warning: &session::Warning) -> Self {
        match warning {
            session::Warning::InteractiveRefreshed => Self::InteractiveRefreshed,
            session::Warning::AutonomousRefreshed { owner } => {
                Self::AutonomousRefreshed { owner: owner.as_str().to_owned() }
            }
            session::Warning::LegacyReplaced => Self::LegacyReplaced,
        }
    }

    /// The warning that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can be called like the owner.
    pub fn read(self) -> Result<session::Warning, Unreadable> {
        Ok(match self {
            Self::InteractiveRefreshed => session::Warning::InteractiveRefreshed,
            Self::AutonomousRefreshed { owner } => {
                session::Warning::AutonomousRefreshed { owner: name("owner", &owner, ActorId::parse)? }
            }
            Self::LegacyReplaced => session::Warning::LegacyReplaced,
        })
    }
}

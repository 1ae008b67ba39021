//! Names and numbers that identify sessions, holders and writes.

use std::fmt;
use std::sync::Arc;

use crate::{hex, limits};

/// Why a given name was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidName {
    /// Nothing was given, or only white space.
    Blank,
    /// It is longer than allowed.
    TooLong {
        /// Its length.
        length: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// It holds a character that is not allowed here.
    Character {
        /// Where, in bytes from the beginning.
        at: usize,
    },
}

fn bounded(text: &str, max: usize) -> Result<(), InvalidName> {
    if text.trim().is_empty() {
        return Err(InvalidName::Blank);
    }
    if text.len() > max {
        return Err(InvalidName::TooLong { length: text.len(), max });
    }
    Ok(())
}

fn all(text: &str, allowed: impl Fn(char) -> bool) -> Result<(), InvalidName> {
    match text.char_indices().find(|(_, c)| !allowed(*c)) {
        Some((at, _)) => Err(InvalidName::Character { at }),
        None => Ok(()),
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and keeps `text`.
            ///
            /// # Errors
            /// [`InvalidName`] says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> Result<(), InvalidName> = $check;
                check(text).map(|()| Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            /// Escaped: these names come from outside and may hold anything.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::escape::Escaped(&self.0).fmt(f)
            }
        }
    };
}

name_type!(
    /// A session's public id: `ses_` and a ULID, or 1–128 visible ASCII characters without `/?#&=,`.
    SessionId,
    |text| {
        bounded(text, limits::SESSION_ID_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic() && !"/?#&=,".contains(c))
    }
);

name_type!(
    /// A checkpoint's id: `ckp_` and a ULID, or any other visible ASCII characters without `/?#&=,`.
    CheckpointId,
    |text| {
        bounded(text, limits::CHECKPOINT_ID_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic() && !"/?#&=,".contains(c))
    }
);

name_type!(
    /// A token's public id, not its secret: `tok_` and a ULID, or any other visible ASCII characters without
    /// `/?#&=,`.
    TokenId,
    |text| {
        bounded(text, limits::TOKEN_ID_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic() && !"/?#&=,".contains(c))
    }
);

name_type!(
    /// What a caller calls a request that it may make twice: 1–255 visible ASCII characters.
    IdempotencyKey,
    |text| {
        bounded(text, limits::IDEMPOTENCY_KEY_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic())
    }
);

name_type!(
    /// A tenant. `default` unless given.
    Namespace,
    |text| {
        bounded(text, limits::NAMESPACE_BYTES_MAX)?;
        all(text, |c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    }
);

name_type!(
    /// What a slot is named after: a job's name, a workspace's root and profile.
    Key,
    |text| bounded(text, limits::KEY_BYTES_MAX)
);

name_type!(
    /// What sessions share that are at work in turn. Any text; shown escaped.
    GroupName,
    |text| bounded(text, limits::GROUP_BYTES_MAX)
);

name_type!(
    /// Who acts: a person, a runtime, a worker. Any text; shown escaped.
    ActorId,
    |text| bounded(text, limits::ACTOR_ID_BYTES_MAX)
);

name_type!(
    /// On whose behalf something is asked: whoever a session was opened for. 1–128 visible ASCII characters.
    Principal,
    |text| {
        bounded(text, limits::PRINCIPAL_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic())
    }
);

name_type!(
    /// An event's type: lower-case words joined by `_`, `-` or `.`.
    EventType,
    |text| {
        bounded(text, limits::EVENT_TYPE_BYTES_MAX)?;
        all(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c))
    }
);

name_type!(
    /// A caller's name of one event, of which a session's log takes only one: 1–128 visible ASCII characters.
    EventId,
    |text| {
        bounded(text, limits::EVENT_ID_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic())
    }
);

name_type!(
    /// What an orchestration or an activity is registered as: 1–128 visible ASCII characters.
    CodeName,
    |text| {
        bounded(text, limits::CODE_NAME_CHARS_MAX)?;
        all(text, |c| c.is_ascii_graphic())
    }
);

name_type!(
    /// What a signal is called. Any text; shown escaped.
    SignalName,
    |text| bounded(text, limits::SIGNAL_NAME_BYTES_MAX)
);

name_type!(
    /// What a worker is called. Any text; shown escaped.
    WorkerId,
    |text| bounded(text, limits::ACTOR_ID_BYTES_MAX)
);

name_type!(
    /// What activities have in common that are to run on the same worker. Any text; shown escaped.
    AffinityKey,
    |text| bounded(text, limits::AFFINITY_KEY_BYTES_MAX)
);

name_type!(
    /// Where activities wait for workers that serve it. Any text; shown escaped.
    QueueName,
    |text| bounded(text, limits::QUEUE_NAME_BYTES_MAX)
);

impl SessionId {
    /// What ids made by Tenure begin with.
    pub const PREFIX: &'static str = "ses_";
}

impl CheckpointId {
    /// What ids made by Tenure begin with.
    pub const PREFIX: &'static str = "ckp_";
}

impl TokenId {
    /// What ids made by Tenure begin with.
    pub const PREFIX: &'static str = "tok_";
}

impl Namespace {
    /// The namespace of everybody who names none.
    #[must_use]
    pub fn default_name() -> Self {
        Self("default".into())
    }
}

impl ActorId {
    /// The holder of every interactive session.
    #[must_use]
    pub fn interactive() -> Self {
        Self("interactive".into())
    }

    /// The holder of a runtime's session whose record names none.
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".into())
    }
}

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl $name {
            /// The number after this one, stopping at the largest.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_type!(
    /// Compare-and-swap number of a slot or session. The first record has 1; 0 means that none was stored.
    Revision
);
number_type!(
    /// Grows whenever the holder's incarnation changes and guards every owner write. Never reused.
    Fence
);
number_type!(
    /// Position of an event in its session's log, gap-free from 1. 0 means before the first.
    Seq
);

number_type!(
    /// Number of something that an execution asked for and waits on, from 1.
    Operation
);

/// One start of one holder: random, so that two starts under one name are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incarnation(pub [u8; 16]);

impl Incarnation {
    /// The incarnation of that name, as it is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::bytes(text).map(Self)
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Names one hand-over of a session from one store to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandoverId(pub [u8; 16]);

impl HandoverId {
    /// The hand-over of that name, as it is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::bytes(text).map(Self)
    }
}

impl fmt::Display for HandoverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Names one commit, so that its outcome can be found out after the answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommitId(pub [u8; 16]);

#[cfg(test)]
mod tests;

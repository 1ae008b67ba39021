//! Small answers: what became of a write, how a server is, a token.

use serde::{Deserialize, Serialize};
use tenure_core::access::{self, Role};
use tenure_core::id::{Namespace, Principal, TokenId};
use utoipa::ToSchema;

use crate::event::Event;
use crate::time::Instant;
use crate::unreadable::{Unreadable, name, word};

/// Events of a log, and how far it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Events {
    /// In order.
    pub data: Vec<Event>,
    /// Everything up to here was looked at: to be given as `after` for what comes next.
    pub read_to: u64,
    /// The newest position when this was read.
    pub head_seq: u64,
}

/// Events that are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Appended {
    /// Where each of them is, in the order in which they were sent.
    pub seqs: Vec<u64>,
    /// How many were appended now; the others were there under their ids.
    pub new: u64,
}

/// A frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Frame {
    /// What it is, such as `snapshot` or `end`; without: an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The position to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A document, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Where a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Earliest {
    /// The position of the oldest event that is kept, or of the next one to come.
    pub earliest_seq: u64,
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok` or `ready`.
    pub status: String,
}

/// A session that goes on from an earlier point of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forked {
    /// The new session's id.
    pub session: String,
    /// The session that it goes on from.
    pub parent: String,
    /// The position that it goes on from.
    pub at_seq: u64,
}

/// Which checkpoints were removed, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Removed {
    /// So many.
    pub removed: u64,
    /// Their ids.
    pub checkpoints: Vec<String>,
}

/// An instance of an orchestration that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Started {
    /// Its id.
    pub session: String,
    /// Whether it was there before.
    pub was_there: bool,
}

/// That something was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// Always true.
    pub accepted: bool,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// The tenant that it is for.
    pub namespace: String,
    /// Whose it is.
    pub principal: String,
    /// What it may do: `observer`, `owner`, `worker` or `admin`.
    pub role: String,
    /// What it is for, in its maker's words.
    pub note: String,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it is valid; `null`: for ever.
    #[schema(required = true)]
    pub expires_at: Option<Instant>,
    /// When it was taken back; `null`: it was not.
    #[schema(required = true)]
    pub revoked_at: Option<Instant>,
    /// About when it was last used; `null`: never.
    #[schema(required = true)]
    pub last_used_at: Option<Instant>,
    /// Until when the secret that it had before is good as well; `null`: it had none, or that is not.
    #[serde(default)]
    #[schema(required = true)]
    pub previous_secret_until: Option<Instant>,
}

impl Token {
    /// The form of `token`.
    #[must_use]
    pub fn of(token: &access::Token) -> Self {
        Self {
            id: token.id.as_str().to_owned(),
            namespace: token.namespace.as_str().to_owned(),
            principal: token.principal.as_str().to_owned(),
            role: token.role.name().to_owned(),
            note: token.note.clone(),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.map(Instant),
            revoked_at: token.revoked_at.map(Instant),
            last_used_at: token.last_used_at.map(Instant),
            previous_secret_until: token.previous_until.map(Instant),
        }
    }

    /// The token that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, or its role is not known.
    pub fn read(self) -> Result<access::Token, Unreadable> {
        let wall = |at: Option<Instant>| at.map(|Instant(at)| at);
        Ok(access::Token {
            id: name("id", &self.id, TokenId::parse)?,
            namespace: name("namespace", &self.namespace, Namespace::parse)?,
            principal: name("principal", &self.principal, Principal::parse)?,
            role: word("role", &self.role, Role::parse)?,
            note: self.note,
            created_at: self.created_at.0,
            expires_at: wall(self.expires_at),
            revoked_at: wall(self.revoked_at),
            last_used_at: wall(self.last_used_at),
            previous_until: self.previous_secret_until.map(|Instant(at)| at),
        })
    }
}

/// A token with its secret, which is told this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedToken {
    /// What to send: `Authorization: Bearer <secret>`.
    pub secret: String,
    /// Everything else of it.
    #[serde(flatten)]
    pub token: Token,
}

impl std::fmt::Debug for IssuedToken {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken").field("token", &self.token).finish_non_exhaustive()
    }
}

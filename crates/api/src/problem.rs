//! Why something was not done, as RFC 9457 has it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenure_core::id::{Key, SessionId};
use tenure_core::refusal::{Existing, Held};
use tenure_core::session::StateName;
use utoipa::ToSchema;

use crate::lease::HeldBy;
use crate::unreadable::{Unreadable, name, optional};

/// Why something was not done: `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained, as a URI.
    #[serde(rename = "type")]
    pub type_: String,
    /// What sort of problem it is, in a few words.
    pub title: String,
    /// The status of the HTTP answer.
    pub status: u16,
    /// What the matter is this time.
    pub detail: String,
    /// What it is about, as a URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Names the reason to programs.
    pub code: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// When it may, in milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Lines that say more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// More for programs: which names there are depends on the code.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
}

impl Problem {
    /// Who holds the session that it is about; `None`: it does not say under which fence anybody does. In which state the
    /// session is, is not told of one that somebody holds: `state` says it.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one.
    pub fn held(&self, state: StateName) -> Result<Option<Held>, Unreadable> {
        let text = |field: &str| self.facts.get(field).and_then(Value::as_str);
        let holder = self.facts.get("holder").and_then(|holder| HeldBy::deserialize(holder).ok());
        let (Some(holder), Some(session)) = (holder, text("session")) else { return Ok(None) };
        let session = Existing {
            session: name("session", session, SessionId::parse)?,
            key: optional("key", text("key"), Key::parse)?,
            state,
        };
        holder.read(session).map(Some).map_err(Unreadable::within("holder"))
    }
}

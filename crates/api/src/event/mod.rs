//! Events of a log. Nothing of what was recorded is lost.

mod of;
pub mod payload;
mod read;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::event;
use tenure_core::id::{EventId, EventType, Fence, Seq, SessionId};
use utoipa::ToSchema;

use crate::document::taken;
use crate::requests;
use crate::time::Instant;
use crate::unreadable::{Unreadable, name, optional};

/// A fact in a session's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The session.
    pub session: String,
    /// Its position in the log, gap-free from 1.
    pub seq: u64,
    /// When it was recorded.
    pub at: Instant,
    /// What sort of fact it is. Callers append types of their own.
    #[serde(rename = "type")]
    pub type_: String,
    /// The fence it was written under. Messages and operators have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
    /// The id that its caller gave it, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What happened. Its shape follows from the type, with names in camelCase: `state_changed` is `StateChanged`;
    /// `completion` and `error` are `Ending`; `activity` is `ActivityNoted`; `lease_granted`, `lease_taken_over` and
    /// `lease_released` are `LeaseGranted`, `LeaseTakenOver` and `LeaseReleased`; `succeeded` is `Succeeded`;
    /// `checkpoint_created` and `checkpoint_restored` are `CheckpointCreated` and `CheckpointRestored`; `retained`,
    /// `retention_ended` and `handed_over` are `RetainedNow`, `RetentionEnded` and `HandedOver`; `terminal` is
    /// `Terminal`. Anything else, and a `message` that is not an `Asked`, is as its caller gave it: any value.
    pub data: Value,
}

impl Event {
    /// The form of an event of `session`.
    #[must_use]
    pub fn of(session: &SessionId, event: &event::Event) -> Self {
        Self {
            session: session.as_str().to_owned(),
            seq: event.seq.0,
            at: event.at.into(),
            type_: event.data.type_name().to_owned(),
            fence: event.fence.map(|fence| fence.0),
            id: event.id.as_ref().map(|id| id.as_str().to_owned()),
            data: of::data(&event.data),
        }
    }
    /// The event that it is the form of. What a caller gave is JSON text that means the same, whatever it looked like:
    /// numbers are the double-precision ones that RFC 8259 recommends, or integers of 64 bits.
    ///
    /// # Errors
    /// [`Unreadable`] when an event of its type cannot say what it says, or a name in it cannot be one.
    pub fn read(self) -> Result<event::Event, Unreadable> {
        let kind = name("type", &self.type_, EventType::parse)?;
        Ok(event::Event {
            seq: Seq(self.seq),
            at: self.at.0,
            fence: self.fence.map(Fence),
            id: optional("id", self.id.as_deref(), EventId::parse)?,
            data: read::body(kind, &self.data).map_err(Unreadable::within("data"))?,
        })
    }

    /// The session whose log it is in.
    ///
    /// # Errors
    /// [`Unreadable`] when no session can be called so.
    pub fn session(&self) -> Result<SessionId, Unreadable> {
        name("session", &self.session, SessionId::parse)
    }
}

impl requests::EventDraft {
    /// The form of `draft`. A server takes what callers give and, of a session's holder, records of a terminal; whatever
    /// else Tenure writes follows from commands.
    #[must_use]
    pub fn of(draft: &event::EventDraft) -> Self {
        Self {
            id: draft.id.as_ref().map(|id| id.as_str().to_owned()),
            kind: draft.data.type_name().to_owned(),
            data: of::data(&draft.data),
        }
    }

    /// The draft that it is the form of: a record of a terminal, where its type is `terminal`, or what a caller gives.
    /// Whether a caller may append events of its type is another question.
    ///
    /// # Errors
    /// [`Unreadable`] when its id or its type cannot be one, or it is no record of a terminal and should be one.
    pub fn read(self) -> Result<event::EventDraft, Unreadable> {
        let id = optional("id", self.id.as_deref(), EventId::parse)?;
        let kind = name("type", &self.kind, EventType::parse)?;
        let data = if kind.as_str() == TERMINAL {
            event::EventBody::Terminal(read::terminal(&self.data).map_err(Unreadable::within("data"))?)
        } else {
            event::EventBody::Given { kind, json: taken(&self.data) }
        };
        Ok(event::EventDraft { id, data })
    }
}

/// The type of records of a terminal.
const TERMINAL: &str = "terminal";

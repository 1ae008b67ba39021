//! Events of a log. Nothing of what was recorded is lost.

mod of;
pub mod payload;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::event;
use tenure_core::id::SessionId;
use utoipa::ToSchema;

use crate::time::Instant;

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
}

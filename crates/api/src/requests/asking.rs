//! What a session's owner is asked for, without waiting for it.

use serde::{Deserialize, Serialize};
use tenure_core::event;
use utoipa::ToSchema;

/// A request to a session's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskOwner {
    /// What it is asked for.
    pub request: Wanted,
}

/// What an owner may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// To stop for now, and keep the session.
    Pause,
    /// To go on.
    Resume,
    /// To end what is running and let go, so that the work can go on later.
    Stop,
}

impl From<Wanted> for event::Request {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Pause => Self::Pause,
            Wanted::Resume => Self::Resume,
            Wanted::Stop => Self::Stop,
        }
    }
}

impl From<event::Request> for Wanted {
    fn from(request: event::Request) -> Self {
        match request {
            event::Request::Pause => Self::Pause,
            event::Request::Resume => Self::Resume,
            event::Request::Stop => Self::Stop,
        }
    }
}

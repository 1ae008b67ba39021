//! How a lease was lost, and what a session's log tells of it.

use tenure_core::event::{Event, EventBody};
use tenure_core::id::{ActorId, Fence, Seq};
use tenure_core::lease::Holder;
use tenure_core::refusal::Refusal;
use tenure_core::session::StateName;
use tenure_store::{Handle, StoreError};

use crate::{Engine, EngineError};

/// How a lease was lost.
#[derive(Debug)]
pub enum Loss {
    /// Somebody ended the session.
    Ended {
        /// How.
        state: StateName,
        /// Who asked for it, if anybody did.
        by: Option<ActorId>,
        /// Why.
        reason: String,
    },
    /// Somebody became the holder in this one's place.
    TakenOver {
        /// Who.
        holder: Holder,
        /// Under which fence.
        fence: Fence,
        /// Why.
        reason: String,
    },
    /// The session belongs to another store.
    HandedOver {
        /// Which.
        to: String,
        /// Who asked for it, if known.
        by: Option<ActorId>,
    },
    /// A rule says so; what happened is in the log ([`Engine::loss`]).
    Refused(Refusal),
    /// The store gives answers that cannot be trusted.
    Store(StoreError),
}

/// The types of events that tell of a loss.
const TYPES: [&str; 3] = ["lease_taken_over", "state_changed", "handed_over"];

impl Loss {
    /// The loss that `event` is to whoever holds the session under `fence`.
    #[must_use]
    pub fn told_by(event: &Event, fence: Fence) -> Option<Self> {
        match &event.data {
            EventBody::LeaseTakenOver { holder, fence: new, reason, .. } if *new > fence => {
                Some(Self::TakenOver { holder: holder.clone(), fence: *new, reason: reason.clone() })
            }
            // The holder's own transitions are written under its fence; an operator's under none.
            EventBody::StateChanged { to, by, reason, .. }
                if to.is_terminal() && event.fence != Some(fence) =>
            {
                Some(Self::Ended { state: *to, by: by.clone(), reason: reason.clone() })
            }
            EventBody::HandedOver { to, by, .. } => Some(Self::HandedOver { to: to.clone(), by: by.clone() }),
            _ => None,
        }
    }

    /// Whether it says what happened.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        matches!(self, Self::Ended { .. } | Self::TakenOver { .. } | Self::HandedOver { .. })
    }
}

impl Engine {
    /// How the lease that was granted at `granted` under `fence` was lost, if the log tells.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn loss(
        &self,
        handle: Handle,
        fence: Fence,
        granted: Seq,
    ) -> Result<Option<Loss>, EngineError> {
        let mut tail = self.tail(handle, granted, TYPES.map(str::to_owned).to_vec());
        loop {
            let events = match tail.page().await {
                // What is left of the log tells as much as there is to know.
                Err(EngineError::Compacted { .. }) => {
                    tail = self.tail(handle, Seq(0), TYPES.map(str::to_owned).to_vec());
                    continue;
                }
                read => read?,
            };
            let loss = events.iter().find_map(|event| Loss::told_by(event, fence));
            if loss.is_some() || events.is_empty() {
                return Ok(loss);
            }
        }
    }
}

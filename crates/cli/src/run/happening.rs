//! Everything that can happen to a runner, in one queue.

use tenure_core::event::Request;
use tenure_engine::LeaseEvent;
use tenure_guard::GuardEvent;
use tenure_guard::signals::Caught;

use super::places::Waited;

/// Something that the runner must react to.
#[derive(Debug)]
pub(super) enum Happening {
    /// The guard said something.
    Guard(GuardEvent),
    /// A signal came.
    Signal(Caught),
    /// Something happened to the lease.
    Lease(LeaseEvent),
    /// The wait for a place in the group has ended.
    Place(Waited),
    /// Somebody asks for something.
    Asked(Request),
}

impl From<GuardEvent> for Happening {
    fn from(event: GuardEvent) -> Self {
        Self::Guard(event)
    }
}

impl From<Waited> for Happening {
    fn from(waited: Waited) -> Self {
        Self::Place(waited)
    }
}

impl From<Caught> for Happening {
    fn from(caught: Caught) -> Self {
        Self::Signal(caught)
    }
}

impl From<LeaseEvent> for Happening {
    fn from(event: LeaseEvent) -> Self {
        Self::Lease(event)
    }
}

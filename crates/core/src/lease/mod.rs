//! The one ownership primitive: a holder, until when, under which fence.

mod numbers;
mod term;
#[cfg(test)]
mod tests;

pub use numbers::{RunTimes, RunTimesRefusal, Ttl, margin, renew_interval, retry_interval};
pub use term::{Standing, Term};

use crate::id::{ActorId, Fence, Incarnation};

/// What sort of holder it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HolderKind {
    /// A person at a keyboard. There is one name for all of them, and no time limit.
    Interactive,
    /// A runtime that supervises workers.
    RuntimeSupervisor,
    /// A runtime's worker.
    RuntimeWorker,
    /// A process of `tenure run`.
    Run,
    /// A process that runs orchestrations and activities.
    Worker,
}

/// Whether a workspace is held by a person or by a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Held by a person: no time limit but the staleness threshold.
    Interactive,
    /// Held by a runtime under a lease.
    Autonomous,
}

impl Lifecycle {
    /// The lifecycle's name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Autonomous => "autonomous",
        }
    }
}

impl HolderKind {
    /// Every sort of holder.
    pub const ALL: [Self; 5] =
        [Self::Interactive, Self::RuntimeSupervisor, Self::RuntimeWorker, Self::Run, Self::Worker];

    /// The lifecycle that follows from it.
    #[must_use]
    pub const fn lifecycle(self) -> Lifecycle {
        match self {
            Self::Interactive => Lifecycle::Interactive,
            Self::RuntimeSupervisor | Self::RuntimeWorker | Self::Run | Self::Worker => Lifecycle::Autonomous,
        }
    }

    /// Its name on the wire and in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::RuntimeSupervisor => "runtime_supervisor",
            Self::RuntimeWorker => "runtime_worker",
            Self::Run => "run",
            Self::Worker => "worker",
        }
    }

    /// The sort of holder of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a holder runs, for people to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The machine's name.
    pub host: Box<str>,
    /// The process id there.
    pub pid: u32,
}

/// Who holds a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What sort of holder it is.
    pub kind: HolderKind,
    /// Its name.
    pub id: ActorId,
    /// Who else may clear the session for it.
    pub supervisor: Option<ActorId>,
    /// Where it runs, when it is a process that stays.
    pub place: Option<Place>,
}

/// Ownership of one session: it is given out, renewed, taken over or let go, never edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who has it.
    pub holder: Holder,
    /// Which start of the holder. A new one gets a new fence.
    pub incarnation: Incarnation,
    /// The number that guards the holder's writes.
    pub fence: Fence,
    /// From when, until when, by which clock.
    pub term: Term,
}

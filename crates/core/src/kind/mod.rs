//! Kinds of session as data: transition table, claim policy, expiry, clock.

use std::time::Duration;

use crate::limits;
use crate::session::StateName;

/// What kind of thing a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A run of an agent or of any command.
    Agent,
    /// A directory with one profile, held by a person or a runtime.
    Workspace,
    /// An instance of an orchestration, driven by workers.
    Workflow,
}

/// Who may claim a session whose lease is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimPolicy {
    /// Whoever comes first, without being asked.
    Implicit,
    /// Only a takeover with a reason.
    Explicit,
}

/// Which clock judges the leases of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseClock {
    /// The machine's boot-time clock: wall-clock jumps change nothing.
    Boot,
    /// The wall clock: a lease that people read and that outlives a restart of the machine.
    Wall,
}

/// What happens on a transition to the state a session is already in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameState {
    /// It is refused like any other transition that the table lacks.
    Refused,
    /// Nothing happens.
    NoOp,
}

/// When a session without activity expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleRule {
    /// It expires when its last activity is longer ago than this.
    pub after: Duration,
    /// Whether a session with a live lease is spared: its holder is there, only silent.
    pub spares_held: bool,
}

/// The rules of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindRules {
    /// The kind's name on the wire and in commands.
    pub name: &'static str,
    /// Every allowed transition.
    pub transitions: &'static [(StateName, StateName)],
    /// What a transition to the same state does.
    pub same_state: SameState,
    /// Who may claim a session whose lease is over.
    pub claim: ClaimPolicy,
    /// Which clock judges its leases.
    pub lease_clock: LeaseClock,
    /// Idle expiry unless a session has its own.
    pub idle: Option<IdleRule>,
    /// Whether lifecycle commands (cancel, complete, fail, pause, resume, sweeps) apply.
    pub has_lifecycle: bool,
}

use StateName::{Active, Cancelled, Completed, Expired, Failed, Paused, Pending};

const AGENT: KindRules = KindRules {
    name: "agent",
    transitions: &[
        (Pending, Active),
        (Pending, Expired),
        (Pending, Cancelled),
        (Active, Paused),
        (Active, Completed),
        (Active, Failed),
        (Active, Expired),
        (Active, Cancelled),
        (Paused, Active),
        (Paused, Failed),
        (Paused, Expired),
        (Paused, Cancelled),
    ],
    same_state: SameState::Refused,
    claim: ClaimPolicy::Explicit,
    lease_clock: LeaseClock::Boot,
    idle: Some(IdleRule { after: limits::AGENT_IDLE_AFTER, spares_held: false }),
    has_lifecycle: true,
};

const WORKSPACE: KindRules = KindRules {
    name: "workspace",
    transitions: &[(Pending, Active), (Active, Completed), (Active, Expired)],
    same_state: SameState::Refused,
    claim: ClaimPolicy::Explicit,
    lease_clock: LeaseClock::Wall,
    idle: None,
    has_lifecycle: false,
};

const WORKFLOW: KindRules = KindRules {
    name: "workflow",
    transitions: &[
        (Pending, Active),
        (Pending, Completed),
        (Pending, Failed),
        (Pending, Expired),
        (Pending, Cancelled),
        (Active, Paused),
        (Active, Completed),
        (Active, Failed),
        (Active, Expired),
        (Active, Cancelled),
        (Paused, Active),
        (Paused, Completed),
        (Paused, Failed),
        (Paused, Expired),
        (Paused, Cancelled),
    ],
    same_state: SameState::NoOp,
    claim: ClaimPolicy::Implicit,
    lease_clock: LeaseClock::Boot,
    idle: None,
    has_lifecycle: true,
};

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Workspace, Self::Workflow];

    /// The kind's rules.
    #[must_use]
    pub const fn rules(self) -> &'static KindRules {
        match self {
            Self::Agent => &AGENT,
            Self::Workspace => &WORKSPACE,
            Self::Workflow => &WORKFLOW,
        }
    }

    /// The kind's name on the wire and in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.rules().name
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a transition table says about one move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It happens.
    Allowed,
    /// It changes nothing.
    NoOp,
    /// It is refused.
    Refused,
}

impl KindRules {
    /// What this kind says about moving `from` one state `to` another. Total.
    #[must_use]
    pub fn transition(&self, from: StateName, to: StateName) -> Transition {
        if from == to {
            return match self.same_state {
                SameState::Refused => Transition::Refused,
                SameState::NoOp => Transition::NoOp,
            };
        }
        if self.transitions.contains(&(from, to)) { Transition::Allowed } else { Transition::Refused }
    }
}

#[cfg(test)]
mod tests;

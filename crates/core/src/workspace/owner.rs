//! Who a workspace start is for, from the options given.

use crate::id::ActorId;
use crate::lease::{HolderKind, Lifecycle, Ttl};
use crate::limits;
use crate::refusal::{LimitRefusal, OwnerOption, Refusal, StartRefusal};
use std::time::Duration;

/// The options of `start` that say who the owner is, as they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnerOptions {
    /// The owner's sort.
    pub owner_kind: Option<HolderKind>,
    /// The owner's id.
    pub actor: Option<ActorId>,
    /// The supervisor's id.
    pub supervisor: Option<ActorId>,
    /// The lease's length.
    pub lease_seconds: Option<u64>,
}

/// A runtime that owns a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autonomous {
    /// Its sort.
    pub kind: HolderKind,
    /// Its id.
    pub actor: ActorId,
    /// Its supervisor, if named.
    pub supervisor: Option<ActorId>,
    /// How long its lease holds after each renewal.
    pub ttl: Ttl,
}

/// Who a workspace start is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A person.
    Interactive,
    /// A runtime.
    Autonomous(Autonomous),
}

impl Owner {
    /// The lifecycle that follows.
    #[must_use]
    pub const fn lifecycle(&self) -> Lifecycle {
        match self {
            Self::Interactive => Lifecycle::Interactive,
            Self::Autonomous(_) => Lifecycle::Autonomous,
        }
    }
}

/// Who a start is for.
///
/// # Errors
/// Options that belong to the other lifecycle, a missing one, or one outside its limits.
pub fn resolve_owner(lifecycle: Lifecycle, options: OwnerOptions) -> Result<Owner, Refusal> {
    match lifecycle {
        Lifecycle::Interactive => match given_option(&options) {
            Some(option) => Err(Refusal::Start(StartRefusal::AutonomousOnly(option))),
            None => Ok(Owner::Interactive),
        },
        Lifecycle::Autonomous => autonomous(options).map(Owner::Autonomous),
    }
}

fn given_option(options: &OwnerOptions) -> Option<OwnerOption> {
    let given = [
        (options.owner_kind.is_some(), OwnerOption::OwnerKind),
        (options.actor.is_some(), OwnerOption::ActorId),
        (options.supervisor.is_some(), OwnerOption::SupervisorId),
        (options.lease_seconds.is_some(), OwnerOption::LeaseSeconds),
    ];
    given.into_iter().find_map(|(is_given, option)| is_given.then_some(option))
}

fn autonomous(options: OwnerOptions) -> Result<Autonomous, Refusal> {
    let required = |option| Refusal::Start(StartRefusal::Required(option));
    let kind = match options.owner_kind {
        None => HolderKind::RuntimeWorker,
        Some(kind @ (HolderKind::RuntimeSupervisor | HolderKind::RuntimeWorker)) => kind,
        Some(HolderKind::Interactive | HolderKind::Run | HolderKind::Worker) => {
            return Err(Refusal::Start(StartRefusal::InteractiveOwnerKind));
        }
    };
    let actor = options.actor.ok_or_else(|| required(OwnerOption::ActorId))?;
    let seconds = options.lease_seconds.ok_or_else(|| required(OwnerOption::LeaseSeconds))?;
    let ttl = Ttl::workspace(Duration::from_secs(seconds)).ok_or(LimitRefusal::Length {
        what: "lease",
        min: limits::WORKSPACE_TTL_MIN,
        max: limits::WORKSPACE_TTL_MAX,
    })?;
    Ok(Autonomous { kind, actor, supervisor: options.supervisor, ttl })
}

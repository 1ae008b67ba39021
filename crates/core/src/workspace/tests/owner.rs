//! Who a start is for, from the options given.

use crate::fixture::{actor, interactive, lease, nothing, ttl, workspace_start};
use crate::lease::{HolderKind, Lifecycle};
use crate::refusal::{LimitRefusal, OwnerOption, Refusal, StartRefusal};
use crate::session::{Command, decide};
use crate::workspace::{Autonomous, Owner, OwnerOptions, resolve_owner};

use std::time::Duration;

fn none() -> OwnerOptions {
    OwnerOptions::default()
}

fn complete() -> OwnerOptions {
    OwnerOptions { actor: Some(actor("w1")), lease_seconds: Some(60), ..none() }
}

fn autonomous(options: OwnerOptions) -> Result<Owner, Refusal> {
    resolve_owner(Lifecycle::Autonomous, options)
}

#[test]
fn an_interactive_start_refuses_each_option_of_autonomous_ones() {
    let table = [
        (OwnerOptions { owner_kind: Some(HolderKind::RuntimeWorker), ..none() }, OwnerOption::OwnerKind),
        (OwnerOptions { owner_kind: Some(HolderKind::Interactive), ..none() }, OwnerOption::OwnerKind),
        (OwnerOptions { actor: Some(actor("w1")), ..none() }, OwnerOption::ActorId),
        (OwnerOptions { supervisor: Some(actor("s1")), ..none() }, OwnerOption::SupervisorId),
        (OwnerOptions { lease_seconds: Some(60), ..none() }, OwnerOption::LeaseSeconds),
        (OwnerOptions { lease_seconds: Some(0), ..none() }, OwnerOption::LeaseSeconds),
    ];
    for (options, option) in table {
        let refusal = Refusal::Start(StartRefusal::AutonomousOnly(option));
        assert_eq!(resolve_owner(Lifecycle::Interactive, options), Err(refusal));
    }
}

#[test]
fn the_first_misplaced_option_is_the_one_named() {
    let all = OwnerOptions {
        owner_kind: Some(HolderKind::RuntimeWorker),
        supervisor: Some(actor("s1")),
        ..complete()
    };
    let without_kind = OwnerOptions { owner_kind: None, ..all.clone() };
    let without_actor = OwnerOptions { actor: None, ..without_kind.clone() };
    let table = [
        (all, OwnerOption::OwnerKind),
        (without_kind, OwnerOption::ActorId),
        (without_actor, OwnerOption::SupervisorId),
    ];
    for (options, option) in table {
        let refusal = Refusal::Start(StartRefusal::AutonomousOnly(option));
        assert_eq!(resolve_owner(Lifecycle::Interactive, options), Err(refusal));
    }
}

#[test]
fn an_interactive_start_makes_the_owner_interactive_without_supervisor_or_lease() {
    let owner = resolve_owner(Lifecycle::Interactive, none()).unwrap();
    assert_eq!((owner.clone(), owner.lifecycle()), (Owner::Interactive, Lifecycle::Interactive));
    let start = Command::WorkspaceStart(workspace_start(owner));
    let decision = decide(&nothing(), &start, &crate::fixture::context(0)).unwrap();
    let held = lease(decision.session().unwrap());
    assert_eq!(held.holder, lease(&interactive()).holder);
    assert_eq!((held.term.ttl(), held.term.renewed_at(), held.term.expires_at()), (None, None, None));
}

#[test]
fn an_autonomous_start_requires_an_actor_and_a_lease() {
    let table = [
        (none(), OwnerOption::ActorId),
        (OwnerOptions { actor: None, ..complete() }, OwnerOption::ActorId),
        (OwnerOptions { lease_seconds: None, ..complete() }, OwnerOption::LeaseSeconds),
    ];
    for (options, option) in table {
        assert_eq!(autonomous(options), Err(Refusal::Start(StartRefusal::Required(option))));
    }
}

#[test]
fn an_autonomous_owner_is_a_worker_unless_said_otherwise() {
    let table = [
        (None, HolderKind::RuntimeWorker),
        (Some(HolderKind::RuntimeWorker), HolderKind::RuntimeWorker),
        (Some(HolderKind::RuntimeSupervisor), HolderKind::RuntimeSupervisor),
    ];
    for (owner_kind, kind) in table {
        let options = OwnerOptions { owner_kind, supervisor: Some(actor("s1")), ..complete() };
        let owner = Autonomous {
            kind,
            actor: actor("w1"),
            supervisor: Some(actor("s1")),
            ttl: ttl(Duration::from_secs(60)),
        };
        assert_eq!(autonomous(options), Ok(Owner::Autonomous(owner)));
    }
}

#[test]
fn an_autonomous_owner_is_not_of_the_interactive_sort() {
    for kind in [HolderKind::Interactive, HolderKind::Run] {
        let options = OwnerOptions { owner_kind: Some(kind), ..complete() };
        assert_eq!(autonomous(options), Err(Refusal::Start(StartRefusal::InteractiveOwnerKind)));
        let options = OwnerOptions { owner_kind: Some(kind), ..none() };
        assert_eq!(autonomous(options), Err(Refusal::Start(StartRefusal::InteractiveOwnerKind)));
    }
}

#[test]
fn a_lease_of_zero_or_of_more_than_a_day_is_refused() {
    let (min, max) = (Duration::from_secs(1), Duration::from_secs(86_400));
    for seconds in [0, 86_401, u64::MAX] {
        let options = OwnerOptions { lease_seconds: Some(seconds), ..complete() };
        let refusal = LimitRefusal::Length { what: "lease", min, max };
        assert_eq!(autonomous(options), Err(Refusal::Limit(refusal)), "{seconds}");
    }
    for seconds in [1, 86_400] {
        let options = OwnerOptions { lease_seconds: Some(seconds), ..complete() };
        assert!(autonomous(options).is_ok(), "{seconds}");
    }
}

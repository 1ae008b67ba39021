//! Core's names as options take them, each with what it means.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tenure_core::access::Role;
use tenure_core::kind::Kind;
use tenure_core::lease::{HolderKind, Lifecycle};
use tenure_core::session::{Mode, StateName};

/// A session's state.
pub(super) fn state() -> impl TypedValueParser<Value = StateName> {
    one_of(&StateName::ALL, StateName::name, |state| match state {
        StateName::Pending => "Created, not started",
        StateName::Active => "At work",
        StateName::Paused => "Stopped for now",
        StateName::Completed => "Ended well",
        StateName::Failed => "Ended badly",
        StateName::Cancelled => "Ended by somebody's wish",
        StateName::Expired => "Ended because nobody cared for it, or something took its place",
    })
}

/// A state that a session has ended in.
pub(super) fn terminal_state() -> impl TypedValueParser<Value = StateName> {
    const ALL: [StateName; 4] =
        [StateName::Completed, StateName::Failed, StateName::Cancelled, StateName::Expired];
    one_of(&ALL, StateName::name, |state| match state {
        StateName::Completed => "Ended well",
        StateName::Failed => "Ended badly",
        StateName::Cancelled => "Ended by somebody's wish",
        _ => "Ended because nobody cared for it, or something took its place",
    })
}

/// A session's kind.
pub(super) fn kind() -> impl TypedValueParser<Value = Kind> {
    one_of(&Kind::ALL, Kind::name, |kind| match kind {
        Kind::Agent => "A run of an agent or of any command",
        Kind::Workspace => "A directory held by a person or a runtime",
        Kind::Workflow => "An instance of an orchestration, driven by workers",
    })
}

/// What a token's bearer may.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    one_of(&Role::ALL, Role::name, |role| match role {
        Role::Observer => "Read what its principal may see, and write to inboxes",
        Role::Owner => "Also create, hold and drive sessions of its principal",
        Role::Worker => "Also take tasks of the namespace",
        Role::Admin => "Everything in the namespace: sessions of all principals, tokens",
    })
}

/// Who holds a workspace.
pub(super) fn lifecycle() -> impl TypedValueParser<Value = Lifecycle> {
    const ALL: [Lifecycle; 2] = [Lifecycle::Interactive, Lifecycle::Autonomous];
    one_of(&ALL, Lifecycle::name, |lifecycle| match lifecycle {
        Lifecycle::Interactive => "A person: no time limit but eight hours since the last start",
        Lifecycle::Autonomous => "A runtime, under a lease",
    })
}

/// What a workspace is held for.
pub(super) fn mode() -> impl TypedValueParser<Value = Mode> {
    one_of(&Mode::ALL, Mode::name, |mode| match mode {
        Mode::General => "Nothing in particular",
        Mode::Research => "Finding out",
        Mode::Implement => "Building",
    })
}

/// The sort of owner that a workspace is started for.
pub(super) fn owner_kind() -> impl TypedValueParser<Value = HolderKind> {
    const ALL: [HolderKind; 3] =
        [HolderKind::Interactive, HolderKind::RuntimeSupervisor, HolderKind::RuntimeWorker];
    one_of(&ALL, HolderKind::name, |kind| match kind {
        HolderKind::Interactive => "A person; not for autonomous sessions",
        HolderKind::RuntimeSupervisor => "A runtime that supervises workers",
        HolderKind::RuntimeWorker => "A runtime's worker",
        HolderKind::Run => "A process of `tenure run`",
        HolderKind::Worker => "A process that runs orchestrations and activities",
    })
}

fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
    meaning: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let shown = all.iter().map(|value| PossibleValue::new(name(*value)).help(meaning(*value)));
    PossibleValuesParser::new(shown).map(move |given| {
        let meant = all.iter().find(|value| name(**value) == given);
        *meant.expect("clap lets only these names through")
    })
}

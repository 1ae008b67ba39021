//! One random step, and how sequences of them are made.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::sample::select;
use proptest::strategy::{Strategy, ValueTree};

use crate::Fault;

/// Longest sequence.
const LENGTH_MAX: usize = 96;

/// One step. Every verb takes from the numbers what it needs.
#[derive(Debug, Clone)]
pub(super) struct Op {
    /// What to do.
    pub(super) verb: Verb,
    /// Through which instance.
    pub(super) via: usize,
    /// Where: a slot, a stored session, a new one.
    pub(super) spot: u8,
    /// By whom, in which of its starts.
    pub(super) who: u8,
    /// How many, how long, which one.
    pub(super) number: u8,
    /// What goes wrong with the write, where the store can be made to fail.
    pub(super) fault: Option<Fault>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Decide and commit.
    Commit(Deed),
    /// Decide, let something happen to the same session, commit.
    Race(Deed, Between),
    /// Decide, and keep it for [`Verb::CommitLate`].
    Prepare(Deed),
    /// Commit something that was decided before.
    CommitLate,
    /// The same, twice.
    CommitTwice,
    Renew,
    RenewFormer,
    Append,
    AppendFormer,
    AppendInbox,
    /// Events with ids, some of which name events already.
    AppendNamed,
    Compact,
    /// The holder saves a value.
    Save,
    SaveFormer,
    /// Somebody saves a value without a fence.
    SaveFree,
    /// Saved values are removed.
    Remove,
    Fork,
    Read,
    List,
    Figures,
    Due,
    Postpone,
    Purge,
    /// A little time passes.
    Pass,
    /// As much time passes as makes idle sessions expire.
    PassLong,
    WallForwards,
    WallBackwards,
    /// The wall clock becomes unusable, or usable again.
    WallToggles,
    Reboot,
    Reopen,
}

/// What happens to a session between a decision and its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Renew,
    Append,
    Note,
    /// As much time passes as a lease lasts.
    Pass,
    WallBackwards,
    Reboot,
}

/// A command, without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Start,
    StartTakingOver,
    Takeover,
    Regrant,
    Cancel,
    Pause,
    Resume,
    Note,
    Touch,
    Complete,
    Fail,
    ExpireIdle,
    Autonomous,
    Interactive,
    Heartbeat,
    TakeWorkspaceOver,
    Clear,
    Import,
    Create,
    StartByHand,
    Acquire,
    Step,
}

/// The verbs with how often each comes, relative to the others.
const VERBS: [(Verb, usize); 44] = [
    (Verb::Commit(Deed::Start), 8),
    (Verb::Commit(Deed::StartTakingOver), 3),
    (Verb::Commit(Deed::Takeover), 3),
    (Verb::Commit(Deed::Regrant), 2),
    (Verb::Commit(Deed::Cancel), 2),
    (Verb::Commit(Deed::Pause), 2),
    (Verb::Commit(Deed::Resume), 2),
    (Verb::Commit(Deed::Note), 2),
    (Verb::Commit(Deed::Complete), 4),
    (Verb::Commit(Deed::Fail), 1),
    (Verb::Commit(Deed::ExpireIdle), 2),
    (Verb::Commit(Deed::Autonomous), 5),
    (Verb::Commit(Deed::Interactive), 2),
    (Verb::Commit(Deed::Heartbeat), 4),
    (Verb::Commit(Deed::TakeWorkspaceOver), 3),
    (Verb::Commit(Deed::Clear), 2),
    (Verb::Commit(Deed::Import), 1),
    (Verb::Commit(Deed::Create), 4),
    (Verb::Commit(Deed::StartByHand), 4),
    (Verb::Commit(Deed::Acquire), 2),
    (Verb::Commit(Deed::Step), 8),
    (Verb::CommitLate, 8),
    (Verb::CommitTwice, 2),
    (Verb::Renew, 6),
    (Verb::RenewFormer, 2),
    (Verb::Append, 6),
    (Verb::AppendFormer, 2),
    (Verb::AppendInbox, 4),
    (Verb::AppendNamed, 16),
    (Verb::Compact, 2),
    (Verb::Save, 5),
    (Verb::SaveFormer, 1),
    (Verb::SaveFree, 2),
    (Verb::Remove, 2),
    (Verb::Fork, 3),
    (Verb::Read, 4),
    (Verb::List, 12),
    (Verb::Figures, 6),
    (Verb::Due, 2),
    (Verb::Postpone, 5),
    (Verb::Purge, 3),
    (Verb::Pass, 8),
    (Verb::PassLong, 4),
    (Verb::Reopen, 3),
];

/// What moves clocks in odd ways, and what is decided to be committed too late.
const RARE: [Verb; 31] = [
    Verb::WallForwards,
    Verb::WallBackwards,
    Verb::WallToggles,
    Verb::Reboot,
    Verb::Commit(Deed::Touch),
    Verb::Prepare(Deed::Start),
    Verb::Prepare(Deed::Takeover),
    Verb::Prepare(Deed::Pause),
    Verb::Prepare(Deed::Note),
    Verb::Prepare(Deed::Touch),
    Verb::Prepare(Deed::Complete),
    Verb::Prepare(Deed::Autonomous),
    Verb::Prepare(Deed::Heartbeat),
    Verb::Prepare(Deed::TakeWorkspaceOver),
    Verb::Prepare(Deed::ExpireIdle),
    Verb::Prepare(Deed::Create),
    Verb::Prepare(Deed::Step),
    Verb::Race(Deed::Pause, Between::Renew),
    Verb::Race(Deed::Note, Between::Renew),
    Verb::Race(Deed::Heartbeat, Between::Renew),
    Verb::Race(Deed::Resume, Between::Note),
    Verb::Race(Deed::Touch, Between::Note),
    Verb::Race(Deed::Complete, Between::Append),
    Verb::Race(Deed::Step, Between::Append),
    Verb::Race(Deed::Step, Between::Note),
    Verb::Race(Deed::ExpireIdle, Between::Append),
    Verb::Race(Deed::Autonomous, Between::Pass),
    Verb::Race(Deed::Heartbeat, Between::Pass),
    Verb::Race(Deed::TakeWorkspaceOver, Between::WallBackwards),
    Verb::Race(Deed::Takeover, Between::Reboot),
    Verb::Race(Deed::StartTakingOver, Between::Renew),
];

fn verbs() -> Vec<Verb> {
    let common = VERBS.into_iter().flat_map(|(verb, times)| std::iter::repeat_n(verb, times));
    common.chain(RARE).chain(RARE).collect()
}

/// Sequences of steps.
pub(super) fn sequence() -> impl Strategy<Value = Vec<Op>, Tree: ValueTree + Send> {
    let fault = weighted(0.08, select(vec![Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup]));
    let step = (select(verbs()), 0..2_usize, 0..6_u8, 0..4_u8, 0..8_u8, fault);
    let step =
        step.prop_map(|(verb, via, spot, who, number, fault)| Op { verb, via, spot, who, number, fault });
    vec(step, 1..LENGTH_MAX)
}

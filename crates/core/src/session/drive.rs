//! What agents, scripts and operators do with sessions by hand, rather than through `tenure run`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::decide::{End, allow, ended_by_operator, finished, granted, judge, may_move, owned};
use super::facts::{self, Merged};
use super::group::{joined, start_or_wait};
use super::hand_over::refuse_if_handed_over;
use super::{
    Change, Claimant, Context, Current, Decision, Fact, Judged, Progress, Session, State, StateName, Stats,
    Usage, Write,
};
use crate::checkpoint::Restore;
use crate::id::{ActorId, Fence, GroupName};
use crate::kind::Kind;
use crate::lease::{HolderKind, Lease, Standing, Ttl};
use crate::refusal::{Existing, Held, Refusal, TakeoverRefusal};

/// Who becomes the holder, and for how long after each renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The new holder.
    pub claimant: Claimant,
    /// For how long after each renewal.
    pub ttl: Ttl,
    /// The group it belongs to from now on; `None`: as before.
    pub group: Option<GroupName>,
    /// Whether it waits where its group has no place.
    pub waits: bool,
}

/// One step of a session that is driven by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drive {
    /// Who takes it.
    pub writer: Writer,
    /// What it is.
    pub step: Step,
}

/// Who changes a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// Its holder, under this fence.
    Owner(Fence),
    /// Somebody, if nobody holds it.
    Operator(Option<ActorId>),
}

/// What can be done by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Start what is held already.
    Start,
    /// Stop for now, keeping the lease.
    Pause {
        /// Why.
        reason: String,
    },
    /// Go on.
    Resume {
        /// Why.
        reason: String,
    },
    /// The work ended well.
    Complete {
        /// What to tell people.
        message: String,
        /// What the last step used.
        usage: Usage,
    },
    /// The work ended badly.
    Fail {
        /// What went wrong.
        error: String,
        /// What the last step used.
        usage: Usage,
    },
    /// Let go, without a change of state.
    Release,
    /// Keep facts.
    Update(Box<Update>),
    /// Be about what a checkpoint says, or only say that it was brought back.
    Restore(Box<Restore>),
}

/// Facts to keep with a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// Labels to add or replace.
    pub labels: BTreeMap<String, String>,
    /// Metadata to merge: compact JSON text.
    pub metadata: BTreeMap<String, String>,
    /// How far the work is.
    pub progress: Option<Progress>,
    /// Timings to add or replace.
    pub timings: BTreeMap<String, Duration>,
    /// What was used since the last report.
    pub usage: Usage,
    /// What went wrong: the session has failed by that.
    pub error: Option<String>,
}

impl Step {
    /// Its verb, as people type it.
    pub(super) const fn verb(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Complete { .. } => "complete",
            Self::Fail { .. } => "fail",
            Self::Release => "release",
            Self::Update(_) => "update",
            Self::Restore(_) => "checkpoint restore",
        }
    }

    /// Whether it changes more than facts, and what the session is about.
    const fn moves(&self) -> bool {
        match self {
            Self::Update(update) => update.error.is_some(),
            Self::Restore(_) => false,
            Self::Start
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Complete { .. }
            | Self::Fail { .. }
            | Self::Release => true,
        }
    }
}

/// Becomes the holder of what nobody holds, and starts it.
pub(super) fn start(current: &Current, claim: &Claim, context: &Context) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    if session.state.name() != StateName::Active {
        allow(session, StateName::Active)?;
    }
    nobody_holds(session, context)?;
    let write = claimed(current, session, claim, context)?;
    let at = context.now.wall()?;
    let write = start_or_wait(write, (&context.group, claim.waits), (at, "session started"));
    Ok(Decision::new(vec![write], current.counters.raised(), None))
}

/// Becomes the holder of what nobody holds. Its state stays.
pub(super) fn acquire(current: &Current, claim: &Claim, context: &Context) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    still_open(session)?;
    nobody_holds(session, context)?;
    let write = claimed(current, session, claim, context)?;
    let write = write.then(Change::Touched { at: context.now.wall()? });
    Ok(Decision::new(vec![write], current.counters.raised(), None))
}

fn started(context: &Context) -> Result<Change, Refusal> {
    Ok(Change::Started { at: context.now.wall()?, reason: "session started".to_owned() })
}

fn claimed(current: &Current, session: &Session, claim: &Claim, context: &Context) -> Result<Write, Refusal> {
    let now = context.now.wall()?;
    let lease = granted(&claim.claimant, claim.ttl, current.counters.raised().fence, &context.now, now);
    Ok(joined(Write::of(session.clone()).then(Change::Granted(lease)), claim.group.as_ref()))
}

/// A live holder is named; what a holder has left goes on with a takeover only.
fn nobody_holds(session: &Session, context: &Context) -> Result<(), Refusal> {
    let Some(lease) = session.lease.as_ref().filter(|_| !session.is_terminal()) else {
        return Ok(());
    };
    let held = Box::new(Held::at(session, lease, &context.now));
    match judge(session, lease, context)? {
        (Standing::Live, _) => Err(Refusal::Held(held)),
        (Standing::Over, judged) => {
            let is_gone = matches!(judged, Judged::Gone(_));
            Err(Refusal::Abandoned { held, is_gone })
        }
    }
}

fn still_open(session: &Session) -> Result<(), Refusal> {
    if session.is_terminal() { Err(Refusal::Ended(Box::new(Existing::of(session)))) } else { Ok(()) }
}

/// Whether the holder of a session that is driven by hand may renew its lease under `fence`.
///
/// # Errors
/// [`Refusal`] when it is somebody else's, a workspace's, or a run's.
pub fn may_renew(current: &Current, fence: Fence) -> Result<(), Refusal> {
    if let Some(session) = &current.session {
        refuse_if_handed_over(session)?;
    }
    let (session, lease) = owned(current, fence)?;
    if session.kind != Kind::Agent {
        return Err(Refusal::WrongKind { kind: session.kind, verb: "renew" });
    }
    by_hand(session, lease)
}

/// A run's runner moves it, and only the runner knows when its command has ended.
fn by_hand(session: &Session, lease: &Lease) -> Result<(), Refusal> {
    if lease.holder.kind == HolderKind::Run {
        return Err(Refusal::HeldByRun(Box::new(Held::of(session, lease))));
    }
    Ok(())
}

/// Takes a step.
pub(super) fn drive(current: &Current, drive: &Drive, context: &Context) -> Result<Decision, Refusal> {
    let session = match &drive.writer {
        Writer::Owner(fence) => {
            let (session, lease) = owned(current, *fence)?;
            if drive.step.moves() {
                by_hand(session, lease)?;
            }
            session
        }
        Writer::Operator(_) => {
            let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
            nobody_holds(session, context)?;
            session
        }
    };
    let driven = Driven { current, session, writer: &drive.writer, context };
    match &drive.step {
        Step::Start => driven.start(),
        Step::Pause { reason } => driven.moves(State::Paused { reason: reason.clone() }, reason),
        Step::Resume { reason } => driven.moves(State::Active, reason),
        Step::Complete { message, usage } => driven.finish(true, message, *usage),
        Step::Fail { error, usage } => driven.finish(false, error, *usage),
        Step::Release => driven.release(),
        Step::Update(update) => driven.update(update),
        Step::Restore(restore) => driven.restore(restore),
    }
}

/// A session that `writer` may change.
struct Driven<'a> {
    current: &'a Current,
    session: &'a Session,
    writer: &'a Writer,
    context: &'a Context,
}

impl Driven<'_> {
    const fn is_owners(&self) -> bool {
        matches!(self.writer, Writer::Owner(_))
    }

    fn by(&self) -> Option<ActorId> {
        match self.writer {
            Writer::Owner(_) => None,
            Writer::Operator(by) => by.clone(),
        }
    }

    /// A write that keeps whoever holds it.
    fn written(&self, write: Write) -> Decision {
        Decision::new(vec![write], self.current.counters.revised(), None)
    }

    fn not_held(&self) -> Refusal {
        Refusal::Takeover(TakeoverRefusal::NotHeld { state: self.session.state.name() })
    }

    fn start(&self) -> Result<Decision, Refusal> {
        if !self.is_owners() {
            return Err(self.not_held());
        }
        allow(self.session, StateName::Active)?;
        Ok(self.written(Write::of(self.session.clone()).then(started(self.context)?)))
    }

    fn moves(&self, to: State, reason: &str) -> Result<Decision, Refusal> {
        may_move(self.session, to.name())?;
        let moved = Change::Moved { to, reason: reason.to_owned(), by: self.by() };
        let touched = Change::Touched { at: self.context.now.wall()? };
        Ok(self.written(Write::of(self.session.clone()).then(moved).then(touched)))
    }

    fn finish(&self, well: bool, message: &str, usage: Usage) -> Result<Decision, Refusal> {
        self.finish_from(Write::of(self.session.clone()), &self.end(well, message, usage)?)
    }

    fn end<'m>(&self, well: bool, message: &'m str, usage: Usage) -> Result<End<'m>, Refusal> {
        let since = self.session.started_at.unwrap_or(self.session.created_at);
        let duration = self.context.now.wall()?.since(since);
        Ok(End { well, message, stats: Stats { duration, usage, ..Stats::default() } })
    }

    fn finish_from(&self, write: Write, end: &End<'_>) -> Result<Decision, Refusal> {
        let (moved, finish) = finished(&write.session, end, self.by(), self.context)?;
        if !self.is_owners() {
            return Ok(ended_by_operator(self.current.counters, write.then(moved).then(finish), None));
        }
        let touched = Change::Touched { at: self.context.now.wall()? };
        Ok(self.written(write.then(touched).then(moved).then(finish).then(Change::Released)))
    }

    fn release(&self) -> Result<Decision, Refusal> {
        if !self.is_owners() {
            return Err(self.not_held());
        }
        Ok(self.written(Write::of(self.session.clone()).then(Change::Released)))
    }

    fn restore(&self, restore: &Restore) -> Result<Decision, Refusal> {
        still_open(self.session)?;
        let record = restore.record.clone().map(Box::new);
        let write = Write::of(self.session.clone());
        let write = write.then(Change::Restored { id: restore.id.clone(), record });
        if !self.is_owners() {
            return Ok(self.written(write));
        }
        Ok(self.written(write.then(Change::Touched { at: self.context.now.wall()? })))
    }

    fn update(&self, update: &Update) -> Result<Decision, Refusal> {
        still_open(self.session)?;
        let mut write = Write::of(self.session.clone());
        for fact in changed(self.session, update)? {
            write = write.then(Change::FactSet(fact));
        }
        match &update.error {
            // What was used is told with the end.
            Some(error) => {
                let end = self.end(false, error, Usage::default())?;
                self.finish_from(write, &end)
            }
            None if self.is_owners() => {
                let touched = Change::Touched { at: self.context.now.wall()? };
                Ok(self.written(write.then(touched)))
            }
            None => Ok(self.written(write)),
        }
    }
}

/// What an update changes, as it is from then on.
fn changed(session: &Session, update: &Update) -> Result<Vec<Fact>, Refusal> {
    let mut facts = Vec::new();
    if !update.labels.is_empty() {
        facts.push(Fact::Labels(facts::labelled(&session.labels, &update.labels)?));
    }
    let Merged { metadata, iterations } = facts::merged(&session.facts.metadata, &update.metadata)?;
    if metadata != session.facts.metadata {
        facts.push(Fact::Metadata(metadata));
    }
    facts.extend(update.progress.map(Fact::Progress));
    if !update.timings.is_empty() {
        facts.push(Fact::Timings(facts::timed(&session.facts.timings, &update.timings)?));
    }
    let used = update.usage.plus(Usage { iterations, ..Usage::default() });
    if used != Usage::default() {
        facts.push(Fact::Usage(session.facts.usage.plus(used)));
    }
    Ok(facts)
}

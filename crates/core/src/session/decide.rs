//! One total function from what is stored and what is asked to what is done.

use super::{
    Change, Claimant, Command, Context, Counters, Current, Decision, Judged, Opening, Session, StartRun,
    State, StateName, Stats, Write, create, drive, expire, group, hand_over, keep, rerun,
};
use crate::id::{ActorId, Fence};
use crate::kind::{Kind, Transition};
use crate::lease::{Lease, Standing, Term, Ttl};
use crate::refusal::{Existing, Held, Refusal, TakeoverRefusal};
use crate::time::{Moment, WallTime};
use crate::workspace;

/// Decides what `command` does to what is stored. Pure: the same inputs always decide the same.
///
/// # Errors
/// [`Refusal`] when a rule says no. Nothing is to be written then.
pub fn decide(current: &Current, command: &Command, context: &Context) -> Result<Decision, Refusal> {
    // An id may be in use by a session of any kind.
    let other = current.session.as_ref().filter(|session| !command.applies_to(session.kind));
    if let Some(session) = other.filter(|_| !matches!(command, Command::Create(_))) {
        return Err(Refusal::WrongKind { kind: session.kind, verb: command.verb() });
    }
    let decision = judged(current, command, context)?.with_place(current, context);
    match &context.group.full {
        Some(full) if decision.place.is_some() => Err(Refusal::GroupFull(full.clone())),
        Some(_) | None => Ok(decision),
    }
}

fn judged(current: &Current, command: &Command, context: &Context) -> Result<Decision, Refusal> {
    // What is for every kind is about the record itself, which stays here.
    if let (Some(_), Some(session)) = (command.kind(), &current.session) {
        hand_over::refuse_if_handed_over(session)?;
    }
    match command {
        Command::WorkspaceStart(start) => workspace::decide_start(current, start, context),
        Command::WorkspaceHeartbeat(heartbeat) => workspace::decide_heartbeat(current, heartbeat, context),
        Command::WorkspaceTakeover(takeover) => workspace::decide_takeover(current, takeover, context),
        Command::WorkspaceClear(clear) => workspace::decide_clear(current, clear, context),
        Command::WorkspaceImport(import) => workspace::decide_import(current, import),
        Command::StartRun(start) => start_run(current, start, context),
        Command::Takeover { claimant, ttl, reason } => takeover(current, claimant, *ttl, reason, context),
        Command::Regrant { fence } => regrant(current, *fence, context),
        Command::Cancel { by, reason } => cancel(current, by.as_ref(), reason, context),
        Command::Pause { fence, reason } => {
            owner_moves(current, *fence, State::Paused { reason: reason.clone() }, reason, context)
        }
        Command::Resume { fence, reason } => owner_moves(current, *fence, State::Active, reason, context),
        Command::ShutDown { fence } => rerun::shut_down(current, *fence, context),
        Command::Enter { fence } => {
            let (session, lease) = owned(current, *fence)?;
            if !session.is_queued {
                allow(session, StateName::Active)?;
            }
            group::enter(current, session, lease, &context.now)
        }
        Command::Rerun(again) => rerun::rerun(current, again, context),
        Command::Note { fence, activity } => note(current, *fence, activity.as_ref(), context),
        Command::Complete { fence, message, stats } => {
            let end = End { well: true, message, stats: *stats };
            finish(current, *fence, &end, context)
        }
        Command::Fail { fence, message, stats } => {
            let end = End { well: false, message, stats: *stats };
            finish(current, *fence, &end, context)
        }
        Command::ExpireIdle => expire::expire(current, context),
        Command::Create(create) => create::create(current, create, context),
        Command::Start(claim) => drive::start(current, claim, context),
        Command::Acquire(claim) => drive::acquire(current, claim, context),
        Command::Drive(step) => drive::drive(current, step, context),
        Command::Retain { by, reason } => keep::retain(current, reason, by.as_ref(), context),
        Command::EndRetention { by } => keep::let_go(current, by.as_ref()),
        Command::HandOver(wish) => hand_over::hand_over(current, wish, context),
        Command::Arrived { id } => hand_over::arrived(current, *id, context),
    }
}

/// How a session's work ended.
pub(super) struct End<'a> {
    pub(super) well: bool,
    pub(super) message: &'a str,
    pub(super) stats: Stats,
}

/// A lease's standing, and what the decision then relies on. A holder proven to be gone is over at once.
pub(super) fn judge(
    session: &Session,
    lease: &Lease,
    context: &Context,
) -> Result<(Standing, Judged), Refusal> {
    if context.gone == Some(lease.incarnation) {
        return Ok((Standing::Over, Judged::Gone(lease.incarnation)));
    }
    let standing = session.standing(&context.now)?;
    Ok((standing, Judged::Clock(standing)))
}

fn start_run(current: &Current, start: &StartRun, context: &Context) -> Result<Decision, Refusal> {
    let now = context.now.wall()?;
    let takeover = start.takeover.as_deref().map(workspace::parse_reason).transpose()?;
    let Some(session) = current.open() else {
        return Ok(open_run(current.counters, start, context, now));
    };
    let counters = current.counters.raised();
    let lease = granted(&start.claimant, start.ttl, counters.fence, &context.now, now);
    let goes_on = session.lease.is_none() && session.is_shut_down();
    if goes_on && start.is_fresh {
        return open_instead(current.counters, session, start, context);
    }
    let reason = if goes_on { rerun::begins(session) } else { "session started" };
    let started = |write| group::start_or_wait(write, (&context.group, start.waits), (now, reason));
    let described = Change::Described {
        labels: start.labels.clone(),
        command: start.command.clone(),
        directory: start.directory.clone(),
        recipe: start.recipe.clone(),
        idle: start.idle.or(session.idle),
    };
    let Some(held) = &session.lease else {
        // Whoever paused it decides when it goes on; after a shutdown nobody has to.
        if session.state.name() == StateName::Paused && !session.is_auto_resumed() {
            return Err(Refusal::Paused(Box::new(Existing::of(session))));
        }
        let write = Write::of(session.clone()).then(described).then(Change::Granted(lease));
        return Ok(Decision::new(vec![started(group::joined(write, start.group.as_ref()))], counters, None));
    };
    let (standing, judged) = judge(session, held, context)?;
    match (standing, takeover) {
        (Standing::Live, _) => Err(Refusal::Held(Box::new(Held::at(session, held, &context.now)))),
        (Standing::Over, None) => {
            let is_gone = matches!(judged, Judged::Gone(_));
            Err(Refusal::Abandoned { held: Box::new(Held::at(session, held, &context.now)), is_gone })
        }
        (Standing::Over, Some(reason)) => {
            let taken = Change::TakenOver { lease, from: held.holder.id.clone(), reason };
            let write = Write::of(session.clone()).then(described).then(taken);
            let write = started(group::joined(write, start.group.as_ref())).then(Change::ActivityDropped);
            Ok(Decision::new(vec![write], counters, Some(judged)))
        }
    }
}

/// Ends what a shutdown has paused, and opens a new session in its slot.
fn open_instead(
    counters: Counters,
    session: &Session,
    start: &StartRun,
    context: &Context,
) -> Result<Decision, Refusal> {
    let now = context.now.wall()?;
    let reason = "replaced by a fresh run".to_owned();
    let to = State::Cancelled { at: now, reason: reason.clone() };
    let by = Some(start.claimant.holder.id.clone());
    let ended = Write::of(session.clone()).then(Change::Moved { to, reason, by });
    let mut decision = open_run(counters, start, context, now);
    decision.writes.insert(0, ended);
    Ok(Decision::new(decision.writes, decision.counters, None))
}

fn open_run(counters: Counters, start: &StartRun, context: &Context, now: WallTime) -> Decision {
    let counters = counters.raised();
    let opening = Opening {
        id: start.id.clone(),
        namespace: start.namespace.clone(),
        principal: start.principal.clone(),
        kind: Kind::Agent,
        key: start.key.clone(),
        group: start.group.clone(),
        mode: super::Mode::General,
        labels: start.labels.clone(),
        command: start.command.clone(),
        directory: start.directory.clone(),
        recipe: start.recipe.clone(),
        idle: start.idle.or(Kind::Agent.rules().idle),
        predecessor: None,
        at: now,
    };
    let lease = granted(&start.claimant, start.ttl, counters.fence, &context.now, now);
    let write = Write::opening(opening.into_session(counters)).then(Change::Granted(lease));
    let write = group::start_or_wait(write, (&context.group, start.waits), (now, "session started"));
    Decision::new(vec![write], counters, None)
}

pub(super) fn granted(claimant: &Claimant, ttl: Ttl, fence: Fence, moment: &Moment, now: WallTime) -> Lease {
    Lease {
        holder: claimant.holder.clone(),
        incarnation: claimant.incarnation,
        fence,
        term: Term::Boot { ttl, renewed: moment.boot, renewed_wall: now },
    }
}

fn takeover(
    current: &Current,
    claimant: &Claimant,
    ttl: Option<Ttl>,
    reason: &str,
    context: &Context,
) -> Result<Decision, Refusal> {
    let now = context.now.wall()?;
    let reason = workspace::parse_reason(reason)?;
    let session = open_or_refuse(current)?;
    let lease = session
        .lease
        .as_ref()
        .ok_or_else(|| Refusal::Takeover(TakeoverRefusal::NotHeld { state: session.state.name() }))?;
    let (standing, judged) = judge(session, lease, context)?;
    if standing == Standing::Live {
        return Err(Refusal::Takeover(TakeoverRefusal::NotStale(Box::new(Held::at(
            session,
            lease,
            &context.now,
        )))));
    }
    let ttl = ttl.or_else(|| lease.term.ttl()).ok_or(Refusal::Takeover(TakeoverRefusal::NoTtl))?;
    let counters = current.counters.raised();
    let new = granted(claimant, ttl, counters.fence, &context.now, now);
    let write = Write::of(session.clone()).then(Change::TakenOver {
        lease: new,
        from: lease.holder.id.clone(),
        reason,
    });
    let write = write.then(Change::Touched { at: now }).then(Change::ActivityDropped);
    Ok(Decision::new(vec![write], counters, Some(judged)))
}

/// Late, but nobody took it: the same incarnation gets it again under the same fence.
fn regrant(current: &Current, fence: Fence, context: &Context) -> Result<Decision, Refusal> {
    let (session, lease) = owned(current, fence)?;
    let term = lease.term.renewed(&context.now)?;
    let write = Write::of(session.clone()).then(Change::Granted(Lease { term, ..lease.clone() }));
    Ok(Decision::new(vec![write], current.counters.revised(), None))
}

fn cancel(
    current: &Current,
    by: Option<&ActorId>,
    reason: &str,
    context: &Context,
) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    allow(session, StateName::Cancelled)?;
    let to = State::Cancelled { at: context.now.wall()?, reason: reason.to_owned() };
    let moved = Change::Moved { to, reason: reason.to_owned(), by: by.cloned() };
    Ok(ended_by_operator(current.counters, Write::of(session.clone()).then(moved), None))
}

/// An operator's end of a session raises the fence, so that its owner's next write is refused.
pub(super) fn ended_by_operator(counters: Counters, write: Write, judged: Option<Judged>) -> Decision {
    let counters = counters.raised();
    let write = if write.session.lease.is_some() { write.then(Change::Released) } else { write };
    Decision::new(vec![write], counters, judged)
}

fn owner_moves(
    current: &Current,
    fence: Fence,
    to: State,
    reason: &str,
    context: &Context,
) -> Result<Decision, Refusal> {
    let (session, _) = owned(current, fence)?;
    may_move(session, to.name())?;
    let write = Write::of(session.clone())
        .then(Change::Moved { to, reason: reason.to_owned(), by: None })
        .then(Change::Touched { at: context.now.wall()? });
    Ok(Decision::new(vec![write], current.counters.revised(), None))
}

/// Being heard from is activity, but no lifecycle write: the revision stays.
fn note(
    current: &Current,
    fence: Fence,
    activity: Option<&workspace::ActivityText>,
    context: &Context,
) -> Result<Decision, Refusal> {
    let (session, lease) = owned(current, fence)?;
    let at = context.now.wall()?;
    let change = match activity {
        None => Change::Touched { at },
        Some(activity) => Change::ActivitySet {
            text: activity.as_str().to_owned(),
            actor: lease.holder.id.clone(),
            at,
            revision: current.counters.revision,
        },
    };
    Ok(Decision::new(vec![Write::of(session.clone()).then(change)], current.counters, None))
}

fn finish(current: &Current, fence: Fence, end: &End<'_>, context: &Context) -> Result<Decision, Refusal> {
    let (session, _) = owned(current, fence)?;
    let (moved, finished) = finished(session, end, None, context)?;
    let write = Write::of(session.clone())
        .then(Change::Touched { at: context.now.wall()? })
        .then(moved)
        .then(finished)
        .then(Change::Released);
    Ok(Decision::new(vec![write], current.counters.revised(), None))
}

/// The move to the end, and what the end is told with: everything that was used.
pub(super) fn finished(
    session: &Session,
    end: &End<'_>,
    by: Option<ActorId>,
    context: &Context,
) -> Result<(Change, Change), Refusal> {
    let at = context.now.wall()?;
    let (to, reason) = if end.well {
        (State::Completed { at }, "session completed")
    } else {
        (State::Failed { at, error: end.message.to_owned() }, "session failed")
    };
    allow(session, to.name())?;
    let stats = Stats { usage: session.facts.usage.plus(end.stats.usage), ..end.stats };
    let finished = Change::Finished { well: end.well, message: end.message.to_owned(), stats };
    Ok((Change::Moved { to, reason: reason.to_owned(), by }, finished))
}

fn open_or_refuse(current: &Current) -> Result<&Session, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    if session.is_terminal() {
        return Err(Refusal::Takeover(TakeoverRefusal::NotHeld { state: session.state.name() }));
    }
    Ok(session)
}

/// The session and its lease, if `fence` is the one under which it is held now.
pub(super) fn owned(current: &Current, fence: Fence) -> Result<(&Session, &Lease), Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    match session.lease.as_ref().filter(|_| !session.is_terminal()) {
        Some(lease) if lease.fence == fence => Ok((session, lease)),
        lease => Err(Refusal::Fenced {
            given: fence,
            current: current.counters.fence,
            holder: lease.map(|lease| Box::new(Held::of(session, lease))),
        }),
    }
}

/// Whether its holder, or an operator, may pause it or go on with it.
pub(super) fn may_move(session: &Session, to: StateName) -> Result<(), Refusal> {
    // Only a start says since when, and how often.
    if (session.state.name(), to) == (StateName::Pending, StateName::Active) {
        return Err(Refusal::NotStarted(Box::new(Existing::of(session))));
    }
    allow(session, to)
}

pub(super) fn allow(session: &Session, to: StateName) -> Result<(), Refusal> {
    let from = session.state.name();
    match session.kind.rules().transition(from, to) {
        Transition::Allowed => Ok(()),
        Transition::NoOp | Transition::Refused => {
            Err(Refusal::Transition { session: session.id.clone(), from, to })
        }
    }
}

//! Sessions that share a group, of which only so many are at work at once.

use super::{Change, Context, Current, Decision, SHUTDOWN, Session, State, StateName, Write};
use crate::id::{GroupName, Incarnation, SessionId};
use crate::lease::{Lease, Standing};
use crate::refusal::Refusal;
use crate::time::{Moment, WallTime};

/// When a session began to wait for a place, among those of its group: the lower, the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A place that a decision takes in a group. A store judges again whether there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The group.
    pub group: GroupName,
    /// Incarnations that are proven to be gone: they take none.
    pub gone: Vec<Incarnation>,
}

/// What is known of a session's group while a command is decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupView {
    /// Members' incarnations that are proven to be gone.
    pub gone: Vec<Incarnation>,
    /// That there was no place, and why.
    pub full: Option<Box<Full>>,
}

/// A group without a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Full {
    /// The group.
    pub group: GroupName,
    /// How many of it may be at work at once.
    pub limit: u32,
    /// Those that are.
    pub active: Vec<SessionId>,
    /// How many wait.
    pub waiting: usize,
}

/// A held session of a group: at work, or waiting with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its lease.
    pub lease: &'a Lease,
    /// Its ticket, if it waits.
    pub ticket: Option<Ticket>,
}

impl Member<'_> {
    /// Whether its holder is there: only then does it take a place, or one in the queue. A clock that cannot be
    /// used proves no end.
    #[must_use]
    pub fn is_there(&self, now: &Moment, gone: &[Incarnation]) -> bool {
        !gone.contains(&self.lease.incarnation) && self.lease.term.standing(now) != Ok(Standing::Over)
    }
}

/// Whether there is a place besides these members for whoever has this ticket, or has only just come. Nobody
/// overtakes who waits.
#[must_use]
pub fn has_place<'a>(
    limit: u32,
    others: impl IntoIterator<Item = Member<'a>>,
    ticket: Option<Ticket>,
    (now, gone): (&Moment, &[Incarnation]),
) -> bool {
    let is_before = |other: Option<Ticket>| match (other, ticket) {
        (None, _) | (Some(_), None) => true,
        (Some(other), Some(ticket)) => other < ticket,
    };
    let before = others.into_iter().filter(|other| is_before(other.ticket) && other.is_there(now, gone));
    before.take(limit as usize).count() < limit as usize
}

impl Session {
    /// Whether a store must know it as a member of its group: it is held, and at work or waiting.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.group.is_some()
            && self.lease.is_some()
            && (self.state.name() == StateName::Active || (self.is_queued && !self.is_terminal()))
    }

    /// Whether it takes a place of its group at `now`.
    fn takes_place(&self, now: &Moment) -> bool {
        self.is_member() && !self.is_queued && self.standing(now) != Ok(Standing::Over)
    }
}

impl Decision {
    /// The same with the place that it takes, if it takes one that the session has not taken before.
    pub(super) fn with_place(mut self, current: &Current, context: &Context) -> Self {
        let (now, view) = (&context.now, &context.group);
        let before = current.session.as_ref().filter(|before| {
            let is_gone = |lease: &Lease| {
                context.gone == Some(lease.incarnation) || view.gone.contains(&lease.incarnation)
            };
            before.takes_place(now) && !before.lease.as_ref().is_some_and(is_gone)
        });
        let takes = |session: &Session| {
            session.takes_place(now)
                && before.is_none_or(|before| before.id != session.id || before.group != session.group)
        };
        let taken = self.session().filter(|session| takes(session)).and_then(|session| session.group.clone());
        self.place = taken.map(|group| Place { group, gone: view.gone.clone() });
        self
    }
}

/// The same as a member of this group; `None`: of the one that it is in, if any.
pub(super) fn joined(write: Write, group: Option<&GroupName>) -> Write {
    match group {
        Some(group) if write.session.group.as_ref() != Some(group) => {
            write.then(Change::Joined(group.clone()))
        }
        Some(_) | None => write,
    }
}

/// Starts it, or has it wait where there is no place and it wishes to.
pub(super) fn start_or_wait(
    write: Write,
    (view, waits): (&GroupView, bool),
    (at, reason): (WallTime, &str),
) -> Write {
    if view.full.is_none() || !waits {
        return write.then(Change::Started { at, reason: reason.to_owned() });
    }
    let write = if write.session.state.name() == StateName::Active {
        // It was at work when its holder was lost; now it is not.
        let reason = || SHUTDOWN.to_owned();
        write.then(Change::Moved { to: State::Paused { reason: reason() }, reason: reason(), by: None })
    } else {
        write
    };
    write.then(Change::Queued { at })
}

/// What was waiting goes to work.
pub(super) fn enter(
    current: &Current,
    session: &Session,
    lease: &Lease,
    now: &Moment,
) -> Result<Decision, Refusal> {
    let at = now.wall()?;
    let reason = super::rerun::begins(session);
    let write = Write::of(session.clone()).then(Change::Renewed(lease.term.renewed(now)?));
    let write = write.then(Change::Started { at, reason: reason.to_owned() });
    Ok(Decision::new(vec![write], current.counters.revised(), None))
}

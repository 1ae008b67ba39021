//! A rule's no, as facts. Words for people are made at the edge.

use std::time::Duration;

use crate::checkpoint::CheckpointRefusal;
use crate::id::{ActorId, Fence, HandoverId, InvalidName, Key, Revision, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, Lease, Lifecycle, RunTimesRefusal};
use crate::limits;
use crate::session::{Full, Handover, Session, StateName};
use crate::time::{Moment, UnusableClock, WallTime};

/// Who holds a session, for a refusal that names the holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The session.
    pub session: SessionId,
    /// Its slot.
    pub key: Option<Key>,
    /// Its state.
    pub state: StateName,
    /// Who holds it.
    pub holder: Holder,
    /// Under which fence.
    pub fence: Fence,
    /// Since when: the session's last start.
    pub since: WallTime,
    /// When the lease ends unless renewed; `None` for a person's.
    pub expires_at: Option<WallTime>,
}

impl Held {
    /// Who holds `session` by `lease`.
    #[must_use]
    pub fn of(session: &Session, lease: &Lease) -> Self {
        Self {
            session: session.id.clone(),
            key: session.key.clone(),
            state: session.state.name(),
            holder: lease.holder.clone(),
            fence: lease.fence,
            since: session.last_started_at.unwrap_or(session.created_at),
            expires_at: lease.term.expires_at(),
        }
    }

    /// The same, and until when as `now` knows it.
    #[must_use]
    pub fn at(session: &Session, lease: &Lease, now: &Moment) -> Self {
        Self { expires_at: lease.term.until(now), ..Self::of(session, lease) }
    }
}

/// A session that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// The session.
    pub session: SessionId,
    /// Its slot.
    pub key: Option<Key>,
    /// Its state.
    pub state: StateName,
}

impl Existing {
    /// `session`, as a refusal names it.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self { session: session.id.clone(), key: session.key.clone(), state: session.state.name() }
    }
}

/// A session that belongs to another store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// The session.
    pub session: SessionId,
    /// Its slot.
    pub key: Option<Key>,
    /// The hand-over.
    pub id: HandoverId,
    /// The other store.
    pub to: String,
    /// Since when.
    pub at: WallTime,
    /// Whether the other store is known to have it.
    pub has_arrived: bool,
}

impl HandedOver {
    /// `session`, which went with `handover`.
    #[must_use]
    pub fn of(session: &Session, handover: &Handover) -> Self {
        Self {
            session: session.id.clone(),
            key: session.key.clone(),
            id: handover.id,
            to: handover.to.clone(),
            at: handover.at,
            has_arrived: handover.has_arrived,
        }
    }
}

/// An option of `start` that belongs to autonomous owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerOption {
    /// The owner's sort.
    OwnerKind,
    /// The owner's id.
    ActorId,
    /// The supervisor's id.
    SupervisorId,
    /// The lease's length.
    LeaseSeconds,
}

/// Why a workspace start was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartRefusal {
    /// This option is only for autonomous owners.
    AutonomousOnly(OwnerOption),
    /// An autonomous owner needs this option.
    Required(OwnerOption),
    /// An autonomous owner cannot be of the interactive sort.
    InteractiveOwnerKind,
    /// An autonomous start met an active interactive session.
    ActiveInteractive,
    /// A start met an active autonomous session that it may not refresh.
    ActiveAutonomous {
        /// What was tried.
        tried: Lifecycle,
        /// Who holds it, if the record says.
        owner: Option<ActorId>,
    },
    /// A start met an abandoned autonomous session that it may not replace.
    StaleAutonomous {
        /// What was tried.
        tried: Lifecycle,
        /// Who held it, if the record says.
        owner: Option<ActorId>,
    },
}

/// Why a workspace clear was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClearRefusal {
    /// An autonomous session needs an actor to clear it.
    ActorRequired {
        /// Who holds it.
        owner: ActorId,
    },
    /// The session is abandoned and can be taken over.
    StaleAutonomous {
        /// Who held it.
        owner: ActorId,
        /// Who wanted to clear it.
        actor: ActorId,
    },
    /// The session is somebody else's.
    ActiveAutonomous {
        /// Who holds it.
        owner: ActorId,
        /// Who wanted to clear it.
        actor: ActorId,
    },
}

/// Why a workspace heartbeat was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeartbeatRefusal {
    /// There is no session.
    NoSession,
    /// It is not an autonomous one.
    NotAutonomous,
    /// It is somebody else's. The supervisor may not renew either.
    OtherOwner {
        /// Who holds it.
        owner: ActorId,
        /// Who wanted to renew it.
        actor: ActorId,
    },
    /// The record has no session id.
    NoSessionId,
    /// The lease is over: a renewal never revives it.
    Stale {
        /// Who held it.
        owner: ActorId,
    },
    /// The session was there, and was cleared before the renewal could be written.
    Disappeared,
    /// The session was the actor's, and changed hands before the renewal could be written.
    OwnershipChanged,
    /// The lease ran out before the renewal could be written.
    BecameStale {
        /// Who held it.
        owner: ActorId,
    },
}

/// Why a takeover was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeoverRefusal {
    /// There is nothing to take over.
    NoSession,
    /// Only autonomous sessions are taken over.
    NotAutonomous,
    /// The lease is live.
    NotStale(Box<Held>),
    /// Its own owner recovers it by starting it.
    SameActor {
        /// The owner.
        owner: ActorId,
    },
    /// The record does not say how long its lease was.
    NoTtl,
    /// The record has no session id.
    NoSessionId,
    /// Nobody holds it.
    NotHeld {
        /// Its state.
        state: StateName,
    },
}

/// Something given was outside what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitRefusal {
    /// A name.
    Name {
        /// What it was to name.
        what: &'static str,
        /// What is wrong with it.
        why: InvalidName,
    },
    /// A text has too many characters.
    Characters {
        /// What it was for.
        what: &'static str,
        /// How many it has.
        length: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// Too many bytes.
    Bytes {
        /// Of what.
        what: &'static str,
        /// How many.
        length: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// Too many of something.
    Count {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// A length of time outside its range, or with a fraction it may not have.
    Length {
        /// Of what.
        what: &'static str,
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// A reason must say something.
    BlankReason,
    /// A value is not of the form that it must have.
    Form {
        /// What it is.
        what: &'static str,
        /// What it must be.
        form: &'static str,
    },
}

impl LimitRefusal {
    /// A length of time after which something ends by itself.
    ///
    /// # Errors
    /// When it is nothing, or more than [`limits::SPAN_MAX`].
    pub fn span(what: &'static str, length: Duration) -> Result<Duration, Self> {
        let (min, max) = (Duration::from_millis(1), limits::SPAN_MAX);
        if length < min || length > max {
            return Err(Self::Length { what, min, max });
        }
        Ok(length)
    }
}

/// Why a command was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The wall clock stands before the UNIX epoch.
    Clock,
    /// Something given was outside what is allowed.
    Limit(LimitRefusal),
    /// The times of a run do not fit together.
    RunTimes(RunTimesRefusal),
    /// A workspace start.
    Start(StartRefusal),
    /// A workspace clear.
    Clear(ClearRefusal),
    /// A workspace heartbeat.
    Heartbeat(HeartbeatRefusal),
    /// A takeover.
    Takeover(TakeoverRefusal),
    /// The session to clear was replaced or changed between the check and the write.
    IdentityChanged,
    /// A workspace already has a session, so what an earlier tool stored was not brought in.
    ImportNotEmpty,
    /// There is no such session.
    NotFound,
    /// The command is not for this kind of session.
    WrongKind {
        /// The session's kind.
        kind: Kind,
        /// The command.
        verb: &'static str,
    },
    /// The kind's table lacks this transition.
    Transition {
        /// The session.
        session: SessionId,
        /// Its state.
        from: StateName,
        /// Where it was to go.
        to: StateName,
    },
    /// Somebody holds it, and the lease is live.
    Held(Box<Held>),
    /// Somebody held it and is gone or late: only a takeover with a reason goes on from there.
    Abandoned {
        /// Who held it.
        held: Box<Held>,
        /// Whether the holder is proven to be gone, whatever is left of its lease; else its lease is over.
        is_gone: bool,
    },
    /// The given fence is not the current one.
    Fenced {
        /// What was given.
        given: Fence,
        /// What is current.
        current: Fence,
        /// Who holds it now.
        holder: Option<Box<Held>>,
    },
    /// The session changed, again and again, while this was decided.
    Conflict {
        /// The command.
        verb: &'static str,
        /// The revision it was decided on.
        expected: Revision,
        /// The revision that was found.
        actual: Revision,
    },
    /// It is not idle (any more), nor past its time.
    NotIdle,
    /// A checkpoint.
    Checkpoint(CheckpointRefusal),
    /// The session has ended.
    Ended(Box<Existing>),
    /// Its holder is a process of `tenure run`, which moves it and ends it by itself.
    HeldByRun(Box<Held>),
    /// There is a session of this id, and it was created otherwise.
    IdInUse(Box<Existing>),
    /// There is an open session in this slot.
    KeyInUse(Box<Existing>),
    /// The lease is over: a renewal never revives it.
    LeaseOver(Box<Held>),
    /// The session has not ended, so it is not deleted.
    NotEnded(Box<Existing>),
    /// Nobody holds the session, so nobody can be asked.
    NotHeld(Box<Existing>),
    /// Somebody paused the session, and a start does not undo that.
    Paused(Box<Existing>),
    /// The session was not paused for a shutdown, or is not to go on by itself.
    NotShutDown(Box<Existing>),
    /// `tenure run` did not start the session: there is nothing to run again.
    NotARun(Box<Existing>),
    /// Its group has no place.
    GroupFull(Box<Full>),
    /// The session was never started.
    NotStarted(Box<Existing>),
    /// Somebody wants everything of the session kept.
    Retained(Box<Existing>),
    /// Nobody had said that it is to be kept.
    NotRetained(Box<Existing>),
    /// The session belongs to another store.
    HandedOver(Box<HandedOver>),
}

impl From<UnusableClock> for Refusal {
    fn from(_: UnusableClock) -> Self {
        Self::Clock
    }
}

impl From<LimitRefusal> for Refusal {
    fn from(limit: LimitRefusal) -> Self {
        Self::Limit(limit)
    }
}

impl From<RunTimesRefusal> for Refusal {
    fn from(times: RunTimesRefusal) -> Self {
        Self::RunTimes(times)
    }
}

//! What a command decided, as data for a store to write.

use super::{Change, Counters, Place, Session, evolve};
use crate::event::EventBody;
use crate::id::{ActorId, Incarnation};
use crate::lease::Standing;
use crate::time::{Moment, UnusableClock, WallTime};

/// What a decision relied on that time can change. A store judges it again when it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judged {
    /// By the clock, the lease stood like this.
    Clock(Standing),
    /// The holder is this incarnation, and it is proven to be gone.
    Gone(Incarnation),
    /// The owner's last activity was then, and the lease, if it matters, stood like this.
    Idle {
        /// The last activity.
        since: WallTime,
        /// The lease's standing, where a live one spares the session.
        standing: Option<Standing>,
    },
}

impl Judged {
    /// Whether what was relied on still holds for `session` at `now`.
    ///
    /// # Errors
    /// [`UnusableClock`] when that needs a wall clock that cannot be used.
    pub fn holds(&self, session: Option<&Session>, now: &Moment) -> Result<bool, UnusableClock> {
        let Some(session) = session else {
            return Ok(false);
        };
        Ok(match self {
            Self::Clock(standing) => session.standing(now)? == *standing,
            Self::Gone(incarnation) => {
                session.lease.as_ref().is_some_and(|lease| lease.incarnation == *incarnation)
            }
            Self::Idle { since, standing } => {
                let stands = match standing {
                    Some(standing) => session.standing(now)? == *standing,
                    None => true,
                };
                stands && session.last_activity_at == *since
            }
        })
    }
}

/// What a person should know although the command succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// An active interactive session was there already and was started once more.
    InteractiveRefreshed,
    /// The same owner's autonomous session was there already and was started once more.
    AutonomousRefreshed {
        /// The owner.
        owner: ActorId,
    },
    /// A record without a session id was found; a fresh session was started.
    LegacyReplaced,
}

/// One session to write, with what its log will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The session as it will be.
    pub session: Session,
    /// Whether it is opened by this.
    pub opens: bool,
    /// What the log will say, in order.
    pub events: Vec<EventBody>,
    /// The facts that made it so.
    pub changes: Vec<Change>,
}

impl Write {
    /// A write of a session that is opened by it.
    #[must_use]
    pub const fn opening(session: Session) -> Self {
        Self { session, opens: true, events: Vec::new(), changes: Vec::new() }
    }

    /// A write of a stored session.
    #[must_use]
    pub const fn of(session: Session) -> Self {
        Self { session, opens: false, events: Vec::new(), changes: Vec::new() }
    }

    /// The same with one more fact.
    #[must_use]
    pub fn then(mut self, change: Change) -> Self {
        self.events.extend(change.event(&self.session));
        self.session = evolve(self.session, &change);
        self.changes.push(change);
        self
    }
}

/// What a command decided: guards, and what to write if they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The sessions to write: one, or the one that ends and then the one that takes its place.
    pub writes: Vec<Write>,
    /// The counters as they will be.
    pub counters: Counters,
    /// What must still hold when it is written.
    pub judged: Option<Judged>,
    /// The place that it takes in a group.
    pub place: Option<Place>,
    /// What a person should know.
    pub warning: Option<Warning>,
}

impl Decision {
    /// Decides on `writes`; every session gets the counters that the write leaves behind.
    #[must_use]
    pub fn new(mut writes: Vec<Write>, counters: Counters, judged: Option<Judged>) -> Self {
        for write in &mut writes {
            write.session.counters = counters;
        }
        Self { writes, counters, judged, place: None, warning: None }
    }

    /// The same with something to tell.
    #[must_use]
    pub fn with_warning(self, warning: Option<Warning>) -> Self {
        Self { warning, ..self }
    }

    /// The session that the command was about, as it will be.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.writes.last().map(|write| &write.session)
    }
}

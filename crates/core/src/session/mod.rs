//! The session: its state, the commands that change it, and what they decide.

mod change;
mod command;
mod create;
mod decide;
mod decision;
mod drive;
mod expire;
mod facts;
mod group;
mod hand_over;
mod keep;
mod prune;
mod replay;
mod rerun;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use change::{Change, Opening, evolve};
pub use command::{Claimant, Command, Context, Seen, StartRun};
pub use create::{Create, Expiry, Fingerprint, IdleLimit};
pub use decide::decide;
pub use decision::{Decision, Judged, Warning, Write};
pub use drive::{Claim, Drive, Step, Update, Writer, may_renew};
pub use facts::{Fact, Facts, Parent, Progress, Usage, labelled};
pub use group::{Full, GroupView, Member, Place, Ticket, has_place};
pub use hand_over::{HandOver, Handover, refuse_if_handed_over};
pub use keep::{Needed, Retained};
pub use prune::{PrunePolicy, Pruner, Verdict};
pub use replay::{Phase, REPLAYED, Replay, Saying, Tenancy, Told};
pub use rerun::{Autosave, Recipe, Rerun, SHUTDOWN, Stopping, Watched, may_stop};
pub use state::{Exit, State, StateName, Stats};

use crate::id::{ActorId, Fence, GroupName, Key, Namespace, Principal, Revision, SessionId};
use crate::kind::{IdleRule, Kind};
use crate::lease::{Lease, Standing};
use crate::orchestration::Execution;
use crate::time::{Moment, UnusableClock, WallTime};

/// What a person or a runtime is doing in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Nothing in particular.
    #[default]
    General,
    /// Finding out.
    Research,
    /// Building.
    Implement,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::General, Self::Research, Self::Implement];

    /// Its name on the wire and in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Research => "research",
            Self::Implement => "implement",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What a holder last said it was doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its words, at most [`crate::limits::ACTIVITY_CHARS_MAX`] characters.
    pub text: String,
    /// Who said it.
    pub actor: ActorId,
    /// When.
    pub at: WallTime,
    /// The session's revision then.
    pub revision: Revision,
}

/// The two numbers that only grow. They live as long as the slot, across sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counters {
    /// Compare-and-swap number.
    pub revision: Revision,
    /// The highest fence given out.
    pub fence: Fence,
}

impl Counters {
    /// After a write that gives out no fence.
    #[must_use]
    pub const fn revised(self) -> Self {
        Self { revision: self.revision.next(), fence: self.fence }
    }

    /// After a write that gives out a fence, or takes away the one that was given out.
    #[must_use]
    pub const fn raised(self) -> Self {
        Self { revision: self.revision.next(), fence: self.fence.next() }
    }
}

/// The durable thing that somebody holds open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its public id.
    pub id: SessionId,
    /// The tenant it belongs to.
    pub namespace: Namespace,
    /// On whose behalf it was opened, if that was said. Never changes.
    pub principal: Option<Principal>,
    /// What kind of thing it is.
    pub kind: Kind,
    /// The slot it was opened in, if any.
    pub key: Option<Key>,
    /// Where it is in its life.
    pub state: State,
    /// The group whose members are at work in turn.
    pub group: Option<GroupName>,
    /// Whether its holder waits for a place in the group.
    pub is_queued: bool,
    /// What it is for (workspaces).
    pub mode: Mode,
    /// Who holds it.
    pub lease: Option<Lease>,
    /// Its revision and highest fence.
    pub counters: Counters,
    /// When it was opened.
    pub created_at: WallTime,
    /// When it was first started.
    pub started_at: Option<WallTime>,
    /// When it was last started.
    pub last_started_at: Option<WallTime>,
    /// How often it was started.
    pub start_count: u64,
    /// When its owner last did something that counts as activity. Renewals do not.
    pub last_activity_at: WallTime,
    /// What its holder last said it was doing.
    pub activity: Option<Activity>,
    /// Names and values given by callers.
    pub labels: BTreeMap<String, String>,
    /// The command it runs, if it runs one.
    pub command: Vec<String>,
    /// The directory it works in.
    pub directory: Option<String>,
    /// How its command is run again, if `tenure run` started it.
    pub recipe: Option<Box<Recipe>>,
    /// What callers keep with it.
    pub facts: Facts,
    /// Which code drives it, if it is an instance of an orchestration.
    pub execution: Option<Box<Execution>>,
    /// The session it was created for.
    pub parent: Option<Parent>,
    /// When it expires without activity.
    pub idle: Option<IdleRule>,
    /// How long it may stay pending.
    pub pending_timeout: Option<Duration>,
    /// When it expires in any case.
    pub expires_at: Option<WallTime>,
    /// How it was created, if it was created before it was started.
    pub created_as: Option<Fingerprint>,
    /// The session it went on from (workspaces).
    pub predecessor: Option<SessionId>,
    /// The session that took its place (workspaces).
    pub successor: Option<SessionId>,
    /// Whether it came from a record without a session id: such a session is never current.
    pub anonymous: bool,
    /// Who wants everything of it kept, and why.
    pub retained: Option<Retained>,
    /// Where it was handed over to: it belongs to another store.
    pub handover: Option<Handover>,
}

impl Session {
    /// Whether it has ended.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.state.name().is_terminal()
    }

    /// Whether its holder still excludes others. A session without a holder or without an id is over.
    ///
    /// # Errors
    /// [`UnusableClock`] when that needs a wall clock that cannot be used.
    pub fn standing(&self, now: &Moment) -> Result<Standing, UnusableClock> {
        match &self.lease {
            Some(lease) if !self.anonymous => lease.term.standing(now),
            Some(_) | None => Ok(Standing::Over),
        }
    }

    /// How long its work took, or takes until now; `None` before its start.
    #[must_use]
    pub fn duration(&self, now: &Moment) -> Option<Duration> {
        let end = self.state.completed_at().or(now.wall)?;
        Some(end.since(self.started_at?))
    }
}

/// What is stored under a slot or an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Current {
    /// The open session, else the newest one.
    pub session: Option<Session>,
    /// The slot's counters, else the session's; zeros when nothing was ever stored.
    pub counters: Counters,
}

impl Current {
    /// The session, unless it has ended.
    #[must_use]
    pub fn open(&self) -> Option<&Session> {
        self.session.as_ref().filter(|session| !session.is_terminal())
    }
}

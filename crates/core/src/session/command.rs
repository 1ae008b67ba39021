//! Requests to change a session, with everything they need from outside.

use std::collections::BTreeMap;

use super::{Claim, Create, Current, Drive, GroupView, HandOver, Recipe, Rerun, Stats, Writer};
use crate::id::{
    ActorId, Fence, GroupName, HandoverId, Incarnation, Key, Namespace, Principal, Revision, SessionId,
};
use crate::kind::{IdleRule, Kind};
use crate::lease::{Holder, Ttl};
use crate::time::Moment;
use crate::workspace;

/// Who wants to become the holder, and what a new session would be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// The would-be holder.
    pub holder: Holder,
    /// Its incarnation.
    pub incarnation: Incarnation,
}

/// Start an agent session by key and hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRun {
    /// The id of the session if one is opened.
    pub id: SessionId,
    /// The tenant.
    pub namespace: Namespace,
    /// On whose behalf a session is opened, if that is said. One that is open keeps what it has.
    pub principal: Option<Principal>,
    /// The slot; without one, every start opens a session of its own.
    pub key: Option<Key>,
    /// Who will hold it.
    pub claimant: Claimant,
    /// For how long after each renewal.
    pub ttl: Ttl,
    /// Names and values to keep with it.
    pub labels: BTreeMap<String, String>,
    /// The command it runs.
    pub command: Vec<String>,
    /// The directory it runs in.
    pub directory: Option<String>,
    /// When it expires without activity; `None`: as its kind says.
    pub idle: Option<IdleRule>,
    /// The group, if any; a session that has one keeps it where none is given.
    pub group: Option<GroupName>,
    /// Whether it waits where its group has no place.
    pub waits: bool,
    /// How it is run again.
    pub recipe: Option<Box<Recipe>>,
    /// The reason to take an abandoned session over instead of refusing to.
    pub takeover: Option<String>,
    /// Whether what a shutdown has paused is ended, and a new session opened, instead of going on with it.
    pub is_fresh: bool,
}

/// A request to change a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open or refresh a workspace.
    WorkspaceStart(workspace::Start),
    /// Renew a workspace's lease and say what is being done.
    WorkspaceHeartbeat(workspace::Heartbeat),
    /// Take an abandoned workspace over.
    WorkspaceTakeover(workspace::Takeover),
    /// End a workspace's session.
    WorkspaceClear(workspace::Clear),
    /// Bring in what an earlier tool had stored.
    WorkspaceImport(workspace::Import),
    /// Start an agent session and hold it.
    StartRun(Box<StartRun>),
    /// The owner's: get back what it was late to renew and lost to nobody.
    Regrant {
        /// The fence it held under.
        fence: Fence,
    },
    /// Take an abandoned agent session over, for a reason.
    Takeover {
        /// The new holder.
        claimant: Claimant,
        /// For how long after each renewal; `None`: as before.
        ttl: Option<Ttl>,
        /// Why.
        reason: String,
    },
    /// An operator's: end it.
    Cancel {
        /// Who wishes it.
        by: Option<ActorId>,
        /// Why.
        reason: String,
    },
    /// The owner's: stop for now, keeping the lease.
    Pause {
        /// The fence it holds under.
        fence: Fence,
        /// Why.
        reason: String,
    },
    /// The owner's: go on.
    Resume {
        /// The fence it holds under.
        fence: Fence,
        /// Why.
        reason: String,
    },
    /// The owner's: let go, so that the work can go on after a shutdown.
    ShutDown {
        /// The fence it holds under.
        fence: Fence,
    },
    /// The owner's: go to work, having waited for a place in the group.
    Enter {
        /// The fence it holds under.
        fence: Fence,
    },
    /// Run the command of a session again, and hold it.
    Rerun(Box<Rerun>),
    /// The owner's: say what is being done.
    Note {
        /// The fence it holds under.
        fence: Fence,
        /// Its words, or nothing new: being heard from is activity enough.
        activity: Option<workspace::ActivityText>,
    },
    /// The owner's: the work ended well.
    Complete {
        /// The fence it holds under.
        fence: Fence,
        /// What to tell people.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// The owner's: the work ended badly.
    Fail {
        /// The fence it holds under.
        fence: Fence,
        /// What went wrong.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// The sweep's: end it if it has been idle too long, or is past its time.
    ExpireIdle,
    /// Create an agent session, to be started later.
    Create(Box<Create>),
    /// Become the holder of an agent session that nobody holds, and start it.
    Start(Box<Claim>),
    /// Become the holder of an agent session that nobody holds. Its state stays.
    Acquire(Box<Claim>),
    /// One step of a session that is driven by hand.
    Drive(Box<Drive>),
    /// An operator's: keep everything of it, also once it has ended.
    Retain {
        /// Who wishes it.
        by: Option<ActorId>,
        /// Why.
        reason: String,
    },
    /// An operator's: leave it to policies again.
    EndRetention {
        /// Who wishes it.
        by: Option<ActorId>,
    },
    /// An operator's: it belongs to another store.
    HandOver(Box<HandOver>),
    /// The other store has it.
    Arrived {
        /// The hand-over.
        id: HandoverId,
    },
}

/// What a decision may rely on besides the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// What the store's clocks said.
    pub now: Moment,
    /// A holder's incarnation that is proven to be gone: its file lock is free.
    pub gone: Option<Incarnation>,
    /// What was found at the first look, when this is not the first.
    pub seen: Option<Seen>,
    /// What is known of the session's group.
    pub group: GroupView,
}

/// Which session, at which revision, a command was first decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    session: Option<SessionId>,
    revision: Revision,
}

impl Seen {
    /// What is seen in `current`.
    #[must_use]
    pub fn of(current: &Current) -> Self {
        let session = current.open().map(|session| session.id.clone());
        Self { session, revision: current.counters.revision }
    }

    /// The open session that was seen, if there was one.
    #[must_use]
    pub const fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }

    /// Whether `current` is still what was seen.
    #[must_use]
    pub fn is(&self, current: &Current) -> bool {
        *self == Self::of(current)
    }
}

impl Command {
    /// The command's verb, as people type it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::WorkspaceStart(_) => "start",
            Self::WorkspaceHeartbeat(_) | Self::Note { .. } => "heartbeat",
            Self::WorkspaceTakeover(_) | Self::Takeover { .. } => "takeover",
            Self::WorkspaceClear(_) => "clear",
            Self::WorkspaceImport(_) => "import",
            Self::StartRun(_) => "run",
            Self::Regrant { .. } => "renew",
            Self::Cancel { .. } => "cancel",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } | Self::Rerun(_) => "resume",
            Self::ShutDown { .. } => "stop",
            Self::Complete { .. } => "complete",
            Self::Fail { .. } => "fail",
            Self::ExpireIdle => "expire",
            Self::Create(_) => "create",
            Self::Start(_) | Self::Enter { .. } => "start",
            Self::Acquire(_) => "acquire",
            Self::Drive(drive) => drive.step.verb(),
            Self::Retain { .. } | Self::EndRetention { .. } => "retain",
            Self::HandOver(_) | Self::Arrived { .. } => "move",
        }
    }

    /// The fence that an owner's command carries, which guards it where it is written; `None` for everybody else's.
    #[must_use]
    pub const fn fence(&self) -> Option<Fence> {
        match self {
            Self::Regrant { fence }
            | Self::Pause { fence, .. }
            | Self::Resume { fence, .. }
            | Self::ShutDown { fence }
            | Self::Enter { fence }
            | Self::Note { fence, .. }
            | Self::Complete { fence, .. }
            | Self::Fail { fence, .. } => Some(*fence),
            Self::Drive(drive) => match drive.writer {
                Writer::Owner(fence) => Some(fence),
                Writer::Operator(_) => None,
            },
            Self::WorkspaceStart(_)
            | Self::WorkspaceHeartbeat(_)
            | Self::WorkspaceTakeover(_)
            | Self::WorkspaceClear(_)
            | Self::WorkspaceImport(_)
            | Self::StartRun(_)
            | Self::Rerun(_)
            | Self::Takeover { .. }
            | Self::Cancel { .. }
            | Self::ExpireIdle
            | Self::Create(_)
            | Self::Start(_)
            | Self::Acquire(_)
            | Self::Retain { .. }
            | Self::EndRetention { .. }
            | Self::HandOver(_)
            | Self::Arrived { .. } => None,
        }
    }

    /// Whether it applies to sessions of this kind.
    #[must_use]
    pub fn applies_to(&self, kind: Kind) -> bool {
        match (kind, self) {
            // Whoever drives an instance drives it as its code says; anybody may end it.
            (Kind::Workflow, Self::Cancel { .. }) => true,
            // Its history and what waits for it stay where they are, and so does it.
            (Kind::Workflow, Self::HandOver(_) | Self::Arrived { .. }) => false,
            (Kind::Workflow | Kind::Agent | Kind::Workspace, _) => {
                self.kind().is_none_or(|only| only == kind)
            }
        }
    }

    /// The only kind that it is made for; `None`: every one.
    pub(super) const fn kind(&self) -> Option<Kind> {
        match self {
            Self::WorkspaceStart(_)
            | Self::WorkspaceHeartbeat(_)
            | Self::WorkspaceTakeover(_)
            | Self::WorkspaceClear(_)
            | Self::WorkspaceImport(_) => Some(Kind::Workspace),
            Self::StartRun(_)
            | Self::Regrant { .. }
            | Self::Takeover { .. }
            | Self::Cancel { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::ShutDown { .. }
            | Self::Enter { .. }
            | Self::Rerun(_)
            | Self::Note { .. }
            | Self::Complete { .. }
            | Self::Fail { .. }
            | Self::ExpireIdle
            | Self::Create(_)
            | Self::Start(_)
            | Self::Acquire(_)
            | Self::Drive(_) => Some(Kind::Agent),
            Self::Retain { .. } | Self::EndRetention { .. } | Self::HandOver(_) | Self::Arrived { .. } => {
                None
            }
        }
    }
}

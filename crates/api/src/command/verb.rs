//! Every command, by its name.

use serde::{Deserialize, Serialize};
use tenure_core::id::{ActorId, Fence, Namespace};
use tenure_core::session;
use tenure_core::time::millis;
use tenure_core::workspace::{self, ActivityText, parse_reason};
use utoipa::ToSchema;

use super::claim::{ClaimSession, Claimant, Rerun, StartRun, run_ttl};
use super::create::Create;
use super::drive::Drive;
use super::stats::Stats;
use super::workspace::{WorkspaceStart, WorkspaceTakeover};
use crate::unreadable::{Unreadable, actor, name};

/// A request to change a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Open or refresh a workspace.
    WorkspaceStart(Box<WorkspaceStart>),
    /// Renew a workspace's lease and say what is being done.
    WorkspaceHeartbeat {
        /// Who renews: the owner, and nobody for it.
        actor_id: String,
        /// What it is doing, if it says so; at most 280 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<String>,
    },
    /// Take an abandoned workspace over.
    WorkspaceTakeover(Box<WorkspaceTakeover>),
    /// End a workspace's session.
    WorkspaceClear {
        /// Who wants it, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        actor_id: Option<String>,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Start an agent session and hold it.
    StartRun(Box<StartRun>),
    /// The owner's: get back what it was late to renew and lost to nobody.
    Regrant {
        /// The fence it held under.
        fence: u64,
    },
    /// Take an abandoned agent session over, for a reason.
    Takeover {
        /// The new holder.
        claimant: Box<Claimant>,
        /// For how long after each renewal, in milliseconds; without one: as before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl_ms: Option<u64>,
        /// Why.
        reason: String,
    },
    /// An operator's: end it.
    Cancel {
        /// Who wishes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Why.
        reason: String,
    },
    /// The owner's: stop for now, keeping the lease.
    Pause {
        /// The fence it holds under.
        fence: u64,
        /// Why.
        reason: String,
    },
    /// The owner's: go on.
    Resume {
        /// The fence it holds under.
        fence: u64,
        /// Why.
        reason: String,
    },
    /// The owner's: let go, so that the work can go on after a shutdown.
    ShutDown {
        /// The fence it holds under.
        fence: u64,
    },
    /// The owner's: go to work, having waited for a place in the group.
    Enter {
        /// The fence it holds under.
        fence: u64,
    },
    /// Run the command of a session again, and hold it.
    Rerun(Box<Rerun>),
    /// The owner's: say what is being done.
    Note {
        /// The fence it holds under.
        fence: u64,
        /// Its words, or nothing new: being heard from is activity enough. At most 280 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<String>,
    },
    /// The owner's: the work ended well.
    Complete {
        /// The fence it holds under.
        fence: u64,
        /// What to tell people.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// The owner's: the work ended badly.
    Fail {
        /// The fence it holds under.
        fence: u64,
        /// What went wrong.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// The sweep's: end it if it has been idle too long, or is past its time.
    ExpireIdle {},
    /// Create an agent session, to be started later.
    Create(Box<Create>),
    /// Become the holder of an agent session that nobody holds, and start it.
    Start(Box<ClaimSession>),
    /// Become the holder of an agent session that nobody holds. Its state stays.
    Acquire(Box<ClaimSession>),
    /// One step of a session that is driven by hand.
    Drive(Box<Drive>),
    /// An operator's: keep everything of it, also once it has ended.
    Retain {
        /// Who wishes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Why.
        reason: String,
    },
    /// An operator's: leave it to policies again.
    EndRetention {
        /// Who wishes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

impl Command {
    /// The form of `command`; `None` of one that has none: bringing in what an earlier tool had stored and moving
    /// sessions from store to store are for whoever has the stores. Tenants are their callers'.
    #[must_use]
    pub fn of(command: &session::Command) -> Option<Self> {
        let by = |by: &Option<ActorId>| by.as_ref().map(|by| by.as_str().to_owned());
        let said = |said: &Option<ActivityText>| said.as_ref().map(|text| text.as_str().to_owned());
        Some(match command {
            session::Command::WorkspaceImport(_)
            | session::Command::HandOver(_)
            | session::Command::Arrived { .. } => return None,
            session::Command::WorkspaceStart(start) => {
                Self::WorkspaceStart(Box::new(WorkspaceStart::of(start)))
            }
            session::Command::WorkspaceHeartbeat(beat) => Self::WorkspaceHeartbeat {
                actor_id: beat.actor.as_str().to_owned(),
                activity: said(&beat.activity),
            },
            session::Command::WorkspaceTakeover(takeover) => {
                Self::WorkspaceTakeover(Box::new(WorkspaceTakeover::of(takeover)))
            }
            session::Command::WorkspaceClear(workspace::Clear { actor, reason }) => {
                Self::WorkspaceClear { actor_id: by(actor), reason: reason.clone() }
            }
            session::Command::StartRun(start) => Self::StartRun(Box::new(StartRun::of(start))),
            session::Command::Regrant { fence } => Self::Regrant { fence: fence.0 },
            session::Command::Takeover { claimant, ttl, reason } => Self::Takeover {
                claimant: Box::new(Claimant::of(claimant)),
                ttl_ms: ttl.map(|ttl| millis(ttl.length())),
                reason: reason.clone(),
            },
            session::Command::Cancel { by: who, reason } => {
                Self::Cancel { by: by(who), reason: reason.clone() }
            }
            session::Command::Pause { fence, reason } => {
                Self::Pause { fence: fence.0, reason: reason.clone() }
            }
            session::Command::Resume { fence, reason } => {
                Self::Resume { fence: fence.0, reason: reason.clone() }
            }
            session::Command::ShutDown { fence } => Self::ShutDown { fence: fence.0 },
            session::Command::Enter { fence } => Self::Enter { fence: fence.0 },
            session::Command::Rerun(rerun) => Self::Rerun(Box::new(Rerun::of(rerun))),
            session::Command::Note { fence, activity } => {
                Self::Note { fence: fence.0, activity: said(activity) }
            }
            session::Command::Complete { fence, message, stats } => {
                Self::Complete { fence: fence.0, message: message.clone(), stats: Stats::of(*stats) }
            }
            session::Command::Fail { fence, message, stats } => {
                Self::Fail { fence: fence.0, message: message.clone(), stats: Stats::of(*stats) }
            }
            session::Command::ExpireIdle => Self::ExpireIdle {},
            session::Command::Create(create) => Self::Create(Box::new(Create::of(create))),
            session::Command::Start(claim) => Self::Start(Box::new(ClaimSession::of(claim))),
            session::Command::Acquire(claim) => Self::Acquire(Box::new(ClaimSession::of(claim))),
            session::Command::Drive(drive) => Self::Drive(Box::new(Drive::of(drive))),
            session::Command::Retain { by: who, reason } => {
                Self::Retain { by: by(who), reason: reason.clone() }
            }
            session::Command::EndRetention { by: who } => Self::EndRetention { by: by(who) },
        })
    }

    /// The command that it is the form of, for a caller of `namespace`.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, a word is not known, or something is outside what is allowed.
    pub fn read(self, namespace: &Namespace) -> Result<session::Command, Unreadable> {
        Ok(match self {
            Self::WorkspaceStart(start) => session::Command::WorkspaceStart(start.read(namespace)?),
            Self::WorkspaceHeartbeat { actor_id, activity } => {
                session::Command::WorkspaceHeartbeat(workspace::Heartbeat {
                    actor: name("actor_id", &actor_id, ActorId::parse)?,
                    activity: said(activity.as_deref())?,
                })
            }
            Self::WorkspaceTakeover(takeover) => session::Command::WorkspaceTakeover(takeover.read()?),
            Self::WorkspaceClear { actor_id, reason: why } => {
                session::Command::WorkspaceClear(workspace::Clear {
                    actor: actor("actor_id", actor_id.as_deref())?,
                    reason: why.as_deref().map(reason).transpose()?,
                })
            }
            Self::StartRun(start) => session::Command::StartRun(Box::new(start.read(namespace)?)),
            Self::Regrant { fence } => session::Command::Regrant { fence: Fence(fence) },
            Self::Takeover { claimant, ttl_ms, reason: why } => session::Command::Takeover {
                claimant: claimant.read().map_err(Unreadable::within("claimant"))?,
                ttl: ttl_ms.map(run_ttl).transpose()?,
                reason: reason(&why)?,
            },
            Self::Cancel { by, reason: why } => {
                session::Command::Cancel { by: actor("by", by.as_deref())?, reason: reason(&why)? }
            }
            Self::Pause { fence, reason: why } => {
                session::Command::Pause { fence: Fence(fence), reason: reason(&why)? }
            }
            Self::Resume { fence, reason: why } => {
                session::Command::Resume { fence: Fence(fence), reason: reason(&why)? }
            }
            Self::ShutDown { fence } => session::Command::ShutDown { fence: Fence(fence) },
            Self::Enter { fence } => session::Command::Enter { fence: Fence(fence) },
            Self::Rerun(rerun) => session::Command::Rerun(Box::new(rerun.read()?)),
            Self::Note { fence, activity } => {
                session::Command::Note { fence: Fence(fence), activity: said(activity.as_deref())? }
            }
            Self::Complete { fence, message, stats } => {
                session::Command::Complete { fence: Fence(fence), message, stats: stats.read() }
            }
            Self::Fail { fence, message, stats } => {
                session::Command::Fail { fence: Fence(fence), message, stats: stats.read() }
            }
            Self::ExpireIdle {} => session::Command::ExpireIdle,
            Self::Create(create) => session::Command::Create(Box::new(create.read(namespace)?)),
            Self::Start(claim) => session::Command::Start(Box::new(claim.read()?)),
            Self::Acquire(claim) => session::Command::Acquire(Box::new(claim.read()?)),
            Self::Drive(drive) => session::Command::Drive(Box::new(drive.read()?)),
            Self::Retain { by, reason: why } => {
                session::Command::Retain { by: actor("by", by.as_deref())?, reason: reason(&why)? }
            }
            Self::EndRetention { by } => session::Command::EndRetention { by: actor("by", by.as_deref())? },
        })
    }
}

/// Why something is done.
pub(super) fn reason(text: &str) -> Result<String, Unreadable> {
    parse_reason(text).map_err(Unreadable::limit("reason"))
}

/// What is being done, if something was said.
fn said(text: Option<&str>) -> Result<Option<ActivityText>, Unreadable> {
    let said = text.map(ActivityText::parse).transpose().map_err(Unreadable::limit("activity"))?;
    Ok(said.flatten())
}

//! Facts about one session in the past tense, and the session they add up to.

use std::collections::BTreeMap;

use super::{Activity, Counters, Fact, Facts, Handover, Mode, Recipe, Retained, Session, State, Stats};
use crate::checkpoint::Record;
use crate::event::EventBody;
use crate::id::{
    ActorId, CheckpointId, EventType, GroupName, Key, Namespace, Principal, Revision, SessionId,
};
use crate::kind::{IdleRule, Kind};
use crate::lease::{Lease, Term};
use crate::time::WallTime;

/// How a session is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Its public id.
    pub id: SessionId,
    /// The tenant.
    pub namespace: Namespace,
    /// On whose behalf, if that was said.
    pub principal: Option<Principal>,
    /// What kind of thing it is.
    pub kind: Kind,
    /// The slot, if any.
    pub key: Option<Key>,
    /// The group, if any.
    pub group: Option<GroupName>,
    /// What it is for.
    pub mode: Mode,
    /// Names and values given by callers.
    pub labels: BTreeMap<String, String>,
    /// The command it runs.
    pub command: Vec<String>,
    /// The directory it works in.
    pub directory: Option<String>,
    /// How its command is run again.
    pub recipe: Option<Box<Recipe>>,
    /// When it expires without activity.
    pub idle: Option<IdleRule>,
    /// The session it goes on from.
    pub predecessor: Option<SessionId>,
    /// When.
    pub at: WallTime,
}

impl Opening {
    /// The session as it is when just opened: pending, held by nobody.
    #[must_use]
    pub fn into_session(self, counters: Counters) -> Session {
        Session {
            id: self.id,
            namespace: self.namespace,
            principal: self.principal,
            kind: self.kind,
            key: self.key,
            state: State::Pending,
            group: self.group,
            is_queued: false,
            mode: self.mode,
            lease: None,
            counters,
            created_at: self.at,
            started_at: None,
            last_started_at: None,
            start_count: 0,
            last_activity_at: self.at,
            activity: None,
            labels: self.labels,
            command: self.command,
            directory: self.directory,
            recipe: self.recipe,
            facts: Facts::default(),
            execution: None,
            parent: None,
            idle: self.idle,
            pending_timeout: None,
            expires_at: None,
            created_as: None,
            predecessor: self.predecessor,
            successor: None,
            anonymous: false,
            retained: None,
            handover: None,
        }
    }
}

/// A fact about a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was created, to be started later.
    Created {
        /// Why.
        reason: String,
    },
    /// It was started, for the first time or again.
    Started {
        /// When.
        at: WallTime,
        /// Why, when it moved to active by that.
        reason: String,
    },
    /// Its holder waits for a place in its group.
    Queued {
        /// Since when.
        at: WallTime,
    },
    /// It belongs to this group from now on.
    Joined(GroupName),
    /// What it is for changed.
    ModeSet(Mode),
    /// It runs something else now.
    Described {
        /// Names and values to add.
        labels: BTreeMap<String, String>,
        /// The command it runs.
        command: Vec<String>,
        /// The directory it works in.
        directory: Option<String>,
        /// How that is run again.
        recipe: Option<Box<Recipe>>,
        /// When it expires without activity.
        idle: Option<IdleRule>,
    },
    /// Somebody became its holder.
    Granted(Lease),
    /// Somebody became its holder in another's place.
    TakenOver {
        /// The new lease.
        lease: Lease,
        /// Who had it before.
        from: ActorId,
        /// Why.
        reason: String,
    },
    /// Its holder was heard from in time.
    Renewed(Term),
    /// Its holder did something that counts as activity.
    Touched {
        /// When.
        at: WallTime,
    },
    /// Its holder said what it is doing.
    ActivitySet {
        /// Its words.
        text: String,
        /// Who.
        actor: ActorId,
        /// When.
        at: WallTime,
        /// The revision that this is written with.
        revision: Revision,
    },
    /// What its holder had said no longer holds.
    ActivityDropped,
    /// It moved to another state.
    Moved {
        /// To which.
        to: State,
        /// Why.
        reason: String,
        /// Who asked for it, when it was not the owner.
        by: Option<ActorId>,
    },
    /// A fact about it is this from now on.
    FactSet(Fact),
    /// Its work ended, with these words and figures.
    Finished {
        /// Whether it ended well.
        well: bool,
        /// What to tell people.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// Nobody holds it any more.
    Released,
    /// Another session took its place.
    Succeeded(SessionId),
    /// A checkpoint was brought back.
    Restored {
        /// Which.
        id: CheckpointId,
        /// What it says of the session itself, if it does.
        record: Option<Box<Record>>,
    },
    /// Everything of it is to be kept.
    Retained(Retained),
    /// It need not be kept any more.
    RetentionEnded {
        /// Who said so.
        by: Option<ActorId>,
    },
    /// It belongs to another store.
    HandedOver(Handover),
    /// The other store has it.
    Arrived,
}

/// The session after `change`. Total: every change applies to every session.
#[must_use]
pub fn evolve(mut session: Session, change: &Change) -> Session {
    match change {
        Change::Created { .. } => {}
        Change::Started { at, .. } => {
            session.state = State::Active;
            session.is_queued = false;
            session.started_at = session.started_at.or(Some(*at));
            session.last_started_at = Some(*at);
            session.start_count = session.start_count.saturating_add(1);
            session.last_activity_at = *at;
        }
        Change::Queued { at } => {
            session.is_queued = true;
            session.last_activity_at = *at;
        }
        Change::Joined(group) => session.group = Some(group.clone()),
        Change::ModeSet(mode) => session.mode = *mode,
        Change::Described { labels, command, directory, recipe, idle } => {
            session.labels.extend(labels.clone());
            session.command.clone_from(command);
            session.directory.clone_from(directory);
            session.recipe.clone_from(recipe);
            session.idle = *idle;
        }
        Change::Granted(lease) | Change::TakenOver { lease, .. } => {
            session.counters.fence = session.counters.fence.max(lease.fence);
            session.lease = Some(lease.clone());
        }
        Change::Renewed(term) => {
            if let Some(lease) = &mut session.lease {
                lease.term = *term;
            }
        }
        Change::Touched { at } => session.last_activity_at = *at,
        Change::ActivitySet { text, actor, at, revision } => {
            session.last_activity_at = *at;
            session.activity =
                Some(Activity { text: text.clone(), actor: actor.clone(), at: *at, revision: *revision });
        }
        Change::ActivityDropped => session.activity = None,
        Change::Moved { to, .. } => {
            session.state = to.clone();
            session.is_queued = false;
        }
        Change::FactSet(fact) => session = with_fact(session, fact),
        Change::Finished { stats, .. } => session.facts.usage = stats.usage,
        Change::Released => {
            session.lease = None;
            session.is_queued = false;
        }
        Change::Succeeded(by) => session.successor = Some(by.clone()),
        Change::Restored { record, .. } => {
            if let Some(record) = record {
                record.bring_back(&mut session);
            }
        }
        Change::Retained(retained) => session.retained = Some(retained.clone()),
        Change::RetentionEnded { .. } => session.retained = None,
        Change::HandedOver(handover) => session.handover = Some(handover.clone()),
        Change::Arrived => {
            if let Some(handover) = &mut session.handover {
                handover.has_arrived = true;
            }
        }
    }
    session
}

fn with_fact(mut session: Session, fact: &Fact) -> Session {
    match fact {
        Fact::Labels(labels) => session.labels.clone_from(labels),
        Fact::Metadata(metadata) => session.facts.metadata.clone_from(metadata),
        Fact::Progress(progress) => session.facts.progress = Some(*progress),
        Fact::Timings(timings) => session.facts.timings.clone_from(timings),
        Fact::Usage(usage) => session.facts.usage = *usage,
        Fact::Execution(execution) => session.execution = Some(execution.clone()),
    }
    session
}

impl Change {
    /// What the log says about this change of `before`; nothing for what happens all the time.
    #[must_use]
    pub fn event(&self, before: &Session) -> Option<EventBody> {
        let from = Some(before.state.name());
        match self {
            Self::Created { reason } => {
                let (to, reason) = (super::StateName::Pending, reason.clone());
                Some(EventBody::StateChanged { from: None, to, reason, by: None })
            }
            Self::Started { reason, .. } => {
                let to = super::StateName::Active;
                let moved = from != Some(to);
                moved.then(|| EventBody::StateChanged { from, to, reason: reason.clone(), by: None })
            }
            Self::Granted(lease) => Some(EventBody::LeaseGranted {
                holder: lease.holder.clone(),
                fence: lease.fence,
                ttl: lease.term.ttl().map(crate::lease::Ttl::length),
            }),
            Self::TakenOver { lease, from, reason } => Some(EventBody::LeaseTakenOver {
                from: from.clone(),
                holder: lease.holder.clone(),
                fence: lease.fence,
                reason: reason.clone(),
            }),
            Self::ActivitySet { text, .. } => Some(EventBody::Activity { text: text.clone() }),
            Self::Moved { to, reason, by } => {
                Some(EventBody::StateChanged { from, to: to.name(), reason: reason.clone(), by: by.clone() })
            }
            Self::FactSet(fact) => {
                let (kind, json) = fact.told()?;
                let kind = EventType::parse(kind).expect("our own types are names");
                Some(EventBody::Given { kind, json })
            }
            Self::Finished { well: true, message, stats } => {
                Some(EventBody::Completion { message: message.clone(), stats: *stats })
            }
            Self::Finished { well: false, message, stats } => {
                Some(EventBody::Error { message: message.clone(), stats: *stats })
            }
            Self::Released => {
                before.lease.as_ref().map(|lease| EventBody::LeaseReleased { fence: lease.fence })
            }
            Self::Succeeded(by) => Some(EventBody::Succeeded { by: by.clone() }),
            Self::Restored { id, record } => {
                Some(EventBody::CheckpointRestored { id: id.clone(), is_record: record.is_some() })
            }
            Self::Retained(Retained { reason, by, .. }) => {
                Some(EventBody::Retained { reason: reason.clone(), by: by.clone() })
            }
            Self::RetentionEnded { by } => Some(EventBody::RetentionEnded { by: by.clone() }),
            Self::HandedOver(handover) => Some(EventBody::HandedOver {
                id: handover.id,
                to: handover.to.clone(),
                by: handover.by.clone(),
                fence: handover.fence,
            }),
            Self::Arrived
            | Self::Queued { .. }
            | Self::Joined(_)
            | Self::ModeSet(_)
            | Self::Described { .. }
            | Self::Renewed(_)
            | Self::Touched { .. }
            | Self::ActivityDropped => None,
        }
    }
}

//! A session as its log tells it, up to any position.
//!
//! A log says who held a session, where it was in its life and what it was doing; it does not say everything
//! that is stored of it. What happened before a log's beginning is not told.

use std::time::Duration;

use super::StateName;
use crate::event::{Event, EventBody};
use crate::id::{ActorId, Fence, Seq, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind};
use crate::time::WallTime;

/// What a log tells of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// Nothing: it begins later, or it is kept elsewhere.
    Untold,
    /// There was none.
    Nothing,
    /// This.
    This(T),
}

/// Where a session was in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// The state.
    pub name: StateName,
    /// Why; of a failure: what went wrong.
    pub reason: String,
    /// Since when. `None` for a session that was just opened.
    pub since: Option<WallTime>,
}

/// Who held a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    /// Who.
    pub holder: Holder,
    /// Under which fence.
    pub fence: Fence,
    /// For how long after each renewal, where the log tells.
    pub ttl: Option<Duration>,
    /// Since when.
    pub since: WallTime,
}

/// What a holder had said it was doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Its words.
    pub text: String,
    /// Who said them, where the log tells.
    pub actor: Option<ActorId>,
    /// When.
    pub at: WallTime,
}

/// A session as its log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    kind: Kind,
    /// The last position that was looked at.
    pub seq: Seq,
    /// When that was recorded; `None` before the first event.
    pub at: Option<WallTime>,
    /// Where it was in its life.
    pub phase: Told<Phase>,
    /// Who held it.
    pub tenancy: Told<Tenancy>,
    /// What its holder had said it was doing.
    pub activity: Told<Saying>,
    /// The session that took its place.
    pub successor: Option<SessionId>,
}

impl Replay {
    /// A session of this kind before the event at `earliest`, where its log begins: just opened, or not told.
    #[must_use]
    pub fn new(kind: Kind, earliest: Seq) -> Self {
        let opened = Phase { name: StateName::Pending, reason: String::new(), since: None };
        let (phase, tenancy, activity) = if earliest <= Seq(1) {
            (Told::This(opened), Told::Nothing, Told::Nothing)
        } else {
            (Told::Untold, Told::Untold, Told::Untold)
        };
        let seq = Seq(earliest.0.saturating_sub(1));
        Self { kind, seq, at: None, phase, tenancy, activity, successor: None }
    }

    /// The same after the next event. Events that say nothing about the session itself may be left out.
    #[must_use]
    pub fn after(mut self, event: &Event) -> Self {
        (self.seq, self.at) = (event.seq, Some(event.at));
        match &event.data {
            EventBody::StateChanged { to, reason, .. } => self.moved(*to, reason, event.at),
            EventBody::Error { message, .. } => {
                // A session that failed is in that state for this reason.
                if let Told::This(phase) = &mut self.phase
                    && phase.name == StateName::Failed
                {
                    phase.reason.clone_from(message);
                }
            }
            EventBody::LeaseGranted { holder, fence, ttl } => self.held_by(holder, *fence, *ttl, event.at),
            EventBody::LeaseTakenOver { holder, fence, .. } => {
                // The new lease is as long as the one before, unless something else was asked for.
                self.held_by(holder, *fence, None, event.at);
                self.activity = Told::Nothing;
            }
            EventBody::LeaseReleased { .. } => self.tenancy = Told::Nothing,
            EventBody::Activity { text } => {
                let actor = match &self.tenancy {
                    Told::This(tenancy) => Some(tenancy.holder.id.clone()),
                    Told::Untold | Told::Nothing => None,
                };
                self.activity = Told::This(Saying { text: text.clone(), actor, at: event.at });
            }
            EventBody::Succeeded { by } => self.successor = Some(by.clone()),
            // What that was is in the checkpoint, not in the log.
            EventBody::CheckpointRestored { is_record: true, .. } => self.activity = Told::Untold,
            EventBody::Completion { .. }
            | EventBody::CheckpointCreated { .. }
            | EventBody::CheckpointRestored { .. }
            | EventBody::Retained { .. }
            | EventBody::RetentionEnded { .. }
            | EventBody::HandedOver { .. }
            | EventBody::Terminal(_)
            | EventBody::Request(_)
            | EventBody::Given { .. } => {}
        }
        self
    }

    fn moved(&mut self, to: StateName, reason: &str, at: WallTime) {
        self.phase = Told::This(Phase { name: to, reason: reason.to_owned(), since: Some(at) });
        // A workspace that is cleared forgets what was done in it.
        if self.kind == Kind::Workspace && to == StateName::Completed {
            self.activity = Told::Nothing;
        }
    }

    fn held_by(&mut self, holder: &Holder, fence: Fence, ttl: Option<Duration>, since: WallTime) {
        // A person who sits down begins with nothing said.
        if holder.kind == HolderKind::Interactive {
            self.activity = Told::Nothing;
        }
        self.tenancy = Told::This(Tenancy { holder: holder.clone(), fence, ttl, since });
    }
}

/// The types of events that [`Replay::after`] needs.
pub const REPLAYED: [&str; 8] = [
    "state_changed",
    "error",
    "lease_granted",
    "lease_taken_over",
    "lease_released",
    "activity",
    "succeeded",
    "checkpoint_restored",
];

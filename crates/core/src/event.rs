//! What can be recorded in a session's log.

use std::time::Duration;

use crate::id::{ActorId, CheckpointId, EventId, EventType, Fence, HandoverId, Seq, SessionId};
use crate::lease::Holder;
use crate::session::{Exit, StateName, Stats};
use crate::time::WallTime;

/// A fact in a session's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its position, gap-free from 1.
    pub seq: Seq,
    /// When it was recorded, by the store's wall clock.
    pub at: WallTime,
    /// The fence it was written under; `None` for the inbox and for operators.
    pub fence: Option<Fence>,
    /// The id that its caller gave it, if any.
    pub id: Option<EventId>,
    /// What happened.
    pub data: EventBody,
}

/// An event to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    /// The caller's name for it: the same one is not recorded twice in a session.
    pub id: Option<EventId>,
    /// What happened.
    pub data: EventBody,
}

impl From<EventBody> for EventDraft {
    fn from(data: EventBody) -> Self {
        Self { id: None, data }
    }
}

/// Where terminal output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// A pseudo-terminal, which mixes both.
    Terminal,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One record of a terminal: the first names the command, the last its exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEvent {
    /// The command was started.
    Started {
        /// Its words.
        command: Vec<String>,
        /// Columns and rows, when it has a terminal.
        size: Option<(u16, u16)>,
    },
    /// It wrote something: raw bytes, in order.
    Output {
        /// Where.
        stream: Stream,
        /// What.
        bytes: Vec<u8>,
    },
    /// Its terminal changed size.
    Resized {
        /// New number of columns.
        cols: u16,
        /// New number of rows.
        rows: u16,
    },
    /// The recording reached its size limit: later output is shown, but not recorded.
    Capped {
        /// The limit in bytes.
        limit: u64,
    },
    /// Output that belongs here was not recorded.
    Lost {
        /// How many bytes.
        bytes: u64,
    },
    /// It ended.
    Exited(Exit),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// The session moved between states.
    StateChanged {
        /// From which; `None` when it was opened.
        from: Option<StateName>,
        /// To which.
        to: StateName,
        /// Why, in words for people.
        reason: String,
        /// Who asked for it, when it was not the owner.
        by: Option<ActorId>,
    },
    /// The work ended well.
    Completion {
        /// What to tell people.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// The work ended badly.
    Error {
        /// What to tell people.
        message: String,
        /// What it took.
        stats: Stats,
    },
    /// The owner said what it is doing.
    Activity {
        /// Its words.
        text: String,
    },
    /// Somebody became the holder.
    LeaseGranted {
        /// Who.
        holder: Holder,
        /// Under which fence.
        fence: Fence,
        /// For how long after each renewal; `None` for a person.
        ttl: Option<Duration>,
    },
    /// Somebody became the holder in another's place.
    LeaseTakenOver {
        /// Who had it before.
        from: ActorId,
        /// Who has it now.
        holder: Holder,
        /// Under which fence.
        fence: Fence,
        /// Why.
        reason: String,
    },
    /// The holder let go.
    LeaseReleased {
        /// Under which fence it had held.
        fence: Fence,
    },
    /// A workspace went on as another session.
    Succeeded {
        /// The session that took its place.
        by: SessionId,
    },
    /// A resumable value was saved.
    CheckpointCreated {
        /// Its id.
        id: CheckpointId,
        /// Why, if somebody said so.
        reason: Option<String>,
        /// Its size in bytes.
        size: u64,
    },
    /// A saved value was brought back.
    CheckpointRestored {
        /// Its id.
        id: CheckpointId,
        /// Whether the session's own record was: it is about what it was about then.
        is_record: bool,
    },
    /// Everything of the session is to be kept.
    Retained {
        /// Why.
        reason: String,
        /// Who said so, if known.
        by: Option<ActorId>,
    },
    /// The session need not be kept any more.
    RetentionEnded {
        /// Who said so, if known.
        by: Option<ActorId>,
    },
    /// The session belongs to another store from now on.
    HandedOver {
        /// Names the hand-over, on both sides.
        id: HandoverId,
        /// The other store.
        to: String,
        /// Who wished it, if known.
        by: Option<ActorId>,
        /// The fence that was raised for it.
        fence: Fence,
    },
    /// A record of the command's terminal.
    Terminal(TerminalEvent),
    /// Somebody other than the owner asks for something.
    Request(Request),
    /// Anything a caller appended: its type and its JSON text.
    Given {
        /// The type.
        kind: EventType,
        /// The payload, JSON text that was checked where it came in.
        json: String,
    },
}

/// What somebody other than the owner may ask of it. The owner decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// Stop for now, and keep the lease.
    Pause,
    /// Go on.
    Resume,
    /// End what is running and let go, so that the work can go on later.
    Stop,
}

impl Request {
    /// Every request.
    pub const ALL: [Self; 3] = [Self::Pause, Self::Resume, Self::Stop];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
        }
    }

    /// The request of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|request| request.name() == name)
    }
}

/// Types that only Tenure writes, because rules and readers rely on what they mean.
const RESERVED: [&str; 13] = [
    "state_changed",
    "completion",
    "error",
    "lease_granted",
    "lease_taken_over",
    "lease_released",
    "lease_expired",
    "succeeded",
    "retained",
    "retention_ended",
    "handed_over",
    "checkpoint_created",
    "checkpoint_restored",
];

impl EventBody {
    /// The event's type name.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::StateChanged { .. } => "state_changed",
            Self::Completion { .. } => "completion",
            Self::Error { .. } => "error",
            Self::Activity { .. } => "activity",
            Self::LeaseGranted { .. } => "lease_granted",
            Self::LeaseTakenOver { .. } => "lease_taken_over",
            Self::LeaseReleased { .. } => "lease_released",
            Self::Succeeded { .. } => "succeeded",
            Self::CheckpointCreated { .. } => "checkpoint_created",
            Self::CheckpointRestored { .. } => "checkpoint_restored",
            Self::Retained { .. } => "retained",
            Self::RetentionEnded { .. } => "retention_ended",
            Self::HandedOver { .. } => "handed_over",
            Self::Terminal(_) => "terminal",
            Self::Request(_) => "message",
            Self::Given { kind, .. } => kind.as_str(),
        }
    }
}

/// Whether callers may append events of this type.
#[must_use]
pub fn is_reserved(kind: &EventType) -> bool {
    RESERVED.contains(&kind.as_str())
}

#[cfg(test)]
mod tests;

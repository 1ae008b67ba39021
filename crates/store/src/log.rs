//! Logs: append to one, read it, be woken when it grows.

use async_trait::async_trait;
use tenure_core::event::{Event, EventDraft};
use tenure_core::id::{CommitId, Fence, Seq};
use tokio::sync::watch;

use crate::{Changes, Handle, Head, StoreError};

/// Events for one session's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendRequest {
    /// Names this append.
    pub commit_id: CommitId,
    /// The session.
    pub handle: Handle,
    /// For the owner's events: the fence it holds under. `None`: the inbox, open to everybody.
    pub fence: Option<Fence>,
    /// What happened, in order. Not empty. One that has an id is appended only if the session's log has none of
    /// that id.
    pub events: Vec<EventDraft>,
    /// A position that the log had reached before this was asked, 0 where none is known. It guards nothing:
    /// what became of this append is looked for only after it.
    pub after: Seq,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendOutcome {
    /// The events are durable, at these positions.
    Appended {
        /// The first one's.
        first: Seq,
        /// The last one's.
        last: Seq,
    },
    /// Some or all of the events were there already, under their ids. What was new is appended, and all are
    /// durable.
    Known {
        /// Where each event of the request is, in the request's order.
        seqs: Vec<Seq>,
        /// How many of them were appended now.
        new: u64,
    },
    /// An event's id names another event, in the log or in the request itself. Nothing was written.
    IdReused {
        /// Which event of the request, from 0.
        at: usize,
        /// Where the other one is; `None`: it is an earlier one of the request.
        seq: Option<Seq>,
    },
    /// The fence is not the current lease's. Nothing was written.
    Fenced {
        /// The highest fence given out.
        current: Fence,
    },
    /// The session has ended or was handed over; its log takes nothing more. Nothing was written.
    Ended,
    /// There is no such session.
    NotFound,
}

/// What became of an append whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendResolution {
    /// It is durable, at these positions.
    Appended {
        /// The first event's.
        first: Seq,
        /// The last one's.
        last: Seq,
    },
    /// It is durable; some of its events had been there before.
    Known {
        /// Where each event of the request is, in the request's order.
        seqs: Vec<Seq>,
        /// How many of them it appended.
        new: u64,
    },
    /// It was not made, and never will be: whoever wants it appends again.
    NotThere,
    /// The store cannot tell: too much was written since, or is kept no more. It is neither to be repeated
    /// nor to be relied on.
    Untold,
}

/// Which events to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// The session.
    pub handle: Handle,
    /// Only those after this position.
    pub after: Seq,
    /// At most this many.
    pub limit: usize,
    /// Only those of these types; empty: all.
    pub types: Vec<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    /// Events.
    Page(LogPage),
    /// Events right after the given position were dropped from the log: nothing was read.
    Compacted {
        /// The position of the oldest event that is kept, or of the next one to come.
        earliest: Seq,
    },
}

/// Events that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// In order.
    pub events: Vec<Event>,
    /// Everything up to here was looked at: where to read on, even if no event was of the types asked for.
    pub read_to: Seq,
    /// The newest position when this was read.
    pub head: Seq,
}

/// An operator's wish to drop the beginning of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactRequest {
    /// The session.
    pub handle: Handle,
    /// Events before this position are to go.
    pub before: Seq,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactOutcome {
    /// The log begins later now, or began late enough already.
    Compacted {
        /// The position of the oldest event that is kept, or of the next one to come.
        earliest: Seq,
        /// Whether that is all that was wished. If not, the same is asked again.
        is_done: bool,
    },
    /// Somebody wants everything of the session kept. Nothing was written.
    Retained,
    /// It is on its way to another store, and has not arrived. Nothing was written.
    OnItsWay,
    /// There is no such session.
    NotFound,
}

/// What a watch knows by itself, kept alive for as long as somebody watches.
pub trait Heard: std::fmt::Debug + Send + Sync {
    /// As [`Watch::heard`].
    fn heard(&self, _after: Seq) -> Option<Vec<Event>> {
        None
    }
}

/// Nothing.
impl Heard for () {}

/// Wakes when a session changed.
#[derive(Debug)]
pub struct Watch {
    changes: watch::Receiver<u64>,
    heard: Box<dyn Heard>,
}

impl Watch {
    /// A watch on `changes`, which keeps `heard` alive for as long as somebody watches.
    #[must_use]
    pub fn new(changes: watch::Receiver<u64>, heard: Box<dyn Heard>) -> Self {
        Self { changes, heard }
    }

    /// The events right after a position, up to the newest, if the watch heard all of them; they need not be read
    /// then. `None`: read, and look at the session.
    ///
    /// An empty answer says that nothing is known to have come after that position, neither an event nor the
    /// session's end. Whatever comes to be known after the answer wakes [`Self::changed`].
    #[must_use]
    pub fn heard(&self, after: Seq) -> Option<Vec<Event>> {
        self.heard.heard(after)
    }

    /// Waits until the session changed since the last call, or since the watch began.
    ///
    /// It may wake without a change, never sleep through one. Reading after waking finds what was written.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the store was closed.
    pub async fn changed(&mut self) -> Result<(), StoreError> {
        self.changes.changed().await.map_err(|_closed| StoreError::Closed)
    }
}

/// Keeps the logs of sessions.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Appends events to a session's log.
    ///
    /// *Before:* with a fence, the session has a lease with that fence (whether its time is over does not
    /// matter as long as nobody else got it); without one, the session has not ended and was not handed over.
    /// *Effect:* the events follow the newest one without a gap; an owner's append counts as activity. The
    /// revision stays. An event whose id the log has is not appended again; what says the same (its type and
    /// payload, whoever wrote it) is known, anything else refuses the whole append. Ids are remembered as long
    /// as their events are kept.
    /// *Outcomes:* [`AppendOutcome`]; `Appended` and `Known` are durable. The fence is judged first: whoever
    /// lost the session learns that, also about events that are known. Then a reused id. That the session has
    /// ended refuses only what would have to be written.
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError>;

    /// What became of an append whose outcome was [`StoreError::Unknown`].
    ///
    /// *Before:* `request` is the one that was appended, with the same commit id, and it was answered: about one
    /// that is still under way nothing is promised. *Effect:* none.
    /// *Outcomes:* [`AppendResolution`]. It is never [`AppendResolution::NotThere`] for one that is there, nor the
    /// reverse, whoever appended or committed since: other writes hide nothing. The cost grows with what was
    /// appended to this session since `request.after`.
    async fn resolve_append(&self, request: &AppendRequest) -> Result<AppendResolution, StoreError>;

    /// Reads events in order.
    ///
    /// *Effect:* none. *Outcomes:* [`ReadOutcome`]: all events after the position and up to `read_to`, of the
    /// types asked for; acknowledged ones are never missing. A page has at most the limit, and fewer where
    /// events are large or rare: whoever wants more reads on until `read_to` is `head`. Where the next position
    /// was dropped, that is told, and never passed over.
    async fn read(&self, request: ReadRequest) -> Result<ReadOutcome, StoreError>;

    /// Drops the beginning of a log, for ever.
    ///
    /// *Before:* nobody wants everything of the session kept, and it is not on its way to another store.
    /// *Effect:* positions stay what they are, and nothing else of the session changes: no revision, no
    /// activity. A bounded part of the work is done at a time; what is dropped is never a part of an event. Forks
    /// keep what they share: handing that on to them is part of the work, and comes first.
    /// *Outcomes:* [`CompactOutcome`]. Positions beyond the newest event are not reserved: the log then begins
    /// with the next one to come.
    async fn compact(&self, request: CompactRequest) -> Result<CompactOutcome, StoreError>;

    /// Begins to watch a session, also for writes of other processes.
    ///
    /// *Effect:* none that readers see. Once this returned, no change goes unnoticed.
    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError>;

    /// Begins to tell which sessions change in any way, whoever writes.
    ///
    /// *Effect:* none that readers see; while nobody listens, nothing is done for it. Once this returned, no change goes
    /// untold.
    async fn changes(&self) -> Result<Changes, StoreError>;

    /// Where the logs of sessions stand, by handle.
    ///
    /// *Effect:* none. *Outcomes:* the sessions whose handles come next after `after`, at most `limit`; fewer only where
    /// there are no more. Handles grow: what is opened later comes later.
    async fn heads(&self, after: Handle, limit: usize) -> Result<Vec<Head>, StoreError>;
}

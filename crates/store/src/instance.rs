//! Instances of orchestrations: who holds them, what their history says, what waits for them.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::id::{CommitId, Fence, Namespace, Revision, SessionId};
use tenure_core::orchestration::{HistoryEvent, Mail, Message, MessageId};
use tenure_core::session::{Session, Write};
use tenure_core::time::WallTime;
use tokio::sync::watch;

use crate::{Handle, Notice, NoticeId, Out, Placed, StoreError, TaskId, TaskRequest, WorkerHandle};

/// When somebody has to look after an instance that nobody holds, even if nothing is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// At once: it has not begun, or activities of it are under way.
    Now,
    /// When its earliest timer fires.
    At(WallTime),
    /// Never: it waits for what is sent to it.
    Never,
}

/// An instance to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRequest {
    /// Its session, as it is opened.
    pub session: Write,
    /// What its history begins with: one [`HistoryEvent::ExecutionStarted`], and, if its first turn is run in the
    /// same commit, that turn.
    pub history: Vec<HistoryEvent>,
}

/// What a turn is run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// An instance that it opens.
    New,
    /// An instance that its worker holds.
    Held {
        /// The instance.
        handle: Handle,
        /// The fence under which it is held.
        fence: Fence,
        /// How many turns had been kept before: 1 after the commit that opened it.
        turn: u64,
    },
}

/// What one turn leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRequest {
    /// Names this commit. The same one may be asked for again: what was kept is told again.
    pub commit_id: CommitId,
    /// What it is run on.
    pub ground: Ground,
    /// Who holds the instance afterwards, unless it has ended; `None`, only for a new one: nobody yet.
    pub worker: Option<WorkerHandle>,
    /// The session, if the turn changes it: opened, begun, gone on or ended. `None`: its row, its revision and its
    /// log stay what they are.
    pub session: Option<Box<Write>>,
    /// The revision of the session that a changed session was made from; 0 for a new one.
    pub expected: Revision,
    /// What the turn adds to the history, in order. Empty only for what is opened without a turn.
    pub history: Vec<HistoryEvent>,
    /// Messages that it took.
    pub taken: Vec<MessageId>,
    /// Instances that it starts. Nobody holds them yet.
    pub starts: Vec<StartRequest>,
    /// What it sends to other instances, and to its parent when it ends.
    pub sends: Vec<(SessionId, Mail)>,
    /// Activities that it asks for and that its worker cannot just run. Their [`HistoryEvent::TaskScheduled`] is in
    /// this history, or in an earlier one of the same execution.
    pub tasks: Vec<TaskRequest>,
    /// Tasks that nobody waits for any more.
    pub withdrawn: Vec<TaskId>,
    /// When somebody has to look after the instance, should its holder be gone.
    pub wake: Wake,
}

/// A turn that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnDone {
    /// The instance.
    pub handle: Handle,
    /// The session's revision.
    pub revision: Revision,
    /// The fence under which it is held.
    pub fence: Fence,
    /// What it started, in order.
    pub started: Vec<Handle>,
    /// Where the activities went that it asked for, in order.
    pub placed: Vec<Placed>,
}

/// What became of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnOutcome {
    /// It is durable.
    Committed(TurnDone),
    /// Somebody else holds the instance, or it has ended, or was deleted. Nothing was written.
    Fenced {
        /// The highest fence given out; 0 where there is no such session.
        current: Fence,
    },
    /// Somebody changed the session in between. Nothing was written.
    RevisionConflict {
        /// The session as it is.
        session: Box<Session>,
    },
    /// A session of the id that it opens exists in that namespace. Nothing was written.
    IdTaken {
        /// Which of those that it starts, from 0; `None`: the instance itself.
        start: Option<usize>,
    },
}

/// A worker that wants instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The worker.
    pub worker: WorkerHandle,
    /// At most this many.
    pub limit: usize,
}

/// An instance that a worker holds from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The instance.
    pub handle: Handle,
    /// Its session.
    pub session: Session,
    /// The fence under which it is held.
    pub fence: Fence,
    /// How many turns have been kept.
    pub turn: u64,
    /// Whether it was taken from a worker that is gone, rather than from nobody.
    pub is_rescued: bool,
    /// Every message that waits for it, in order.
    pub messages: Vec<Message>,
    /// Its tasks, in order.
    pub out: Vec<Out>,
}

/// What to read of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryRequest {
    /// The instance.
    pub handle: Handle,
    /// Which execution, from 1; `None`: the newest.
    pub execution: Option<u64>,
}

/// An execution's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryPage {
    /// Which execution it is; 0 where there is none.
    pub execution: u64,
    /// What each commit added, in order.
    pub turns: Vec<Vec<HistoryEvent>>,
}

/// Messages for the instances of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailRequest {
    /// The worker.
    pub worker: WorkerHandle,
    /// Only messages after this one.
    pub after: MessageId,
    /// Only notices after this one.
    pub noticed: NoticeId,
    /// At most this many of each.
    pub limit: usize,
}

/// Messages that were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mailed {
    /// Each with the instance that it is for, in the order in which they were sent.
    pub messages: Vec<(Handle, Message)>,
    /// Every message up to here was looked at.
    pub read_to: MessageId,
    /// What the worker itself is told, in order.
    pub notices: Vec<(NoticeId, Notice)>,
    /// Whether somebody wishes the worker to let go of everything and stop.
    pub is_draining: bool,
}

/// Something to be sent to an instance from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRequest {
    /// The tenant.
    pub namespace: Namespace,
    /// The instance.
    pub id: SessionId,
    /// What.
    pub mail: Mail,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostOutcome {
    /// It is durable, and waits for the instance's next turn.
    Posted(MessageId),
    /// The instance has ended.
    Ended,
    /// There is no such instance.
    NotFound,
}

/// An instance that its worker lets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeRequest {
    /// The instance.
    pub handle: Handle,
    /// The fence under which it is held. If that is no longer so, nothing is done.
    pub fence: Fence,
    /// When somebody has to look after it.
    pub wake: Wake,
}

/// Wakes when there may be something for workers: messages, notices, tasks, or instances that nobody holds; also when
/// another process that has workers here is gone.
#[derive(Debug)]
pub struct Attention(watch::Receiver<u64>);

impl Attention {
    /// Attention to `changes`.
    #[must_use]
    pub const fn new(changes: watch::Receiver<u64>) -> Self {
        Self(changes)
    }

    /// Waits until there may be something new. It may wake for nothing, and never sleeps through anything.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the store was closed.
    pub async fn wanted(&mut self) -> Result<(), StoreError> {
        self.0.changed().await.map_err(|_closed| StoreError::Closed)
    }
}

/// Keeps instances, their histories and their messages.
#[async_trait]
pub trait InstanceStore: Send + Sync {
    /// Keeps turns of different instances, each by itself: history, session, log, messages taken and sent, instances
    /// started, all or nothing. One outcome for each, in order, once all of them are known.
    ///
    /// *Before:* a commit of this id that was kept for this instance last is told again, without effect. Else, of an
    /// instance that is held: it is open, and held by this worker under this fence, with this many turns; a
    /// session that is written has the expected revision. No session that is opened has an id that exists in its
    /// namespace. The first that fails is the outcome, and nothing is written.
    /// *Effect:* the history grows by one row; a changed session is written with the next revision, and its events
    /// follow in its log under the instance's fence; what it took is gone; what it sends is there for those that
    /// are open, and is dropped for others; what it starts is there, held by nobody, at revision 1, to be looked
    /// after at once. An activity that it asks for is its own worker's if that is wanted, it has a key, the worker
    /// is live and serves keys, its tenant and its queue, no task of that key waits (or, where it is exclusive, is under way), and
    /// the worker has the pin or gets it as [`crate::TaskStore::claim_tasks`] would give it; but no key is given up for
    /// it, because a turn does not say which are busy. Else it is a task. An activity that no history asked for is
    /// corrupt. What is withdrawn is gone, and whoever runs it is told by a notice. With a session that has ended
    /// the instance is held by nobody, what waits for it is dropped, and its tasks are withdrawn. With
    /// [`HistoryEvent::ContinuedAsNew`] the history ends and the next execution's begins: its
    /// [`HistoryEvent::ExecutionStarted`] follows in the same request, and the tasks of the one before are withdrawn.
    /// *Outcomes:* [`TurnOutcome`]; `Committed` is durable.
    ///
    /// Whether the worker's lease is over does not matter, as long as nobody has found that out by claiming. A first
    /// turn for a worker that is not known, or was found over and not renewed since, is fenced like a late one.
    async fn commit_turns(&self, turns: Vec<Arc<TurnRequest>>) -> Vec<Result<TurnOutcome, StoreError>>;

    /// Keeps one turn.
    async fn commit_turn(&self, turn: TurnRequest) -> Result<TurnOutcome, StoreError> {
        let outcome = self.commit_turns(vec![Arc::new(turn)]).await.pop();
        outcome.unwrap_or(Err(StoreError::Closed))
    }

    /// Gives a worker instances that nobody holds, or whose worker is over or gone, and that need looking after by
    /// the store's clock: those first whose time came first.
    ///
    /// *Effect:* other workers that are over or gone hold nothing any more, whether or not all of it is given. The
    /// worker holds what is given, each under its next fence. One that is not known, or was found over and not
    /// renewed since, gets nothing, and so does everybody of what cannot be read. Asking again after an error may give fewer: what was
    /// given and not told is given again when the worker registers anew.
    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claimed>, StoreError>;

    /// Lets instances go.
    ///
    /// *Effect:* those that are held under the given fence are held by nobody, and are looked after when they say,
    /// or at once if a message waits. Doing it twice does no harm.
    async fn free(&self, instances: Vec<FreeRequest>) -> Result<(), StoreError>;

    /// Reads a history.
    ///
    /// *Effect:* none. *Outcomes:* [`HistoryPage`], empty where there is none. It stays readable after the end.
    async fn history(&self, request: HistoryRequest) -> Result<HistoryPage, StoreError>;

    /// Sends something to an instance.
    ///
    /// *Effect:* it waits for the instance's next turn, and whoever has to look after that instance is woken.
    /// *Outcomes:* [`PostOutcome`]. It carries no commit id: after an error it may have been sent, and asking again
    /// may send it twice.
    async fn post(&self, request: PostRequest) -> Result<PostOutcome, StoreError>;

    /// Reads messages that wait for instances of a worker.
    ///
    /// *Effect:* none.
    async fn mail(&self, request: MailRequest) -> Result<Mailed, StoreError>;

    /// Begins to pay attention to messages and to instances that nobody holds, also those of other processes.
    ///
    /// *Effect:* none that readers see. Once this returned, nothing goes unnoticed.
    async fn attend(&self) -> Result<Attention, StoreError>;

    /// When the next instance that nobody holds has to be looked after; `None` when there is none.
    ///
    /// *Effect:* none.
    async fn next_wake(&self) -> Result<Option<WallTime>, StoreError>;
}

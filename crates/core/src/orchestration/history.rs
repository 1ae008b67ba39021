//! What an execution's code was told, and what it asked for.
//!
//! The words are those of the durable-task family of runtimes, one to one, so that a history can be shown and
//! carried over in their vocabulary. A history is a list of turns; each turn begins with [`TurnStarted`], then
//! says what the code was told, then what it asked for.
//!
//! [`TurnStarted`]: HistoryEvent::TurnStarted

use std::sync::Arc;
use std::time::Duration;

use super::{Failure, Payload, RetryPolicy, Version};
use crate::id::{ActorId, CodeName, Operation, QueueName, SessionId, SignalName};
use crate::time::WallTime;
use crate::trace::TraceParent;
use crate::worker::Affinity;

/// A fact in an execution's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryEvent {
    /// The execution began.
    ExecutionStarted(Box<Start>),
    /// The code was run on what follows.
    TurnStarted {
        /// What it is told the time is.
        at: WallTime,
    },
    /// Whoever held the instance is gone: what was under way is tried again by somebody else.
    ExecutionRescued,
    /// The code of an execution that several workers did not survive is about to be run. The code is not told. If this
    /// worker does not survive it either, it is known what it was at.
    TurnAttempted,

    /// An activity is to be run.
    TaskScheduled(Arc<Activity>),
    /// An activity ended well.
    TaskCompleted {
        /// Which.
        op: Operation,
        /// What it returned.
        result: Payload,
    },
    /// An activity ended badly, for good.
    TaskFailed {
        /// Which.
        op: Operation,
        /// Why.
        failure: Failure,
    },
    /// An attempt of an activity failed, and there is to be another. The code is not told.
    TaskRetried {
        /// Which.
        op: Operation,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// When the next one may begin.
        due_at: WallTime,
    },
    /// An attempt begins of an activity that was tried before. The code is not told. First attempts begin without: they
    /// are all under suspicion, once, when whoever ran them is gone.
    TaskStarted {
        /// Which activity.
        op: Operation,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// An attempt said how far it is. The code is not told; the next attempt is.
    TaskHeartbeat {
        /// Which activity.
        op: Operation,
        /// What it said.
        details: Payload,
    },
    /// Nobody waits for an activity any more.
    TaskCancelled {
        /// Which.
        op: Operation,
    },

    /// The code waits for a time.
    TimerCreated {
        /// Which wait.
        op: Operation,
        /// Until when.
        fire_at: WallTime,
    },
    /// That time has come.
    TimerFired {
        /// Which wait.
        op: Operation,
    },
    /// Nobody waits for it any more.
    TimerCancelled {
        /// Which wait.
        op: Operation,
    },

    /// Somebody sent a signal.
    EventRaised(Signal),
    /// The code sent a signal to another instance.
    EventSent {
        /// To whom.
        to: SessionId,
        /// What.
        signal: Signal,
    },

    /// A child is to be started.
    SubOrchestrationCreated {
        /// Which operation waits for it.
        op: Operation,
        /// The child.
        child: Box<Child>,
    },
    /// A child ended well.
    SubOrchestrationCompleted {
        /// Which operation waited for it.
        op: Operation,
        /// What it returned.
        result: Payload,
    },
    /// A child ended badly.
    SubOrchestrationFailed {
        /// Which operation waited for it.
        op: Operation,
        /// Why.
        failure: Failure,
    },
    /// Nobody waits for a child any more: it is asked to end.
    SubOrchestrationCancelled {
        /// Which operation waited for it.
        op: Operation,
        /// The child.
        id: SessionId,
    },
    /// Another orchestration is to be started, of which nobody waits for the end.
    OrchestrationStarted(Box<Child>),

    /// The code said how it stands.
    StatusSet {
        /// Its words; `None`: nothing any more.
        status: Option<String>,
    },
    /// Somebody wishes the instance to end.
    CancelRequested {
        /// Why.
        reason: String,
        /// Who.
        by: Option<ActorId>,
    },

    /// The execution ended, and the next one begins with this input.
    ContinuedAsNew {
        /// The next execution's input.
        input: Payload,
        /// Its version; `None`: the same.
        version: Option<Version>,
    },
    /// The execution ended well.
    ExecutionCompleted {
        /// What it returned.
        output: Payload,
    },
    /// The execution ended badly.
    ExecutionFailed {
        /// Why.
        failure: Failure,
    },
    /// The execution was ended by somebody's wish.
    ExecutionTerminated {
        /// Why.
        reason: String,
    },
}

/// How an execution began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The orchestration.
    pub name: CodeName,
    /// Its version, which the execution keeps.
    pub version: Version,
    /// Which execution it is, from 1.
    pub execution: u64,
    /// What its code is given.
    pub input: Payload,
    /// What its random values are drawn from.
    pub seed: u64,
    /// Who waits for its end.
    pub parent: Option<ParentLink>,
    /// Signals that the execution before had not taken, in order.
    pub carried: Vec<Signal>,
    /// The trace that whoever started it was in: its activities and its children belong to that too.
    pub trace: Option<TraceParent>,
}

/// Who waits for a child's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentLink {
    /// The instance.
    pub id: SessionId,
    /// The execution of it that started the child.
    pub execution: u64,
    /// The operation that waits.
    pub op: Operation,
}

/// An activity that is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its number within the execution.
    pub op: Operation,
    /// Which code.
    pub name: CodeName,
    /// What it is given.
    pub input: Payload,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How long one attempt may be silent before it counts as gone.
    pub heartbeat_timeout: Option<Duration>,
    /// Where it waits for a worker; `None`: the default queue.
    pub queue: Option<QueueName>,
    /// Which key it follows.
    pub affinity: Option<Affinity>,
    /// The trace that it belongs to.
    pub trace: Option<TraceParent>,
}

/// An orchestration that another one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its id.
    pub id: SessionId,
    /// Which code.
    pub name: CodeName,
    /// Exactly which version; `None`: the latest that its first worker has.
    pub version: Option<Version>,
    /// What it is given.
    pub input: Payload,
}

/// A named value for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Its name.
    pub name: SignalName,
    /// What it says.
    pub data: Payload,
}

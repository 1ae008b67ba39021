//! What a worker is told.

use std::collections::BTreeMap;

use tenure_core::id::{CodeName, Fence, Namespace, Operation, Principal, SessionId};
use tenure_core::orchestration::{Failure, ParentLink, Payload, Version};
use tenure_core::trace::TraceParent;
use tenure_store::{Handle, StoreError, TaskId};
use tokio::sync::oneshot;

/// A worker's own number for an instance that it has in memory.
pub(super) type Key = u64;

/// An orchestration to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starting {
    /// The instance's id; `None`: a new one.
    pub id: Option<SessionId>,
    /// The tenant.
    pub namespace: Namespace,
    /// On whose behalf, if that is said. Its children are started on the same behalf.
    pub principal: Option<Principal>,
    /// The orchestration.
    pub name: CodeName,
    /// Exactly that version; `None`: the latest.
    pub version: Option<Version>,
    /// What it is given.
    pub input: Payload,
    /// Names and values to keep with it.
    pub labels: BTreeMap<String, String>,
    /// The trace that whoever starts it is in: what its activities do belongs to that too.
    pub trace: Option<TraceParent>,
    /// What is done if an instance of that id is there.
    pub if_there: IfThere,
}

/// What a start does if an instance of its id is there. Of starts that race, one begins an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IfThere {
    /// It gives that one, whether or not it has ended.
    #[default]
    Give,
    /// It fails.
    Fail,
    /// It gives that one while it goes on. Once it has ended, another begins, under the next id of a series: `name.2`
    /// after `name`, then `name.3`. What has ended stays what it is.
    Follow,
}

/// How an instance stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What its code said last.
    pub text: Option<String>,
    /// How often that became something else.
    pub changes: u64,
    /// Whether it has ended: it says nothing more.
    pub has_ended: bool,
}

/// An instance that is started, and that nobody runs yet.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) id: SessionId,
    pub(super) namespace: Namespace,
    pub(super) principal: Option<Principal>,
    pub(super) name: CodeName,
    /// Exactly that version; `None`: the latest.
    pub(super) version: Option<Version>,
    pub(super) input: Payload,
    pub(super) labels: BTreeMap<String, String>,
    /// Who waits for its end.
    pub(super) parent: Option<ParentLink>,
    /// The trace that it belongs to.
    pub(super) trace: Option<TraceParent>,
}

/// An instance that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: SessionId,
    /// Its handle.
    pub handle: Handle,
    /// Whether it was there before.
    pub was_there: bool,
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Well, with this output.
    Completed(Payload),
    /// Badly.
    Failed(Failure),
    /// By somebody's wish, for this reason.
    Cancelled(String),
    /// It was deleted.
    Deleted,
}

/// What a start came to.
#[derive(Debug)]
pub(super) enum StartAnswer {
    Started(Started),
    /// A session of that id is there.
    IdTaken,
    /// The worker does not have its code.
    NotHere(Box<Begun>),
}

/// Whose attempt one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of an instance in memory here.
    Here { key: Key, op: Operation, number: u32 },
    /// That of a task that was claimed.
    Task { task: TaskId, fence: Fence },
}

/// What happens to a worker's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeaseNews {
    /// It is about to be renewed.
    Due,
    /// It holds again.
    Held,
    /// The worker is not known any more.
    Gone,
}

/// What a worker is told.
pub(super) enum Input {
    Start {
        begun: Box<Begun>,
        reply: oneshot::Sender<Result<StartAnswer, StoreError>>,
        ended: oneshot::Sender<Ended>,
    },
    /// An attempt is over.
    Tried { whose: Whose, result: Result<Payload, Failure> },
    /// An attempt did not begin, because the worker's lease may be over.
    Unbegun { whose: Whose },
    /// An attempt is there, and may say how far it is.
    Heartbeat { whose: Whose, details: Option<Payload> },
    /// Something happens to the worker's lease.
    Lease(LeaseNews),
    /// The worker is to stop.
    Stop { reply: oneshot::Sender<()> },
}

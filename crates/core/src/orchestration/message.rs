//! What reaches an instance from outside, waiting until a turn takes it.

use super::{Failure, Payload, Signal};
use crate::id::{ActorId, Operation};

/// The number of a message. Grows with every message that is stored, over all instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MessageId(pub i64);

/// Something for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mail {
    /// Somebody sent it a signal.
    Signalled(Signal),
    /// A child of it ended.
    ChildEnded {
        /// The execution that started the child.
        execution: u64,
        /// The operation that waits for it.
        op: Operation,
        /// How it ended.
        result: Result<Payload, Failure>,
    },
    /// An attempt of an activity that another worker ran is over.
    TaskEnded {
        /// The execution that asked for it.
        execution: u64,
        /// Which activity.
        op: Operation,
        /// Which attempt, from 1.
        attempt: u32,
        /// How many attempts before it were lost with whoever ran them.
        rescues: u32,
        /// What it, or one before it, last said of how far it was.
        details: Option<Payload>,
        /// How it ended.
        result: Result<Payload, Failure>,
    },
    /// Somebody wishes it to end.
    CancelRequested {
        /// Why.
        reason: String,
        /// Who.
        by: Option<ActorId>,
    },
}

/// Something for an instance that is stored, and is there until a turn takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// What it says.
    pub mail: Mail,
}

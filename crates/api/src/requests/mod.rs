//! What is sent: the bodies of requests.
//!
//! A field that is not known is refused: whoever sends one means something that would be lost.

mod asking;
mod checkpoint;
mod events;
mod file;
mod lifecycle;
mod orchestration;
mod session;
mod token;
mod worker;

pub use asking::{AskOwner, Wanted};
pub use checkpoint::{CreateCheckpoint, Fork, PruneCheckpoints, RestoreCheckpoint};
pub use events::{AppendEvents, Compact, EventDraft, SendMessages};
pub use file::{Became, RecordFile};
pub use lifecycle::{Ask, Claim, Complete, End, Fail, Note, Reason, Takeover, Used};
pub use orchestration::{IfThere, Send, StartOrchestration};
pub use session::{CreateSession, SetLimit, UpdateProgress, UpdateSession};
pub use token::{CreateToken, RotateToken};
pub use worker::{
    ClaimTasks, CompleteTask, EvictOrDrain, FailTask, Going, HandBackTask, MovePin, RegisterWorker,
    RenewTasks, RenewWorker,
};

//! The JSON form of what Tenure answers, as types with a schema.
//!
//! A thing has one form, whoever shows it: `tenure --output json` prints what a server sends. What is absent is left
//! out, unless its absence is an answer, and then it is `null`. Readers pass over what they do not know.
#![deny(missing_docs, clippy::wildcard_enum_match_arm, clippy::iter_over_hash_type)]

mod answers;
mod checkpoint;
pub mod command;
pub mod cursor;
mod document;
mod event;
mod facts;
mod figures;
mod file;
mod group;
mod lease;
mod orchestration;
mod page;
mod pending;
mod problem;
mod recipe;
mod replayed;
pub mod requests;
mod session;
mod stored;
pub mod task;
#[cfg(test)]
mod tests;
mod time;
mod unreadable;
mod word;
mod worker;

pub use answers::{
    Accepted, Appended, Earliest, Events, Forked, Frame, Health, IssuedToken, Removed, Started, Token,
};
pub use checkpoint::{
    Checkpoint, ContentKind, ContentWord, DamagedCheckpoint, ListedCheckpoint, ShownCheckpoint, Skipped,
};
pub use document::document;
pub use event::{Event, payload};
pub use facts::{Activity, Execution, Handover, Parent, Progress, Retained, Usage};
pub use figures::{Alert, Figures, LastDay, LastHour, Stuck, Tally};
pub use file::{DamagedFile, File, FileActionWord, ListedFile};
pub use group::{Group, GroupMember};
pub use lease::{HeldBy, Holder, Lease, Standing, StandingWord};
pub use orchestration::{FailureDetail, History, HistoryEvent, OrchestrationOutcome, Payload};
pub use page::Page;
pub use pending::{Failure, Pending, PendingActivity, PendingChild, PendingTimer};
pub use problem::Problem;
pub use recipe::{Autosave, Bytes, Recipe, Watched};
pub use replayed::{ReplayedActivity, ReplayedLease, ReplayedSession, SessionSeen};
pub use session::{Beside, KnownSession, Seen, Session, ShownSession};
pub use stored::{OwnerAsked, SavedCheckpoint, Tenant, Weight};
pub use task::{Held, Notice, Registration, Renewed, Task, TaskAnswer, TaskStanding, Tasks};
pub use time::{Instant, parse_rfc3339, rfc3339};
pub use unreadable::{Flaw, Unreadable};
pub use word::{CauseWord, EncodingWord, HolderKindWord, KindWord, ModeWord, Named, StateWord, Word};
pub use worker::{Pin, PinMoved, PinSeen, Worker, WorkerSeen, WorkerState, WorkerStateWord};

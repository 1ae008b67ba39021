//! What a store promises, and the stored form of records.
//!
//! Each verb is one request, one transaction and one outcome. What a caller must branch on is an outcome;
//! an error means that no trustworthy answer was obtained. Ids and lengths of time come in, instants go
//! out: the store's own clocks judge leases.
#![deny(missing_docs)]

mod answer;
mod arrival;
mod changes;
mod checkpoint;
mod clock;
mod error;
mod filter;
mod group;
mod histogram;
mod inspect;
mod instance;
mod log;
pub mod payload;
mod purge;
pub mod record;
mod session;
mod statistics;
mod task;
mod token;
mod worker;

pub use answer::{AnswerKey, AnswerStore, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, KeptAnswer};
pub use arrival::{
    AdmitOutcome, AdmitRequest, ArrivalStore, ArriveOutcome, ArriveRequest, BringCheckpointOutcome,
    BringCheckpointRequest, BringOutcome, BringRequest, Origin,
};
pub use changes::{Alive, Changed, Changes, Feed, Head};
pub use checkpoint::{
    Capture, CheckpointRequest, CheckpointStore, CheckpointsRequest, CreateOutcome, CreateRequest,
    FileRequest, FilesRequest, ForkOutcome, ForkRequest, ListedCheckpoint, ListedFile, PayloadOutcome,
    RemoveOutcome, RemoveRequest,
};
pub use clock::Clock;
pub use error::{Said, StoreError};
pub use filter::{Filter, Period, WORD_CHARS_MAX, WORDS_MAX, last_part, words_in, words_of};
pub use group::{GroupFound, GroupMember, GroupRequest, GroupStore, LimitRequest};
pub use histogram::{Distribution, Histogram};
pub use inspect::{ChildrenRequest, Due, Inspect, ListRequest, Listed, NamedRequest, Order, Page, Postpone};
pub use instance::{
    Attention, ClaimRequest, Claimed, FreeRequest, Ground, HistoryPage, HistoryRequest, InstanceStore,
    MailRequest, Mailed, PostOutcome, PostRequest, StartRequest, TurnDone, TurnOutcome, TurnRequest, Wake,
};
pub use log::{
    AppendOutcome, AppendRequest, AppendResolution, CompactOutcome, CompactRequest, Heard, LogPage, LogStore,
    ReadOutcome, ReadRequest, Watch,
};
pub use purge::{PurgeOutcome, PurgeStore, Weight};
pub use session::{
    CommitOutcome, CommitRequest, Committed, Find, Found, Handle, RenewOutcome, RenewRequest, SessionStore,
    Slot,
};
pub use statistics::{
    EventCount, Figures, FiguresRequest, LENGTH_COUNTED_MAX, OpenTimes, QueueCount, Quiet, Statistics, Tally,
    Writes, recent_events_since, recent_sessions_since,
};

pub use task::{
    ClaimedTask, GivenTasks, HandBack, ListedTask, MovePin, MovePinOutcome, Notice, NoticeId, Out, Pin,
    PinGrant, PinsRequest, Placed, TaskClaim, TaskEnd, TaskId, TaskOutcome, TaskRenewal, TaskRequest,
    TaskStore,
};
pub use token::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, TokenStore, TokensPage, TokensRequest,
};
pub use worker::{
    Dismiss, DismissOutcome, Dismissal, RegisterOutcome, RegisterRequest, Registered, RenewWorker, Worker,
    WorkerHandle, WorkerRenewal, WorkerStore,
};

/// Everything an engine needs of a store.
pub trait Store:
    SessionStore
    + LogStore
    + PurgeStore
    + ArrivalStore
    + CheckpointStore
    + GroupStore
    + InstanceStore
    + TaskStore
    + WorkerStore
    + TokenStore
    + AnswerStore
    + Inspect
    + Statistics
    + std::fmt::Debug
{
}

impl<S> Store for S where
    S: SessionStore
        + LogStore
        + PurgeStore
        + ArrivalStore
        + CheckpointStore
        + GroupStore
        + InstanceStore
        + TaskStore
        + WorkerStore
        + TokenStore
        + AnswerStore
        + Inspect
        + Statistics
        + std::fmt::Debug
{
}

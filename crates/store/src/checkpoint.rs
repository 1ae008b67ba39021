//! Checkpoints and forks: save a value, find it again, go on from it elsewhere.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::checkpoint::{Checkpoint, Content};
use tenure_core::id::{CheckpointId, CommitId, Fence, Incarnation, Seq};
use tenure_core::session::Write;

use crate::payload::Packed;
use crate::{Committed, Handle, StoreError};

/// A value to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRequest {
    /// Names this request: sent again, it happens once.
    pub commit_id: CommitId,
    /// The session.
    pub handle: Handle,
    /// The owner's fence; `None`: an operator's wish, while nobody holds the session.
    pub fence: Option<Fence>,
    /// A holder's incarnation that is proven to be gone.
    pub gone: Option<Incarnation>,
    /// What it will be called.
    pub id: CheckpointId,
    /// Why.
    pub reason: Option<String>,
    /// What its maker wants to know of it, JSON text.
    pub metadata: Option<String>,
    /// What the payload is.
    pub content: Content,
    /// The payload.
    pub payload: Arc<Packed>,
}

/// A value that is saved by a commit, with what it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// What it will be called.
    pub id: CheckpointId,
    /// Why.
    pub reason: Option<String>,
    /// What the payload is.
    pub content: Content,
    /// The payload: a small one, because it is written with everything else.
    pub payload: Arc<Packed>,
}

/// What became of a value to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It is durable.
    Created(Checkpoint),
    /// The fence is not the current lease's. Nothing was written.
    Fenced {
        /// The highest fence given out.
        current: Fence,
    },
    /// Somebody holds the session. Nothing was written.
    Held,
    /// The session has ended. Nothing was written.
    Ended,
    /// There is no such session.
    NotFound,
    /// The session has another checkpoint of that id. Nothing was written.
    IdTaken,
}

/// Which checkpoints to list: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointsRequest {
    /// The session.
    pub handle: Handle,
    /// Only those before this position: that of the last one of the page before.
    pub before: Option<Seq>,
    /// At most this many.
    pub limit: usize,
    /// The versions of changed files too, which are not listed otherwise.
    pub with_files: bool,
}

/// A checkpoint in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedCheckpoint {
    /// As it was made. Whether its payload is what was saved is seen when that is read.
    Readable(Checkpoint),
    /// Not even that can be read any more. Its neighbours can.
    Damaged {
        /// Its id.
        id: CheckpointId,
        /// The position of its event.
        seq: Seq,
        /// What was found.
        what: String,
    },
}

/// One checkpoint of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRequest {
    /// The session.
    pub handle: Handle,
    /// Its id.
    pub id: CheckpointId,
}

/// Which changed files to list: each in its newest version, in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesRequest {
    /// The session.
    pub handle: Handle,
    /// Only those after this path: that of the last one of the page before.
    pub after: Option<String>,
    /// At most this many.
    pub limit: usize,
}

/// A changed file in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its path.
    pub path: String,
    /// The version.
    pub version: ListedCheckpoint,
}

/// A version of a changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// The session.
    pub handle: Handle,
    /// Its path.
    pub path: String,
    /// As it was at this position of the log; `None`: the newest.
    pub at: Option<Seq>,
}

/// A payload that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadOutcome {
    /// It is what was saved: size and hash are right.
    Payload {
        /// The checkpoint.
        checkpoint: Checkpoint,
        /// The payload.
        bytes: Vec<u8>,
    },
    /// It is not what was saved.
    Damaged {
        /// What was found.
        what: String,
    },
    /// The session has no such checkpoint.
    NotFound,
}

/// Checkpoints that are no longer wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveRequest {
    /// The session.
    pub handle: Handle,
    /// The fence that must be the current lease's, if one was given.
    pub fence: Option<Fence>,
    /// Which.
    pub ids: Vec<CheckpointId>,
}

/// What became of checkpoints that are no longer wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveOutcome {
    /// They are gone.
    Removed {
        /// How many there were.
        count: usize,
    },
    /// Somebody wants everything of the session kept. Nothing was written.
    Retained,
    /// It is on its way to another store, and has not arrived. Nothing was written.
    OnItsWay,
    /// The fence is not the current lease's. Nothing was written.
    Fenced {
        /// The highest fence given out.
        current: Fence,
    },
}

/// A session to be opened on another one's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkRequest {
    /// Names this request: sent again, it happens once.
    pub commit_id: CommitId,
    /// The session that it goes on from.
    pub parent: Handle,
    /// The last position that they share.
    pub at: Seq,
    /// The new session, which has no key, and what its own log begins with.
    pub write: Write,
}

/// What became of a session to be opened on another one's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForkOutcome {
    /// It is durable.
    Forked(Committed),
    /// The parent's log does not reach that far. Nothing was written.
    Beyond {
        /// The parent's newest position.
        head: Seq,
    },
    /// There is no such parent.
    NotFound,
    /// Another session of that id exists. Nothing was written.
    IdTaken,
}

/// Keeps checkpoints, and sessions that go on from them.
///
/// A fork's log begins as its parent's, and nothing that becomes of its parent changes that: not what is appended
/// to it, not that its beginning is dropped, not its purge. The parent's checkpoints up to there are the fork's.
#[async_trait]
pub trait CheckpointStore: Send + Sync {
    /// Saves a value: the checkpoint and its event `checkpoint_created`, all or nothing.
    ///
    /// *Before:* under the write lock, in this order: the session exists; the same request was not carried
    /// out before (then its outcome is told again); [`tenure_core::checkpoint::permit`] grants it by the
    /// store's clock; the id is free. *Effect:* the event follows the newest one without a gap, and the
    /// checkpoint has its position; an owner's is activity. The revision stays. However large the payload is,
    /// other writers wait only for a piece of it; what is left of a request that was broken off is removed
    /// later, and never seen. *Outcomes:* [`CreateOutcome`]; `Created` is durable.
    async fn create_checkpoint(&self, request: CreateRequest) -> Result<CreateOutcome, StoreError>;

    /// Lists a session's checkpoints, newest first, without their payloads. Versions of files are not among them.
    ///
    /// *Effect:* none. *Outcomes:* at most the limit, and fewer only at the end.
    async fn list_checkpoints(
        &self,
        request: CheckpointsRequest,
    ) -> Result<Vec<ListedCheckpoint>, StoreError>;

    /// Finds one checkpoint, without its payload.
    ///
    /// *Effect:* none.
    async fn find_checkpoint(
        &self,
        request: CheckpointRequest,
    ) -> Result<Option<ListedCheckpoint>, StoreError>;

    /// Reads a checkpoint's payload and checks its size and hash.
    ///
    /// *Effect:* none. *Outcomes:* [`PayloadOutcome`]; `Payload` is what was saved.
    async fn read_payload(&self, request: CheckpointRequest) -> Result<PayloadOutcome, StoreError>;

    /// Lists the files that a session has changed, without their contents.
    ///
    /// *Effect:* none. *Outcomes:* at most the limit, and fewer only at the end.
    async fn list_files(&self, request: FilesRequest) -> Result<Vec<ListedFile>, StoreError>;

    /// Finds the version of a changed file that was there at some position.
    ///
    /// *Effect:* none.
    async fn find_file(&self, request: FileRequest) -> Result<Option<ListedCheckpoint>, StoreError>;

    /// Removes checkpoints of a session. What is not there counts as removed.
    ///
    /// *Before:* a given fence is the current lease's; nobody wants everything of the session kept, and it is not on
    /// its way to another store. *Effect:* they are no longer found; no event says so,
    /// and forks keep theirs. *Outcomes:* [`RemoveOutcome`].
    async fn remove_checkpoints(&self, request: RemoveRequest) -> Result<RemoveOutcome, StoreError>;

    /// Opens a session whose log is its parent's up to a position, then its own.
    ///
    /// *Before:* the same request was not carried out before (then its outcome is told again); the parent
    /// exists and has reached the position; the id is free. *Effect:* the session is stored, its own events
    /// begin one after the position, and it has the parent's checkpoints up to there, at most the newest
    /// [`tenure_core::limits::CHECKPOINTS_LISTED_MAX`], and the files as they were there. Its log begins where the parent's begins, or after the
    /// position if that was dropped there. An id of an event that they share is known to it. The parent stays as
    /// it is. *Outcomes:* [`ForkOutcome`].
    async fn fork(&self, request: ForkRequest) -> Result<ForkOutcome, StoreError>;
}

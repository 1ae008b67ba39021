//! Requests about checkpoints and forks.

use std::sync::Arc;

use tenure_core::checkpoint::{Checkpoint, Content};
use tenure_core::event::EventBody;
use tenure_core::id::{CheckpointId, CommitId, Fence, Incarnation, Seq};
use tenure_store::payload::Packed;
use tenure_store::{
    BringCheckpointOutcome, BringCheckpointRequest, Capture, CreateOutcome, CreateRequest, ForkOutcome,
    ForkRequest, Handle, RemoveOutcome, RemoveRequest, StoreError,
};

use super::asked::{Asked, requests};
use super::{Batch, SessionWrite, Stamp};

requests! {
    /// What the writer can be asked about checkpoints and forks.
    #[derive(Debug)]
    pub(crate) enum Saving {
        /// Write one piece of a payload that nobody sees yet.
        Stage(Asked<SavedPiece, ()>),
        /// Make a checkpoint; `None`: its pieces are not all there.
        Create(Box<Asked<Create, Option<CreateOutcome>>>),
        /// Keep a checkpoint of a session that is brought in; `None`: its pieces are not all there.
        Bring(Box<Asked<BringCheckpoint, Option<BringCheckpointOutcome>>>),
        /// Remove checkpoints.
        Remove(Asked<RemoveRequest, RemoveOutcome>),
        /// Open a session on another one's log.
        Fork(Box<Asked<Fork, ForkOutcome>>),
    }
}

/// Pieces of one payload have numbers below this.
const PIECES_MAX: i64 = 1 << 16;

/// The numbers of a payload's first and last possible piece.
pub(crate) const fn pieces_of(payload: i64) -> (i64, i64) {
    (payload * PIECES_MAX, payload * PIECES_MAX + PIECES_MAX - 1)
}

/// One piece of a payload.
#[derive(Debug)]
pub(crate) struct SavedPiece {
    /// The payload's name.
    pub(crate) name: CommitId,
    /// Its place, from 0.
    pub(crate) number: u16,
    pub(crate) bytes: Vec<u8>,
}

/// What a checkpoint is to say, and its payload.
#[derive(Debug)]
pub(crate) struct Value {
    /// The payload's name.
    pub(crate) commit_id: CommitId,
    pub(crate) id: CheckpointId,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) content: Content,
    pub(crate) payload: Arc<Packed>,
}

impl Value {
    /// What is saved by a commit.
    pub(super) fn captured(commit_id: CommitId, capture: Capture) -> Self {
        let Capture { id, reason, content, payload } = capture;
        Self { commit_id, id, reason, metadata: None, content, payload }
    }

    /// The event that tells of it.
    pub(super) fn event(&self) -> EventBody {
        let (id, reason) = (self.id.clone(), self.reason.clone());
        self.content.told(id, reason, (self.payload.original_size, &self.payload.sha256))
    }
}

/// A checkpoint to be made, whose payload is staged or comes with it.
#[derive(Debug)]
pub(crate) struct Create {
    pub(crate) handle: Handle,
    pub(crate) fence: Option<Fence>,
    pub(crate) gone: Option<Incarnation>,
    pub(crate) value: Value,
    pub(crate) is_staged: bool,
    pub(crate) batch: Batch,
}

impl Create {
    /// A checkpoint to be made.
    pub(crate) fn of(request: CreateRequest, is_staged: bool) -> Self {
        let CreateRequest { commit_id, handle, fence, gone, id, reason, metadata, content, payload } =
            request;
        let value = Value { commit_id, id, reason, metadata, content, payload };
        let batch = Batch::of(commit_id, vec![value.event().into()]);
        Self { handle, fence, gone, value, is_staged, batch }
    }
}

/// A checkpoint that was made elsewhere.
#[derive(Debug)]
pub(crate) struct BringCheckpoint {
    pub(crate) arrival: Handle,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) value: Value,
    pub(crate) is_staged: bool,
}

impl BringCheckpoint {
    /// A checkpoint that was made elsewhere, whose payload is staged or comes with it.
    pub(crate) fn of(request: BringCheckpointRequest, is_staged: bool) -> Self {
        let BringCheckpointRequest { commit_id, arrival, checkpoint, payload } = request;
        let (encoding, stored_size) = (payload.encoding, payload.bytes.len() as u64);
        let checkpoint = Checkpoint { encoding, stored_size, ..checkpoint };
        let value = Value {
            commit_id,
            id: checkpoint.id.clone(),
            reason: None,
            metadata: None,
            content: checkpoint.content.clone(),
            payload,
        };
        Self { arrival, checkpoint, value, is_staged }
    }
}

/// A session to be opened on another one's log.
#[derive(Debug)]
pub(crate) struct Fork {
    pub(crate) stamp: Stamp,
    pub(crate) parent: Handle,
    pub(crate) at: Seq,
    pub(crate) write: SessionWrite,
}

impl From<ForkRequest> for Fork {
    fn from(request: ForkRequest) -> Self {
        let counters = request.write.session.counters;
        Self {
            stamp: Stamp { commit_id: request.commit_id, counters, fence: None },
            parent: request.parent,
            at: request.at,
            write: SessionWrite::of(request.commit_id, request.write),
        }
    }
}

impl Saving {
    pub(super) fn commit_id(&self) -> Option<CommitId> {
        match self {
            Self::Create(asked) => Some(asked.question.value.commit_id),
            Self::Fork(asked) => Some(asked.question.stamp.commit_id),
            // Doing these twice does no harm.
            Self::Stage(_) | Self::Bring(_) | Self::Remove(_) => None,
        }
    }
}

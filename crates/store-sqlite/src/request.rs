//! Requests on their way to the writer, and their answers on the way back.

mod access;
mod asked;
mod bring;
mod saving;
mod tasking;
mod turning;

use std::sync::Arc;

use tenure_core::event::EventDraft;
use tenure_core::id::{CommitId, EventId, Fence, Incarnation, Revision};
use tenure_core::session::{Change, Counters, Judged, Place, Session, Write};
use tenure_store::record;
use tenure_store::{
    AdmitOutcome, AdmitRequest, AppendOutcome, AppendRequest, ArriveOutcome, ArriveRequest, BringOutcome,
    ClaimRequest, CommitOutcome, CommitRequest, CompactOutcome, CompactRequest, FreeRequest, Handle,
    LimitRequest, PostOutcome, Postpone, PurgeOutcome, RegisterOutcome, RegisterRequest, RenewOutcome,
    RenewRequest, RenewWorker, Slot, StoreError, TurnOutcome, WorkerHandle, WorkerRenewal,
};

use crate::recent::Appended;
pub(crate) use access::Access;
use asked::requests;
pub(crate) use asked::{Answered, Asked};
pub(crate) use bring::Bring;
pub(crate) use saving::{BringCheckpoint, Create, Fork, SavedPiece, Saving, Value, pieces_of};
pub(crate) use tasking::{Draw, Drawn, Ending, Renewals, Tasked, Tasking, Touch};
pub(crate) use turning::{Given, Opening, Post, Turn, wake_column};

requests! {
    /// What the writer can be asked.
    #[derive(Debug)]
    pub(crate) enum Request {
        Renew(Asked<RenewRequest, RenewOutcome>),
        Admit(Box<Asked<AdmitRequest, AdmitOutcome>>),
        Append(Box<Asked<Append, AppendOutcome>>),
        Arrive(Box<Asked<ArriveRequest, ArriveOutcome>>),
        Bring(Box<Asked<Bring, BringOutcome>>),
        Commit(Box<Asked<Commit, CommitOutcome>>),
        Compact(Box<Asked<CompactRequest, CompactOutcome>>),
        GiveUp(Box<Asked<Handle, ()>>),
        Postpone(Box<Asked<Vec<Postpone>, ()>>),
        /// `None`: not yet, some of it had to be handed on.
        Purge(Box<Asked<Handle, Option<PurgeOutcome>>>),
        Reclaim(Box<Asked<(), bool>>),
        Limit(Box<Asked<LimitRequest, Option<u32>>>),
        Watch(Box<Asked<Handle, ()>>),
        /// Whether other processes have written since this was asked last.
        Others(Asked<(), bool>),
        Save(Box<Saving>),
        Turn(Box<Asked<Turn, TurnOutcome>>),
        Claim(Box<Asked<ClaimRequest, Given>>),
        Free(Box<Asked<Vec<FreeRequest>, ()>>),
        Post(Box<Asked<Post, PostOutcome>>),
        Register(Box<Asked<Register, RegisterOutcome>>),
        RenewWorker(Asked<RenewWorker, WorkerRenewal>),
        /// Whether there is more to let go.
        Retire(Asked<WorkerHandle, bool>),
        Task(Box<Tasking>),
        Access(Box<Access>),
        Chore(Chore),
    }
}

/// A worker that starts.
#[derive(Debug)]
pub(crate) struct Register {
    pub(crate) request: RegisterRequest,
    /// Whether this process can be told to be there.
    pub(crate) is_told: bool,
}

/// What nobody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chore {
    /// This process no longer watches a session.
    Unwatch(Handle),
    /// This process watches nothing any more, because the store is being closed.
    Leave,
    /// A process is gone: nobody need ring it.
    Bury {
        /// Its row.
        process: i64,
        /// Its token, in case another process has the row by now.
        token: Incarnation,
    },
}

/// Nobody is to be told.
impl Chore {
    const fn is_abandoned(&self) -> bool {
        false
    }

    const fn forget(&self) {}

    const fn tell(self) {}

    fn refuse(self, _: StoreError) {}
}

impl Request {
    /// Whether it keeps a lease alive: then it is worked on before everything else.
    pub(crate) const fn is_renewal(&self) -> bool {
        matches!(self, Self::Renew(_) | Self::RenewWorker(_))
    }

    /// What an append wrote, if it wrote all that it was asked to.
    pub(crate) fn take_appended(&mut self) -> Option<Appended> {
        let Self::Append(asked) = self else { return None };
        let (question, answer) = (&mut asked.question, &asked.answer);
        match answer {
            Some(Ok(AppendOutcome::Appended { first, .. })) if question.named.is_empty() => Some(Appended {
                handle: question.handle,
                first: *first,
                count: question.batch.count,
                bytes: std::mem::take(&mut question.batch.bytes),
            }),
            _ => None,
        }
    }

    /// The name under which an unknown outcome can be found out, if it must be.
    pub(crate) fn commit_id(&self) -> Option<CommitId> {
        match self {
            Self::Append(asked) => Some(asked.question.batch.commit_id),
            Self::Commit(asked) => Some(asked.question.stamp.commit_id),
            Self::Save(saving) => saving.commit_id(),
            Self::Turn(asked) => Some(asked.question.commit_id),
            // Doing these twice does no harm, or they have no name.
            Self::Renew(_)
            | Self::Admit(_)
            | Self::Arrive(_)
            | Self::Bring(_)
            | Self::GiveUp(_)
            | Self::Compact(_)
            | Self::Postpone(_)
            | Self::Purge(_)
            | Self::Reclaim(_)
            | Self::Limit(_)
            | Self::Watch(_)
            | Self::Others(_)
            | Self::Claim(_)
            | Self::Free(_)
            | Self::Post(_)
            | Self::Register(_)
            | Self::RenewWorker(_)
            | Self::Retire(_)
            | Self::Task(_)
            | Self::Access(_)
            | Self::Chore(_) => None,
        }
    }
}

/// Events in their stored form, still without their seal.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) commit_id: CommitId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) unsealed: usize,
    pub(crate) count: u64,
    /// How many there are of each type.
    pub(crate) types: Vec<(String, u64)>,
}

impl Batch {
    pub(crate) fn of(commit_id: CommitId, events: Vec<EventDraft>) -> Self {
        let count = events.len() as u64;
        let types = count_types(events.iter().map(|event| event.data.type_name()));
        let bytes = record::encode_events(events);
        Self { commit_id, unsealed: bytes.len(), bytes, count, types }
    }
}

/// How many there are of each.
pub(crate) fn count_types<'e>(names: impl Iterator<Item = &'e str>) -> Vec<(String, u64)> {
    let mut types: Vec<(String, u64)> = Vec::new();
    for name in names {
        match types.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => types.push((name.to_owned(), 1)),
        }
    }
    types
}

/// An append, encoded where it came from, so that the writer does not do it for everybody.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) handle: Handle,
    pub(crate) fence: Option<Fence>,
    pub(crate) batch: Batch,
    /// The events that have ids.
    pub(crate) named: Vec<Named>,
    /// Each event, if one of them has an id.
    pub(crate) pieces: Vec<Piece>,
}

/// An event in a batch's bytes.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where it ends; it begins where the one before ends.
    pub(crate) end: usize,
    pub(crate) kind: String,
}

/// An event that has an id.
#[derive(Debug)]
pub(crate) struct Named {
    /// Which of its append's events.
    pub(crate) at: usize,
    pub(crate) id: EventId,
    /// What tells its content from others'.
    pub(crate) digest: [u8; 16],
}

impl From<AppendRequest> for Append {
    fn from(request: AppendRequest) -> Self {
        let AppendRequest { commit_id, handle, fence, events, .. } = request;
        let named: Vec<_> =
            events.iter().enumerate().filter_map(|(at, event)| Named::of(at, event)).collect();
        if named.is_empty() {
            let batch = Batch::of(commit_id, events);
            return Self { handle, fence, batch, named, pieces: Vec::new() };
        }
        // Each by itself: stored one after the other they are the same, and some may have to be left out.
        let count = events.len() as u64;
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        for event in events {
            let kind = event.data.type_name().to_owned();
            bytes.extend(record::encode_events(vec![event]));
            pieces.push(Piece { end: bytes.len(), kind });
        }
        let types = count_types(pieces.iter().map(|piece| piece.kind.as_str()));
        let batch = Batch { commit_id, unsealed: bytes.len(), bytes, count, types };
        Self { handle, fence, batch, named, pieces }
    }
}

impl Named {
    fn of(at: usize, event: &EventDraft) -> Option<Self> {
        let id = event.id.clone()?;
        Some(Self { at, id, digest: record::digest_event(&event.data) })
    }
}

/// A commit, encoded where it came from.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) stamp: Stamp,
    pub(crate) slot: Option<Slot>,
    pub(crate) on: Option<Handle>,
    pub(crate) expected: Revision,
    pub(crate) judged: Option<Judged>,
    pub(crate) place: Option<Place>,
    pub(crate) writes: Vec<SessionWrite>,
    /// What is saved of the session that is written last; its event is the last one.
    pub(crate) capture: Option<Value>,
}

/// What every session of a commit is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) commit_id: CommitId,
    pub(crate) counters: Counters,
    pub(crate) fence: Option<Fence>,
}

/// One session of a commit.
#[derive(Debug)]
pub(crate) struct SessionWrite {
    pub(crate) session: Arc<Session>,
    pub(crate) opens: bool,
    pub(crate) body: Vec<u8>,
    /// Its lease is written, not only carried along.
    pub(crate) has_lease_change: bool,
    pub(crate) grant: Option<Vec<u8>>,
    /// What its holder said is written, not only carried along.
    pub(crate) has_activity_change: bool,
    pub(crate) activity: Option<Vec<u8>>,
    pub(crate) batch: Batch,
}

impl From<CommitRequest> for Commit {
    fn from(request: CommitRequest) -> Self {
        let mut decision = request.decision;
        let capture = request.capture.map(|capture| Value::captured(request.commit_id, capture));
        if let (Some(value), Some(last)) = (&capture, decision.writes.last_mut()) {
            last.events.push(value.event());
        }
        Self {
            capture,
            stamp: Stamp { commit_id: request.commit_id, counters: decision.counters, fence: request.fence },
            slot: request.slot,
            on: request.on,
            expected: request.expected,
            judged: decision.judged,
            place: decision.place,
            writes: decision
                .writes
                .into_iter()
                .map(|write| SessionWrite::of(request.commit_id, write))
                .collect(),
        }
    }
}

impl SessionWrite {
    fn of(commit_id: CommitId, write: Write) -> Self {
        let session = write.session;
        Self {
            opens: write.opens,
            body: record::encode_body(&session),
            has_lease_change: write.opens || write.changes.iter().any(changes_lease),
            grant: session.lease.as_ref().map(record::encode_grant),
            has_activity_change: write.opens || write.changes.iter().any(changes_activity),
            activity: session.activity.as_ref().map(record::encode_activity),
            batch: Batch::of(commit_id, write.events.into_iter().map(EventDraft::from).collect()),
            session: Arc::new(session),
        }
    }
}

fn changes_lease(change: &Change) -> bool {
    match change {
        Change::Granted(_) | Change::TakenOver { .. } | Change::Renewed(_) | Change::Released => true,
        Change::Created { .. }
        | Change::Started { .. }
        | Change::ModeSet(_)
        | Change::Described { .. }
        | Change::Queued { .. }
        | Change::Joined(_)
        | Change::FactSet(_)
        | Change::Touched { .. }
        | Change::ActivitySet { .. }
        | Change::ActivityDropped
        | Change::Moved { .. }
        | Change::Finished { .. }
        | Change::Succeeded(_)
        | Change::Restored { .. }
        | Change::Retained(_)
        | Change::RetentionEnded { .. }
        | Change::HandedOver(_)
        | Change::Arrived => false,
    }
}

fn changes_activity(change: &Change) -> bool {
    match change {
        Change::ActivitySet { .. } | Change::ActivityDropped => true,
        Change::Restored { record, .. } => record.is_some(),
        Change::Created { .. }
        | Change::Started { .. }
        | Change::ModeSet(_)
        | Change::Described { .. }
        | Change::Queued { .. }
        | Change::Joined(_)
        | Change::FactSet(_)
        | Change::Granted(_)
        | Change::TakenOver { .. }
        | Change::Renewed(_)
        | Change::Touched { .. }
        | Change::Moved { .. }
        | Change::Finished { .. }
        | Change::Released
        | Change::Succeeded(_)
        | Change::Retained(_)
        | Change::RetentionEnded { .. }
        | Change::HandedOver(_)
        | Change::Arrived => false,
    }
}

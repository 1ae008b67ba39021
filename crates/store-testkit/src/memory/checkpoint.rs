//! The model saves values and forks sessions: a fork is a copy.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::checkpoint::{Checkpoint, Content, Permit, permit};
use tenure_core::id::{CheckpointId, CommitId, Fence, Seq};
use tenure_core::limits;
use tenure_core::session::Needed;
use tenure_core::time::Moment;
use tenure_store::payload::{Packed, unpack};
use tenure_store::{
    BringCheckpointRequest, Capture, CheckpointRequest, CheckpointStore, CheckpointsRequest, Committed,
    CreateOutcome, CreateRequest, FileRequest, FilesRequest, ForkOutcome, ForkRequest, Handle,
    ListedCheckpoint, ListedFile, PayloadOutcome, RemoveOutcome, RemoveRequest, StoreError,
};

use super::MemoryStore;
use super::tables::{Stored, Tables, wall_or_epoch};
use crate::Damage;

/// One saved value.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    checkpoint: Checkpoint,
    commit_id: CommitId,
    payload: Arc<Packed>,
    damage: Option<Damage>,
}

#[async_trait]
impl CheckpointStore for MemoryStore {
    async fn create_checkpoint(&self, request: CreateRequest) -> Result<CreateOutcome, StoreError> {
        let mut tables = self.lock();
        Ok(tables.create(&request, &self.clock.now()))
    }

    async fn list_checkpoints(
        &self,
        request: CheckpointsRequest,
    ) -> Result<Vec<ListedCheckpoint>, StoreError> {
        let tables = self.lock();
        let saved = tables.sessions.get(&request.handle).map_or(&[][..], |stored| &stored.checkpoints);
        let is_before = |seq| request.before.is_none_or(|before| seq < before);
        let wanted = saved.iter().rev().filter(|saved| request.with_files || saved.path().is_none());
        let wanted = wanted.filter(|saved| is_before(saved.checkpoint.seq));
        Ok(wanted.take(request.limit.min(limits::CHECKPOINTS_LISTED_MAX)).map(Saved::listed).collect())
    }

    async fn find_checkpoint(
        &self,
        request: CheckpointRequest,
    ) -> Result<Option<ListedCheckpoint>, StoreError> {
        Ok(self.lock().saved(&request).map(Saved::listed))
    }

    async fn read_payload(&self, request: CheckpointRequest) -> Result<PayloadOutcome, StoreError> {
        Ok(self.lock().saved(&request).map_or(PayloadOutcome::NotFound, Saved::read))
    }

    async fn list_files(&self, request: FilesRequest) -> Result<Vec<ListedFile>, StoreError> {
        let tables = self.lock();
        let files = tables.sessions.get(&request.handle).map(|stored| stored.files(Seq(u64::MAX)));
        let files = files.unwrap_or_default().into_iter();
        let later = files.filter(|(path, _)| request.after.as_deref().is_none_or(|after| *path > after));
        let listed = later.map(|(path, saved)| ListedFile { path: path.to_owned(), version: saved.listed() });
        Ok(listed.take(request.limit.min(limits::FILES_LISTED_MAX)).collect())
    }

    async fn find_file(&self, request: FileRequest) -> Result<Option<ListedCheckpoint>, StoreError> {
        let tables = self.lock();
        let at = request.at.unwrap_or(Seq(u64::MAX));
        let files = tables.sessions.get(&request.handle).map(|stored| stored.files(at)).unwrap_or_default();
        Ok(files.get(request.path.as_str()).map(|saved| saved.listed()))
    }

    async fn remove_checkpoints(&self, request: RemoveRequest) -> Result<RemoveOutcome, StoreError> {
        Ok(self.lock().remove(&request))
    }

    async fn fork(&self, request: ForkRequest) -> Result<ForkOutcome, StoreError> {
        let mut tables = self.lock();
        Ok(tables.fork(&request, &self.clock.now()))
    }
}

impl MemoryStore {
    /// Damages what is stored of a checkpoint.
    ///
    /// # Panics
    /// When there is no such checkpoint.
    pub fn damage(&self, handle: Handle, id: &CheckpointId, damage: Damage) {
        let mut tables = self.lock();
        let saved = &mut tables.sessions.get_mut(&handle).expect("a stored session").checkpoints;
        let saved = saved.iter_mut().find(|saved| saved.checkpoint.id == *id).expect("a stored checkpoint");
        saved.damage = Some(damage);
        if let Some(byte) = Arc::make_mut(&mut saved.payload).bytes.last_mut() {
            *byte ^= u8::from(damage == Damage::Payload);
        }
    }
}

impl Saved {
    /// Of which file it is a version.
    fn path(&self) -> Option<&str> {
        match &self.checkpoint.content {
            Content::File(version) => Some(&version.path),
            Content::Record | Content::Given => None,
        }
    }

    /// One that was made elsewhere.
    pub(super) fn brought(request: BringCheckpointRequest) -> Self {
        let BringCheckpointRequest { commit_id, checkpoint, payload, .. } = request;
        let (encoding, stored_size) = (payload.encoding, payload.bytes.len() as u64);
        let checkpoint = Checkpoint { encoding, stored_size, ..checkpoint };
        Self { checkpoint, commit_id, payload, damage: None }
    }

    /// Its id, its position, and the request that made it.
    pub(super) fn name(&self) -> (&CheckpointId, Seq, CommitId) {
        (&self.checkpoint.id, self.checkpoint.seq, self.commit_id)
    }

    fn listed(&self) -> ListedCheckpoint {
        if self.damage == Some(Damage::Record) {
            let (id, seq) = (self.checkpoint.id.clone(), self.checkpoint.seq);
            return ListedCheckpoint::Damaged { id, seq, what: "its record was damaged".to_owned() };
        }
        ListedCheckpoint::Readable(self.checkpoint.clone())
    }

    fn read(&self) -> PayloadOutcome {
        match self.listed() {
            ListedCheckpoint::Damaged { what, .. } => PayloadOutcome::Damaged { what },
            ListedCheckpoint::Readable(checkpoint) => match unpack(&checkpoint, self.payload.bytes.clone()) {
                Ok(bytes) => PayloadOutcome::Payload { checkpoint, bytes },
                Err(what) => PayloadOutcome::Damaged { what },
            },
        }
    }
}

impl Tables {
    pub(super) fn saved(&self, request: &CheckpointRequest) -> Option<&Saved> {
        let stored = self.sessions.get(&request.handle)?;
        stored.checkpoints.iter().find(|saved| saved.checkpoint.id == request.id)
    }

    fn create(&mut self, request: &CreateRequest, now: &Moment) -> CreateOutcome {
        let Some(stored) = self.sessions.get(&request.handle) else {
            return CreateOutcome::NotFound;
        };
        let same = stored.checkpoints.iter().find(|saved| saved.checkpoint.id == request.id);
        if let Some(done) = same.filter(|saved| saved.commit_id == request.commit_id) {
            return CreateOutcome::Created(done.checkpoint.clone());
        }
        match permit(&stored.session, request.fence, request.gone, now) {
            Permit::Ended => return CreateOutcome::Ended,
            Permit::Held => return CreateOutcome::Held,
            Permit::Fenced => {
                return CreateOutcome::Fenced { current: self.counters(&stored.session).fence };
            }
            Permit::Granted => {}
        }
        if same.is_some() {
            return CreateOutcome::IdTaken;
        }
        let stored = self.sessions.get_mut(&request.handle).expect("it was just there");
        let checkpoint = stored.create(request, now);
        self.wake(request.handle);
        CreateOutcome::Created(checkpoint)
    }

    fn remove(&mut self, request: &RemoveRequest) -> RemoveOutcome {
        let Some(stored) = self.sessions.get(&request.handle) else {
            return RemoveOutcome::Removed { count: 0 };
        };
        let held_under = stored.session.lease.as_ref().map(|lease| lease.fence);
        if request.fence.is_some() && request.fence != held_under {
            return RemoveOutcome::Fenced { current: self.counters(&stored.session).fence };
        }
        match stored.session.needed_parts() {
            Some(Needed::Retained) => return RemoveOutcome::Retained,
            Some(Needed::OnItsWay) => return RemoveOutcome::OnItsWay,
            Some(Needed::Open) | None => {}
        }
        let checkpoints = &mut self.sessions.get_mut(&request.handle).expect("it was just there").checkpoints;
        let before = checkpoints.len();
        checkpoints.retain(|saved| !request.ids.contains(&saved.checkpoint.id));
        RemoveOutcome::Removed { count: before - checkpoints.len() }
    }

    fn fork(&mut self, request: &ForkRequest, now: &Moment) -> ForkOutcome {
        let session = request.write.session.clone();
        let named = (session.namespace.clone(), session.id.clone());
        let existing = self.ids.get(&named).and_then(|handle| self.sessions[handle].commit);
        if let Some((_, done)) = existing.filter(|(id, _)| *id == request.commit_id) {
            return ForkOutcome::Forked(done);
        }
        let Some(parent) = self.sessions.get(&request.parent) else {
            return ForkOutcome::NotFound;
        };
        if request.at > parent.head() {
            return ForkOutcome::Beyond { head: parent.head() };
        }
        if self.ids.contains_key(&named) {
            return ForkOutcome::IdTaken;
        }
        let log = parent.log.iter().filter(|event| event.seq <= request.at).cloned().collect();
        let inherited = parent.checkpoints.iter().filter(|saved| saved.path().is_none());
        let inherited = inherited.filter(|saved| saved.checkpoint.seq <= request.at);
        let inherited: Vec<_> = inherited.cloned().collect();
        let beyond = inherited.len().saturating_sub(limits::CHECKPOINTS_LISTED_MAX);
        let files = parent.files(request.at).into_values().take(limits::FILES_INHERITED_MAX).cloned();
        let mut inherited: Vec<_> = inherited.into_iter().skip(beyond).chain(files).collect();
        inherited.sort_by_key(|saved| saved.checkpoint.seq);
        let mut stored = Stored {
            look: session.due_at(),
            log,
            earliest: parent.earliest.min(request.at.next()),
            shared: request.at,
            checkpoints: inherited,
            ..Stored::of(session)
        };
        for event in &request.write.events {
            stored.append(&event.clone().into(), None, wall_or_epoch(now));
        }
        let (handle, head) = (self.next_handle(), stored.head());
        let revision = stored.session.counters.revision;
        let done = Committed { handle, head, revision, at: wall_or_epoch(now) };
        stored.commit = Some((request.commit_id, done));
        self.ids.insert(named, handle);
        self.sessions.insert(handle, stored);
        self.wake(handle);
        ForkOutcome::Forked(done)
    }
}

/// What is to be saved.
#[derive(Debug, Clone)]
pub(super) struct Value {
    commit_id: CommitId,
    id: CheckpointId,
    reason: Option<String>,
    metadata: Option<String>,
    content: Content,
    payload: Arc<Packed>,
}

impl Value {
    /// What a commit saves.
    pub(super) fn captured(commit_id: CommitId, capture: &Capture) -> Self {
        let Capture { id, reason, content, payload } = capture.clone();
        Self { commit_id, id, reason, metadata: None, content, payload }
    }
}

impl Stored {
    /// Each file as it was at a position, by its path.
    fn files(&self, at: Seq) -> BTreeMap<&str, &Saved> {
        let until = self.checkpoints.iter().filter(|saved| saved.checkpoint.seq <= at);
        until.filter_map(|saved| Some((saved.path()?, saved))).collect()
    }

    fn create(&mut self, request: &CreateRequest, now: &Moment) -> Checkpoint {
        let CreateRequest { commit_id, id, reason, metadata, content, payload, .. } = request.clone();
        let checkpoint =
            self.keep(&Value { commit_id, id, reason, metadata, content, payload }, request.fence, now);
        if request.fence.is_some() {
            let session = &mut self.session;
            session.last_activity_at = session.last_activity_at.max(wall_or_epoch(now));
        }
        checkpoint
    }

    /// Keeps a value, and tells of it in the log.
    pub(super) fn keep(&mut self, value: &Value, fence: Option<Fence>, now: &Moment) -> Checkpoint {
        let Value { commit_id, id, reason, metadata, content, payload } = value.clone();
        let checkpoint = Checkpoint {
            id: id.clone(),
            session: self.session.id.clone(),
            seq: self.head().next(),
            created_at: wall_or_epoch(now),
            reason: reason.clone(),
            metadata,
            content,
            encoding: payload.encoding,
            original_size: payload.original_size,
            stored_size: payload.bytes.len() as u64,
            sha256: payload.sha256,
        };
        let event = checkpoint.content.told(id, reason, (payload.original_size, &payload.sha256));
        self.append(&event.into(), fence, wall_or_epoch(now));
        self.checkpoints.push(Saved { checkpoint: checkpoint.clone(), commit_id, payload, damage: None });
        checkpoint
    }
}

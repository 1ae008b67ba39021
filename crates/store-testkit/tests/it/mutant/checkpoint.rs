//! Flaws in saving, reading back, removing and forking.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::checkpoint::{Content, FileAction};
use tenure_core::event::EventBody;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_core::session::Session;
use tenure_store::payload::Packed;
use tenure_store::{
    CheckpointRequest, CheckpointStore, CheckpointsRequest, CreateOutcome, CreateRequest, FileRequest,
    FilesRequest, ForkOutcome, ForkRequest, Handle, ListedCheckpoint, ListedFile, PayloadOutcome,
    RemoveOutcome, RemoveRequest, StoreError,
};
use tenure_store_testkit::{list_all, read_all};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl CheckpointStore for MutantStore {
    async fn create_checkpoint(&self, mut request: CreateRequest) -> Result<CreateOutcome, StoreError> {
        let before = self.stored(request.handle).await;
        let lease = before.as_ref().and_then(|session| session.lease.clone());
        match (self.flaw, lease) {
            (Flaw::SavesAnyFence, Some(lease)) if request.fence.is_some() => {
                request.fence = Some(lease.fence);
            }
            (Flaw::SavesWhatIsHeld, Some(lease)) => request.gone = Some(lease.incarnation),
            (Flaw::SavesForAnyGone, Some(lease)) if request.gone.is_some() => {
                request.gone = Some(lease.incarnation);
            }
            (Flaw::SavesTwice, _) => request.commit_id = tenure_store_testkit::fixture::commit_id(),
            (Flaw::LosesMetadata, _) => request.metadata = None,
            (Flaw::CutsPayloads, _) => {
                let mut packed = Packed::clone(&request.payload);
                packed.bytes.truncate(limits::CHECKPOINT_PIECE_BYTES);
                request.payload = Arc::new(packed);
            }
            _ => {}
        }
        let outcome = self.inner.create_checkpoint(request.clone()).await?;
        self.seen.lock().expect("no panics here").clear();
        if matches!(outcome, CreateOutcome::Created(_)) && !self.has(Flaw::WakesOnCommitsOnly) {
            self.wake();
        }
        if let (Some(before), CreateOutcome::Created(_)) = (before, &outcome) {
            self.memory.tamper(request.handle, |session| match (self.flaw, request.fence) {
                (Flaw::CountsOperators, None) => session.last_activity_at = self.clock.wall(),
                (Flaw::IgnoresSavers, Some(_)) => session.last_activity_at = before.last_activity_at,
                _ => {}
            });
        }
        Ok(match outcome {
            CreateOutcome::Created(mut checkpoint) if self.has(Flaw::AnswersWrongPositions) => {
                checkpoint.seq = checkpoint.seq.next();
                CreateOutcome::Created(checkpoint)
            }
            CreateOutcome::IdTaken if self.has(Flaw::ForgetsCheckpointIds) => {
                let same = CheckpointRequest { handle: request.handle, id: request.id };
                match self.memory.find_checkpoint(same).await? {
                    Some(ListedCheckpoint::Readable(checkpoint)) => CreateOutcome::Created(checkpoint),
                    _ => CreateOutcome::IdTaken,
                }
            }
            outcome => outcome,
        })
    }

    async fn list_checkpoints(
        &self,
        mut request: CheckpointsRequest,
    ) -> Result<Vec<ListedCheckpoint>, StoreError> {
        match self.flaw {
            Flaw::RepeatsCheckpoint => request.before = request.before.map(Seq::next),
            Flaw::ListsCheckpointsWithoutLimit => request.limit = usize::MAX,
            _ => {}
        }
        let handle = request.handle;
        let mut listed = self.inner.list_checkpoints(request).await?;
        match self.flaw {
            Flaw::ListsOldestCheckpointFirst => listed.reverse(),
            Flaw::ListsFilesAsCheckpoints => {
                let files = FilesRequest { handle, after: None, limit: usize::MAX };
                listed.extend(self.inner.list_files(files).await?.into_iter().map(|file| file.version));
            }
            Flaw::HidesDamaged => listed.retain(|one| matches!(one, ListedCheckpoint::Readable(_))),
            _ => {}
        }
        Ok(listed)
    }

    async fn find_checkpoint(
        &self,
        request: CheckpointRequest,
    ) -> Result<Option<ListedCheckpoint>, StoreError> {
        self.inner.find_checkpoint(request).await
    }

    async fn read_payload(&self, request: CheckpointRequest) -> Result<PayloadOutcome, StoreError> {
        let outcome = self.inner.read_payload(request.clone()).await?;
        let found = self.memory.find_checkpoint(request).await?;
        Ok(match (outcome, found) {
            (PayloadOutcome::Damaged { .. }, Some(ListedCheckpoint::Readable(checkpoint)))
                if self.has(Flaw::TrustsPayloads) =>
            {
                PayloadOutcome::Payload { checkpoint, bytes: Vec::new() }
            }
            (PayloadOutcome::Damaged { .. }, _) if self.has(Flaw::ForgetsDamaged) => PayloadOutcome::NotFound,
            (outcome, _) => outcome,
        })
    }

    async fn list_files(&self, mut request: FilesRequest) -> Result<Vec<ListedFile>, StoreError> {
        if self.has(Flaw::RepeatsFile) {
            request.after = request.after.map(|after| after[..after.len() - 1].to_owned());
        }
        let mut listed = self.inner.list_files(request).await?;
        if self.has(Flaw::HidesDeletedFiles) {
            listed.retain(|file| !is_deletion(&file.version));
        }
        Ok(listed)
    }

    async fn find_file(&self, mut request: FileRequest) -> Result<Option<ListedCheckpoint>, StoreError> {
        if self.has(Flaw::FindsNewestFile) {
            request.at = None;
        }
        self.inner.find_file(request).await
    }

    async fn remove_checkpoints(&self, mut request: RemoveRequest) -> Result<RemoveOutcome, StoreError> {
        match self.flaw {
            Flaw::RemovesUnderAnyFence => request.fence = None,
            Flaw::RemovesOne => request.ids.truncate(1),
            Flaw::RemovesFromForks => {
                for handle in self.forks_of(self.stored(request.handle).await).await {
                    let ids = request.ids.clone();
                    self.memory.remove_checkpoints(RemoveRequest { handle, fence: None, ids }).await?;
                }
            }
            _ => {}
        }
        self.inner.remove_checkpoints(request).await
    }

    async fn fork(&self, mut request: ForkRequest) -> Result<ForkOutcome, StoreError> {
        match self.flaw {
            Flaw::ForksOneShort => request.at = Seq(request.at.0.saturating_sub(1)),
            Flaw::ForksTwice => request.commit_id = tenure_store_testkit::fixture::commit_id(),
            Flaw::ForksSilently => request.write.events.clear(),
            _ => {}
        }
        let outcome = self.inner.fork(request).await?;
        Ok(match outcome {
            ForkOutcome::Beyond { head } if self.has(Flaw::ForksBeyond) => {
                ForkOutcome::Beyond { head: head.next() }
            }
            outcome => outcome,
        })
    }
}

fn is_deletion(version: &ListedCheckpoint) -> bool {
    let ListedCheckpoint::Readable(checkpoint) = version else { return false };
    matches!(&checkpoint.content, Content::File(version) if version.action == FileAction::Deleted)
}

impl MutantStore {
    /// The sessions that go on from this one.
    pub(crate) async fn forks_of(&self, parent: Option<Session>) -> Vec<Handle> {
        let Some(parent) = parent else { return Vec::new() };
        let all = list_all(self.memory.as_ref(), &parent.namespace).await;
        let forks = all.into_iter().filter(|listed| listed.session.predecessor.as_ref() == Some(&parent.id));
        forks.map(|listed| listed.handle).collect()
    }

    /// The last position that a fork shares with its parent, as long as its own log begins with that.
    pub(crate) async fn shared(&self, handle: Handle) -> Seq {
        let log = read_all(self.memory.as_ref(), handle).await;
        let opened =
            log.iter().rfind(|event| matches!(event.data, EventBody::StateChanged { from: None, .. }));
        opened.map_or(Seq(0), |event| Seq(event.seq.0 - 1))
    }
}

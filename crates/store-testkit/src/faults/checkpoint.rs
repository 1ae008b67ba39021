//! Troubles of checkpoints and forks.

use async_trait::async_trait;
use tenure_store::{
    CheckpointRequest, CheckpointStore, CheckpointsRequest, CreateOutcome, CreateRequest, FileRequest,
    FilesRequest, ForkOutcome, ForkRequest, ListedCheckpoint, ListedFile, PayloadOutcome, RemoveOutcome,
    RemoveRequest, StoreError,
};

use super::{FaultyStore, Verb};

#[async_trait]
impl CheckpointStore for FaultyStore {
    async fn create_checkpoint(&self, request: CreateRequest) -> Result<CreateOutcome, StoreError> {
        let id = Some(request.commit_id);
        let call = || self.inner.create_checkpoint(request.clone());
        self.faults.around(Verb::CreateCheckpoint, id, call).await
    }

    async fn list_checkpoints(
        &self,
        request: CheckpointsRequest,
    ) -> Result<Vec<ListedCheckpoint>, StoreError> {
        self.faults.around(Verb::ListCheckpoints, None, || self.inner.list_checkpoints(request)).await
    }

    async fn find_checkpoint(
        &self,
        request: CheckpointRequest,
    ) -> Result<Option<ListedCheckpoint>, StoreError> {
        self.faults.around(Verb::FindCheckpoint, None, || self.inner.find_checkpoint(request.clone())).await
    }

    async fn read_payload(&self, request: CheckpointRequest) -> Result<PayloadOutcome, StoreError> {
        self.faults.around(Verb::ReadPayload, None, || self.inner.read_payload(request.clone())).await
    }

    async fn list_files(&self, request: FilesRequest) -> Result<Vec<ListedFile>, StoreError> {
        self.faults.around(Verb::ListFiles, None, || self.inner.list_files(request.clone())).await
    }

    async fn find_file(&self, request: FileRequest) -> Result<Option<ListedCheckpoint>, StoreError> {
        self.faults.around(Verb::FindFile, None, || self.inner.find_file(request.clone())).await
    }

    async fn remove_checkpoints(&self, request: RemoveRequest) -> Result<RemoveOutcome, StoreError> {
        let call = || self.inner.remove_checkpoints(request.clone());
        self.faults.around(Verb::RemoveCheckpoints, None, call).await
    }

    async fn fork(&self, request: ForkRequest) -> Result<ForkOutcome, StoreError> {
        let id = Some(request.commit_id);
        self.faults.around(Verb::Fork, id, || self.inner.fork(request.clone())).await
    }
}

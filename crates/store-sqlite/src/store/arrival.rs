//! The role that takes in sessions that come from elsewhere.

use async_trait::async_trait;
use tenure_store::{
    AdmitOutcome, AdmitRequest, ArrivalStore, ArriveOutcome, ArriveRequest, BringCheckpointOutcome,
    BringCheckpointRequest, BringOutcome, BringRequest, Handle, StoreError,
};

use super::SqliteStore;
use crate::request::{Bring, Request};

#[async_trait]
impl ArrivalStore for SqliteStore {
    async fn arrive(&self, request: ArriveRequest) -> Result<ArriveOutcome, StoreError> {
        self.ask(request, |asked| Request::Arrive(Box::new(asked))).await
    }

    async fn bring(&self, request: BringRequest) -> Result<BringOutcome, StoreError> {
        let bring = Bring::of(request, self.shared.limits.chunk_bytes)?;
        self.ask(bring, |asked| Request::Bring(Box::new(asked))).await
    }

    async fn bring_checkpoint(
        &self,
        request: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError> {
        self.keep_brought(request).await
    }

    async fn admit(&self, request: AdmitRequest) -> Result<AdmitOutcome, StoreError> {
        self.ask(request, |asked| Request::Admit(Box::new(asked))).await
    }

    async fn give_up(&self, arrival: Handle) -> Result<(), StoreError> {
        self.ask(arrival, |asked| Request::GiveUp(Box::new(asked))).await
    }
}

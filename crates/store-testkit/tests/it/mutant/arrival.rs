//! Flaws in taking sessions in.

use async_trait::async_trait;
use tenure_core::id::{Fence, Revision};
use tenure_store::{
    AdmitOutcome, AdmitRequest, ArrivalStore, ArriveOutcome, ArriveRequest, BringCheckpointOutcome,
    BringCheckpointRequest, BringOutcome, BringRequest, Handle, Origin, StoreError,
};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl ArrivalStore for MutantStore {
    async fn arrive(&self, request: ArriveRequest) -> Result<ArriveOutcome, StoreError> {
        let outcome = self.inner.arrive(request).await?;
        Ok(match outcome {
            ArriveOutcome::IdTaken { .. } if self.has(Flaw::ForgetsOrigins) => {
                ArriveOutcome::IdTaken { origin: None }
            }
            outcome => outcome,
        })
    }

    async fn bring(&self, mut request: BringRequest) -> Result<BringOutcome, StoreError> {
        if self.has(Flaw::BringsWithoutIds) {
            request.events.iter_mut().for_each(|event| event.id = None);
        }
        match self.inner.bring(request).await? {
            BringOutcome::Gap { .. } if self.has(Flaw::BringsGaps) => Ok(BringOutcome::Brought),
            outcome => Ok(outcome),
        }
    }

    async fn bring_checkpoint(
        &self,
        request: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError> {
        if self.has(Flaw::BringsNoCheckpoints) {
            return Ok(BringCheckpointOutcome::Brought);
        }
        self.inner.bring_checkpoint(request).await
    }

    async fn admit(&self, mut request: AdmitRequest) -> Result<AdmitOutcome, StoreError> {
        match self.flaw {
            Flaw::AdmitsWithoutCounters => {
                request.counters.revision = Revision(0);
                request.counters.fence = Fence(0);
            }
            Flaw::ForgetsOrigins => request.origin = Origin([0; 32]),
            _ => {}
        }
        self.inner.admit(request).await
    }

    async fn give_up(&self, arrival: Handle) -> Result<(), StoreError> {
        if self.has(Flaw::NeverGivesUp) {
            return Ok(());
        }
        self.inner.give_up(arrival).await
    }
}

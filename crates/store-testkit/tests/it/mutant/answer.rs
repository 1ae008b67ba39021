//! Flaws in keeping answers.

use async_trait::async_trait;
use tenure_core::answer::Asking;
use tenure_store::{AnswerKey, AnswerStore, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, StoreError};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl AnswerStore for MutantStore {
    async fn begin_answer(&self, request: BeginAnswer) -> Result<BeginOutcome, StoreError> {
        let BeginAnswer { mut key, asking } = request;
        let asked = if self.has(Flaw::TakesAnyRequest) { [0; 32] } else { asking.asked };
        if self.has(Flaw::SharesKeys) {
            key.principal = None;
        }
        let fresh = asking.seed;
        let outcome =
            self.inner.begin_answer(BeginAnswer { key, asking: Asking { asked, ..asking } }).await?;
        Ok(match outcome {
            BeginOutcome::Resumed { .. } if self.has(Flaw::ResumesAfresh) => {
                BeginOutcome::Resumed { seed: fresh }
            }
            BeginOutcome::Begun { .. } | BeginOutcome::UnderWay if self.has(Flaw::BeginsTwice) => {
                BeginOutcome::Begun { seed: fresh }
            }
            outcome => outcome,
        })
    }

    async fn end_answer(&self, request: EndAnswer) -> Result<EndOutcome, StoreError> {
        let mut request = request;
        if self.has(Flaw::CutsBodies) {
            request.answer.body.truncate(1000);
        }
        self.inner.end_answer(request).await
    }

    async fn drop_answer(&self, key: AnswerKey, seed: [u8; 16]) -> Result<(), StoreError> {
        if self.has(Flaw::NeverDrops) { Ok(()) } else { self.inner.drop_answer(key, seed).await }
    }

    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError> {
        let limit = if self.has(Flaw::ForgetsAllAtOnce) { usize::MAX } else { limit };
        self.inner.forget_answers(limit).await
    }
}

//! Answers behind the wrapper.

use async_trait::async_trait;
use tenure_store::{AnswerKey, AnswerStore, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, StoreError};

use super::{FaultyStore, Verb};

#[async_trait]
impl AnswerStore for FaultyStore {
    async fn begin_answer(&self, request: BeginAnswer) -> Result<BeginOutcome, StoreError> {
        self.faults.around(Verb::BeginAnswer, None, || self.inner.begin_answer(request.clone())).await
    }

    async fn end_answer(&self, request: EndAnswer) -> Result<EndOutcome, StoreError> {
        self.faults.around(Verb::EndAnswer, None, || self.inner.end_answer(request.clone())).await
    }

    async fn drop_answer(&self, key: AnswerKey, seed: [u8; 16]) -> Result<(), StoreError> {
        self.faults.around(Verb::DropAnswer, None, || self.inner.drop_answer(key.clone(), seed)).await
    }

    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError> {
        self.faults.around(Verb::ForgetAnswers, None, || self.inner.forget_answers(limit)).await
    }
}

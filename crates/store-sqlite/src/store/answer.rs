//! The role that keeps answers.

use async_trait::async_trait;
use tenure_core::limits;
use tenure_store::{AnswerKey, AnswerStore, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, StoreError};

use super::SqliteStore;
use crate::request::Access;

#[async_trait]
impl AnswerStore for SqliteStore {
    async fn begin_answer(&self, request: BeginAnswer) -> Result<BeginOutcome, StoreError> {
        self.ask_access(request, Access::BeginAnswer).await
    }

    async fn end_answer(&self, request: EndAnswer) -> Result<EndOutcome, StoreError> {
        if request.answer.body.len() > limits::ANSWER_BYTES_MAX {
            return Ok(EndOutcome::TooLong);
        }
        self.ask_access(request, Access::EndAnswer).await
    }

    async fn drop_answer(&self, key: AnswerKey, seed: [u8; 16]) -> Result<(), StoreError> {
        self.ask_access((key, seed), Access::DropAnswer).await
    }

    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError> {
        self.ask_access(limit, Access::ForgetAnswers).await
    }
}

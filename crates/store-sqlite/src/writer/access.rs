//! What servers ask: about tokens, and about requests that may be made twice.

use super::work::Work;
use crate::error::WorkError;
use crate::request::Access;

impl Work<'_> {
    pub(super) fn access(&self, access: &mut Access) -> Result<(), WorkError> {
        match access {
            Access::Create(asked) => asked.answer = Some(Ok(self.create_token(&asked.question)?)),
            Access::Revoke(asked) => asked.answer = Some(Ok(self.revoke_token(&asked.question)?)),
            Access::Rotate(asked) => asked.answer = Some(Ok(self.rotate_token(&asked.question)?)),
            Access::Touch(asked) => asked.answer = Some(Ok(self.touch_token(&asked.question)?)),
            Access::BeginAnswer(asked) => asked.answer = Some(Ok(self.begin_answer(&asked.question)?)),
            Access::EndAnswer(asked) => asked.answer = Some(Ok(self.end_answer(&asked.question)?)),
            Access::DropAnswer(asked) => asked.answer = Some(Ok(self.drop_answer(&asked.question)?)),
            Access::ForgetAnswers(asked) => asked.answer = Some(Ok(self.forget_answers(asked.question)?)),
        }
        Ok(())
    }
}

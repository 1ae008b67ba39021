//! Requests that may be made twice: begun, answered, dropped, forgotten.

use tenure_core::answer::{Again, is_over};
use tenure_core::id::Principal;
use tenure_core::limits;
use tenure_core::time::millis;
use tenure_store::{AnswerKey, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::row::{AnswerRow, corrupt, signed};
use crate::sql;

impl Work<'_> {
    pub(super) fn begin_answer(&self, request: &BeginAnswer) -> Result<BeginOutcome, WorkError> {
        let asking = &request.asking;
        let Some(row) = self.answer(&request.key)? else {
            return self.begin(request);
        };
        if is_over(row.at, &self.now) {
            self.delete_answer(row.aid)?;
            return self.begin(request);
        }
        let seed = row.asking.seed;
        Ok(match row.asking.again(row.answer.is_some(), asking) {
            Again::Same => BeginOutcome::Begun { seed },
            Again::Other => BeginOutcome::Other,
            Again::UnderWay => BeginOutcome::UnderWay,
            Again::Answered => {
                BeginOutcome::Answered(row.answer.ok_or_else(|| corrupt("an answer is not there"))?)
            }
            Again::Resumed => {
                let touched = sql::write(self.conn, sql::ANSWER_RESUME, (row.aid, asking.by.0, self.at()))?;
                exactly_one(touched, "a request that was begun")?;
                BeginOutcome::Resumed { seed }
            }
        })
    }

    pub(super) fn end_answer(&self, request: &EndAnswer) -> Result<EndOutcome, WorkError> {
        let Some(row) = self.answer(&request.key)?.filter(|row| row.asking.seed == request.seed) else {
            return Ok(EndOutcome::NotBegun);
        };
        if row.answer.is_none() {
            let answer = &request.answer;
            let columns = (row.aid, answer.status, &answer.content_type, &answer.body, self.at());
            exactly_one(sql::write(self.conn, sql::ANSWER_END, columns)?, "a request that was begun")?;
        }
        Ok(EndOutcome::Kept)
    }

    pub(super) fn drop_answer(&self, (key, seed): &(AnswerKey, [u8; 16])) -> Result<(), WorkError> {
        match self.answer(key)? {
            Some(row) if row.asking.seed == *seed && row.answer.is_none() => self.delete_answer(row.aid),
            _ => Ok(()),
        }
    }

    pub(super) fn forget_answers(&self, limit: usize) -> Result<usize, WorkError> {
        let kept_for = millis(limits::ANSWERS_KEPT_FOR);
        match self.now.wall.and_then(|now| now.epoch_ms().checked_sub(kept_for)) {
            Some(before) => sql::write(self.conn, sql::ANSWER_FORGET, (signed(before), signed(limit as u64))),
            None => Ok(0),
        }
    }

    fn begin(&self, request: &BeginAnswer) -> Result<BeginOutcome, WorkError> {
        let (key, asking) = (&request.key, &request.asking);
        let (namespace, principal, key) = columns(key);
        let row = (namespace, principal, key, asking.asked, asking.by.0, asking.seed, self.at());
        sql::write(self.conn, sql::ANSWER_INSERT, row)?;
        Ok(BeginOutcome::Begun { seed: asking.seed })
    }

    fn answer(&self, key: &AnswerKey) -> Result<Option<AnswerRow>, WorkError> {
        sql::one(self.conn, sql::ANSWER_FIND, columns(key), AnswerRow::of)
    }

    fn delete_answer(&self, aid: i64) -> Result<(), WorkError> {
        exactly_one(sql::write(self.conn, sql::ANSWER_DELETE, [aid])?, "a request that was begun")
    }

    fn at(&self) -> i64 {
        signed(self.wall().epoch_ms())
    }
}

/// A key as columns have it. No principal has an empty name.
fn columns(key: &AnswerKey) -> (&str, &str, &str) {
    let principal = key.principal.as_ref().map_or("", Principal::as_str);
    (key.namespace.as_str(), principal, key.key.as_str())
}

//! The model keeps answers.

use std::collections::HashMap;

use async_trait::async_trait;
use tenure_core::answer::{Again, Asking, is_over};
use tenure_core::limits;
use tenure_core::time::WallTime;
use tenure_store::{
    AnswerKey, AnswerStore, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, KeptAnswer, StoreError,
};

use super::MemoryStore;
use super::tables::wall_or_epoch;

/// What is known of a request.
#[derive(Debug)]
pub(super) struct Known {
    asking: Asking,
    /// When it was last written.
    at: WallTime,
    answer: Option<KeptAnswer>,
}

/// Every request that is known.
pub(super) type Answers = HashMap<AnswerKey, Known>;

#[async_trait]
impl AnswerStore for MemoryStore {
    async fn begin_answer(&self, request: BeginAnswer) -> Result<BeginOutcome, StoreError> {
        let now = self.clock.now();
        let mut tables = self.lock();
        let BeginAnswer { key, asking } = request;
        let known = tables.answers.get_mut(&key).filter(|known| !is_over(known.at, &now));
        let Some(known) = known else {
            tables.answers.insert(key, Known { asking, at: wall_or_epoch(&now), answer: None });
            return Ok(BeginOutcome::Begun { seed: asking.seed });
        };
        let seed = known.asking.seed;
        Ok(match known.asking.again(known.answer.is_some(), &asking) {
            Again::Same => BeginOutcome::Begun { seed },
            Again::Other => BeginOutcome::Other,
            Again::UnderWay => BeginOutcome::UnderWay,
            Again::Answered => BeginOutcome::Answered(known.answer.clone().expect("it is answered")),
            Again::Resumed => {
                (known.asking.by, known.at) = (asking.by, wall_or_epoch(&now));
                BeginOutcome::Resumed { seed }
            }
        })
    }

    async fn end_answer(&self, request: EndAnswer) -> Result<EndOutcome, StoreError> {
        if request.answer.body.len() > limits::ANSWER_BYTES_MAX {
            return Ok(EndOutcome::TooLong);
        }
        let now = self.clock.now();
        let mut tables = self.lock();
        let known = tables.answers.get_mut(&request.key);
        let Some(known) = known.filter(|known| known.asking.seed == request.seed) else {
            return Ok(EndOutcome::NotBegun);
        };
        if known.answer.is_none() {
            (known.answer, known.at) = (Some(request.answer), wall_or_epoch(&now));
        }
        Ok(EndOutcome::Kept)
    }

    async fn drop_answer(&self, key: AnswerKey, seed: [u8; 16]) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let known = tables.answers.get(&key);
        if known.is_some_and(|known| known.asking.seed == seed && known.answer.is_none()) {
            tables.answers.remove(&key);
        }
        Ok(())
    }

    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let mut tables = self.lock();
        let over = tables.answers.iter().filter(|(_, known)| is_over(known.at, &now));
        let mut over: Vec<_> = over.map(|(key, known)| (known.at, key.clone())).collect();
        over.sort_by_key(|(at, _)| *at);
        over.truncate(limit);
        for (_, key) in &over {
            tables.answers.remove(key);
        }
        Ok(over.len())
    }
}

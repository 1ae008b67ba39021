//! From rows to requests that may be made twice.

use rusqlite::Row;
use tenure_core::answer::Asking;
use tenure_core::id::Incarnation;
use tenure_core::time::WallTime;
use tenure_store::KeptAnswer;

use super::{corrupt, unsigned};
use crate::error::WorkError;

/// A request's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnswerRow {
    pub(crate) aid: i64,
    pub(crate) asking: Asking,
    /// When it was last written.
    pub(crate) at: WallTime,
    pub(crate) answer: Option<KeptAnswer>,
}

impl AnswerRow {
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let asking = Asking { asked: row.get(1)?, by: Incarnation(row.get(2)?), seed: row.get(3)? };
        let answer = match (row.get(5)?, row.get(6)?, row.get(7)?) {
            (None, None, None) => None,
            (Some(status), Some(content_type), Some(body)) => Some(KeptAnswer { status, content_type, body }),
            _ => return Err(corrupt("half of an answer")),
        };
        Ok(Self { aid: row.get(0)?, asking, at: WallTime::from_epoch_ms(unsigned(row.get(4)?)?), answer })
    }
}

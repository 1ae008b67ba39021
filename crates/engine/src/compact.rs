//! Dropping the beginning of a log.

use tenure_core::id::Seq;
use tenure_core::refusal::Refusal;
use tenure_core::session::Needed;
use tenure_store::{CompactOutcome, CompactRequest, Handle};

use crate::{Engine, EngineError};

impl Engine {
    /// Drops a session's events before `before`, for ever, and says where its log begins now. Positions stay what
    /// they are.
    ///
    /// The store does it in bounded parts: what an error interrupts is done so far, and can be asked for again.
    ///
    /// # Errors
    /// When there is no such session, or the store cannot do it.
    pub async fn compact(&self, handle: Handle, before: Seq) -> Result<Seq, EngineError> {
        loop {
            match self.store.compact(CompactRequest { handle, before }).await? {
                CompactOutcome::Compacted { earliest, is_done: true } => return Ok(earliest),
                CompactOutcome::Compacted { is_done: false, .. } => {}
                CompactOutcome::Retained => return Err(self.kept(handle, Needed::Retained).await?),
                CompactOutcome::OnItsWay => return Err(self.kept(handle, Needed::OnItsWay).await?),
                CompactOutcome::NotFound => return Err(EngineError::refused(Refusal::NotFound)),
            }
        }
    }
}

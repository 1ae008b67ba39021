//! A session as it was at a position of its log.

use tenure_core::id::Seq;
use tenure_core::kind::Kind;
use tenure_core::session::{REPLAYED, Replay};
use tenure_store::{Handle, ReadOutcome, ReadRequest};

use crate::tail::before;
use crate::{Engine, EngineError};

impl Engine {
    /// What a session's log tells of it up to `seq`, which must not be beyond its newest event.
    ///
    /// # Errors
    /// [`EngineError::Compacted`] when that event was dropped; when the store cannot be read.
    pub async fn replay(&self, handle: Handle, kind: Kind, seq: Seq) -> Result<Replay, EngineError> {
        // First, so that what comes before is not read in vain.
        let request = ReadRequest { handle, after: before(seq), limit: 1, types: Vec::new() };
        let last = match self.store.read(request).await? {
            ReadOutcome::Page(page) => page.events,
            ReadOutcome::Compacted { earliest } => return Err(EngineError::Compacted { earliest }),
        };
        let mut tail = self.tail(handle, Seq(0), REPLAYED.map(str::to_owned).to_vec());
        let mut events = tail.page().await?;
        let mut replay = Replay::new(kind, tail.skipped_to().unwrap_or(Seq(1)));
        while !events.is_empty() {
            replay = events.iter().filter(|event| event.seq < seq).fold(replay, Replay::after);
            if tail.after() >= seq {
                break;
            }
            events = tail.page().await?;
        }
        Ok(last.iter().fold(replay, Replay::after))
    }
}

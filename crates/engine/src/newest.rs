//! Where the newest events of a log begin.

use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_store::{Find, Handle, ReadOutcome, ReadRequest};

use crate::tail::before;
use crate::{Engine, EngineError};

/// Positions that are looked at first, from the newest back, and later.
const WIDTHS: (u64, u64) = (limits::EVENTS_PER_READ_MAX as u64, 16_000);

impl Engine {
    /// The position after which the newest `count` events of `types` (empty: all) are, or all of them if there are
    /// fewer: read on from there for what a log ends with, in order.
    ///
    /// Only as much is looked at, from the newest event back, as holds that many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn before_newest(
        &self,
        handle: Handle,
        count: u64,
        types: &[String],
    ) -> Result<Seq, EngineError> {
        let found = self.store.find(Find::Handle(handle)).await?;
        let (begin, mut end) = (before(found.earliest), found.head);
        if types.is_empty() {
            return Ok(Seq(end.0.saturating_sub(count)).max(begin));
        }
        let (mut missing, mut width) = (count, WIDTHS.0);
        while missing > 0 && end > begin {
            let start = Seq(end.0.saturating_sub(width)).max(begin);
            let there = match self.positions(handle, (start, end), types).await {
                // The beginning was dropped meanwhile.
                Err(EngineError::Compacted { earliest }) => return Ok(before(earliest)),
                there => there?,
            };
            let more = usize::try_from(missing).unwrap_or(usize::MAX);
            if let Some(at) = there.len().checked_sub(more) {
                return Ok(before(there[at]));
            }
            missing -= there.len() as u64;
            (end, width) = (start, WIDTHS.1);
        }
        Ok(if missing == 0 { found.head } else { begin })
    }

    /// Where events of these types are, after one position and up to another.
    async fn positions(
        &self,
        handle: Handle,
        (mut after, last): (Seq, Seq),
        types: &[String],
    ) -> Result<Vec<Seq>, EngineError> {
        let mut there = Vec::new();
        while after < last {
            let (limit, types) = (limits::EVENTS_PER_READ_MAX, types.to_vec());
            let page = match self.store.read(ReadRequest { handle, after, limit, types }).await? {
                ReadOutcome::Page(page) => page,
                ReadOutcome::Compacted { earliest } => return Err(EngineError::Compacted { earliest }),
            };
            there.extend(page.events.iter().map(|event| event.seq).filter(|seq| *seq <= last));
            if page.read_to <= after {
                break;
            }
            after = page.read_to;
        }
        Ok(there)
    }
}

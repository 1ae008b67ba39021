//! Reading a session with its whole log, as it is at one moment.

use std::sync::Arc;

use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;
use tenure_core::id::{CheckpointId, Seq};
use tenure_core::kind::Kind;
use tenure_core::limits;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Counters, Session, refuse_if_handed_over};
use tenure_store::{
    CheckpointRequest, CheckpointsRequest, Find, Found, Handle, ListedCheckpoint, PayloadOutcome,
    ReadOutcome, ReadRequest, Slot, Store,
};

use crate::tail::before;
use crate::{Engine, EngineError};

/// A session as it was when this began, and its events one page after the other.
#[derive(Debug)]
pub struct Export {
    store: Arc<dyn Store>,
    handle: Handle,
    /// The session, held by nobody and waiting for no place: that is a matter of where it is.
    pub session: Session,
    /// Its slot's counters, if it has a key.
    pub slot: Option<Counters>,
    /// The position of its oldest event; one more than the newest where there is none.
    pub earliest: Seq,
    /// The position of its newest event.
    pub last: Seq,
    after: Seq,
}

impl Engine {
    /// Begins to read a session with its log. What is written from now on is not in it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::WrongKind`] for an instance of an orchestration; [`Refusal::HandedOver`] for a session that belongs to another store.
    pub async fn export(&self, handle: Handle) -> Result<Export, EngineError> {
        let export = self.leaving(handle).await?;
        refuse_if_handed_over(&export.session).map_err(EngineError::refused)?;
        Ok(export)
    }

    /// The same, whatever became of it.
    pub(crate) async fn leaving(&self, handle: Handle) -> Result<Export, EngineError> {
        let Found { current, head, earliest, .. } = self.store.find(Find::Handle(handle)).await?;
        let session = current.session.ok_or(EngineError::refused(Refusal::NotFound))?;
        if session.kind == Kind::Workflow {
            // Its history, and what waits for it, would stay behind.
            return Err(EngineError::refused(Refusal::WrongKind { kind: session.kind, verb: "export" }));
        }
        let slot = Slot::of(&session).map(|_| current.counters);
        Ok(Export {
            store: Arc::clone(&self.store),
            handle,
            session: Session { lease: None, is_queued: false, ..session },
            slot,
            earliest,
            last: head,
            after: before(earliest),
        })
    }
}

impl Export {
    /// How many events there are.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.last.0.saturating_add(1).saturating_sub(self.earliest.0)
    }

    /// The next events; none at the end.
    ///
    /// # Errors
    /// When the store cannot be read; [`EngineError::Compacted`] when what comes next was dropped since this began;
    /// [`Refusal::NotFound`] when the session was deleted.
    pub async fn next(&mut self) -> Result<Vec<Event>, EngineError> {
        if self.after >= self.last {
            return Ok(Vec::new());
        }
        let (handle, after) = (self.handle, self.after);
        let limit = limits::EVENTS_PER_READ_MAX;
        let request = ReadRequest { handle, after, limit, types: Vec::new() };
        let mut page = match self.store.read(request).await? {
            ReadOutcome::Page(page) => page,
            ReadOutcome::Compacted { earliest } => return Err(EngineError::Compacted { earliest }),
        };
        page.events.retain(|event| event.seq <= self.last);
        match page.events.last() {
            Some(event) => self.after = event.seq,
            None => return Err(EngineError::refused(Refusal::NotFound)),
        }
        Ok(page.events)
    }

    /// What is saved of it, oldest first, up to the newest event: checkpoints, and versions of files.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn checkpoints(&self) -> Result<Vec<CheckpointId>, EngineError> {
        let (mut all, mut before) = (Vec::new(), Some(self.last.next()));
        loop {
            let limit = limits::CHECKPOINTS_LISTED_MAX;
            let request = CheckpointsRequest { handle: self.handle, before, limit, with_files: true };
            let page = self.store.list_checkpoints(request).await?;
            let is_last = page.len() < limit;
            for listed in page {
                let (id, seq) = match listed {
                    ListedCheckpoint::Readable(checkpoint) => (checkpoint.id, checkpoint.seq),
                    ListedCheckpoint::Damaged { id, seq, .. } => (id, seq),
                };
                before = Some(seq);
                all.push(id);
            }
            if is_last {
                all.reverse();
                return Ok(all);
            }
        }
    }

    /// A checkpoint with its payload; `None` if it is not what was saved, or was removed meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn payload(&self, id: &CheckpointId) -> Result<Option<(Checkpoint, Vec<u8>)>, EngineError> {
        let request = CheckpointRequest { handle: self.handle, id: id.clone() };
        Ok(match self.store.read_payload(request).await? {
            PayloadOutcome::Payload { checkpoint, bytes } => Some((checkpoint, bytes)),
            PayloadOutcome::Damaged { .. } | PayloadOutcome::NotFound => None,
        })
    }

    /// From where the next events are.
    pub(crate) fn skip_to(&mut self, after: Seq) {
        self.after = after;
    }
}

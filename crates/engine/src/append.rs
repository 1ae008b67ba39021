//! Appending to a log, once, also when the store's answer gets lost.

use tenure_core::limits;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::{Session, refuse_if_handed_over};
use tenure_store::{AppendOutcome, AppendRequest, AppendResolution, Find, Found, StoreError};

use crate::{Engine, EngineError};

impl Engine {
    /// Appends to a session's log.
    ///
    /// # Errors
    /// [`Refusal::Fenced`] for an old fence, [`EngineError::Ended`] when the session has ended,
    /// [`EngineError::IdReused`] when an event's id names another one;
    /// [`StoreError::Unknown`] only if the store cannot tell what became of it: after any other error it was not
    /// made, and may be asked for again.
    pub async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, EngineError> {
        match self.append_once(&request).await? {
            AppendOutcome::Fenced { current } => {
                let given = request.fence.unwrap_or_default();
                let found = self.store.find(Find::Handle(request.handle)).await?;
                gone(&found)?;
                let holder = found.current.open().and_then(held).map(Box::new);
                Err(EngineError::refused(Refusal::Fenced { given, current, holder }))
            }
            AppendOutcome::Ended => {
                gone(&self.store.find(Find::Handle(request.handle)).await?)?;
                Err(EngineError::Ended)
            }
            AppendOutcome::NotFound => Err(EngineError::refused(Refusal::NotFound)),
            AppendOutcome::IdReused { at, seq } => {
                let id = request.events.get(at).and_then(|event| event.id.clone());
                Err(EngineError::IdReused { id: id.expect("what is reused is the id of an event"), seq })
            }
            done @ (AppendOutcome::Appended { .. } | AppendOutcome::Known { .. }) => Ok(done),
        }
    }

    /// Repeats an append whose answer got lost, but only while it is known not to be there, or where every event
    /// has an id, so that repeating doubles nothing.
    async fn append_once(&self, request: &AppendRequest) -> Result<AppendOutcome, StoreError> {
        let is_safe = request.events.iter().all(|event| event.id.is_some());
        let mut attempts = 1;
        loop {
            let unknown = match self.store.append(request.clone()).await {
                Err(unknown @ StoreError::Unknown { .. }) => unknown,
                answer => return answer,
            };
            match self.store.resolve_append(request).await {
                Ok(AppendResolution::Appended { first, last }) => {
                    return Ok(AppendOutcome::Appended { first, last });
                }
                Ok(AppendResolution::Known { seqs, new }) => return Ok(AppendOutcome::Known { seqs, new }),
                Ok(AppendResolution::Untold) if is_safe && attempts < limits::DECIDE_ATTEMPTS_MAX => {
                    attempts += 1
                }
                Ok(AppendResolution::NotThere) if attempts < limits::DECIDE_ATTEMPTS_MAX => attempts += 1,
                Ok(AppendResolution::NotThere) => {
                    return Err(StoreError::Unavailable { what: "append", source: unknown.into() });
                }
                Ok(AppendResolution::Untold) | Err(_) => return Err(unknown),
            }
        }
    }
}

fn held(session: &Session) -> Option<Held> {
    session.lease.as_ref().map(|lease| Held::of(session, lease))
}

/// Who writes to what was handed over is told where it is.
fn gone(found: &Found) -> Result<(), EngineError> {
    found.current.session.as_ref().map_or(Ok(()), refuse_if_handed_over).map_err(EngineError::refused)
}

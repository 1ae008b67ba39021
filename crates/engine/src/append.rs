//! Appending to a log, once, also when the store's answer gets lost.

use tenure_core::limits;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::Session;
use tenure_store::{AppendOutcome, AppendRequest, AppendResolution, Find, StoreError};

use crate::{Engine, EngineError};

impl Engine {
    /// Appends to a session's log.
    ///
    /// # Errors
    /// [`Refusal::Fenced`] for an old fence, [`EngineError::Ended`] when the session has ended;
    /// [`StoreError::Unknown`] only if the store cannot tell what became of it: after any other error it was not
    /// made, and may be asked for again.
    pub async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, EngineError> {
        match self.append_once(&request).await? {
            AppendOutcome::Fenced { current } => {
                let given = request.fence.unwrap_or_default();
                let found = self.store.find(Find::Handle(request.handle)).await?;
                let holder = found.current.open().and_then(held).map(Box::new);
                Err(EngineError::refused(Refusal::Fenced { given, current, holder }))
            }
            AppendOutcome::Ended => Err(EngineError::Ended),
            AppendOutcome::NotFound => Err(EngineError::refused(Refusal::NotFound)),
            appended @ AppendOutcome::Appended { .. } => Ok(appended),
        }
    }

    /// Repeats an append whose answer got lost, but only while it is known not to be there.
    async fn append_once(&self, request: &AppendRequest) -> Result<AppendOutcome, StoreError> {
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

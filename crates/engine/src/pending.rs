//! What an instance of an orchestration waits for.

use tenure_core::session::Session;
use tenure_replay::Pending;
use tenure_store::{Handle, HistoryRequest};

use crate::{Engine, EngineError};

impl Engine {
    /// What an open instance waits for, as its history says; nothing for other sessions.
    ///
    /// Which signals it waits for only its code knows.
    ///
    /// # Errors
    /// When its history cannot be read.
    pub async fn pending(&self, handle: Handle, session: &Session) -> Result<Option<Pending>, EngineError> {
        let Some(execution) = session.execution.as_ref().filter(|_| !session.is_terminal()) else {
            return Ok(None);
        };
        let request = HistoryRequest { handle, execution: Some(execution.number) };
        let page = self.store.history(request).await?;
        Ok(Some(Pending::of(&page.turns)))
    }
}

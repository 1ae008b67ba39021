//! Lists in full pages.

use tenure_store::{ListRequest, Page};

use crate::{Engine, EngineError};

impl Engine {
    /// A full page of sessions, if there is that much: where little of a lot fits, the store looks at some of it at a
    /// time.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn list(&self, mut request: ListRequest) -> Result<Page, EngineError> {
        let mut sessions = Vec::new();
        loop {
            let page = self.store.list(request.clone()).await?;
            request.limit = request.limit.saturating_sub(page.sessions.len());
            sessions.extend(page.sessions);
            match page.next {
                Some(next) if request.limit > 0 => request.past = Some(next),
                next => return Ok(Page { sessions, next }),
            }
        }
    }
}

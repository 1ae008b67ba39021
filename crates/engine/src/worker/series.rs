//! Series: instances of one name, of which at most one goes on at a time.
//!
//! An id is used once. The instances of a series have ids that are counted on, and a label by which the newest is found;
//! that no two begin the same one is the store's promise of ids.

use tenure_core::id::SessionId;
use tenure_core::refusal::LimitRefusal;
use tenure_core::session::Session;
use tenure_store::{Filter, Handle, ListRequest};

use super::client::{Orchestrations, Outcome, StartError};
use super::order::{Begun, Started};
use crate::EngineError;

/// The label that all instances of a series have. Its value is the first one's id.
const SERIES_LABEL: &str = "series";

impl Orchestrations {
    /// Gives the newest of a series while it goes on; begins the next one otherwise.
    pub(super) async fn follow(&self, begun: Begun) -> Result<Outcome, StartError> {
        let first = begun.id.clone();
        let mut newest = self.newest(&begun).await?;
        loop {
            let number = match newest {
                Some((handle, session)) if !session.is_terminal() => return given(&begun, handle, session),
                Some((_, session)) => number(&first, &session.id).saturating_add(1),
                None => 1,
            };
            let id = numbered(&first, number)?;
            let mut labels = begun.labels.clone();
            labels.insert(SERIES_LABEL.to_owned(), first.as_str().to_owned());
            let next = Begun {
                id: id.clone(),
                labels,
                namespace: begun.namespace.clone(),
                principal: begun.principal.clone(),
                name: begun.name.clone(),
                version: begun.version,
                input: begun.input.clone(),
                parent: None,
                trace: begun.trace,
            };
            if let Some(outcome) = self.begin(Box::new(next)).await? {
                return Ok(outcome);
            }
            // Somebody else began it just now, or it is none of the series.
            let found = self.find(begun.namespace.clone(), id).await?;
            newest = match (found.handle, found.current.session) {
                (Some(handle), Some(session)) if is_of(&session, &first) => Some((handle, session)),
                (_, Some(session)) => return Err(StartError::IdInUse { session: Box::new(session) }),
                // It was deleted in between.
                (_, None) => self.newest(&begun).await?,
            };
        }
    }

    /// The newest instance of a series. The first may have been there before it was one.
    async fn newest(&self, begun: &Begun) -> Result<Option<(Handle, Session)>, EngineError> {
        let label = (SERIES_LABEL.to_owned(), begun.id.as_str().to_owned());
        let filter = Filter { labels: vec![label], ..Filter::default() };
        let mut request = ListRequest { filter, ..ListRequest::newest(begun.namespace.clone(), 1) };
        loop {
            let mut page = self.engine.store.list(request.clone()).await?;
            if let Some(listed) = page.sessions.pop() {
                return Ok(Some((listed.handle, listed.session)));
            }
            if page.next.is_none() {
                let found = self.find(begun.namespace.clone(), begun.id.clone()).await?;
                let is_first = |session: &Session| is_of(session, &begun.id);
                return Ok(found.handle.zip(found.current.session.filter(is_first)));
            }
            request.past = page.next;
        }
    }
}

fn given(begun: &Begun, handle: Handle, session: Session) -> Result<Outcome, StartError> {
    if session.execution.as_ref().is_none_or(|execution| execution.name != begun.name) {
        return Err(StartError::IdInUse { session: Box::new(session) });
    }
    Ok(Outcome { started: Started { id: session.id, handle, was_there: true }, ended: None })
}

/// Whether it is an instance of that series: it says so, or it has the very id.
fn is_of(session: &Session, first: &SessionId) -> bool {
    let says_so = session.labels.get(SERIES_LABEL).is_some_and(|of| of == first.as_str());
    session.execution.is_some() && (says_so || session.id == *first)
}

/// Which of its series one is, from 1.
fn number(first: &SessionId, id: &SessionId) -> u64 {
    let counted = id.as_str().strip_prefix(first.as_str()).and_then(|rest| rest.strip_prefix('.'));
    counted.and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

fn numbered(first: &SessionId, number: u64) -> Result<SessionId, EngineError> {
    if number == 1 {
        return Ok(first.clone());
    }
    let id = format!("{first}.{number}");
    let long =
        |why| EngineError::refused(LimitRefusal::Name { what: "the next id of the series", why }.into());
    SessionId::parse(&id).map_err(long)
}

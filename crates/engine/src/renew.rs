//! Renewing a lease by hand, once.

use tenure_core::id::Fence;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::{Current, Session, may_renew};
use tenure_store::{Find, Handle, RenewOutcome, RenewRequest};

use crate::{Engine, EngineError};

impl Engine {
    /// Renews the lease of a session that is driven by hand. It returns the session as it is then.
    ///
    /// # Errors
    /// [`Refusal`] when it is not held under `fence` by hand; [`Refusal::LeaseOver`] when it is too late.
    pub async fn renew(&self, handle: Handle, fence: Fence) -> Result<Session, EngineError> {
        may_renew(&self.current(handle).await?, fence).map_err(EngineError::refused)?;
        self.keep(handle, fence).await
    }

    /// Renews a lease, whatever sort of holder has it. It returns the session as it is then.
    ///
    /// # Errors
    /// [`Refusal::Fenced`] when it is not held under `fence`; [`Refusal::LeaseOver`] when it is too late.
    pub async fn keep(&self, handle: Handle, fence: Fence) -> Result<Session, EngineError> {
        let outcome = self.store.renew(RenewRequest { handle, fence }).await?;
        let current = self.current(handle).await?;
        let highest = current.counters.fence;
        let holder = current.open().and_then(|session| Some(Held::of(session, session.lease.as_ref()?)));
        let refusal = match (outcome, holder.map(Box::new)) {
            (RenewOutcome::Renewed(_), _) => {
                return current.session.ok_or(EngineError::refused(Refusal::NotFound));
            }
            (RenewOutcome::Expired, Some(held)) if held.fence == fence => Refusal::LeaseOver(held),
            (RenewOutcome::Expired | RenewOutcome::Fenced { .. }, holder) => {
                Refusal::Fenced { given: fence, current: highest, holder }
            }
        };
        Err(EngineError::refused(refusal))
    }

    async fn current(&self, handle: Handle) -> Result<Current, EngineError> {
        Ok(self.store.find(Find::Handle(handle)).await?.current)
    }
}

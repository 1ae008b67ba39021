//! Flaws in removing sessions.

use async_trait::async_trait;
use tenure_core::id::Seq;
use tenure_core::session::State;
use tenure_store::{CompactRequest, Handle, LogStore as _, PurgeOutcome, PurgeStore, StoreError, Weight};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl PurgeStore for MutantStore {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        let stored = self.stored(handle).await;
        if let (Flaw::PurgesOpen, Some(false)) =
            (self.flaw, stored.as_ref().map(|stored| stored.is_terminal()))
        {
            self.memory.tamper(handle, |session| {
                (session.state, session.lease) = (State::Completed { at: session.created_at }, None);
            });
        }
        match (self.flaw, stored) {
            (Flaw::PurgesNothing, Some(stored)) if stored.is_terminal() => Ok(PurgeOutcome::Purged),
            (Flaw::PurgesAbsent, None) => Ok(PurgeOutcome::Purged),
            (Flaw::PurgesRetained, Some(_)) => {
                self.memory.tamper(handle, |session| session.retained = None);
                self.inner.purge(handle).await
            }
            (flaw, stored) => {
                self.seen.lock().expect("no panics here").clear();
                let outcome = self.inner.purge(handle).await?;
                if flaw == Flaw::PurgesForks && outcome == PurgeOutcome::Purged {
                    for handle in self.forks_of(stored).await {
                        self.memory.compact(CompactRequest { handle, before: Seq(u64::MAX) }).await?;
                    }
                }
                Ok(outcome)
            }
        }
    }

    async fn weigh(&self, handle: Handle) -> Result<Weight, StoreError> {
        self.inner.weigh(handle).await
    }

    async fn reclaim(&self) -> Result<bool, StoreError> {
        self.inner.reclaim().await
    }
}

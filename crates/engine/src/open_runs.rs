//! The runs of a whole store, for who looks after it.

use tenure_core::id::Namespace;
use tenure_core::kind::Kind;
use tenure_core::limits;
use tenure_core::session::{Session, StateName};
use tenure_store::{Filter, ListRequest, StoreError};

use crate::Engine;

impl Engine {
    /// Every open session that a run holds or held, of every tenant: processes on a machine know no tenants.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open_runs(&self) -> Result<Vec<Session>, StoreError> {
        let mut runs = Vec::new();
        for namespace in self.store.namespaces().await? {
            self.add_open_runs(namespace, &mut runs).await?;
        }
        Ok(runs)
    }

    async fn add_open_runs(&self, namespace: Namespace, runs: &mut Vec<Session>) -> Result<(), StoreError> {
        let filter = Filter {
            states: vec![StateName::Active, StateName::Paused],
            kinds: vec![Kind::Agent],
            ..Filter::default()
        };
        let mut request = ListRequest { filter, ..ListRequest::newest(namespace, limits::LIST_MAX) };
        loop {
            let page = self.store.list(request.clone()).await?;
            let sessions = page.sessions.into_iter().map(|listed| listed.session);
            runs.extend(sessions.filter(|session| session.lease.is_some()));
            request.past = page.next;
            if request.past.is_none() {
                return Ok(());
            }
        }
    }
}

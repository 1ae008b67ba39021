//! The role that counts.

use async_trait::async_trait;
use tenure_core::id::Namespace;
use tenure_store::{Figures, FiguresRequest, QueueCount, Statistics, StoreError, Writes};

use super::SqliteStore;
use crate::figures;

#[async_trait]
impl Statistics for SqliteStore {
    async fn figures(&self, request: FiguresRequest) -> Result<Figures, StoreError> {
        let now = self.shared.clock.now().wall;
        self.read_much("count sessions", move |conn| figures::figures(conn, &request, now)).await
    }

    async fn queues(&self, namespace: Namespace) -> Result<Vec<QueueCount>, StoreError> {
        self.read_much("count tasks", move |conn| figures::queues(conn, &namespace)).await
    }

    fn writes(&self) -> Writes {
        self.shared.written.read()
    }
}

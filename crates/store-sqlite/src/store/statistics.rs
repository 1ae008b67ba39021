//! The role that counts.

use async_trait::async_trait;
use tenure_store::{Figures, FiguresRequest, Statistics, StoreError};

use super::SqliteStore;
use crate::figures;

#[async_trait]
impl Statistics for SqliteStore {
    async fn figures(&self, request: FiguresRequest) -> Result<Figures, StoreError> {
        let now = self.shared.clock.now().wall;
        self.read_much("count sessions", move |conn| figures::figures(conn, &request, now)).await
    }
}

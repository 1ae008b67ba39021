//! Flaws in keeping groups.

use async_trait::async_trait;
use tenure_store::{GroupFound, GroupRequest, GroupStore, LimitRequest, StoreError};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl GroupStore for MutantStore {
    async fn group(&self, request: GroupRequest) -> Result<GroupFound, StoreError> {
        let mut found = self.inner.group(request).await?;
        if self.has(Flaw::ForgetsTickets) {
            found.members.iter_mut().for_each(|member| member.ticket = None);
        }
        Ok(found)
    }

    async fn limit_group(&self, request: LimitRequest) -> Result<Option<u32>, StoreError> {
        let only_first = request.only_first || self.has(Flaw::KeepsFirstLimit);
        self.inner.limit_group(LimitRequest { only_first, ..request }).await
    }
}

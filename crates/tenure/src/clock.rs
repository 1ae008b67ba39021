//! The clock that a worker waits on.

use std::time::Duration;

use tenure_engine::Steady;
use tenure_store_sqlite::SystemClock;

/// Time since the machine was started, suspended time included: a worker that was suspended finds out that its lease
/// may be over before it begins anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BootClock(pub(crate) SystemClock);

#[async_trait::async_trait]
impl Steady for BootClock {
    fn now(&self) -> Duration {
        self.0.since_boot()
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

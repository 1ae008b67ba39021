//! The boot-time clock, as the lease keeper waits on it.

use std::time::Duration;

use tenure_engine::Steady;
use tenure_guard::BootTime;

/// Time since the machine started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BootClock;

#[async_trait::async_trait]
impl Steady for BootClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(BootTime::now().as_nanos())
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// The instant that long after the machine started.
pub(super) fn boot_time(since_boot: Duration) -> BootTime {
    BootTime::from_nanos(u64::try_from(since_boot.as_nanos()).unwrap_or(u64::MAX))
}

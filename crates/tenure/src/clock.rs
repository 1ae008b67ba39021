//! The clock that a worker waits on.

use std::time::{Duration, Instant};

use tenure_engine::Steady;

/// Time since this was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessClock(Instant);

impl ProcessClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

#[async_trait::async_trait]
impl Steady for ProcessClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

//! How long the recording goes on trying when the store does not take it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tenure_guard::BootTime;

/// Until when the recording tries. It only ever gets shorter; clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Patience(Arc<AtomicU64>);

impl Patience {
    /// For as long as it takes.
    pub(super) fn endless() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }

    /// Until then at the latest.
    pub(super) fn end_by(&self, at: BootTime) {
        self.0.fetch_min(at.as_nanos(), Ordering::Relaxed);
    }

    /// No more.
    pub(super) fn end(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        BootTime::now().as_nanos() >= self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_gets_shorter_and_never_longer() {
        let patience = Patience::endless();
        let later = BootTime::now().saturating_add(Duration::from_secs(1000));
        patience.end_by(later);
        assert!(!patience.is_over());
        patience.end_by(BootTime::now());
        patience.end_by(later);
        assert!(patience.is_over());
    }

    #[test]
    fn it_can_be_ended_at_once() {
        let patience = Patience::endless();
        patience.end();
        assert!(patience.is_over());
    }
}

//! What a worker's loop and the keeper of its lease know of each other.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tenure_store::{NoticeId, WorkerHandle};

/// What a worker's loop and the keeper of its lease know of each other without asking.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// How often the loop went round.
    rounds: AtomicU64,
    /// Until when the lease is trusted, in nanoseconds on the steady clock.
    trusted_until: AtomicU64,
    /// How often the lease was renewed too late, or not at all.
    lapses: AtomicU64,
    /// Up to which notice all were taken in.
    noticed: AtomicI64,
}

/// A lease that was granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    pub(super) worker: WorkerHandle,
    /// When the attempt began that it was granted by.
    pub(super) asked_at: Duration,
}

impl Pulse {
    pub(super) fn went_round(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::Relaxed)
    }

    pub(super) fn trust(&self, until: Duration) {
        let nanos = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        self.trusted_until.store(nanos, Ordering::Release);
    }

    /// The last moment at which anything may begin that depends on the lease.
    pub(super) fn trusted_until(&self) -> Duration {
        Duration::from_nanos(self.trusted_until.load(Ordering::Acquire))
    }

    /// The lease was over for a while. What was granted before may be somebody else's by now.
    pub(super) fn lapsed(&self) {
        self.lapses.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn lapses(&self) -> u64 {
        self.lapses.load(Ordering::Acquire)
    }

    /// Whether what was granted after so many lapses may begin now.
    pub(super) fn may_begin(&self, lapses: u64, now: Duration) -> bool {
        now < self.trusted_until() && lapses == self.lapses()
    }

    pub(super) fn took_in(&self, notice: NoticeId) {
        self.noticed.fetch_max(notice.0, Ordering::Relaxed);
    }

    pub(super) fn noticed(&self) -> NoticeId {
        NoticeId(self.noticed.load(Ordering::Relaxed))
    }
}

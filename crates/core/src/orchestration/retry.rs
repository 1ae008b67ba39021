//! When a failed activity is tried again.

use std::time::Duration;

/// How often an activity is tried, and how long it waits in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is tried at most; at least once.
    pub attempts_max: u32,
    /// How long it waits between attempts.
    pub backoff: Backoff,
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second attempt.
    pub first: Duration,
    /// Each later wait is this many hundredths of the one before: 200 doubles it, 100 keeps it.
    pub growth_percent: u32,
    /// No wait is longer than this.
    pub longest: Duration,
    /// Each wait is up to this many hundredths shorter, by chance, so that what failed together is not tried
    /// together.
    pub jitter_percent: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            growth_percent: 200,
            longest: Duration::from_secs(30),
            jitter_percent: 20,
        }
    }
}

impl RetryPolicy {
    /// One attempt, and no other.
    pub const ONCE: Self = Self {
        attempts_max: 1,
        backoff: Backoff {
            first: Duration::ZERO,
            growth_percent: 100,
            longest: Duration::ZERO,
            jitter_percent: 0,
        },
    };

    /// How long to wait after `attempt` (from 1) has failed; `None` when there is no other. `chance` is what
    /// the wait is shortened by.
    #[must_use]
    pub fn wait_after(&self, attempt: u32, chance: u32) -> Option<Duration> {
        (attempt < self.attempts_max).then(|| self.backoff.wait(attempt, chance))
    }
}

impl Backoff {
    /// The same wait every time.
    #[must_use]
    pub const fn fixed(wait: Duration) -> Self {
        Self { first: wait, growth_percent: 100, longest: wait, jitter_percent: 0 }
    }

    /// The wait after `attempt` (from 1). Saturates; never longer than the longest.
    #[must_use]
    pub fn wait(&self, attempt: u32, chance: u32) -> Duration {
        let longest = nanos(self.longest);
        let mut wait = nanos(self.first).min(longest);
        for _ in 1..attempt {
            let grown = wait.saturating_mul(u64::from(self.growth_percent)) / 100;
            // It no longer grows, however often it is tried.
            if grown == wait || wait == longest {
                break;
            }
            wait = grown.min(longest);
        }
        let jitter = wait / 100 * u64::from(self.jitter_percent.min(100));
        let share = u128::from(jitter) * u128::from(chance) / u128::from(u32::MAX);
        Duration::from_nanos(wait.saturating_sub(u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

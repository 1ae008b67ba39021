//! Instants that keep counting while the machine sleeps.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Nanoseconds since the machine started, the same for every process on it.
///
/// `CLOCK_BOOTTIME` on Linux and Android, so time spent suspended counts; the monotonic clock elsewhere.
/// It is never stepped, so a wrong wall clock cannot move a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootTime(u64);

impl BootTime {
    /// Later than any instant that will be reached: no deadline at all.
    pub const NEVER: Self = Self(i64::MAX as u64);

    /// The present instant.
    pub fn now() -> Self {
        let now = clock_gettime(CLOCK);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
        Self(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
    }

    /// The instant `nanos` nanoseconds after the machine started; later than [`Self::NEVER`] becomes it.
    pub const fn from_nanos(nanos: u64) -> Self {
        if nanos > Self::NEVER.0 { Self::NEVER } else { Self(nanos) }
    }

    /// Nanoseconds since the machine started.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This instant moved later, at most to [`Self::NEVER`].
    pub fn saturating_add(self, length: Duration) -> Self {
        Self::from_nanos(self.0.saturating_add(nanos(length)))
    }

    /// This instant moved earlier, at most to the machine's start.
    pub fn saturating_sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }

    /// How long after `earlier` this instant is; zero if it is not after it.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The same instant as the system calls take it.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "no timerfd")
    )]
    pub(crate) fn as_timespec(self) -> Timespec {
        timespec(Duration::from_nanos(self.0))
    }
}

/// A length of time as the system calls take it.
pub(crate) fn timespec(length: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(length.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: length.subsec_nanos().into(),
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

//! Instants as facts: what a store's clocks said.

use std::time::Duration;

/// Milliseconds since the UNIX epoch, never before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(u64);

impl WallTime {
    /// The instant `milliseconds` after the UNIX epoch.
    #[must_use]
    pub const fn from_epoch_ms(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// The instant `seconds` after the UNIX epoch.
    #[must_use]
    pub const fn from_epoch_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the UNIX epoch.
    #[must_use]
    pub const fn epoch_ms(self) -> u64 {
        self.0
    }

    /// Whole seconds since the UNIX epoch.
    #[must_use]
    pub const fn epoch_secs(self) -> u64 {
        self.0 / 1000
    }

    /// This instant moved later, stopping at the largest one.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(millis(length)))
    }

    /// This instant moved earlier, stopping at the epoch.
    #[must_use]
    pub fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(millis(length)))
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Names one start of one machine. Of instants of different boots nobody knows how far they are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootId(pub [u8; 16]);

/// A point on a machine's boot-time clock, which no change of the wall clock moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootMoment {
    /// The boot it belongs to.
    pub boot: BootId,
    /// Milliseconds since that boot, suspended time included.
    pub ms: u64,
}

impl BootMoment {
    /// The same moment on the clock that shows `now`. What was in another boot was before this one, whose clock began at
    /// zero.
    #[must_use]
    pub fn on_clock_of(self, now: Self) -> Self {
        if self.boot == now.boot { self } else { Self { boot: now.boot, ms: 0 } }
    }

    /// How long ago `earlier` was, or more: from another boot, what has passed since this one began is certain.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.ms.saturating_sub(earlier.on_clock_of(self).ms))
    }

    /// Whether `length` has passed since `self` at `now` for certain.
    #[must_use]
    pub fn is_over(self, length: Duration, now: Self) -> bool {
        now.since(self) >= length
    }
}

/// What a store's clocks said at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, or `None` when it stands before the UNIX epoch and cannot be used.
    pub wall: Option<WallTime>,
    /// The boot-time clock.
    pub boot: BootMoment,
}

/// The wall clock stands before the UNIX epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusableClock;

impl Moment {
    /// The wall clock's reading.
    ///
    /// # Errors
    /// [`UnusableClock`] when it stands before the UNIX epoch.
    pub fn wall(&self) -> Result<WallTime, UnusableClock> {
        self.wall.ok_or(UnusableClock)
    }
}

/// `length` in whole milliseconds, stopping at the largest number.
#[must_use]
pub fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

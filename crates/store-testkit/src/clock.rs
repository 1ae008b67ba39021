//! A clock that stands still until a test moves it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tenure_core::time::{BootId, BootMoment, Moment, WallTime, millis};
use tenure_store::Clock;

/// Where every manual clock begins: 2026-01-01T00:00:00Z.
const FIRST_WALL: WallTime = WallTime::from_epoch_secs(1_767_225_600);
/// How long the machine had been up by then.
const FIRST_BOOT_MS: u64 = 60_000;

/// A wall clock and a boot-time clock, moved by hand and independently. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct ManualClock {
    reading: Arc<Mutex<Moment>>,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ManualClock {
    /// A clock at the beginning of 2026, one minute after the machine's first start.
    #[must_use]
    pub fn new() -> Self {
        let boot = BootMoment { boot: BootId([1; 16]), ms: FIRST_BOOT_MS };
        Self::at(Moment { wall: Some(FIRST_WALL), boot })
    }

    /// A clock that begins at `moment`.
    #[must_use]
    pub fn at(moment: Moment) -> Self {
        Self { reading: Arc::new(Mutex::new(moment)) }
    }

    /// Time passes on both clocks.
    pub fn advance(&self, length: Duration) {
        self.advance_wall(length);
        self.advance_boot(length);
    }

    /// Somebody sets the wall clock forwards. An unusable one stays unusable.
    pub fn advance_wall(&self, length: Duration) {
        let mut reading = self.lock();
        reading.wall = reading.wall.map(|wall| wall.after(length));
    }

    /// Somebody sets the wall clock back, at most to the epoch. An unusable one stays unusable.
    pub fn rewind_wall(&self, length: Duration) {
        let back = |wall: WallTime| WallTime::from_epoch_ms(wall.epoch_ms().saturating_sub(millis(length)));
        let mut reading = self.lock();
        reading.wall = reading.wall.map(back);
    }

    /// Somebody sets the wall clock; `None` is a time before the epoch, which cannot be used.
    pub fn set_wall(&self, wall: Option<WallTime>) {
        self.lock().wall = wall;
    }

    /// Only the boot-time clock goes on.
    pub fn advance_boot(&self, length: Duration) {
        let mut reading = self.lock();
        reading.boot.ms = reading.boot.ms.saturating_add(millis(length));
    }

    /// The machine starts anew: another boot, whose clock begins at zero. The wall clock stays.
    pub fn reboot(&self) {
        let mut reading = self.lock();
        let next = u128::from_be_bytes(reading.boot.boot.0).wrapping_add(1);
        reading.boot = BootMoment { boot: BootId(next.to_be_bytes()), ms: 0 };
    }

    /// The wall clock's reading.
    ///
    /// # Panics
    /// When it is unusable: a test that asks for it did not mean that.
    #[must_use]
    pub fn wall(&self) -> WallTime {
        self.lock().wall.expect("a usable wall clock")
    }

    fn lock(&self) -> MutexGuard<'_, Moment> {
        self.reading.lock().expect("nobody panics while moving the clock")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        *self.lock()
    }
}

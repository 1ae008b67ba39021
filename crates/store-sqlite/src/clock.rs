//! The system's clocks, read in one place.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tenure_core::time::{BootId, BootMoment, Moment, WallTime, millis};
use tenure_store::Clock;

/// The wall clock and the boot-time clock of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    boot: BootId,
}

impl SystemClock {
    /// The clocks of this machine, in this boot of it.
    #[must_use]
    pub fn new() -> Self {
        Self { boot: boot_id() }
    }

    /// Time since the machine was started, suspended time included.
    #[must_use]
    pub fn since_boot(&self) -> Duration {
        since_boot()
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place of this store that reads the wall clock")]
    fn now(&self) -> Moment {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        Moment {
            wall: wall.map(|since| WallTime::from_epoch_ms(millis(since))),
            boot: BootMoment { boot: self.boot, ms: millis(since_boot()) },
        }
    }
}

/// How long something has waited; never stored.
#[expect(clippy::disallowed_methods, reason = "the one place of this store that measures waiting")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Time since the machine was started, suspended time included.
fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    let secs = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(secs, nanos)
}

/// Names this boot of the machine. Where the system does not, every boot has the same name: a lease from
/// before a restart then excludes others until the clock has caught up with it, which is late but safe.
fn boot_id() -> BootId {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).take(32).collect();
    BootId(u128::from_str_radix(&digits, 16).unwrap_or(0).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::SystemClock;
    use tenure_store::Clock as _;

    #[test]
    fn the_boot_clock_does_not_go_back_and_the_boot_keeps_its_name() {
        let (first, second) = (SystemClock::new(), SystemClock::new());
        let (before, after) = (first.now(), second.now());
        assert_eq!(before.boot.boot, after.boot.boot);
        assert!(before.boot.ms <= after.boot.ms);
        assert!(before.wall.is_some());
    }
}

//! The clock that tests move moves as they say.

use std::time::Duration;

use tenure_core::time::WallTime;
use tenure_store::Clock as _;
use tenure_store_testkit::ManualClock;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn it_stands_still_until_it_is_moved() {
    let clock = ManualClock::new();
    assert_eq!(clock.now(), clock.now());
    let (before, same) = (clock.now(), clock.clone());
    same.advance(HOUR);
    assert_eq!(clock.now().boot.ms, before.boot.ms + 3_600_000, "clones are the same clock");
    assert_eq!(clock.wall(), before.wall().unwrap().after(HOUR));
}

#[test]
fn wall_and_boot_move_apart() {
    let clock = ManualClock::new();
    let before = clock.now();
    clock.advance_boot(HOUR);
    assert_eq!(clock.now().wall, before.wall);
    clock.rewind_wall(HOUR * 1_000_000);
    assert_eq!(clock.wall(), WallTime::from_epoch_ms(0), "not before the epoch");
    clock.reboot();
    assert_ne!(clock.now().boot.boot, before.boot.boot);
    assert_eq!((clock.now().boot.ms, clock.now().wall), (0, Some(WallTime::from_epoch_ms(0))));
}

#[test]
fn an_unusable_wall_clock_stays_so_until_it_is_set() {
    let clock = ManualClock::new();
    clock.set_wall(None);
    clock.advance(HOUR);
    clock.rewind_wall(HOUR);
    assert_eq!(clock.now().wall, None);
    clock.set_wall(Some(WallTime::from_epoch_secs(5)));
    assert_eq!(clock.wall(), WallTime::from_epoch_secs(5));
}

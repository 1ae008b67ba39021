//! Tests of instants.

use std::time::Duration;

use proptest::prelude::*;

use super::{BootId, BootMoment, UnusableClock, WallTime, millis};
use crate::fixture::{boot, cases, moment, no_wall, other_boot, wall};
use crate::refusal::Refusal;

const LAST: WallTime = WallTime::from_epoch_ms(u64::MAX);

#[test]
fn a_wall_clock_before_the_epoch_is_an_error() {
    assert_eq!(no_wall(0).wall(), Err(UnusableClock));
    assert_eq!(moment(5).wall(), Ok(wall(5)));
    assert_eq!(Refusal::from(UnusableClock), Refusal::Clock);
}

#[test]
fn seconds_are_whole_and_milliseconds_exact() {
    let time = WallTime::from_epoch_ms(1999);
    assert_eq!((time.epoch_secs(), time.epoch_ms()), (1, 1999));
    assert_eq!(WallTime::from_epoch_secs(2).epoch_ms(), 2000);
}

#[test]
fn instants_saturate_at_both_ends() {
    assert_eq!(LAST.after(Duration::from_millis(1)), LAST);
    assert_eq!(WallTime::from_epoch_secs(u64::MAX), LAST);
    assert_eq!(wall(0).after(Duration::MAX), LAST);
    assert_eq!(wall(0).since(wall(1)), Duration::ZERO);
    assert_eq!(millis(Duration::MAX), u64::MAX);
}

#[test]
fn time_has_passed_exactly_when_it_is_over() {
    let length = Duration::from_secs(1);
    let cases = [(0, false), (999, false), (1000, true), (1001, true)];
    for (ms, over) in cases {
        assert_eq!(boot(0).is_over(length, boot(ms)), over, "{ms}");
    }
}

#[test]
fn in_another_boot_it_is_over_once_that_has_lasted_as_long() {
    let length = Duration::from_secs(1);
    let cases = [(0, false), (999, false), (1000, true), (1001, true)];
    for (ms, over) in cases {
        for then in [boot(0), boot(1_000_000), BootMoment { ms: 0, ..boot(0) }] {
            assert_eq!(then.is_over(length, other_boot(ms)), over, "{then:?} {ms}");
            assert_eq!(other_boot(ms).since(then), Duration::from_millis(ms));
        }
    }
    assert!(!boot(0).is_over(Duration::MAX, other_boot(u64::MAX)));
}

#[test]
fn a_moment_of_another_boot_is_at_the_beginning_of_this_one() {
    assert_eq!(boot(7).on_clock_of(boot(9)), boot(7));
    assert_eq!(boot(7).on_clock_of(other_boot(9)), other_boot(0));
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn nothing_is_over_before_its_time_however_often_the_machine_starts_anew(
        then in 0u64..100_000,
        starts in proptest::collection::vec(1u64..100_000, 0..3),
        passed in 0u64..100_000,
        length in 0u64..200_000,
    ) {
        // As somebody sees it whose clock never stops.
        let began = starts.iter().try_fold(0, |from: u64, more| from.checked_add(*more)).unwrap();
        let at = |boot: usize, ms| BootMoment { boot: BootId([u8::try_from(boot).unwrap(); 16]), ms };
        let (renewed, real) = (at(0, then), if starts.is_empty() { passed } else { began + passed });
        let now = at(starts.len(), if starts.is_empty() { then + passed } else { passed });
        let is_over = renewed.is_over(Duration::from_millis(length), now);
        prop_assert!(!is_over || real >= length);
        prop_assert_eq!(is_over, passed >= length);
    }

    #[test]
    fn what_lies_between_two_instants_leads_from_one_to_the_other(first: u64, second: u64) {
        let (early, late) = (first.min(second), first.max(second));
        let (early, late) = (WallTime::from_epoch_ms(early), WallTime::from_epoch_ms(late));
        prop_assert_eq!(early.after(late.since(early)), late);
        prop_assert_eq!(early.since(late), Duration::ZERO);
    }
}

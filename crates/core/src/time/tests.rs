//! Tests of instants.

use std::time::Duration;

use proptest::prelude::*;

use super::{UnusableClock, WallTime, millis};
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
fn another_boot_means_that_it_is_over() {
    assert!(boot(0).is_over(Duration::MAX, other_boot(0)));
    assert!(!boot(0).is_over(Duration::MAX, boot(1_000_000)));
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn what_lies_between_two_instants_leads_from_one_to_the_other(first: u64, second: u64) {
        let (early, late) = (first.min(second), first.max(second));
        let (early, late) = (WallTime::from_epoch_ms(early), WallTime::from_epoch_ms(late));
        prop_assert_eq!(early.after(late.since(early)), late);
        prop_assert_eq!(early.since(late), Duration::ZERO);
    }
}

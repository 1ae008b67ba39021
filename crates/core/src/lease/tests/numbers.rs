//! Lengths of leases, renewals, margins, and the times of a run.

use std::time::Duration;

use proptest::prelude::*;

use crate::fixture::{cases, ttl};
use crate::lease::{RunTimes, RunTimesRefusal, Ttl, margin, renew_interval, retry_interval};
use crate::limits;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The rule in words: the ttl holds the grace, the margin and two renewal intervals. In nanoseconds.
fn fits(ttl: Duration, grace: Duration) -> bool {
    let (ttl, grace) = (ttl.as_nanos(), grace.as_nanos());
    let margin = (ttl / 10).min(secs(2).as_nanos());
    grace + margin + 2 * (ttl / 3) <= ttl
}

#[test]
fn a_workspace_ttl_is_whole_seconds_from_one_second_to_a_day() {
    for accepted in [secs(1), secs(2), secs(24 * 60 * 60)] {
        assert_eq!(Ttl::workspace(accepted).map(Ttl::length), Some(accepted));
    }
    let refused = [Duration::ZERO, ms(999), ms(1500), secs(24 * 60 * 60 + 1), Duration::MAX];
    for length in refused {
        assert_eq!(Ttl::workspace(length), None, "{length:?}");
    }
}

#[test]
fn a_run_ttl_is_whole_milliseconds_from_one_second_to_ten_minutes() {
    for accepted in [secs(1), ms(1001), secs(15), secs(600)] {
        assert_eq!(Ttl::run(accepted).map(Ttl::length), Some(accepted));
    }
    let refused = [Duration::ZERO, ms(999), Duration::new(1, 1), ms(600_001), Duration::MAX];
    for length in refused {
        assert_eq!(Ttl::run(length), None, "{length:?}");
    }
}

#[test]
fn a_zero_ttl_is_never_accepted() {
    let parsers: [fn(Duration) -> Option<Ttl>; 3] = [Ttl::workspace, Ttl::run, Ttl::stored];
    for parse in parsers {
        assert_eq!(parse(Duration::ZERO), None);
    }
    assert_eq!(Ttl::stored(Duration::MAX).map(Ttl::length), Some(Duration::MAX));
}

#[test]
fn margin_renewal_and_retry_follow_from_the_ttl() {
    let table = [
        (secs(1), ms(100), Duration::new(0, 333_333_333), Duration::new(0, 66_666_666)),
        (secs(15), ms(1500), secs(5), secs(1)),
        (secs(20), secs(2), Duration::new(6, 666_666_666), secs(1)),
        (secs(30), secs(2), secs(10), secs(1)),
        (secs(600), secs(2), secs(200), secs(1)),
    ];
    for (length, its_margin, renew, retry) in table {
        let ttl = ttl(length);
        assert_eq!((margin(ttl), renew_interval(ttl), retry_interval(ttl)), (its_margin, renew, retry));
    }
}

#[test]
fn the_default_times_of_a_run_fit() {
    let times = RunTimes::new(limits::RUN_TTL_DEFAULT, limits::RUN_GRACE_DEFAULT).unwrap();
    assert_eq!((times.ttl().length(), times.grace()), (secs(15), secs(3)));
    assert_eq!(times.trusted_for(), ms(10_500));
}

#[test]
fn a_ttl_fits_exactly_from_grace_and_margin_and_two_renewals() {
    let boundaries = [
        (ms(0), secs(1), secs(1)),
        (ms(233), secs(1), secs(1)),
        (ms(234), ms(1003), secs(2)),
        (secs(3), ms(12_858), secs(13)),
        (ms(4666), ms(19_998), secs(20)),
        (ms(4667), ms(20_001), secs(21)),
        (secs(8), secs(30), secs(30)),
        (secs(198), secs(600), secs(600)),
    ];
    for (grace, shortest, needed) in boundaries {
        assert!(RunTimes::new(shortest, grace).is_ok(), "{grace:?}");
        let shorter = shortest.saturating_sub(ms(1));
        let refusal = match Ttl::run(shorter) {
            Some(_) => RunTimesRefusal::TooShort { given: shorter, needed },
            None => RunTimesRefusal::Ttl { given: shorter },
        };
        assert_eq!(RunTimes::new(shorter, grace), Err(refusal), "{grace:?}");
    }
}

#[test]
fn a_ttl_outside_its_range_is_refused_before_its_times_are_compared() {
    for given in [Duration::ZERO, ms(999), ms(600_001), Duration::new(15, 1), Duration::MAX] {
        assert_eq!(RunTimes::new(given, Duration::MAX), Err(RunTimesRefusal::Ttl { given }));
    }
}

#[test]
fn a_grace_that_no_ttl_has_room_for_is_refused_with_the_longest_that_has() {
    for given in [secs(198) + ms(1), secs(600), Duration::MAX] {
        let refusal = RunTimesRefusal::Grace { given, max: secs(198) };
        assert_eq!(RunTimes::new(secs(15), given), Err(refusal));
        assert_eq!(RunTimes::new(secs(600), given), Err(refusal));
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn the_needed_ttl_fits_and_one_second_less_does_not(grace in 0u64..=198_000) {
        let grace = ms(grace);
        if let Err(refusal) = RunTimes::new(secs(1), grace) {
            let RunTimesRefusal::TooShort { given, needed } = refusal else {
                return Err(TestCaseError::fail(format!("{refusal:?}")));
            };
            prop_assert_eq!(given, secs(1));
            prop_assert!(RunTimes::new(needed, grace).is_ok());
            let given = needed.saturating_sub(secs(1));
            prop_assert_eq!(RunTimes::new(given, grace), Err(RunTimesRefusal::TooShort { given, needed }));
        }
    }

    #[test]
    fn times_are_accepted_exactly_when_they_fit(ttl in 1_000u64..=600_000, grace in 0u64..=198_000) {
        let (ttl, grace) = (ms(ttl), ms(grace));
        prop_assert_eq!(RunTimes::new(ttl, grace).is_ok(), fits(ttl, grace));
    }

    #[test]
    fn a_run_is_trusted_for_two_renewals_and_ends_before_its_lease(
        ttl in 1_000u64..=600_000,
        grace in 0u64..=198_000,
    ) {
        if let Ok(times) = RunTimes::new(ms(ttl), ms(grace)) {
            prop_assert!(times.trusted_for() >= renew_interval(times.ttl()) * 2);
            prop_assert_eq!(times.trusted_for() + times.grace() + margin(times.ttl()), times.ttl().length());
        }
    }

    #[test]
    fn no_times_of_a_run_panic(ttl: Duration, grace: Duration) {
        prop_assert_eq!(RunTimes::new(ttl, grace), RunTimes::new(ttl, grace));
    }
}

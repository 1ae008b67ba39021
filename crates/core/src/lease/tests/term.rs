//! From when until when a lease holds, by which clock.

use std::time::Duration;

use proptest::prelude::*;

use crate::fixture::{
    EIGHT_HOURS_MS, RUN_TTL, WORKER_TTL, boot, cases, moment, no_wall, other_boot, ttl, wall,
};
use crate::lease::{Standing, Term, Ttl};
use crate::time::{BootId, BootMoment, Moment, UnusableClock, WallTime};

use Standing::{Live, Over};

fn run_term() -> Term {
    Term::Boot { ttl: ttl(RUN_TTL), renewed: boot(0), renewed_wall: wall(0) }
}

fn worker_term() -> Term {
    Term::Wall { ttl: ttl(WORKER_TTL), renewed: wall(0) }
}

const fn incomplete(ttl: Option<Ttl>, renewed: Option<WallTime>) -> Term {
    Term::Incomplete { ttl, renewed }
}

#[test]
fn an_interactive_term_is_over_only_after_eight_hours() {
    let term = Term::Interactive { started: wall(0) };
    let cases = [
        (0, Live),
        (EIGHT_HOURS_MS - 1, Live),
        (EIGHT_HOURS_MS, Live),
        (EIGHT_HOURS_MS + 1, Over),
        (EIGHT_HOURS_MS + 1000, Over),
    ];
    for (ms, standing) in cases {
        assert_eq!(term.standing(&moment(ms)), Ok(standing), "{ms}");
    }
}

#[test]
fn an_interactive_term_counts_whole_seconds_the_same_way() {
    let started = WallTime::from_epoch_secs(1_700_000_000);
    let at =
        |seconds: u64| Moment { wall: Some(WallTime::from_epoch_secs(1_700_000_000 + seconds)), ..moment(0) };
    let term = Term::Interactive { started };
    assert_eq!(term.standing(&at(28_800)), Ok(Live));
    assert_eq!(term.standing(&at(28_801)), Ok(Over));
}

#[test]
fn an_autonomous_term_is_over_at_its_expiry() {
    for (term, ms) in [(worker_term(), 60_000), (run_term(), 15_000)] {
        assert_eq!(term.standing(&moment(ms - 1)), Ok(Live));
        assert_eq!(term.standing(&moment(ms)), Ok(Over));
        assert_eq!(term.standing(&moment(ms + 1)), Ok(Over));
    }
}

#[test]
fn a_term_without_a_ttl_or_a_renewal_is_over_and_has_no_expiry() {
    let terms =
        [incomplete(None, None), incomplete(Some(ttl(WORKER_TTL)), None), incomplete(None, Some(wall(0)))];
    for term in terms {
        assert_eq!(term.standing(&moment(0)), Ok(Over));
        assert_eq!(term.standing(&no_wall(0)), Ok(Over));
        assert_eq!(term.expires_at(), None);
    }
}

#[test]
fn expiry_is_the_last_renewal_plus_the_ttl() {
    assert_eq!(worker_term().expires_at(), Some(wall(60_000)));
    assert_eq!(run_term().expires_at(), Some(wall(15_000)));
    assert_eq!(Term::Interactive { started: wall(0) }.expires_at(), None);
}

#[test]
fn expiry_saturates_at_a_huge_ttl_and_at_the_end_of_time() {
    let last = WallTime::from_epoch_ms(u64::MAX);
    let huge = Term::Wall { ttl: ttl(Duration::MAX), renewed: wall(0) };
    assert_eq!(huge.expires_at(), Some(last));
    assert_eq!(huge.standing(&moment(EIGHT_HOURS_MS)), Ok(Live));
    let late = Term::Wall { ttl: ttl(Duration::from_secs(1)), renewed: last };
    assert_eq!(late.expires_at(), Some(last));
    assert_eq!(late.standing(&Moment { wall: Some(last), ..moment(0) }), Ok(Over));
    let booted = BootMoment { ms: u64::MAX - 1, ..boot(0) };
    let run = Term::Boot { ttl: ttl(Duration::MAX), renewed: booted, renewed_wall: last };
    assert_eq!(run.expires_at(), Some(last));
    assert_eq!(run.standing(&Moment { boot: booted, ..moment(0) }), Ok(Live));
    assert_eq!(run.left(&Moment { boot: booted, ..moment(0) }), Some(Duration::MAX));
}

#[test]
fn a_boot_clock_lease_ignores_jumps_of_the_wall_clock() {
    let walls = [None, Some(WallTime::from_epoch_ms(0)), Some(WallTime::from_epoch_ms(u64::MAX))];
    for jumped in walls {
        let at = |ms| Moment { wall: jumped, boot: boot(ms) };
        assert_eq!(run_term().standing(&at(14_999)), Ok(Live));
        assert_eq!(run_term().standing(&at(15_000)), Ok(Over));
        assert_eq!(run_term().left(&at(5_000)), Some(Duration::from_secs(10)));
    }
}

#[test]
fn a_boot_clock_lease_is_over_once_another_boot_has_lasted_as_long() {
    let at = |ms| Moment { boot: other_boot(ms), ..moment(1_000 + ms) };
    for (ms, standing) in [(0, Live), (14_999, Live), (15_000, Over), (1_000_000, Over)] {
        assert_eq!(run_term().standing(&at(ms)), Ok(standing), "{ms}");
        let left = Duration::from_millis(15_000u64.saturating_sub(ms));
        assert_eq!(run_term().left(&at(ms)), Some(left), "{ms}");
        assert_eq!(run_term().until(&at(ms)), Some(wall(16_000)), "{ms}: people are told the same");
    }
}

#[test]
fn a_lease_that_is_renewed_in_another_boot_is_of_that_boot() {
    let now = Moment { boot: other_boot(14_999), ..moment(20_000) };
    let renewed = run_term().renewed(&now).unwrap();
    assert_eq!(
        renewed,
        Term::Boot { ttl: ttl(RUN_TTL), renewed: other_boot(14_999), renewed_wall: wall(20_000) }
    );
    assert_eq!(renewed.left(&now), Some(RUN_TTL));
    assert_eq!(renewed.until(&now), Some(wall(35_000)));
}

#[test]
fn in_its_own_boot_and_by_the_wall_clock_a_term_lasts_until_its_expiry() {
    for term in [run_term(), worker_term()] {
        for now in [moment(0), moment(1_000_000), no_wall(9)] {
            assert_eq!(term.until(&now), term.expires_at());
        }
    }
    let rebooted = Moment { boot: other_boot(3), ..no_wall(0) };
    assert_eq!(run_term().until(&rebooted), run_term().expires_at(), "nobody knows better");
    assert_eq!(Term::Interactive { started: wall(0) }.until(&moment(0)), None);
}

#[test]
fn a_wall_clock_lease_outlives_a_boot_and_follows_the_wall_clock() {
    let rebooted = |ms| Moment { boot: other_boot(0), ..moment(ms) };
    assert_eq!(worker_term().standing(&rebooted(59_999)), Ok(Live));
    assert_eq!(worker_term().standing(&rebooted(60_000)), Ok(Over));
}

#[test]
fn a_wall_clock_that_cannot_be_used_judges_nothing() {
    for term in [worker_term(), Term::Interactive { started: wall(0) }] {
        assert_eq!(term.standing(&no_wall(0)), Err(UnusableClock));
        assert_eq!(term.renewed(&no_wall(0)), Err(UnusableClock));
        assert_eq!(term.left(&no_wall(0)), None);
    }
}

#[test]
fn a_clock_that_went_back_ends_no_lease() {
    let earlier = Moment { wall: Some(WallTime::from_epoch_ms(0)), boot: BootMoment { ms: 0, ..boot(0) } };
    for term in [worker_term(), run_term(), Term::Interactive { started: wall(0) }] {
        assert_eq!(term.standing(&earlier), Ok(Live));
    }
}

#[test]
fn renewing_moves_only_the_instant() {
    let (now, ttl, run_ttl) = (moment(9), ttl(WORKER_TTL), ttl(RUN_TTL));
    let cases = [
        (Term::Interactive { started: wall(0) }, Term::Interactive { started: wall(9) }),
        (worker_term(), Term::Wall { ttl, renewed: wall(9) }),
        (run_term(), Term::Boot { ttl: run_ttl, renewed: boot(9), renewed_wall: wall(9) }),
        (incomplete(Some(ttl), None), incomplete(Some(ttl), Some(wall(9)))),
    ];
    for (term, renewed) in cases {
        assert_eq!(term.renewed(&now), Ok(renewed));
    }
}

#[test]
fn a_run_renews_without_a_usable_wall_clock() {
    let renewed = Term::Boot { ttl: ttl(RUN_TTL), renewed: boot(9), renewed_wall: wall(0) };
    assert_eq!(run_term().renewed(&no_wall(9)), Ok(renewed));
}

#[test]
fn only_a_persons_term_has_neither_ttl_nor_renewal() {
    let person = Term::Interactive { started: wall(0) };
    assert_eq!((person.ttl(), person.renewed_at(), person.left(&moment(0))), (None, None, None));
    assert_eq!((worker_term().ttl(), worker_term().renewed_at()), (Some(ttl(WORKER_TTL)), Some(wall(0))));
    assert_eq!((run_term().ttl(), run_term().renewed_at()), (Some(ttl(RUN_TTL)), Some(wall(0))));
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let boot = (0u8..2, any::<u64>()).prop_map(|(id, ms)| BootMoment { boot: BootId([id; 16]), ms });
    let wall = proptest::option::of(any::<u64>().prop_map(WallTime::from_epoch_ms));
    (wall, boot).prop_map(|(wall, boot)| Moment { wall, boot })
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn nothing_is_left_of_a_term_exactly_when_it_is_over(
        length in 1u64..=u64::MAX,
        then in any_moment(),
        now in any_moment(),
    ) {
        let ttl = ttl(Duration::from_millis(length));
        let renewed_wall = then.wall.unwrap_or(WallTime::from_epoch_ms(0));
        let boot = Term::Boot { ttl, renewed: then.boot, renewed_wall };
        let wall = Term::Wall { ttl, renewed: renewed_wall };
        for term in [boot, wall] {
            let is_over = term.left(&now).map(|left| if left.is_zero() { Over } else { Live });
            prop_assert_eq!(term.standing(&now).ok(), is_over);
        }
    }

    #[test]
    fn a_renewed_term_is_live_for_its_whole_ttl(length in 2u64..=86_400_000, ms in 0u64..=1_000_000_000) {
        let ttl = ttl(Duration::from_millis(length));
        let boot = Term::Boot { ttl, renewed: boot(0), renewed_wall: wall(0) };
        for term in [boot, Term::Wall { ttl, renewed: wall(0) }] {
            let renewed = term.renewed(&moment(ms)).unwrap();
            prop_assert_eq!(renewed.standing(&moment(ms + length - 1)), Ok(Live));
            prop_assert_eq!(renewed.standing(&moment(ms + length)), Ok(Over));
        }
    }
}

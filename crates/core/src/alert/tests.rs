//! What is worth a look, and what is not.

use super::*;

#[test]
fn more_than_a_tenth_that_expires_is_worth_a_look_and_a_tenth_is_not() {
    let of = |opened, expired| alerts(&Vitals { opened, expired, ..Vitals::default() });
    assert_eq!(of(100, 10), []);
    assert_eq!(of(100, 11), [Alert::ManyExpire { opened: 100, expired: 11 }]);
    assert_eq!(of(9, 1), [Alert::ManyExpire { opened: 9, expired: 1 }]);
    assert_eq!(of(0, 0), []);
    assert_eq!(of(u64::MAX, u64::MAX / 10), []);
}

#[test]
fn any_stuck_or_silent_session_is_worth_a_look() {
    let vitals = Vitals { stuck: 3, silent: 1, ..Vitals::default() };
    assert_eq!(alerts(&vitals), [Alert::Stuck { count: 3 }, Alert::Silent { count: 1 }]);
    assert_eq!(alerts(&Vitals::default()), []);
}

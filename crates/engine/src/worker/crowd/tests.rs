//! What is taken to be over at once.

use std::time::Duration;

use super::{AT_ONCE, IN_A_ROW, Pace};

fn after(begun: &[(bool, Duration)]) -> bool {
    let pace = Pace::default();
    for (is_over, took) in begun {
        pace.note(*is_over, *took);
    }
    pace.is_at_once()
}

#[test]
fn what_was_over_at_once_often_enough_is_expected_to_be_again() {
    let quick = (true, AT_ONCE);
    let enough = vec![quick; IN_A_ROW as usize];
    assert!(!after(&[]));
    assert!(!after(&enough[1..]));
    assert!(after(&enough));
    assert!(after(&[enough.clone(), enough.clone()].concat()));
    let slow = (true, AT_ONCE + Duration::from_nanos(1));
    let waits = (false, Duration::ZERO);
    for other in [slow, waits] {
        let begun = [enough.clone(), vec![other]].concat();
        assert!(!after(&begun), "the last one was not over at once");
        assert!(!after(&[begun.clone(), enough[1..].to_vec()].concat()), "too few since");
        assert!(after(&[begun, enough.clone()].concat()));
    }
}

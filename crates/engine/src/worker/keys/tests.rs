//! A key is busy as long as anything of it is under way.

use tenure_core::id::{AffinityKey, Namespace};

use super::{BusyKeys, Place};

fn place(key: &str) -> Place {
    (Namespace::default_name(), AffinityKey::parse(key).unwrap())
}

/// R-U1.
#[test]
fn at_first_no_key_is_busy() {
    assert_eq!(BusyKeys::default().len(), 0);
}

/// R-U2.
#[test]
fn a_key_is_busy_until_its_activity_is_over() {
    let keys = BusyKeys::default();
    let one = keys.enter(place("a"), false);
    assert_eq!((keys.len(), keys.contains(&place("a"))), (1, true));
    drop(one);
    assert_eq!((keys.len(), keys.contains(&place("a"))), (0, false));
}

/// R-U3.
#[test]
fn two_activities_of_a_key_make_one_busy_key() {
    let keys = BusyKeys::default();
    let _both = (keys.enter(place("a"), false), keys.enter(place("a"), false));
    assert_eq!(keys.len(), 1);
}

/// R-U4.
#[test]
fn two_keys_are_two() {
    let keys = BusyKeys::default();
    let _both = (keys.enter(place("a"), false), keys.enter(place("b"), false));
    assert_eq!(keys.len(), 2);
}

/// R-U5.
#[test]
fn a_key_stays_busy_while_one_of_two_activities_goes_on() {
    let keys = BusyKeys::default();
    let (one, _other) = (keys.enter(place("a"), false), keys.enter(place("a"), false));
    drop(one);
    assert_eq!(keys.list(), [place("a")]);
}

/// R-U6.
#[test]
fn when_all_are_over_no_key_is_busy() {
    let keys = BusyKeys::default();
    drop([keys.enter(place("a"), false), keys.enter(place("a"), false), keys.enter(place("b"), false)]);
    assert_eq!(keys.len(), 0);
}

/// R-U7.
#[test]
fn keys_come_and_go_in_any_order() {
    let keys = BusyKeys::default();
    let (a, b) = (keys.enter(place("a"), false), keys.enter(place("b"), false));
    drop(a);
    let (again, c) = (keys.enter(place("a"), false), keys.enter(place("c"), false));
    assert_eq!(keys.len(), 3);
    drop((b, c));
    assert_eq!(keys.list(), [place("a")]);
    drop(again);
    assert_eq!(keys.len(), 0);
}

#[test]
fn a_key_is_exclusive_as_long_as_an_activity_is_that_is_to_be_alone() {
    let keys = BusyKeys::default();
    let plain = keys.enter(place("a"), false);
    assert!(!keys.is_exclusive(&place("a")));
    let alone = keys.enter(place("a"), true);
    drop(plain);
    assert!(keys.is_exclusive(&place("a")) && !keys.is_exclusive(&place("b")));
    drop(alone);
    assert!(!keys.is_exclusive(&place("a")));
}

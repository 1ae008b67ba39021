//! Tests of the ending module.

use std::time::Duration;

use super::{Ending, Order};
use crate::BootTime;

fn at(seconds: u64) -> BootTime {
    BootTime::from_nanos(seconds * 1_000_000_000)
}

/// Deadline at 100, grace 10.
fn ending() -> Ending {
    Ending::new(at(100), Duration::from_secs(10))
}

#[test]
fn nothing_is_due_before_the_deadline() {
    let mut ending = ending();
    assert_eq!(ending.due(BootTime::from_nanos(at(100).as_nanos() - 1)), None);
    assert_eq!(ending.wake_at(), at(100));
}

#[test]
fn the_deadline_terminates_and_one_grace_later_kills() {
    let mut ending = ending();
    assert_eq!(ending.due(at(100)), Some(Order::TerminateOverdue));
    assert_eq!(ending.due(at(109)), None);
    assert_eq!(ending.wake_at(), at(110));
    assert_eq!(ending.due(at(110)), Some(Order::Kill));
    assert!(ending.is_killing());
    assert_eq!(ending.due(at(999)), None);
}

#[test]
fn noticed_late_the_kill_still_counts_from_the_deadline() {
    let mut ending = ending();
    assert_eq!(ending.due(at(500)), Some(Order::TerminateOverdue));
    assert_eq!(ending.due(at(500)), Some(Order::Kill));
}

#[test]
fn a_later_deadline_counts_and_an_earlier_one_does_not() {
    let mut ending = ending();
    ending.extend(at(200));
    ending.extend(at(150));
    assert_eq!(ending.due(at(199)), None);
    assert_eq!(ending.due(at(200)), Some(Order::TerminateOverdue));
}

#[test]
fn a_deadline_after_the_end_has_begun_changes_nothing() {
    let mut ending = ending();
    assert_eq!(ending.due(at(100)), Some(Order::TerminateOverdue));
    ending.extend(at(500));
    assert_eq!(ending.due(at(110)), Some(Order::Kill));
}

#[test]
fn asked_to_end_it_kills_one_grace_later() {
    let mut ending = ending();
    assert_eq!(ending.begin(at(50)), Some(Order::Terminate));
    assert_eq!(ending.begin(at(55)), None);
    assert_eq!(ending.wake_at(), at(60));
    assert_eq!(ending.due(at(60)), Some(Order::Kill));
    assert_eq!(ending.begin(at(61)), None);
}

#[test]
fn asked_late_it_kills_no_later_than_the_deadline_and_grace() {
    let mut ending = ending();
    assert_eq!(ending.begin(at(108)), Some(Order::Terminate));
    assert_eq!(ending.wake_at(), at(110));
}

#[test]
fn without_a_deadline_only_asking_ends_it() {
    let mut ending = Ending::new(BootTime::NEVER, Duration::from_secs(1));
    assert_eq!(ending.due(at(1_000_000_000)), None);
    assert_eq!(ending.begin(at(5)), Some(Order::Terminate));
    assert_eq!(ending.due(at(6)), Some(Order::Kill));
}

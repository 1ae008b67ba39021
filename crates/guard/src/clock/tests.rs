//! Tests of the clock module.

use std::time::Duration;

use super::BootTime;

#[test]
fn arithmetic_stops_at_the_ends() {
    let start = BootTime::from_nanos(5);
    assert_eq!(start.saturating_sub(Duration::from_secs(1)).as_nanos(), 0);
    assert_eq!(start.saturating_add(Duration::MAX), BootTime::NEVER);
    assert_eq!(BootTime::from_nanos(u64::MAX), BootTime::NEVER);
    assert_eq!(start.saturating_since(BootTime::from_nanos(9)), Duration::ZERO);
}

#[test]
fn adding_then_subtracting_returns() {
    let start = BootTime::from_nanos(7_000_000_000);
    let length = Duration::from_millis(1_234);
    assert_eq!(start.saturating_add(length).saturating_sub(length), start);
    assert_eq!(start.saturating_add(length).saturating_since(start), length);
}

#[test]
fn now_does_not_go_back() {
    let first = BootTime::now();
    assert!(BootTime::now() >= first);
    assert!(first < BootTime::NEVER);
}

//! Tests of the feed of changes.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

fn now(changes: &mut Changes) -> Option<Changed> {
    match pin!(changes.next()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(changed) => changed.ok(),
        Poll::Pending => None,
    }
}

#[test]
fn what_changed_is_told_once_and_to_everybody() {
    let feed = Feed::default();
    assert!(!feed.is_heard());
    let (mut first, mut second) = (feed.listen(Box::new(())), feed.listen(Box::new(())));
    feed.tell([Handle(2), Handle(1), Handle(2)].into_iter());
    for changes in [&mut first, &mut second] {
        assert_eq!(now(changes), Some(Changed::These(vec![Handle(1), Handle(2)])));
        assert_eq!(now(changes), None);
    }
    drop((first, second));
    assert!(!feed.is_heard());
}

#[test]
fn more_than_is_kept_is_any() {
    let feed = Feed::default();
    let mut changes = feed.listen(Box::new(()));
    feed.tell((1..=KEPT_MAX as i64 + 1).map(Handle));
    feed.tell([Handle(1)].into_iter());
    assert_eq!(now(&mut changes), Some(Changed::Any));
    assert_eq!(now(&mut changes), None);
    feed.tell_any();
    assert_eq!(now(&mut changes), Some(Changed::Any));
}

#[test]
fn whoever_listens_to_a_closed_store_is_told_so() {
    let feed = Feed::default();
    let mut before = feed.listen(Box::new(()));
    feed.close();
    let mut after = feed.listen(Box::new(()));
    for changes in [&mut before, &mut after] {
        let told = pin!(changes.next()).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(told, Poll::Ready(Err(StoreError::Closed))));
    }
}

//! Who is taken first, who is withdrawn, and who is refused.

use std::time::Duration;

use tenure_core::id::Fence;
use tenure_store::{Handle, RenewRequest, StoreError};

use super::{Lock, Queue};
use crate::request::{Answered, Asked, Chore, Request};

type Answer = tokio::sync::oneshot::Receiver<Answered<RenewRequest, tenure_store::RenewOutcome>>;

fn renewal() -> (Request, Answer) {
    let (asked, answer) = Asked::new(RenewRequest { handle: Handle(1), fence: Fence(1) });
    (Request::Renew(asked), answer)
}

fn other() -> Request {
    Request::Chore(Chore::Unwatch(Handle(1)))
}

#[tokio::test]
async fn renewals_are_taken_before_what_waits_longer() {
    let queue = Queue::new(10);
    queue.push(other()).await.unwrap();
    let (request, _answer) = renewal();
    queue.push(request).await.unwrap();
    let mut taken = Vec::new();
    assert_eq!(queue.take(1, &mut taken), 1);
    assert!(matches!(taken[..], [Request::Renew(_)]));
    assert_eq!(queue.take(5, &mut taken), 1);
    assert!(queue.is_deserted());
}

#[tokio::test]
async fn only_what_waits_for_somebody_elses_lock_is_withdrawn() {
    let queue = Queue::new(10);
    let (request, answer) = renewal();
    queue.push(request).await.unwrap();
    assert!(queue.waiting(Lock::Turnstile), "the first wait needs a watchman");
    assert!(!queue.waiting(Lock::Turnstile));
    let (on, withdrawn) = queue.overdue(Duration::ZERO).unwrap();
    assert_eq!((on, withdrawn.len()), (Lock::Turnstile, 1));
    assert!(queue.is_deserted());
    for request in withdrawn {
        request.refuse(StoreError::Blocked { pid: Some(7) });
    }
    assert!(matches!(answer.await.unwrap().answer, Err(StoreError::Blocked { pid: Some(7) })));
    queue.done();
    assert!(queue.overdue(Duration::ZERO).is_none());
}

#[tokio::test]
async fn a_closed_queue_keeps_what_waits_and_refuses_what_comes() {
    let queue = Queue::new(10);
    let (request, _answer) = renewal();
    queue.push(request).await.unwrap();
    for _ in 0..2 {
        queue.close(Some(Request::Chore(Chore::Leave)));
        assert!(matches!(queue.push(other()).await, Err(StoreError::Closed)));
    }
    assert!(queue.wait());
    let mut taken = Vec::new();
    assert_eq!(queue.take(10, &mut taken), 2);
    assert!(matches!(taken[..], [Request::Renew(_), Request::Chore(Chore::Leave)]));
    assert!(!queue.wait());
}

#[tokio::test]
async fn an_abandoned_queue_refuses_what_waits_and_what_comes() {
    let queue = Queue::new(10);
    let (request, answer) = renewal();
    queue.push(request).await.unwrap();
    queue.abandon();
    assert!(matches!(answer.await.unwrap().answer, Err(StoreError::Closed)));
    assert!(matches!(queue.push(other()).await, Err(StoreError::Closed)));
    assert!(!queue.wait());
}

#[tokio::test]
async fn whoever_closes_a_blocked_store_waits_no_longer_than_a_request_does() {
    let queue = Queue::new(10);
    queue.push(other()).await.unwrap();
    queue.waiting(Lock::Turnstile);
    queue.close(None);
    queue.wait_done(Duration::ZERO);
    drop(queue.overdue(Duration::ZERO).unwrap());
    queue.wait_done(Duration::MAX);
}

#[tokio::test]
async fn a_full_queue_lets_nobody_in_until_somebody_is_taken() {
    let queue = Queue::new(1);
    queue.push(other()).await.unwrap();
    queue.push_if_room(other());
    let mut second = std::pin::pin!(queue.push(other()));
    assert!(tokio::time::timeout(Duration::from_millis(1), &mut second).await.is_err());
    let mut taken = Vec::new();
    assert_eq!(queue.take(10, &mut taken), 1);
    second.await.unwrap();
    assert_eq!(queue.take(10, &mut taken), 1);
}

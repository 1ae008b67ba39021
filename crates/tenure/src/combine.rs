//! Waiting for several things.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

pub use futures_util::future::join_all;

/// One of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first.
    Left(A),
    /// The second.
    Right(B),
}

/// Waits for whichever comes first, and gives the other up. Where both are there, it is the first.
pub async fn race<A: Future, B: Future>(one: A, other: B) -> Either<A::Output, B::Output> {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    std::future::poll_fn(|task| {
        if let Poll::Ready(output) = one.as_mut().poll(task) {
            return Poll::Ready(Either::Left(output));
        }
        other.as_mut().poll(task).map(Either::Right)
    })
    .await
}

/// Waits for whichever comes first, and gives the others up: which one, from 0, and what it came to. Where several are
/// there, it is the first of them.
///
/// # Panics
/// When there is nothing to wait for.
pub async fn race_all<F: Future>(all: impl IntoIterator<Item = F>) -> (usize, F::Output) {
    let mut all: Vec<Pin<Box<F>>> = all.into_iter().map(Box::pin).collect();
    assert!(!all.is_empty(), "a race needs somebody to win it");
    std::future::poll_fn(|task| {
        for (at, one) in all.iter_mut().enumerate() {
            if let Poll::Ready(output) = one.as_mut().poll(task) {
                return Poll::Ready((at, output));
            }
        }
        Poll::Pending
    })
    .await
}

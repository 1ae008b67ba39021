//! The one place that starts tasks.

use std::future::Future;

use tokio::task::JoinHandle;

/// Starts a task. Whoever lets go of the handle does not end it.
#[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

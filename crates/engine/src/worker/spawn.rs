//! The one place that spawns tasks.

use std::future::Future;

/// Runs something beside everything else.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns tasks")]
pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

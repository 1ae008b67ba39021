//! The one place that spawns tasks.

use std::future::Future;

/// Runs something beside everything else.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns tasks")]
pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

/// Lets other threads of the runtime have what was woken last on this one. Tokio keeps that for this thread, where nobody else
/// can have it, until something else is woken or spawned there: however long whoever woke it has the thread.
pub(super) fn share_woken() {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async {});
    }
}

//! A thread with a runtime of its own, so that nothing else can starve it.

use std::future::Future;
use std::io;
use std::thread::JoinHandle;

/// Runs what `make` makes on a thread of that name.
pub(super) fn spawn<F, T>(name: &str, make: impl FnOnce() -> F + Send + 'static) -> io::Result<JoinHandle<T>>
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(make()))
}

//! The thread on which all talk with a server takes place.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// A thread with an event loop of its own.
///
/// A connection is driven by the loop that made it. Verbs run their loops only while they wait for something, so a
/// connection of theirs would stand still between; this one never does.
#[derive(Debug, Clone)]
pub struct Wire {
    handle: Handle,
    /// The thread ends when the last of these is gone.
    _alive: Arc<oneshot::Sender<()>>,
}

impl Wire {
    /// Begins the thread.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn begin() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, gone) = oneshot::channel::<()>();
        let lane = std::thread::Builder::new().name("wire".to_owned()).spawn(move || {
            // Nothing is ever sent: it returns once nobody can ask any more.
            let _gone = runtime.block_on(gone);
        })?;
        drop(lane);
        Ok(Self { handle, _alive: Arc::new(alive) })
    }

    /// What `work` comes to. It goes on to its end even if nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        match self.handle.spawn(work).await {
            Ok(done) => done,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => std::future::pending().await,
            },
        }
    }

    /// Begins work that nobody waits for.
    pub(crate) fn begin_work(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(work).abort_handle()
    }
}

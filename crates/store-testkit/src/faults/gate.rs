//! A gate that stops a call until a test opens it.

use std::sync::Arc;

use tokio::sync::watch;

/// Stops whoever passes until it is opened. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate {
    reached: Arc<watch::Sender<bool>>,
    open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self { reached: Arc::new(watch::Sender::new(false)), open: Arc::new(watch::Sender::new(false)) }
    }

    /// Returns once somebody stands at the gate.
    pub async fn reached(&self) {
        wait(&self.reached).await;
    }

    /// Lets everybody pass, now and later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        self.reached.send_replace(true);
        wait(&self.open).await;
    }
}

async fn wait(flag: &watch::Sender<bool>) {
    let mut is_set = flag.subscribe();
    is_set.wait_for(|set| *set).await.expect("the gate holds its own sender");
}

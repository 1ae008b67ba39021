//! A store in a directory of its own, opened again and again.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tenure::{Builder, Tenure, WorkerOptions};

/// A store that is there as long as the test.
pub(crate) struct Home {
    directory: TempDir,
    replays_always: bool,
}

impl Home {
    pub(crate) fn new(replays_always: bool) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), replays_always }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("tenure.db")
    }

    pub(crate) fn options(&self) -> WorkerOptions {
        WorkerOptions {
            replays_always: self.replays_always,
            cancel_grace: Duration::from_millis(300),
            stop_grace: Duration::from_secs(5),
            ..WorkerOptions::default()
        }
    }

    pub(crate) fn tenure(&self) -> Builder {
        Tenure::at(self.path()).options(self.options())
    }
}

/// Runs a test with code that stays in memory, and with code that is brought back from its history after every turn.
pub(crate) async fn both_ways<F, Fut>(test: F)
where
    F: Fn(Home) -> Fut,
    Fut: Future<Output = ()>,
{
    for replays_always in [false, true] {
        let limit = Duration::from_secs(60);
        let ran = tokio::time::timeout(limit, test(Home::new(replays_always))).await;
        assert!(ran.is_ok(), "it did not end (replays always: {replays_always})");
    }
}

/// What the environment asks for instead of what a test does by default.
#[expect(clippy::disallowed_methods, reason = "more is run without editing the test")]
pub(crate) fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

//! What a store is opened with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Incarnation;
use tenure_store::Clock;

use crate::faults::{Faults, NoFaults};

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The database file.
    pub path: PathBuf,
    /// Names this opening of the store: random, so that two processes are told apart.
    pub incarnation: Incarnation,
    /// Where the store reads the time.
    pub clock: Arc<dyn Clock>,
    /// Bounds and waiting times.
    pub limits: Limits,
    /// Where tests make the writer fail.
    pub faults: Arc<dyn Faults>,
}

impl SqliteOptions {
    /// The usual options for the database at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, incarnation: Incarnation, clock: Arc<dyn Clock>) -> Self {
        Self { path: path.into(), incarnation, clock, limits: Limits::default(), faults: Arc::new(NoFaults) }
    }
}

/// Bounds and waiting times of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests that wait to be written; whoever brings more waits until there is room.
    pub queue_max: usize,
    /// Requests that are made durable together.
    pub group_max: usize,
    /// How long a group is collected at most, once it has the write lock. It is never waited for.
    pub group_time: Duration,
    /// How long a request waits for somebody else's write lock before it is withdrawn, and an opening for
    /// somebody else who makes or migrates the store.
    pub blocked_after: Duration,
    /// Sessions whose head is kept in memory.
    pub heads_max: usize,
    /// Rows of a log that are looked at to find out what became of one append.
    pub resolved_rows_max: usize,
    /// Rows in a log's tail for which it is folded, once the writer has nothing else to do.
    pub fold_rows: u64,
    /// Stored bytes of a tail that are folded in one go.
    pub fold_bytes: u64,
    /// Stored bytes of a chunk of a log, before it is compressed.
    pub chunk_bytes: u64,
    /// Dead rows for which a pass that deletes them begins, if they are a quarter of all.
    pub litter_rows: u64,
    /// How long the writer is asked nothing before it tidies up: whoever asks one thing after the other is not idle
    /// in between.
    pub rest: Duration,
    /// Connections for reading that are kept, and long reads at the same time.
    pub readers_max: usize,
    /// Size of the write-ahead log from which it is copied back in the background.
    pub wal_copy_bytes: u64,
    /// Size of the write-ahead log at which the writer stops to finish it.
    pub wal_finish_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_max: 32_768,
            group_max: 8192,
            group_time: Duration::from_millis(5),
            blocked_after: Duration::from_secs(2),
            heads_max: 65_536,
            resolved_rows_max: 65_536,
            fold_rows: 512,
            fold_bytes: 512 << 10,
            chunk_bytes: 64 << 10,
            litter_rows: 4096,
            rest: Duration::from_millis(2),
            readers_max: 8,
            wal_copy_bytes: 4 << 20,
            wal_finish_bytes: 64 << 20,
        }
    }
}

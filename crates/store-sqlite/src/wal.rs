//! Keeping the write-ahead log small without holding up commits.
//!
//! A helper thread copies the log back into the database while others read and write. Under constant load
//! the log still grows, because it starts over only when all of it is copied and nobody needs it; so at a
//! larger size the writer itself finishes the copy between two groups.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use crate::connection::{self, Role};
use crate::error::WorkError;
use crate::place::Place;
use crate::sql;

/// How long readers are waited for when the log is finished.
const READERS: Duration = Duration::from_millis(100);

/// Bytes of one page in the log: the page and its frame.
const FRAME_BYTES: u64 = 4096 + 24;

/// How large the log is, as the writer's last commit left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct WalSize(Arc<AtomicU64>);

impl WalSize {
    /// Is told by a connection's commits from now on.
    pub(crate) fn follow(&self, conn: &mut Connection) -> Result<(), rusqlite::Error> {
        let pages = Arc::clone(&self.0);
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count: i32| {
            pages.store(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
    }

    /// All of it was copied back.
    pub(crate) fn emptied(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed).saturating_mul(FRAME_BYTES)
    }
}

/// What becomes of the log's file when all of it was copied back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// It keeps its size. Writing over what is there is cheaper than making a file grow, and durable sooner: neither its
    /// size nor its place on the disk changes.
    Keep,
    /// It is empty.
    Cut,
}

/// Copies the log back beside the commits.
#[derive(Debug)]
pub(crate) struct Copier {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wanted: Condvar,
    /// Locked while somebody copies: two at once would only be in each other's way.
    copying: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    is_wanted: bool,
    is_over: bool,
}

impl Copier {
    pub(crate) fn new() -> Self {
        Self { shared: Arc::default(), thread: Mutex::default() }
    }

    /// Has the log copied back soon. Whether it works shows in the size after later commits.
    pub(crate) fn want(&self, place: &Place) -> std::io::Result<()> {
        self.shared.state().is_wanted = true;
        self.shared.wanted.notify_one();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (shared, place) = (Arc::clone(&self.shared), place.clone());
            let run = move || shared.run(&place);
            *thread = Some(thread::Builder::new().name("tenure-copier".to_owned()).spawn(run)?);
        }
        Ok(())
    }

    /// Copies all of the log back, so that it starts over, if no reader needs it. The caller has the turn to write.
    pub(crate) fn finish(&self, conn: &Connection, after: After) -> Result<bool, WorkError> {
        let _copying = self.pause();
        // Reads that began before are over in a moment; later ones do not need the log once all is copied.
        conn.busy_timeout(READERS)?;
        let finished = checkpoint(
            conn,
            match after {
                After::Keep => "PRAGMA wal_checkpoint(RESTART)",
                After::Cut => "PRAGMA wal_checkpoint(TRUNCATE)",
            },
        );
        conn.busy_timeout(Duration::ZERO)?;
        finished
    }

    /// Keeps the helper from copying while the result lives. Waits for the copy that is under way.
    pub(crate) fn pause(&self) -> MutexGuard<'_, ()> {
        self.shared.copying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the helper.
    pub(crate) fn stop(&self) {
        self.shared.state().is_over = true;
        self.shared.wanted.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // One that panicked has ended as well.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, place: &Place) {
        let Ok(conn) = connection::open(place, Role::Writer) else {
            return;
        };
        loop {
            let mut state = self.state();
            while !state.is_wanted && !state.is_over {
                state = self.wanted.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.is_over {
                return;
            }
            state.is_wanted = false;
            drop(state);
            let _copying = self.copying.lock().unwrap_or_else(PoisonError::into_inner);
            // What could not be copied now is copied by the next one who is asked to.
            drop(copy(&conn));
        }
    }
}

/// Copies back what nobody needs any more, in nobody's way. Returns whether that is all of the log.
pub(crate) fn copy(conn: &Connection) -> Result<bool, WorkError> {
    checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn checkpoint(conn: &Connection, pragma: &str) -> Result<bool, WorkError> {
    let done = sql::one(conn, pragma, [], |row| {
        let (busy, pages, copied): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && pages == copied)
    })?;
    Ok(done.unwrap_or(false))
}

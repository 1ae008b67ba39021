//! The opened store and the roles it plays.

mod answer;
mod arrival;
mod checkpoint;
mod group;
mod inspect;
mod instance;
mod log;
mod purge;
mod session;
mod statistics;
mod task;
mod token;
mod worker;

pub(crate) use checkpoint::read_row;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_store::StoreError;
use tokio::sync::oneshot;

use crate::error::{OpenError, WorkError};
use crate::options::SqliteOptions;
use crate::place::Place;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::request::{Asked, Chore, Request};
use crate::shared::Shared;
use crate::troubles::Troubles;
use crate::wal::Copier;
use crate::writer::WriterThread;
use crate::writes::Written;
use crate::{netfs, open};

/// A store in one SQLite file, which other processes of this machine may have open too.
#[derive(Debug)]
pub struct SqliteStore {
    shared: Arc<Shared>,
    writer: WriterThread,
    scheduled: task::Scheduled,
}

/// The writer is still while this lives.
#[derive(Debug)]
pub struct Still<'s> {
    _turn: MutexGuard<'s, ()>,
    _copying: MutexGuard<'s, ()>,
}

impl SqliteStore {
    /// Opens the store at a path, making the file if it is not there. Its directory must exist.
    ///
    /// # Errors
    /// [`OpenError`] says why not; nothing was changed then.
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let place = Place::of(&options.path, options.incarnation)?;
        Self::open_at(place, options)
    }

    /// Opens the store at a path if there is one; `None` if there is none. Nothing is made.
    ///
    /// # Errors
    /// [`OpenError`] when there is something that cannot be opened.
    pub fn open_existing(options: SqliteOptions) -> Result<Option<Self>, OpenError> {
        let place = match Place::of(&options.path, options.incarnation) {
            Err(OpenError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            place => place?,
        };
        if !place.exists()? {
            return Ok(None);
        }
        Self::open_at(place, options).map(Some)
    }

    fn open_at(place: Place, options: SqliteOptions) -> Result<Self, OpenError> {
        if let Some(file_system) = place.db.parent().and_then(netfs::of) {
            return Err(OpenError::NetworkFileSystem { path: place.db, file_system });
        }
        let troubles = Troubles::default();
        let first = open::open(&place, &troubles, options.limits.blocked_after)?;
        let shared = Arc::new(Shared {
            readers: Readers::new(place.clone(), first, options.limits.readers_max),
            queue: Arc::new(Queue::new(options.limits.queue_max)),
            place,
            clock: options.clock,
            limits: options.limits,
            faults: options.faults,
            watches: Arc::default(),
            hearing: Mutex::default(),
            attention: Mutex::default(),
            copier: Copier::new(),
            troubles,
            written: Written::default(),
            turn: Mutex::default(),
        });
        let writer = WriterThread::new(Arc::clone(&shared));
        Ok(Self { shared, writer, scheduled: task::Scheduled::default() })
    }

    /// Keeps the writer still while the result lives: it holds no lock that others wait for.
    ///
    /// For a process that is about to be stopped. Waits for the turn that is under way, if one is.
    #[must_use]
    pub fn still(&self) -> Still<'_> {
        let turn = self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Still { _turn: turn, _copying: self.shared.copier.pause() }
    }

    /// The lock files whose locks a writing process holds: whoever stops while holding one stops all others.
    #[must_use]
    pub fn write_locks(&self) -> Vec<PathBuf> {
        ["gate", "write"].map(|name| self.shared.place.run.join(name)).to_vec()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Asks the writer and waits for its answer.
    async fn ask<Q, A>(
        &self,
        question: Q,
        request: impl FnOnce(Asked<Q, A>) -> Request,
    ) -> Result<A, StoreError> {
        self.writer.start()?;
        let (asked, answer): (_, oneshot::Receiver<_>) = Asked::new(question);
        self.shared.queue.push(request(asked)).await?;
        answer.await.map_err(|_gone| StoreError::Closed)?.answer
    }

    /// Asks the writer several things, and waits for all of its answers.
    async fn ask_all<Q, A>(
        &self,
        questions: impl ExactSizeIterator<Item = Q> + Send,
        request: impl Fn(Asked<Q, A>) -> Request + Send,
    ) -> Result<Vec<Result<A, StoreError>>, StoreError>
    where
        Q: Send,
        A: Send,
    {
        self.writer.start()?;
        let (asked, answers) = Asked::all(questions);
        self.shared.queue.push_all(asked.into_iter().map(request).collect()).await?;
        let answers = answers.await.map_err(|_gone| StoreError::Closed)?;
        Ok(answers.into_iter().map(|answered| answered.answer).collect())
    }

    /// Reads where many rows may have to be looked at: off the caller's thread if there is a runtime for it.
    async fn read_much<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let read = move || shared.readers.read(what, read);
        if tokio::runtime::Handle::try_current().is_err() {
            return read();
        }
        let _room = self.shared.readers.room().await?;
        let done = tokio::task::spawn_blocking(read).await;
        done.map_err(|why| StoreError::Unavailable { what, source: why.into() })?
    }
}

impl SqliteStore {
    /// Closes the store: what was asked before is still done, what comes later is refused with
    /// [`StoreError::Closed`], and nothing is left that others would have to clean up. Again, it does nothing.
    ///
    /// Whoever shares the store with threads that outlive its use closes it; dropping it does the same. It waits
    /// for somebody else's lock no longer than a request does, and gives up then: what is left of this process
    /// is removed by the next one that writes.
    pub fn close(&self) {
        self.shared.watches.close();
        let last = self.shared.may_be_listed().then_some(Request::Chore(Chore::Leave));
        self.writer.stop(last);
        self.shared.deafen();
        self.shared.copier.stop();
        self.shared.readers.close();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

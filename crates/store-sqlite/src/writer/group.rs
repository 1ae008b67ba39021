//! A group in one transaction, and what happens to it when something fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tenure_core::panic_words;
use tenure_store::StoreError;

use super::memory::Memory;
use super::news::News;
use super::turn::Writer;
use super::wait_visibly;
use super::work::{Done, Evidence, Work};
use crate::clock::instant;
use crate::connection;
use crate::error::{Code, WorkError, code_of, from_sqlite};
use crate::faults::FaultPoint;
use crate::queue::Lock;
use crate::request::Request;
use crate::row::signed;
use crate::shared::Shared;
use crate::sql;
use crate::transaction::Begun;

/// Why a group was not kept, or may not have been.
enum Failed {
    /// It did not begin.
    Begin(rusqlite::Error),
    /// Nothing was kept.
    Work(WorkError),
    /// It may have been kept.
    Commit(WorkError, Box<Done>),
}

/// What became of a group whose COMMIT failed.
enum Settled {
    Kept,
    NotKept,
    Unknown,
}

/// Where a group's requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The queue, once the write lock is there.
    Queue,
    /// They were taken before.
    Given,
}

/// How many requests are taken at once: whoever is taken can no longer be withdrawn, nor wait for long.
const TAKEN_AT_ONCE: usize = 64;

impl Writer {
    /// Works on what waits, as one group if that goes well.
    pub(super) fn group(&mut self) -> News {
        let mut news = News::default();
        let mut taken = Vec::new();
        match self.attempt(&mut taken, Source::Queue) {
            Ok(done) => news.kept(taken, done, &self.shared.watches),
            Err(Failed::Begin(why)) => {
                self.refuse_waiting(from_sqlite("take the database's write lock", why))
            }
            Err(Failed::Work(why)) => match <[Request; 1]>::try_from(taken) {
                Ok([alone]) => news.refused(alone, why),
                Err(taken) => self.one_by_one(taken, &mut news),
            },
            Err(Failed::Commit(why, done)) => match self.settle(&done) {
                Settled::Kept => news.kept(taken, *done, &self.shared.watches),
                Settled::NotKept => self.one_by_one(taken, &mut news),
                Settled::Unknown => news.unknown(taken, *done, &why),
            },
        }
        news
    }

    /// Works on each request in a transaction of its own, so that only those fail that cannot be done.
    fn one_by_one(&mut self, taken: Vec<Request>, news: &mut News) {
        for mut request in taken {
            request.forget();
            let mut alone = vec![request];
            let failed = match self.attempt(&mut alone, Source::Given) {
                Ok(done) => {
                    news.kept(alone, done, &self.shared.watches);
                    continue;
                }
                Err(failed) => failed,
            };
            let why = match failed {
                Failed::Begin(why) => why.into(),
                Failed::Work(why) => why,
                Failed::Commit(why, done) => match self.settle(&done) {
                    Settled::Kept => {
                        news.kept(alone, *done, &self.shared.watches);
                        continue;
                    }
                    // Without room, what marks a transaction as kept was never written. After another
                    // failure it may lie in the file, and count once the machine has lost its power.
                    Settled::NotKept if is_full(&why) => why,
                    Settled::NotKept | Settled::Unknown => {
                        news.unknown(alone, *done, &why);
                        continue;
                    }
                },
            };
            // It is one request, so the error goes to it whole.
            if let Some(request) = alone.pop() {
                news.refused(request, why);
            }
        }
    }

    /// Works on a group in one transaction.
    fn attempt(&mut self, taken: &mut Vec<Request>, source: Source) -> Result<Done, Failed> {
        self.open().map_err(|error| Failed::Work(error.into()))?;
        let Some(conn) = &self.conn else {
            return Err(Failed::Work(StoreError::Closed.into()));
        };
        if !self.shared.place.is_unmoved() {
            return Err(Failed::Begin(connection::moved()));
        }
        let begun = begin(&self.shared, conn, source).map_err(Failed::Begin)?;
        let began = instant();
        let (shared, memory) = (&self.shared, &mut self.memory);
        let work = AssertUnwindSafe(|| work(shared, (conn, memory), taken, source));
        let worked = catch_unwind(work)
            .unwrap_or_else(|panic| Err(WorkError::Panic(panic_words(panic.as_ref()).to_owned())));
        match worked {
            Ok(done) => match commit(&self.shared, begun) {
                Ok(()) => {
                    self.shared.written.note(taken.len(), began.elapsed());
                    Ok(done)
                }
                Err(why) => Err(Failed::Commit(why, Box::new(done))),
            },
            Err(why) => {
                drop(begun);
                self.forget();
                Err(Failed::Work(why))
            }
        }
    }

    /// What was remembered was not kept. A connection that could not roll back is replaced.
    pub(super) fn forget(&mut self) {
        self.memory.clear();
        if self.conn.as_ref().is_some_and(|conn| !conn.is_autocommit()) {
            self.conn = None;
        }
    }

    /// Finds out whether a group was kept, on a fresh connection and still under the turnstile, so that
    /// nobody can have written since. A group is there as a whole or not at all, so one trace of it is enough.
    fn settle(&mut self, done: &Done) -> Settled {
        self.conn = None;
        let reopened = self.shared.faults.at(FaultPoint::Reopen).map_err(WorkError::from);
        let found = reopened.and_then(|()| {
            self.open()?;
            match (&self.conn, done.evidence) {
                (Some(conn), Some(evidence)) => is_there(conn, evidence),
                _ => Ok(false),
            }
        });
        match found {
            Ok(true) => Settled::Kept,
            Ok(false) => Settled::NotKept,
            Err(why) => {
                self.shared.troubles.note("open the database again", &why);
                Settled::Unknown
            }
        }
    }
}

fn is_full(why: &WorkError) -> bool {
    match why {
        WorkError::Sqlite(error) => code_of(error) == Some(Code::Full),
        WorkError::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
        WorkError::Store(_) | WorkError::Panic(_) => false,
    }
}

/// Takes SQLite's write lock. Processes of this program are past the turnstile, so only a foreign one can
/// hold it. SQLite cannot wait for it without polling, and foreign ones are rare.
fn begin<'c>(
    shared: &'c Arc<Shared>,
    conn: &'c Connection,
    source: Source,
) -> Result<Begun<'c>, rusqlite::Error> {
    let asked = instant();
    let mut pause = Duration::from_millis(1);
    loop {
        match Begun::immediate(conn, &shared.troubles) {
            Err(why) if code_of(&why) == Some(Code::Busy) => {
                // What waits in the queue is withdrawn there; what was taken has only this.
                let given_up = match source {
                    Source::Queue => shared.queue.is_deserted(),
                    Source::Given => asked.elapsed() >= shared.limits.blocked_after,
                };
                if given_up {
                    return Err(why);
                }
                wait_visibly(shared, Lock::Sqlite);
                thread::park_timeout(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Ok(begun) => {
                shared.queue.working();
                return Ok(begun);
            }
            Err(why) => return Err(why),
        }
    }
}

/// Works on requests until nothing waits or the group is full.
fn work(
    shared: &Shared,
    (conn, memory): (&Connection, &mut Memory),
    taken: &mut Vec<Request>,
    source: Source,
) -> Result<Done, WorkError> {
    memory.refresh(conn)?;
    let mut work = Work::new((conn, memory), shared.clock.now(), &shared.place, &shared.limits);
    let started = instant();
    let mut next = 0;
    loop {
        if source == Source::Queue {
            let room = shared.limits.group_max.saturating_sub(taken.len());
            shared.queue.take(room.min(TAKEN_AT_ONCE), taken);
        }
        if next == taken.len() {
            return work.done();
        }
        // After they were taken: what a holder is granted never begins before it asked.
        work.now = shared.clock.now();
        work.come_to_boot()?;
        for request in taken.iter_mut().skip(next).filter(|request| !request.is_abandoned()) {
            shared.faults.at(FaultPoint::Apply)?;
            work.apply(request)?;
        }
        next = taken.len();
        if started.elapsed() >= shared.limits.group_time {
            return work.done();
        }
    }
}

fn commit(shared: &Shared, begun: Begun<'_>) -> Result<(), WorkError> {
    shared.faults.at(FaultPoint::BeforeCommit)?;
    begun.commit()?;
    shared.faults.at(FaultPoint::AfterCommit)?;
    Ok(())
}

fn is_there(conn: &Connection, evidence: Evidence) -> Result<bool, WorkError> {
    match evidence {
        Evidence::Row { pos, handle, first } => {
            sql::any(conn, sql::LOG_HAS, (pos, handle.0, signed(first.0)))
        }
        Evidence::Commit { handle, id } => sql::any(conn, sql::SESSION_HAS_COMMIT, (handle.0, id.0)),
        Evidence::History { pos, handle } => sql::any(conn, sql::HISTORY_HAS, (pos, handle.0)),
        Evidence::Message { mid } => sql::any(conn, sql::MESSAGE_HAS, [mid]),
        Evidence::Given { handle, worker, fence } => {
            sql::any(conn, sql::INSTANCE_HAS, (handle.0, worker, signed(fence.0)))
        }
        Evidence::Task { task, fence } => sql::any(conn, sql::TASK_HAS, (task.0, signed(fence.0))),
        Evidence::Brought { handle, next } => sql::any(conn, sql::ARRIVAL_HAS, (handle.0, signed(next.0))),
        Evidence::Purge { handle } => Ok(!sql::any(conn, sql::SESSION_EXISTS, [handle.0])?),
    }
}

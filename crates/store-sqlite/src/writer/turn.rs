//! One turn of the writer, and what it does when something fails.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tenure_store::{Handle, StoreError};

use super::memory::Memory;
use super::wait_visibly;
use super::work::{Evidence, Work};
use crate::clock::instant;
use crate::connection::{self, Role};
use crate::error::{Code, WorkError, code_of, from_sqlite};
use crate::faults::FaultPoint;
use crate::queue::Lock;
use crate::request::Request;
use crate::shared::Shared;
use crate::sql;
use crate::transaction::Begun;
use crate::turnstile::Turnstile;

/// What the writing thread owns.
pub(super) struct Writer {
    shared: Arc<Shared>,
    turnstile: Option<Turnstile>,
    conn: Option<Connection>,
    memory: Memory,
}

/// What a group did.
#[derive(Debug, Default)]
struct Done {
    changed: Vec<Handle>,
    evidence: Option<Evidence>,
}

/// Why a group was not kept, or may not have been.
enum Failed {
    /// It did not begin.
    Begin(rusqlite::Error),
    /// Nothing was kept.
    Work(WorkError),
    /// It may have been kept; if so, this is there.
    Commit(WorkError, Done),
}

/// How many requests are taken at once: whoever is taken can no longer be withdrawn, nor wait for long.
const TAKEN_AT_ONCE: usize = 256;

/// What the writer was doing, when a caller is told that it failed.
const WRITE: &str = "write";

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let memory = Memory::new(shared.limits.heads_max);
        Self { shared, turnstile: None, conn: None, memory }
    }

    /// Works on what waits: passes the turnstile, writes, lets the next process in, answers.
    pub(super) fn turn(&mut self) {
        if let Err(error) = self.prepare() {
            return self.refuse_waiting(error);
        }
        let Some(turnstile) = self.turnstile.take() else {
            return self.refuse_waiting(StoreError::Closed);
        };
        match turnstile.enter(|| wait_visibly(&self.shared, Lock::Turnstile)) {
            Ok(turn) => {
                let (told, changed) = self.group();
                drop(turn);
                self.answer(told, changed);
            }
            Err(why) => {
                let (what, source) = ("take the write lock", why.into());
                self.refuse_waiting(StoreError::Unavailable { what, source });
            }
        }
        self.turnstile = Some(turnstile);
    }

    /// Closes the connection and leaves no trace that others would have to clean up.
    pub(super) fn end(self) {}

    fn prepare(&mut self) -> Result<(), StoreError> {
        if self.turnstile.is_none() {
            let opened = Turnstile::open(&self.shared.place);
            let opened = opened
                .map_err(|why| StoreError::Unavailable { what: "open the lock files", source: why.into() })?;
            self.turnstile = Some(opened);
        }
        if self.conn.is_none() {
            self.memory.clear();
            let opened = connection::open(&self.shared.place, Role::Writer);
            self.conn = Some(opened.map_err(|why| from_sqlite("open the database", why))?);
        }
        Ok(())
    }

    /// Everything that waits is told the same.
    fn refuse_waiting(&self, error: StoreError) {
        let mut waiting = Vec::new();
        self.shared.queue.take(usize::MAX, &mut waiting);
        let text = error.to_string();
        let mut error = Some(error);
        for request in waiting {
            let again = || StoreError::Unavailable { what: WRITE, source: text.clone().into() };
            request.refuse(error.take().unwrap_or_else(again));
        }
    }

    fn answer(&self, told: Vec<Told>, mut changed: Vec<Handle>) {
        for (request, error) in told {
            match error {
                None => request.tell(),
                Some(error) => request.refuse(error),
            }
        }
        changed.sort_unstable();
        changed.dedup();
        self.shared.watches.wake(&changed);
    }

    /// Works on what waits, as one group if that goes well.
    fn group(&mut self) -> (Vec<Told>, Vec<Handle>) {
        let mut taken = Vec::new();
        match self.attempt(&mut taken, Source::Queue) {
            Ok(done) => (answered(taken), done.changed),
            Err(Failed::Begin(why)) => {
                if !self.shared.queue.is_deserted() {
                    self.refuse_waiting(from_sqlite("take the database's write lock", why));
                }
                (Vec::new(), Vec::new())
            }
            Err(Failed::Work(why)) if taken.len() == 1 => (refused(taken, why), Vec::new()),
            Err(Failed::Work(_)) => self.one_by_one(taken),
            Err(Failed::Commit(why, done)) => match self.settle(&done) {
                Settled::Kept => (answered(taken), done.changed),
                Settled::NotKept => self.one_by_one(taken),
                Settled::Unknown => (unknown(taken, &why.to_string()), done.changed),
            },
        }
    }

    /// Works on each request in a transaction of its own, so that only those fail that cannot be done.
    fn one_by_one(&mut self, taken: Vec<Request>) -> (Vec<Told>, Vec<Handle>) {
        let (mut told, mut changed) = (Vec::new(), Vec::new());
        for mut request in taken {
            request.forget();
            let mut alone = vec![request];
            match self.attempt(&mut alone, Source::Given) {
                Ok(done) => {
                    changed.extend(done.changed);
                    told.extend(answered(alone));
                }
                Err(Failed::Begin(why)) => told.extend(refused(alone, why.into())),
                Err(Failed::Work(why)) => told.extend(refused(alone, why)),
                Err(Failed::Commit(why, done)) => match self.settle(&done) {
                    Settled::Kept => {
                        changed.extend(done.changed);
                        told.extend(answered(alone));
                    }
                    // Without room, what marks a transaction as kept was never written. After another
                    // failure it may lie in the file, and count once the machine has lost its power.
                    Settled::NotKept if is_full(&why) => told.extend(refused(alone, why)),
                    Settled::NotKept | Settled::Unknown => {
                        changed.extend(done.changed);
                        told.extend(unknown(alone, &why.to_string()));
                    }
                },
            }
        }
        (told, changed)
    }

    /// Works on a group in one transaction.
    fn attempt(&mut self, taken: &mut Vec<Request>, source: Source) -> Result<Done, Failed> {
        if self.conn.is_none()
            && let Err(error) = self.prepare()
        {
            return Err(Failed::Work(error.into()));
        }
        let Some(conn) = &self.conn else {
            return Err(Failed::Work(StoreError::Closed.into()));
        };
        let begun = begin(&self.shared, conn, source)?;
        let worked = {
            let (shared, memory) = (&self.shared, &mut self.memory);
            let work = AssertUnwindSafe(|| work(shared, (conn, memory), taken, source));
            catch_unwind(work).unwrap_or_else(|panic| Err(WorkError::Panic(words(panic.as_ref()))))
        };
        let done = match worked {
            Ok(done) => done,
            Err(why) => {
                drop(begun);
                self.forget();
                return Err(Failed::Work(why));
            }
        };
        match commit(&self.shared, begun) {
            Ok(()) => Ok(done),
            Err(why) => Err(Failed::Commit(why, done)),
        }
    }

    /// What was remembered is not true any more. A connection that is stuck in a transaction is replaced.
    fn forget(&mut self) {
        self.memory.clear();
        if self.conn.as_ref().is_some_and(|conn| !conn.is_autocommit()) {
            self.conn = None;
        }
    }

    /// Finds out whether a group was kept, on a fresh connection and still under the turnstile, so that
    /// nobody can have written since.
    fn settle(&mut self, done: &Done) -> Settled {
        self.conn = None;
        self.memory.clear();
        let reopened = self.shared.faults.at(FaultPoint::Reopen).map_err(WorkError::from);
        let found = reopened.and_then(|()| {
            let conn = connection::open(&self.shared.place, Role::Writer)?;
            let found = done.evidence.map_or(Ok(false), |evidence| is_there(&conn, evidence))?;
            self.conn = Some(conn);
            Ok(found)
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

/// A request and what its caller is told instead of an answer, if anything.
type Told = (Request, Option<StoreError>);

/// Where an attempt's requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The queue, once the write lock is there.
    Queue,
    /// They were taken before.
    Given,
}

/// What became of a group whose COMMIT failed.
enum Settled {
    Kept,
    NotKept,
    Unknown,
}

fn answered(taken: Vec<Request>) -> Vec<Told> {
    taken.into_iter().map(|request| (request, None)).collect()
}

fn refused(taken: Vec<Request>, why: WorkError) -> Vec<Told> {
    let mut error = Some(why.told(WRITE));
    taken.into_iter().map(|request| (request, Some(error.take().unwrap_or(StoreError::Closed)))).collect()
}

fn unknown(taken: Vec<Request>, why: &str) -> Vec<Told> {
    let tell = |request: Request| {
        let error = match request.commit_id() {
            Some(commit_id) => StoreError::Unknown { commit_id, source: why.into() },
            None => StoreError::Unavailable { what: WRITE, source: why.into() },
        };
        (request, Some(error))
    };
    taken.into_iter().map(tell).collect()
}

fn is_full(why: &WorkError) -> bool {
    match why {
        WorkError::Sqlite(error) => code_of(error) == Some(Code::Full),
        WorkError::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
        WorkError::Store(_) | WorkError::Panic(_) => false,
    }
}

/// Takes SQLite's write lock. Processes of this program are past the turnstile, so only a foreign one can
/// hold it; SQLite cannot wait for a lock without polling, and foreign ones are rare.
fn begin<'c>(shared: &'c Arc<Shared>, conn: &'c Connection, source: Source) -> Result<Begun<'c>, Failed> {
    let mut pause = Duration::from_millis(1);
    loop {
        match Begun::immediate(conn, &shared.troubles) {
            Err(why) if code_of(&why) == Some(Code::Busy) => {
                let given_up = source == Source::Queue && shared.queue.is_deserted();
                if given_up {
                    return Err(Failed::Begin(why));
                }
                wait_visibly(shared, Lock::Sqlite);
                thread::park_timeout(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Ok(begun) => {
                shared.queue.working();
                return Ok(begun);
            }
            Err(why) => return Err(Failed::Begin(why)),
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
    let mut work = Work::new(conn, memory, shared.clock.now());
    let started = instant();
    let mut next = 0;
    loop {
        if source == Source::Queue {
            let room = shared.limits.group_max.saturating_sub(taken.len());
            shared.queue.take(room.min(TAKEN_AT_ONCE), taken);
        }
        if next == taken.len() {
            break;
        }
        for request in taken.iter_mut().skip(next).filter(|request| !request.is_abandoned()) {
            shared.faults.at(FaultPoint::Apply)?;
            work.apply(request)?;
        }
        next = taken.len();
        if started.elapsed() >= shared.limits.group_time {
            break;
        }
    }
    Ok(Done { changed: work.changed, evidence: work.evidence })
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
            sql::any(conn, sql::LOG_HAS, (pos, handle.0, crate::row::signed(first.0)))
        }
        Evidence::Commit { handle, id } => sql::any(conn, sql::SESSION_HAS_COMMIT, (handle.0, id.0)),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words").to_owned()
}

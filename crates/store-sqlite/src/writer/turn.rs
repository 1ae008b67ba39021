//! One turn of the writer: enter, work, let the next in, answer.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tenure_store::StoreError;

use super::memory::Memory;
use super::news::News;
use super::{wait_visibly, watch::Concerned};
use crate::connection::{self, Role};
use crate::error::{WorkError, from_sqlite};
use crate::queue::Lock;
use crate::request::{Chore, Request};
use crate::ring::{Bell, Rung, sweep};
use crate::shared::Shared;
use crate::turnstile::{Turn, Turnstile};
use crate::wal::{self, After, WalSize};

/// What the writing thread owns.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) turnstile: Option<Turnstile>,
    pub(super) conn: Option<Connection>,
    pub(super) memory: Memory,
    bell: Option<Bell>,
    wal: WalSize,
    /// When something was tidied up last, and how long that took.
    pub(super) tidied: Option<(Instant, Duration)>,
    /// The size of the write-ahead log at which something is done about it next.
    wal_next: u64,
}

/// What the writer was doing, when a caller is told that it failed.
pub(super) const WRITE: &str = "write";

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            memory: Memory::new(shared.limits.heads_max),
            wal_next: shared.limits.wal_copy_bytes,
            shared,
            turnstile: None,
            conn: None,
            bell: None,
            wal: WalSize::default(),
            tidied: None,
        }
    }

    /// Works on what waits.
    pub(super) fn turn(&mut self) {
        let shared = Arc::clone(&self.shared);
        let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = self.open_turnstile().and_then(|turnstile| self.open().map(|()| turnstile));
        let turnstile = match opened {
            Ok(turnstile) => turnstile,
            Err(error) => return self.refuse_waiting(error),
        };
        match turnstile.enter(|| wait_visibly(&self.shared, Lock::Turnstile)) {
            Ok(turn) => {
                let mut news = self.group();
                self.shared.watches.wake(&news.changed);
                self.shared.watches.tell(std::mem::take(&mut news.appended));
                if self.is_wal_to_finish() {
                    // The others have to wait for this, but nobody has to wait for an answer.
                    self.spread(news);
                    self.finish_wal();
                } else {
                    drop(turn);
                    self.spread(news);
                    self.copy_wal();
                }
            }
            Err(why) => {
                let (what, source) = ("take the write lock", why.into());
                self.refuse_waiting(StoreError::Unavailable { what, source });
            }
        }
        self.turnstile = Some(turnstile);
    }

    /// Keeps the write-ahead log small after something was written that nobody waits for.
    pub(super) fn after_writing(&mut self, turn: Turn<'_>) {
        if self.is_wal_to_finish() {
            self.finish_wal();
        } else {
            drop(turn);
            self.copy_wal();
        }
    }

    fn is_wal_to_finish(&mut self) -> bool {
        self.wal.bytes() >= self.shared.limits.wal_finish_bytes && self.is_wal_due()
    }

    fn open_turnstile(&mut self) -> Result<Turnstile, StoreError> {
        let opened = self.turnstile.take().map_or_else(|| Turnstile::open(&self.shared.place), Ok);
        opened.map_err(|why| StoreError::Unavailable { what: "open the lock files", source: why.into() })
    }

    /// Opens the connection, unless it is open. What was remembered belongs to the one before.
    pub(super) fn open(&mut self) -> Result<(), StoreError> {
        if self.conn.is_some() {
            return Ok(());
        }
        self.memory.clear();
        let opened = connection::open(&self.shared.place, Role::Writer).and_then(|mut conn| {
            self.wal.follow(&mut conn)?;
            Ok(conn)
        });
        self.conn = Some(opened.map_err(|why| from_sqlite("open the database", why))?);
        Ok(())
    }

    /// Everything that waits is told the same.
    pub(super) fn refuse_waiting(&self, error: StoreError) {
        let mut waiting = Vec::new();
        self.shared.queue.take(usize::MAX, &mut waiting);
        let text = error.to_string();
        let mut error = Some(error);
        for request in waiting {
            let again = || StoreError::Unavailable { what: WRITE, source: text.clone().into() };
            request.refuse(error.take().unwrap_or_else(again));
        }
    }

    /// Answers, and wakes whoever watches what was written in other processes.
    fn spread(&mut self, news: News) {
        for lost in &news.lost {
            self.shared.troubles.note("hand on a damaged log", lost);
        }
        for (request, error) in news.told {
            match error {
                None => request.tell(),
                Some(error) => request.refuse(error),
            }
        }
        for concerned in news.concerned {
            self.ring(&concerned);
        }
        for token in news.gone {
            sweep(&self.shared.place, token);
        }
    }

    fn ring(&mut self, concerned: &Concerned) {
        let place = &self.shared.place;
        let bell = match &mut self.bell {
            Some(bell) => bell,
            none => match Bell::new() {
                Ok(bell) => none.insert(bell),
                // Without a bell there is still the other's net.
                Err(why) => return self.shared.troubles.note("make a bell", &why),
            },
        };
        let (process, token) = (concerned.process.process, concerned.process.token);
        if bell.ring(place, token, &concerned.changed) == Rung::Gone {
            sweep(place, token);
            self.shared.queue.push_if_room(Request::Chore(Chore::Bury { process, token }));
        }
    }

    /// Whether the log has grown so far that something has to be done about it, again.
    fn is_wal_due(&mut self) -> bool {
        let (bytes, step) = (self.wal.bytes(), self.shared.limits.wal_copy_bytes);
        // It started over.
        self.wal_next = self.wal_next.min(bytes.saturating_add(step)).max(step);
        let is_due = bytes >= self.wal_next;
        if is_due {
            self.wal_next = bytes.saturating_add(step);
        }
        is_due
    }

    fn copy_wal(&mut self) {
        if self.is_wal_due()
            && let Err(why) = self.shared.copier.want(&self.shared.place)
        {
            self.shared.troubles.note("start copying the write-ahead log", &why);
        }
    }

    /// Where a reader needs the log for long, this does nothing until the log has grown further.
    fn finish_wal(&mut self) {
        let Some(conn) = &self.conn else {
            return;
        };
        // One that a long read had made too large is given back.
        let is_large = self.wal_file() > self.shared.limits.wal_finish_bytes.saturating_mul(2);
        let after = if is_large { After::Cut } else { After::Keep };
        match self.shared.copier.finish(conn, after) {
            Ok(true) => self.wal.emptied(),
            Ok(false) => {}
            Err(why) => self.shared.troubles.note("finish the write-ahead log", &why),
        }
    }

    /// Leaves no large write-ahead log behind, if that can be done at once.
    pub(super) fn end(self) {
        let (Some(turnstile), Some(conn)) = (&self.turnstile, &self.conn) else {
            return;
        };
        if let Err(why) = self.shrink_wal(turnstile, conn) {
            self.shared.troubles.note("leave the store", &why);
        }
    }

    fn shrink_wal(&self, turnstile: &Turnstile, conn: &Connection) -> Result<(), WorkError> {
        if self.wal_file() < self.shared.limits.wal_copy_bytes {
            return Ok(());
        }
        let Some(_turn) = turnstile.try_enter()? else {
            // Others write, so the last of them does this.
            return Ok(());
        };
        let is_copied = {
            // The helper may be at it: then this would find the log busy, and leave all of it.
            let _copying = self.shared.copier.pause();
            wal::copy(conn)?
        };
        if is_copied {
            self.shared.copier.finish(conn, After::Cut)?;
        }
        Ok(())
    }

    /// How large the log's file is: not what is in use of it, as it keeps the size that it once had.
    fn wal_file(&self) -> u64 {
        self.shared.place.beside("-wal").metadata().map_or(0, |found| found.len())
    }
}

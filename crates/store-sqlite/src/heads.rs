//! What the writer remembers of sessions between commits.
//!
//! It is true as long as nobody else has written: the writer compares SQLite's `data_version` after taking
//! the write lock and forgets everything when it moved. Memory is bounded by two generations: what was not
//! used while a generation filled up is forgotten with the next one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rusqlite::Connection;
use tenure_core::id::Fence;
use tenure_core::lease::Term;
use tenure_core::session::{Needed, Session};
use tenure_core::time::WallTime;
use tenure_store::Handle;

use crate::chain::Chain;
use crate::error::WorkError;
use crate::row::{LogHead, Stored};
use crate::sql;

/// What guards renewals and appends of one session, and where its log goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) ns: i64,
    pub(crate) log: LogHead,
    /// Read when the log is first written to: renewals do not need it.
    pub(crate) chain: Option<Chain>,
    pub(crate) last_activity: WallTime,
    /// Whether it takes nothing more from outside.
    pub(crate) closed: bool,
    /// Why no part of its log may be removed.
    pub(crate) needed: Option<Needed>,
    pub(crate) anonymous: bool,
    pub(crate) lease: Option<(Fence, Term)>,
}

impl Head {
    /// The head of a session as it is written.
    pub(crate) fn of(ns: i64, session: &Session, log: LogHead, chain: Option<Chain>) -> Self {
        Self {
            ns,
            log,
            chain,
            last_activity: session.last_activity_at,
            closed: session.is_closed(),
            needed: session.needed_parts(),
            anonymous: session.anonymous,
            lease: session.lease.as_ref().map(|lease| (lease.fence, lease.term)),
        }
    }
}

/// The heads of the sessions that were written last.
#[derive(Debug)]
pub(crate) struct Heads {
    young: HashMap<i64, Head, BuildHasherDefault<Mix>>,
    old: HashMap<i64, Head, BuildHasherDefault<Mix>>,
    generation_max: usize,
}

impl Heads {
    pub(crate) fn new(heads_max: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), generation_max: (heads_max / 2).max(1) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// The head of a session, remembered or read; `None` when there is no such session.
    pub(crate) fn of(&mut self, conn: &Connection, handle: Handle) -> Result<Option<&mut Head>, WorkError> {
        if !self.young.contains_key(&handle.0) {
            let head = match self.old.remove(&handle.0) {
                Some(head) => Some(head),
                None => read(conn, handle)?,
            };
            match head {
                Some(head) => self.keep(handle, head),
                None => return Ok(None),
            }
        }
        Ok(self.young.get_mut(&handle.0))
    }

    /// The trees of a session's log, if they are remembered. They come back with the head that is kept next.
    pub(crate) fn take_chain(&mut self, handle: Handle) -> Option<Chain> {
        let head = self.young.get_mut(&handle.0).or_else(|| self.old.get_mut(&handle.0));
        head.and_then(|head| head.chain.take())
    }

    /// Forgets one session.
    pub(crate) fn forget(&mut self, handle: Handle) {
        self.young.remove(&handle.0);
        self.old.remove(&handle.0);
    }

    /// Remembers a head.
    pub(crate) fn keep(&mut self, handle: Handle, head: Head) {
        if self.young.len() >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(handle.0, head);
    }
}

fn read(conn: &Connection, handle: Handle) -> Result<Option<Head>, WorkError> {
    let stored = sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)?;
    Ok(stored.map(|stored| Head::of(stored.ns, &stored.session, stored.log, None)))
}

/// Spreads handles, which are small and consecutive, over a table. Nobody outside chooses them.
#[derive(Debug, Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

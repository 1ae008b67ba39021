//! What the writer remembers of sessions between commits.
//!
//! It is true as long as nobody else has written: the writer compares SQLite's `data_version` after taking
//! the write lock and forgets everything when it moved. Memory is bounded by two generations: what was not
//! used while a generation filled up is forgotten with the next one.

use std::sync::Arc;

use foldhash::HashMap;
use rusqlite::Connection;
use tenure_core::id::{CommitId, Fence};
use tenure_core::kind::Kind;
use tenure_core::lease::Term;
use tenure_core::session::{Needed, Session};
use tenure_core::time::WallTime;
use tenure_store::Handle;

use crate::chain::Chain;
use crate::error::WorkError;
use crate::row::{InstanceRow, LogHead, Stored, corrupt};
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
    /// What guards its turns, if it is an open instance and that is known.
    pub(crate) instance: Option<Box<Instance>>,
}

/// What guards the turns of an open instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) execution: u64,
    pub(crate) turn: u64,
    /// The newest row of its history.
    pub(crate) history: i64,
    pub(crate) worker: Option<i64>,
    pub(crate) fence: Fence,
    /// The commit that was kept last.
    pub(crate) commit: CommitId,
    /// Whether something may wait for it.
    pub(crate) has_mail: bool,
    /// Whether it may have tasks.
    pub(crate) has_tasks: bool,
    /// Its session as it was written last.
    pub(crate) session: Arc<Session>,
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
            // An instance's is its worker's, which others renew.
            lease: session
                .lease
                .as_ref()
                .filter(|_| session.kind != Kind::Workflow)
                .map(|lease| (lease.fence, lease.term)),
            instance: None,
        }
    }
}

/// The heads of the sessions that were written last.
#[derive(Debug)]
pub(crate) struct Heads {
    young: HashMap<i64, Head>,
    old: HashMap<i64, Head>,
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

    /// The head of an open instance, remembered or read; `None` when there is no such instance.
    pub(crate) fn instance(
        &mut self,
        conn: &Connection,
        handle: Handle,
    ) -> Result<Option<&Instance>, WorkError> {
        let Some(head) = self.of(conn, handle)? else {
            // One without its session is damage, and told.
            return read_instance(conn, handle).map(|_none| None);
        };
        if head.instance.is_none() {
            head.instance = read_instance(conn, handle)?.map(Box::new);
        }
        Ok(head.instance.as_deref())
    }

    /// The head of a session, if it is remembered.
    fn known(&mut self, handle: Handle) -> Option<&mut Head> {
        self.young.get_mut(&handle.0).or_else(|| self.old.get_mut(&handle.0))
    }

    /// Remembers what guards an instance, if the head of its session is remembered.
    pub(crate) fn keep_instance(&mut self, handle: Handle, instance: Option<Instance>) {
        if let Some(head) = self.known(handle) {
            head.instance = instance.map(Box::new);
        }
    }

    /// Something was sent to an instance.
    pub(crate) fn note_mail(&mut self, handle: Handle) {
        if let Some(instance) = self.known(handle).and_then(|head| head.instance.as_mut()) {
            instance.has_mail = true;
        }
    }

    /// Who holds instances has changed.
    pub(crate) fn forget_instances(&mut self) {
        for head in self.young.values_mut().chain(self.old.values_mut()) {
            head.instance = None;
        }
    }

    /// The trees of a session's log, if they are remembered. They come back with the head that is kept next.
    pub(crate) fn take_chain(&mut self, handle: Handle) -> Option<Chain> {
        self.known(handle).and_then(|head| head.chain.take())
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

fn read_instance(conn: &Connection, handle: Handle) -> Result<Option<Instance>, WorkError> {
    let Some(row) = sql::one(conn, sql::INSTANCE_FIND, [handle.0], InstanceRow::of)? else {
        return Ok(None);
    };
    let stored = sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)?;
    let stored = stored.ok_or_else(|| corrupt("an instance without its session"))?;
    Ok(Some(row.into_instance(Arc::new(stored.session))))
}

fn read(conn: &Connection, handle: Handle) -> Result<Option<Head>, WorkError> {
    let stored = sql::one(conn, sql::FIND_HANDLE, [handle.0], Stored::of)?;
    Ok(stored.map(|stored| Head::of(stored.ns, &stored.session, stored.log, None)))
}

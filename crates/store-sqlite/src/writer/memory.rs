//! What the writer knows without asking, as long as nobody else writes.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use tenure_core::id::Namespace;
use tenure_store::{Handle, WorkerHandle};

use crate::error::WorkError;
use crate::figures::Rolled;
use crate::heads::Heads;
use crate::row::ProcessRow;
use crate::{catalog, sql};

/// What the writer knows without asking.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) heads: Heads,
    /// The newest row of the log.
    newest_pos: Option<i64>,
    /// The newest row of the histories.
    newest_history: Option<i64>,
    /// The workers that may hold instances.
    workers: Option<HashSet<i64>>,
    /// The newest session that is in the catalog.
    folded: Option<i64>,
    /// The other processes that watch anything.
    pub(super) others: Option<Vec<ProcessRow>>,
    /// Rows of processes that were alive when they were first seen: who dies later is found by ringing it.
    /// Outlives [`Self::clear`].
    pub(super) met: HashSet<i64>,
    /// When minutes were last added up. Outlives [`Self::clear`]: to do it once more does no harm.
    pub(super) rolled: Rolled,
    /// Whether there may be something to tidy up: a log to fold, dead rows to delete.
    pub(super) is_untidy: bool,
    /// SQLite's number for what other connections have written, when this was last true.
    version: Option<i64>,
    /// Tenants are never deleted, so these stay true.
    namespaces: HashMap<Namespace, i64>,
}

/// Most tenants whose numbers are remembered.
const NAMESPACES_MAX: usize = 1024;

impl Memory {
    pub(super) fn new(heads_max: usize) -> Self {
        Self {
            heads: Heads::new(heads_max),
            newest_pos: None,
            newest_history: None,
            workers: None,
            folded: None,
            others: None,
            met: HashSet::new(),
            rolled: Rolled::default(),
            is_untidy: true,
            version: None,
            namespaces: HashMap::new(),
        }
    }

    /// Forgets everything: something that was written was not kept, or the connection is another one.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.namespaces.clear();
        self.newest_pos = None;
        self.newest_history = None;
        self.workers = None;
        self.folded = None;
        self.others = None;
        self.is_untidy = true;
        self.version = None;
    }

    /// Forgets everything if somebody else has written. To be called under the write lock.
    pub(super) fn refresh(&mut self, conn: &Connection) -> Result<(), WorkError> {
        let version = sql::one(conn, "PRAGMA data_version", [], |row| Ok(row.get::<_, i64>(0)?))?;
        if self.version != version {
            self.clear();
            self.version = version;
        }
        Ok(())
    }

    /// The position of the next row of the log.
    pub(super) fn next_pos(&mut self, conn: &Connection) -> Result<i64, WorkError> {
        let next = self.newest_pos(conn)? + 1;
        self.newest_pos = Some(next);
        Ok(next)
    }

    /// The position of the newest row of the log. It never goes back while this process has the store open, so
    /// that a deleted row's position is not used again where somebody still knows it.
    pub(super) fn newest_pos(&mut self, conn: &Connection) -> Result<i64, WorkError> {
        if let Some(newest) = self.newest_pos {
            return Ok(newest);
        }
        let newest = sql::one(conn, sql::LOG_NEWEST, [], |row| Ok(row.get(0)?))?.unwrap_or(0);
        self.newest_pos = Some(newest);
        Ok(newest)
    }

    /// The position of the newest row of the histories. A session's number beside it tells a position that is used
    /// again from the one before.
    pub(super) fn newest_history(&mut self, conn: &Connection) -> Result<i64, WorkError> {
        if let Some(newest) = self.newest_history {
            return Ok(newest);
        }
        let newest = sql::one(conn, sql::HISTORY_NEWEST, [], |row| Ok(row.get(0)?))?.unwrap_or(0);
        self.newest_history = Some(newest);
        Ok(newest)
    }

    /// The position of the next row of the histories.
    pub(super) fn next_history(&mut self, conn: &Connection) -> Result<i64, WorkError> {
        let next = self.newest_history(conn)? + 1;
        self.newest_history = Some(next);
        Ok(next)
    }

    /// Whether a worker is known, and may hold instances.
    pub(super) fn may_hold(&mut self, conn: &Connection, worker: WorkerHandle) -> Result<bool, WorkError> {
        if self.workers.is_none() {
            let holding = sql::all(conn, sql::WORKER_HOLDING, [], |row| Ok(row.get(0)?))?;
            self.workers = Some(holding.into_iter().collect());
        }
        Ok(self.workers.as_ref().is_some_and(|workers| workers.contains(&worker.0)))
    }

    /// Workers have come or gone, and with them who holds what.
    pub(super) fn forget_workers(&mut self) {
        self.workers = None;
        self.heads.forget_instances();
    }

    /// The newest session that is in the catalog.
    pub(super) fn folded(&mut self, conn: &Connection) -> Result<i64, WorkError> {
        let folded = match self.folded {
            Some(folded) => folded,
            None => catalog::folded(conn)?,
        };
        self.folded = Some(folded);
        Ok(folded)
    }

    /// Enters what is new into the catalog, if that is enough to be worth it.
    pub(super) fn fold(&mut self, conn: &Connection, newest: Handle) -> Result<(), WorkError> {
        let folded = self.folded(conn)?;
        if let Some(to) = catalog::due(folded, newest) {
            catalog::fold(conn, folded, to)?;
            self.folded = Some(to);
        }
        Ok(())
    }

    /// A tenant's number, if it has one.
    pub(super) fn namespace(
        &mut self,
        conn: &Connection,
        name: &Namespace,
    ) -> Result<Option<i64>, WorkError> {
        if let Some(ns) = self.namespaces.get(name) {
            return Ok(Some(*ns));
        }
        let found = sql::one(conn, sql::NAMESPACE_FIND, [name.as_str()], |row| Ok(row.get(0)?))?;
        Ok(found.inspect(|ns| self.keep_namespace(name, *ns)))
    }

    /// A tenant's number; it gets one if it has none.
    pub(super) fn namespace_or_new(&mut self, conn: &Connection, name: &Namespace) -> Result<i64, WorkError> {
        if let Some(ns) = self.namespace(conn, name)? {
            return Ok(ns);
        }
        sql::write(conn, sql::NAMESPACE_INSERT, [name.as_str()])?;
        let ns = conn.last_insert_rowid();
        self.keep_namespace(name, ns);
        Ok(ns)
    }

    fn keep_namespace(&mut self, name: &Namespace, ns: i64) {
        if self.namespaces.len() == NAMESPACES_MAX {
            self.namespaces.clear();
        }
        self.namespaces.insert(name.clone(), ns);
    }
}

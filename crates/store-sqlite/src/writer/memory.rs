//! What the writer knows without asking, as long as nobody else writes.

use std::collections::{BTreeMap, HashSet};

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{Connection, Row};
use tenure_core::id::{Fence, Namespace, QueueName};
use tenure_core::time::{BootId, BootMoment};
use tenure_store::{Handle, WorkerHandle};

use super::crew::Crew;
use crate::error::WorkError;
use crate::figures::Rolled;
use crate::heads::Heads;
use crate::keys::Keys;
use crate::row::{ProcessRow, corrupt, namespace};
use crate::{catalog, sql};

/// What the writer knows without asking.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) heads: Heads,
    /// The newest row of the log.
    newest_pos: Option<i64>,
    /// The newest row of the histories.
    newest_history: Option<i64>,
    /// The workers that are known.
    crew: Option<Crew>,
    /// By how many keys the names of workers hold more than is written down.
    pinned: BTreeMap<i64, i64>,
    pub(super) keys: Keys,
    /// The highest fence of the keys that were removed.
    pub(super) floor: Option<Fence>,
    queues: HashMap<QueueName, i64>,
    queue_names: HashMap<i64, QueueName>,
    /// The newest session that is in the catalog.
    folded: Option<i64>,
    /// The other processes that watch anything.
    pub(super) others: Option<Vec<ProcessRow>>,
    /// Rows of processes that were alive when they were first seen: who dies later is found by ringing it.
    /// Outlives [`Self::clear`].
    pub(super) met: HashSet<i64>,
    /// When minutes were last added up. Outlives [`Self::clear`]: to do it once more does no harm.
    pub(super) rolled: Rolled,
    /// When nothing was left of names that no worker has. Outlives [`Self::clear`].
    pub(super) looked_at_names: Option<BootMoment>,
    /// The boot of whose clock the times of tasks and pins are.
    pub(super) boot: Option<BootId>,
    /// Whether there may be something to tidy up: a log to fold, dead rows to delete.
    pub(super) is_untidy: bool,
    /// SQLite's number for what other connections have written, when this was last true.
    version: Option<i64>,
    /// Whether others may have written since somebody asked.
    is_others: bool,
    /// Tenants are never deleted, so these stay true.
    namespaces: HashMap<Namespace, i64>,
    namespace_names: HashMap<i64, Namespace>,
}

/// Most tenants whose numbers are remembered.
const NAMESPACES_MAX: usize = 1024;

impl Memory {
    pub(super) fn new(heads_max: usize) -> Self {
        Self {
            heads: Heads::new(heads_max),
            newest_pos: None,
            newest_history: None,
            crew: None,
            pinned: BTreeMap::new(),
            keys: Keys::new(heads_max),
            floor: None,
            queues: HashMap::new(),
            queue_names: HashMap::new(),
            folded: None,
            others: None,
            met: HashSet::new(),
            rolled: Rolled::default(),
            looked_at_names: None,
            boot: None,
            is_untidy: true,
            version: None,
            is_others: true,
            namespaces: HashMap::new(),
            namespace_names: HashMap::new(),
        }
    }

    /// Forgets everything: something that was written was not kept, or the connection is another one.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.namespaces.clear();
        self.namespace_names.clear();
        self.newest_pos = None;
        self.newest_history = None;
        self.crew = None;
        self.pinned.clear();
        self.keys.clear();
        self.floor = None;
        self.queues.clear();
        self.queue_names.clear();
        self.folded = None;
        self.others = None;
        self.boot = None;
        self.is_untidy = true;
        self.version = None;
    }

    /// Whether others may have written since this was asked last.
    pub(super) fn have_others_written(&mut self) -> bool {
        std::mem::take(&mut self.is_others)
    }

    /// Forgets everything if somebody else has written. To be called under the write lock.
    pub(super) fn refresh(&mut self, conn: &Connection) -> Result<(), WorkError> {
        let version = sql::one(conn, "PRAGMA data_version", [], |row| Ok(row.get::<_, i64>(0)?))?;
        if self.version != version {
            self.clear();
            self.version = version;
            self.is_others = true;
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

    /// The workers that are known.
    pub(super) fn crew(&mut self, conn: &Connection) -> Result<&mut Crew, WorkError> {
        if self.crew.is_none() {
            self.crew = Some(Crew::load(conn, &self.pinned)?);
        }
        self.crew.as_mut().ok_or_else(|| corrupt("nothing is known of workers"))
    }

    /// Whether a worker is known, and may hold instances.
    pub(super) fn may_hold(&mut self, conn: &Connection, worker: WorkerHandle) -> Result<bool, WorkError> {
        Ok(self.crew(conn)?.holding(worker.0).is_some())
    }

    /// A name holds more keys, or fewer.
    pub(super) fn count_pins(&mut self, wid: i64, more: i64) {
        *self.pinned.entry(wid).or_default() += more;
        if let Some(crew) = &mut self.crew {
            crew.count(wid, more);
        }
    }

    /// Writes down how many keys names hold.
    pub(super) fn write_pins(&mut self, conn: &Connection) -> Result<(), WorkError> {
        for (wid, more) in std::mem::take(&mut self.pinned) {
            if more != 0 {
                sql::write(conn, sql::NAME_COUNT, (wid, more))?;
            }
        }
        Ok(())
    }

    /// A queue's number; it gets one if it has none. The default queue is 0.
    pub(super) fn queue(&mut self, conn: &Connection, name: Option<&QueueName>) -> Result<i64, WorkError> {
        let Some(name) = name else {
            return Ok(0);
        };
        if let Some(queue) = self.queues.get(name) {
            return Ok(*queue);
        }
        let queue = match sql::one(conn, sql::QUEUE_FIND, [name.as_str()], |row| Ok(row.get(0)?))? {
            Some(queue) => queue,
            None => {
                sql::write(conn, sql::QUEUE_INSERT, [name.as_str()])?;
                conn.last_insert_rowid()
            }
        };
        self.queues.insert(name.clone(), queue);
        Ok(queue)
    }

    /// The name of a queue.
    pub(super) fn queue_name(
        &mut self,
        conn: &Connection,
        queue: i64,
    ) -> Result<Option<QueueName>, WorkError> {
        if queue == 0 {
            return Ok(None);
        }
        if let Some(name) = self.queue_names.get(&queue) {
            return Ok(Some(name.clone()));
        }
        let name = sql::one(conn, sql::QUEUE_NAME, [queue], queue_name)?;
        let name = name.ok_or_else(|| corrupt(format!("queue {queue} is not there")))?;
        self.queue_names.insert(queue, name.clone());
        Ok(Some(name))
    }

    /// A worker's lease was renewed, or it was told something.
    pub(super) fn forget_crew(&mut self) {
        self.crew = None;
    }

    /// Workers have come or gone, and with them who holds what.
    pub(super) fn forget_workers(&mut self) {
        self.crew = None;
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

    /// The name of a tenant.
    pub(super) fn namespace_name(&mut self, conn: &Connection, ns: i64) -> Result<Namespace, WorkError> {
        if let Some(name) = self.namespace_names.get(&ns) {
            return Ok(name.clone());
        }
        let name = sql::one(conn, sql::NAMESPACE_NAME, [ns], |row| namespace(row, 0))?;
        let name = name.ok_or_else(|| corrupt(format!("tenant {ns} is not there")))?;
        self.keep_namespace(&name, ns);
        Ok(name)
    }

    fn keep_namespace(&mut self, name: &Namespace, ns: i64) {
        if self.namespaces.len() == NAMESPACES_MAX {
            self.namespaces.clear();
            self.namespace_names.clear();
        }
        self.namespaces.insert(name.clone(), ns);
        self.namespace_names.insert(ns, name.clone());
    }
}

fn queue_name(row: &Row<'_>) -> Result<QueueName, WorkError> {
    let name = row.get_ref(0)?.as_str().map_err(|why| corrupt(format!("a queue: {why}")))?;
    QueueName::parse(name).map_err(|why| corrupt(format!("a queue's name is not one: {why:?}")))
}

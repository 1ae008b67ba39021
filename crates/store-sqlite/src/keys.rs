//! What the writer remembers of keys between commits. It does the same for sessions.

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{Connection, Row};
use tenure_core::id::{AffinityKey, Fence, Namespace, QueueName};
use tenure_core::time::{BootId, BootMoment, WallTime, millis};
use tenure_core::worker::{Serving, idle_length};

use crate::error::WorkError;
use crate::row::{corrupt, signed, unsigned};
use crate::sql;

/// A key and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kid: i64,
    pub(crate) ns: i64,
    pub(crate) name: AffinityKey,
    /// The name that holds it.
    pub(crate) wid: Option<i64>,
    /// The start of that worker that got it; 0: none has yet.
    pub(crate) worker: i64,
    pub(crate) fence: Fence,
    pub(crate) since: WallTime,
    /// When it was last known to be used. Before this boot is less than zero in its row, and zero here.
    pub(crate) used: BootMoment,
    pub(crate) used_wall: WallTime,
    /// Whether there may be tasks of it.
    pub(crate) may_have_tasks: bool,
}

impl Key {
    /// Whether something of it that its holder can run waits, or is under way.
    pub(crate) fn is_in_use(
        &self,
        conn: &Connection,
        (namespace, holder): (&Namespace, &Serving),
        now: BootMoment,
    ) -> Result<bool, WorkError> {
        if sql::any(conn, sql::TASK_USES, [self.kid])? {
            return Ok(true);
        }
        // Where nobody wrote in this boot yet, whatever waits came before it, and the key's last use counts from it.
        let is_before = self.used.boot != now.boot;
        let idle_at = self.used.ms.saturating_add(millis(idle_length(holder.idle_after)));
        let idle_at = if is_before { i64::MAX } else { signed(idle_at) };
        let queues =
            sql::all(conn, sql::TASK_CAME, (self.kid, idle_at), |row| Ok(row.get::<_, Option<String>>(0)?))?;
        let serves = |name: &Option<String>| {
            let name = name.as_deref().and_then(|name| QueueName::parse(name).ok());
            holder.busy_max > 0 && holder.serves(namespace, name.as_ref())
        };
        Ok(queues.iter().any(serves))
    }

    /// Takes a row of `pin_find` and its likes apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let name = row.get_ref(2)?.as_str().map_err(|why| corrupt(format!("a key: {why}")))?;
        let name =
            AffinityKey::parse(name).map_err(|why| corrupt(format!("a key is not a name: {why:?}")))?;
        Ok(Self {
            kid: row.get(0)?,
            ns: row.get(1)?,
            name,
            wid: row.get(3)?,
            worker: row.get(4)?,
            fence: Fence(unsigned(row.get(5)?)?),
            since: WallTime::from_epoch_ms(unsigned(row.get(6)?)?),
            used: BootMoment { boot: BootId(row.get(7)?), ms: unsigned(row.get::<_, i64>(8)?.max(0))? },
            used_wall: WallTime::from_epoch_ms(unsigned(row.get(9)?)?),
            may_have_tasks: true,
        })
    }
}

/// The keys that were asked for last.
#[derive(Debug)]
pub(crate) struct Keys {
    known: HashMap<i64, Key>,
    named: HashMap<(i64, AffinityKey), i64>,
    max: usize,
}

impl Keys {
    pub(crate) fn new(max: usize) -> Self {
        Self { known: HashMap::new(), named: HashMap::new(), max: max.max(1) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.named.clear();
    }

    /// A key, remembered or read; `None` where nobody holds it and nothing of it waits.
    pub(crate) fn named(
        &mut self,
        conn: &Connection,
        (ns, name): (i64, &AffinityKey),
    ) -> Result<Option<Key>, WorkError> {
        let known = self.named.get(&(ns, name.clone())).and_then(|kid| self.known.get(kid));
        if let Some(key) = known {
            return Ok(Some(key.clone()));
        }
        let found = sql::one(conn, sql::PIN_FIND, (ns, name.as_str()), Key::of)?;
        Ok(found.inspect(|key| self.keep(key.clone())))
    }

    /// The key of a number.
    pub(crate) fn at(&mut self, conn: &Connection, kid: i64) -> Result<Key, WorkError> {
        if let Some(key) = self.known.get(&kid) {
            return Ok(key.clone());
        }
        let found = sql::one(conn, sql::PIN_AT, [kid], Key::of)?;
        let key = found.ok_or_else(|| corrupt(format!("key {kid} is not there")))?;
        self.keep(key.clone());
        Ok(key)
    }

    /// Remembers a key as it is.
    pub(crate) fn keep(&mut self, key: Key) {
        if self.known.len() >= self.max {
            self.clear();
        }
        self.named.insert((key.ns, key.name.clone()), key.kid);
        self.known.insert(key.kid, key);
    }

    /// Forgets a key.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.known.remove(&key.kid);
        self.named.remove(&(key.ns, key.name.clone()));
    }

    /// Whether there may be tasks of a key.
    pub(crate) fn note_tasks(&mut self, kid: i64, may_have: bool) {
        if let Some(key) = self.known.get_mut(&kid) {
            key.may_have_tasks = may_have;
        }
    }
}

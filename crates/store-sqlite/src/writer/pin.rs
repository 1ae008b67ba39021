//! Keys and who holds them.
//!
//! Whether a hold still keeps others away is judged whenever somebody asks for the key: its worker has to be live, and
//! the key in use. What is judged is remembered, so that a key that is held, and used often, costs no statement.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::{AffinityKey, Fence, Namespace, QueueName};
use tenure_core::worker::{Hold, Queues, Serving, is_above_share, is_idle, records_use};
use tenure_store::{MovePin, MovePinOutcome, PinGrant};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::keys::Key;
use crate::request::Touch;
use crate::row::{FRESH, WorkerRow, signed, unsigned};
use crate::sql;

/// Whose a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// The worker's that asks.
    Mine,
    /// That of the worker of this name.
    Others(i64),
    /// Whoever asks first gets it.
    Free,
}

impl Work<'_> {
    /// Whose a key is.
    pub(super) fn held(&mut self, key: &Key, me: Option<&WorkerRow>) -> Result<Held, WorkError> {
        let Some(wid) = key.wid else {
            return Ok(Held::Free);
        };
        if me.is_some_and(|me| me.wid == wid) {
            return Ok(Held::Mine);
        }
        let live = self.memory.crew(self.conn)?.live(wid, &self.now);
        match live.map(|worker| worker.serving.clone()) {
            Some(holder) if !self.is_idle(key, &holder)? => Ok(Held::Others(wid)),
            Some(_) | None => Ok(Held::Free),
        }
    }

    /// Whether nothing of a key keeps it with who holds it.
    fn is_idle(&mut self, key: &Key, holder: &Serving) -> Result<bool, WorkError> {
        if !is_idle(holder.idle_after, self.since_used(key)) {
            return Ok(false);
        }
        if !key.may_have_tasks {
            return Ok(true);
        }
        let namespace = self.memory.namespace_name(self.conn, key.ns)?;
        Ok(!key.is_in_use(self.conn, (&namespace, holder), self.now.boot)?)
    }

    /// How long ago a key was last known to be used.
    fn since_used(&self, key: &Key) -> Duration {
        self.now.boot.since(key.used)
    }

    /// The lane in which a task of a key waits that nothing is before: its holder's, if that can run it.
    pub(super) fn lane_of(&mut self, key: &Key, queue: i64) -> Result<i64, WorkError> {
        let Held::Others(wid) = self.held(key, None)? else {
            return Ok(FRESH);
        };
        let serves = self.holder_serves(key, wid, queue)?;
        Ok(if serves { wid } else { FRESH })
    }

    /// Whether the live worker of a name serves what follows a key in a queue.
    pub(super) fn holder_serves(&mut self, key: &Key, wid: i64, queue: i64) -> Result<bool, WorkError> {
        let namespace = self.memory.namespace_name(self.conn, key.ns)?;
        let name = self.memory.queue_name(self.conn, queue)?;
        let live = self.memory.crew(self.conn)?.live(wid, &self.now);
        Ok(live.is_some_and(|worker| {
            worker.serving.busy_max > 0 && worker.serving.serves(&namespace, name.as_ref())
        }))
    }

    /// Whether who holds a key runs its activities one at a time.
    pub(super) fn runs_alone(&mut self, key: &Key) -> Result<bool, WorkError> {
        let Some(wid) = key.wid else {
            return Ok(false);
        };
        let live = self.memory.crew(self.conn)?.live(wid, &self.now);
        Ok(live.is_some_and(|worker| worker.serving.is_exclusive))
    }

    /// Whether so much is a worker's share that it gets another key of a tenant's queue.
    pub(super) fn is_its_share(
        &mut self,
        me: &WorkerRow,
        from: (&Namespace, Option<&QueueName>),
    ) -> Result<bool, WorkError> {
        let shares = self.memory.crew(self.conn)?.shares(me, from, &self.now);
        Ok(!is_above_share(shares.mine, shares.all, shares.workers))
    }

    /// Whether a worker may hold one more key.
    pub(super) fn has_room(&mut self, me: &WorkerRow) -> Result<bool, WorkError> {
        Ok(self.memory.crew(self.conn)?.pins(me.wid) < me.serving.held_max as u64)
    }

    /// Gives up the keys of a worker that were idle longest until it may hold one more. `busy` are those of which it
    /// runs something. Returns whether it may.
    pub(super) fn make_room(&mut self, me: &WorkerRow, busy: &HashSet<i64>) -> Result<bool, WorkError> {
        while !self.has_room(me)? {
            let Some(kid) = self.idlest(me, busy)? else {
                return Ok(false);
            };
            let key = self.memory.keys.at(self.conn, kid)?;
            self.give_up_key(key)?;
        }
        Ok(true)
    }

    /// The key that a worker can do without.
    fn idlest(&self, me: &WorkerRow, busy: &HashSet<i64>) -> Result<Option<i64>, WorkError> {
        let mut statement = self.conn.prepare_cached(sql::PIN_IDLEST)?;
        let mut rows = statement.query([me.wid])?;
        while let Some(row) = rows.next()? {
            let kid = row.get(0)?;
            if !busy.contains(&kid) {
                return Ok(Some(kid));
            }
        }
        Ok(None)
    }

    /// Gives a key to a worker that may have it: it is its own, or free.
    pub(super) fn take_key(&mut self, key: Key, me: &WorkerRow) -> Result<PinGrant, WorkError> {
        let is_mine = key.wid == Some(me.wid);
        if is_mine && key.worker == me.worker {
            let grant = PinGrant { key: key.name.clone(), fence: key.fence, hold: Hold::Held };
            self.use_key(key, me)?;
            return Ok(grant);
        }
        // What was moved to a worker has its fence already.
        let is_new = is_mine && key.worker == 0;
        let (is_resumed, before) = (is_mine && !is_new, key.wid);
        if !is_mine {
            self.tell_lost(&key)?;
            if let Some(wid) = key.wid {
                self.memory.count_pins(wid, -1);
            }
            self.memory.count_pins(me.wid, 1);
        }
        let key = Key {
            wid: Some(me.wid),
            worker: me.worker,
            fence: if is_new { key.fence } else { key.fence.next() },
            since: if is_new { key.since } else { self.wall() },
            used: self.now.boot,
            used_wall: self.wall(),
            ..key
        };
        let hold = if is_resumed { Hold::Resumed } else { Hold::Claimed };
        let grant = PinGrant { key: key.name.clone(), fence: key.fence, hold };
        self.write_key(&key)?;
        if !is_mine && key.may_have_tasks {
            if let Some(before) = before {
                sql::write(self.conn, sql::TASK_MOVE, (key.kid, before, FRESH))?;
            }
            self.keep_fresh(key.kid, me)?;
            self.advance(key.kid)?;
        }
        Ok(grant)
    }

    /// The tasks of a key that waited for who gets it are its new holder's, if that serves their queues.
    fn keep_fresh(&mut self, kid: i64, me: &WorkerRow) -> Result<(), WorkError> {
        if let Queues::These(queues) = &me.serving.queues {
            for queue in queues {
                let queue = self.memory.queue(self.conn, queue.as_ref())?;
                sql::write(self.conn, sql::TASK_KEEP, (kid, Some(queue), me.wid))?;
            }
            return Ok(());
        }
        sql::write(self.conn, sql::TASK_KEEP, (kid, None::<i64>, me.wid)).map(drop)
    }

    /// Writes a key, and remembers it so.
    fn write_key(&mut self, key: &Key) -> Result<(), WorkError> {
        let row = (
            key.kid,
            key.wid,
            key.worker,
            signed(key.fence.0),
            signed(key.since.epoch_ms()),
            key.used.boot.0,
            signed(key.used.ms),
            signed(key.used_wall.epoch_ms()),
        );
        exactly_one(sql::write(self.conn, sql::PIN_UPDATE, row)?, "a key")?;
        self.memory.keys.keep(key.clone());
        Ok(())
    }

    /// Makes a key known that is not, and gives it to a worker, if there is one that gets it.
    pub(super) fn new_key(
        &mut self,
        (ns, name): (i64, &AffinityKey),
        me: Option<&Arc<WorkerRow>>,
    ) -> Result<Key, WorkError> {
        let floor = self.floor()?;
        let mut key = Key {
            kid: 0,
            ns,
            name: name.clone(),
            wid: me.map(|me| me.wid),
            worker: me.map_or(0, |me| me.worker),
            fence: if me.is_some() { floor.next() } else { floor },
            since: self.wall(),
            used: self.now.boot,
            used_wall: self.wall(),
            may_have_tasks: false,
        };
        let row = rusqlite::params![
            ns,
            name.as_str(),
            key.wid,
            key.worker,
            signed(key.fence.0),
            signed(key.since.epoch_ms()),
            key.used.boot.0,
            signed(key.used.ms),
            signed(key.used_wall.epoch_ms()),
        ];
        sql::write(self.conn, sql::PIN_INSERT, row)?;
        key.kid = self.conn.last_insert_rowid();
        if let Some(wid) = key.wid {
            self.memory.count_pins(wid, 1);
        }
        self.memory.keys.keep(key.clone());
        Ok(key)
    }

    /// The highest fence of the keys that were removed.
    fn floor(&mut self) -> Result<Fence, WorkError> {
        if let Some(floor) = self.memory.floor {
            return Ok(floor);
        }
        let floor = sql::one(self.conn, sql::FLOOR_FIND, [], |row| unsigned(row.get(0)?))?;
        let floor = Fence(floor.unwrap_or(0));
        self.memory.floor = Some(floor);
        Ok(floor)
    }

    /// Nobody holds a key any more. Who did is told, if it may come back.
    pub(super) fn give_up_key(&mut self, key: Key) -> Result<(), WorkError> {
        self.tell_lost(&key)?;
        self.free_key(key)
    }

    /// Nobody holds a key any more, and nobody is told.
    pub(super) fn free_key(&mut self, key: Key) -> Result<(), WorkError> {
        let Some(wid) = key.wid else {
            return Ok(());
        };
        self.memory.count_pins(wid, -1);
        let key = Key { wid: None, worker: 0, ..key };
        if !sql::one(self.conn, sql::TASK_ANY, [key.kid], |row| Ok(row.get::<_, bool>(0)?))?.unwrap_or(false)
        {
            return self.remove_key(&key);
        }
        self.write_key(&key)?;
        if sql::write(self.conn, sql::TASK_MOVE, (key.kid, wid, FRESH))? > 0 {
            self.call_workers();
        }
        Ok(())
    }

    /// Removes a key that nobody holds and of which nothing waits. Should it come back, its fence is higher.
    pub(super) fn remove_key(&mut self, key: &Key) -> Result<(), WorkError> {
        exactly_one(sql::write(self.conn, sql::PIN_DELETE, [key.kid])?, "a key")?;
        self.memory.keys.forget(key);
        if key.fence > self.floor()? {
            sql::write(self.conn, sql::FLOOR_RAISE, [signed(key.fence.0)])?;
            self.memory.floor = Some(key.fence);
        }
        Ok(())
    }

    /// Tells who holds a key that it is lost, if that worker is known, and serves its tenant: else it never had it.
    fn tell_lost(&mut self, key: &Key) -> Result<(), WorkError> {
        let Some(wid) = key.wid else {
            return Ok(());
        };
        let namespace = self.memory.namespace_name(self.conn, key.ns)?;
        let holder = self.memory.crew(self.conn)?.workers().find(|worker| worker.wid == wid);
        let holder = holder.filter(|holder| holder.serving.serves_tenant(&namespace));
        let Some(holder) = holder.map(|holder| holder.worker) else {
            return Ok(());
        };
        let row = (holder, Some(key.ns), Some(key.name.as_str()), None::<i64>, signed(key.fence.0));
        sql::write(self.conn, sql::NOTICE_INSERT, row)?;
        self.call_workers();
        Ok(())
    }

    /// Notes that a worker uses a key that it holds, unless that is known well enough.
    pub(super) fn use_key(&mut self, key: Key, me: &WorkerRow) -> Result<(), WorkError> {
        let is_its_own = key.wid == Some(me.wid) && key.worker == me.worker;
        if !is_its_own || !records_use(me.serving.idle_after, self.since_used(&key)) {
            return Ok(());
        }
        let (used, used_wall) = (self.now.boot, self.wall());
        let row = (key.kid, used.boot.0, signed(used.ms), signed(used_wall.epoch_ms()));
        exactly_one(sql::write(self.conn, sql::PIN_USED, row)?, "a key")?;
        self.memory.keys.keep(Key { used, used_wall, ..key });
        Ok(())
    }

    /// Notes that keys are in use. Returns which of them the worker holds.
    pub(super) fn touch(&mut self, touch: &Touch) -> Result<Vec<bool>, WorkError> {
        let crew = self.memory.crew(self.conn)?;
        let me = crew.known(touch.worker.0).filter(|me| crew.is_live(me, &self.now)).cloned();
        let Some(me) = me else {
            return Ok(vec![false; touch.keys.len()]);
        };
        let mut held = Vec::with_capacity(touch.keys.len());
        for (namespace, name) in &touch.keys {
            let key = match self.memory.namespace(self.conn, namespace)? {
                Some(ns) => self.memory.keys.named(self.conn, (ns, name))?,
                None => None,
            };
            let key = key.filter(|key| key.wid == Some(me.wid) && key.worker == me.worker);
            held.push(key.is_some());
            if let Some(key) = key {
                self.use_key(key, &me)?;
            }
        }
        Ok(held)
    }

    /// Gives a key to another worker, or to nobody.
    pub(super) fn move_pin(&mut self, request: &MovePin) -> Result<MovePinOutcome, WorkError> {
        let key = match self.memory.namespace(self.conn, &request.namespace)? {
            Some(ns) => self.memory.keys.named(self.conn, (ns, &request.key))?,
            None => None,
        };
        let Some((key, from)) = key.and_then(|key| key.wid.map(|wid| (key, wid))) else {
            return Ok(MovePinOutcome::NotFound);
        };
        let to = match &request.to {
            None => None,
            Some(id) => {
                let crew = self.memory.crew(self.conn)?;
                let is_named = |worker: &&Arc<WorkerRow>| worker.lease.holder.id.as_str() == id.as_str();
                let named = crew.workers().find(is_named);
                if named.is_some_and(|named| named.wid == from) {
                    return Ok(MovePinOutcome::Moved(key.fence));
                }
                let takes_keys = |named: &&Arc<WorkerRow>| {
                    named.serving.busy_max > 0
                        && named.serving.serves_tenant(&request.namespace)
                        && crew.is_at_work(named, &self.now)
                };
                let Some(to) = named.filter(takes_keys) else {
                    return Ok(MovePinOutcome::NoWorker);
                };
                Some(to.wid)
            }
        };
        let fence = key.fence.next();
        let Some(to) = to else {
            self.free_at(key, fence)?;
            return Ok(MovePinOutcome::Moved(fence));
        };
        self.tell_lost(&key)?;
        self.memory.count_pins(from, -1);
        self.memory.count_pins(to, 1);
        let (since, used_wall) = (self.wall(), self.wall());
        let used = self.now.boot;
        let key = Key { wid: Some(to), worker: 0, fence, since, used, used_wall, ..key };
        self.write_key(&key)?;
        // From there each goes to who can run it, once.
        sql::write(self.conn, sql::TASK_MOVE, (key.kid, from, FRESH))?;
        self.advance(key.kid)?;
        self.call_workers();
        Ok(MovePinOutcome::Moved(fence))
    }

    /// Frees a key under its next fence.
    fn free_at(&mut self, key: Key, fence: Fence) -> Result<(), WorkError> {
        self.tell_lost(&key)?;
        let raised = Key { fence, worker: 0, ..key };
        self.write_key(&raised)?;
        self.free_key(raised)
    }
}

//! The workers that are known, and how many keys their names hold.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use foldhash::HashMap;
use rusqlite::Connection;
use tenure_core::id::{Namespace, QueueName};
use tenure_core::time::Moment;

use crate::error::WorkError;
use crate::row::WorkerRow;
use crate::sql;

/// The workers that are known, oldest first.
#[derive(Debug)]
pub(super) struct Crew {
    workers: BTreeMap<i64, Arc<WorkerRow>>,
    pins: HashMap<i64, i64>,
    /// Those whose process is gone for certain.
    gone: HashSet<i64>,
    /// Those that are over or gone, and of whose tasks nothing is left.
    pub(super) emptied: HashSet<i64>,
}

/// How many keys workers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) mine: u64,
    pub(super) all: u64,
    pub(super) workers: u64,
}

impl Crew {
    /// Reads them. Names hold so many keys more than is written down.
    pub(super) fn load(conn: &Connection, more: &BTreeMap<i64, i64>) -> Result<Self, WorkError> {
        let known = sql::all(conn, sql::WORKER_KNOWN, [], WorkerRow::of)?;
        let pins = sql::all(conn, sql::NAME_LIST, [], |row| {
            let (wid, pins): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((wid, pins + more.get(&wid).copied().unwrap_or(0)))
        })?;
        let workers = known.into_iter().map(|known| (known.worker, Arc::new(known))).collect();
        let pins = pins.into_iter().collect();
        Ok(Self { workers, pins, gone: HashSet::new(), emptied: HashSet::new() })
    }

    pub(super) fn workers(&self) -> impl Iterator<Item = &Arc<WorkerRow>> {
        self.workers.values()
    }

    /// A worker that is known.
    pub(super) fn known(&self, worker: i64) -> Option<&Arc<WorkerRow>> {
        self.workers.get(&worker)
    }

    /// A worker that is known and may hold something: nobody found it over.
    pub(super) fn holding(&self, worker: i64) -> Option<&Arc<WorkerRow>> {
        self.known(worker).filter(|worker| !worker.is_swept)
    }

    /// The live worker of a name.
    pub(super) fn live(&self, wid: i64, now: &Moment) -> Option<&Arc<WorkerRow>> {
        self.workers().find(|worker| worker.wid == wid && self.is_live(worker, now))
    }

    /// Whether a worker's lease still excludes others.
    pub(super) fn is_live(&self, worker: &WorkerRow, now: &Moment) -> bool {
        !self.gone.contains(&worker.worker) && !worker.is_over(now)
    }

    /// Whether a worker is given anything new that it asks for.
    pub(super) fn gets_new(&self, worker: &WorkerRow, now: &Moment) -> bool {
        !worker.is_draining && self.is_live(worker, now)
    }

    /// Whether others may count on a worker: it is given what it asks for, and its loop goes on.
    pub(super) fn is_at_work(&self, worker: &WorkerRow, now: &Moment) -> bool {
        self.gets_new(worker, now) && !worker.is_stalled()
    }

    pub(super) fn is_gone(&self, worker: i64) -> bool {
        self.gone.contains(&worker)
    }

    /// A worker's process is gone for certain.
    pub(super) fn note_gone(&mut self, worker: i64) {
        self.gone.insert(worker);
    }

    pub(super) fn pins(&self, wid: i64) -> u64 {
        self.pins.get(&wid).map_or(0, |pins| u64::try_from(*pins).unwrap_or(0))
    }

    pub(super) fn count(&mut self, wid: i64, more: i64) {
        *self.pins.entry(wid).or_default() += more;
    }

    /// What a worker holds beside what all do that are given new keys of a tenant's queue.
    pub(super) fn shares(
        &self,
        me: &WorkerRow,
        (namespace, queue): (&Namespace, Option<&QueueName>),
        now: &Moment,
    ) -> Shares {
        let takes = |worker: &&Arc<WorkerRow>| {
            let serving = &worker.serving;
            // Whoever asks is at work.
            let is_there = worker.worker == me.worker || self.is_at_work(worker, now);
            serving.busy_max > 0 && serving.serves(namespace, queue) && is_there
        };
        let mut shares = Shares { mine: self.pins(me.wid), all: 0, workers: 0 };
        for worker in self.workers().filter(takes) {
            shares.all = shares.all.saturating_add(self.pins(worker.wid));
            shares.workers += 1;
        }
        shares
    }
}

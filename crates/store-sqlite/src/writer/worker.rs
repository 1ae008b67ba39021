//! Workers: who is known, who is over, who is gone, and what they leave behind.

use std::sync::Arc;

use tenure_core::id::{ActorId, Fence};
use tenure_core::lease::{Holder, HolderKind, Lease, Term};
use tenure_core::worker::Progress;
use tenure_store::{
    Dismiss, DismissOutcome, Dismissal, NoticeId, RegisterOutcome, Registered, RenewWorker, Worker,
    WorkerHandle, WorkerRenewal, record,
};

use super::names;
use super::work::Work;
use crate::error::WorkError;
use crate::request::Register;
use crate::row::{TaskRow, WorkerRow, corrupt, signed, unsigned};
use crate::sql;
use crate::watches::CREW;

/// Instances that are looked at in one go for those that a worker held.
const SWEPT_AT_ONCE: i64 = 8192;

/// Tasks and keys that are let go of in one go.
const TASKS_AT_ONCE: i64 = 1024;

/// What is left of a worker.
#[derive(Debug, Clone, Copy)]
struct Left {
    worker: i64,
    leaving: Option<i64>,
    wid: i64,
    unpins: bool,
}

/// Where a sweep has ended.
const SWEPT: i64 = i64::MAX;

/// Why a worker is known no more, as a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It said so.
    Retired = 1,
    /// It is gone, or another one has its name.
    Gone = 2,
}

impl Work<'_> {
    pub(super) fn register(&mut self, register: &Register) -> Result<RegisterOutcome, WorkError> {
        let request = &register.request;
        let known = sql::one(self.conn, sql::WORKER_NAMED, [request.id.as_str()], WorkerRow::of)?;
        if let Some(known) = known {
            if known.lease.incarnation == request.incarnation {
                let (worker, term) = (WorkerHandle(known.worker), known.lease.term);
                return Ok(RegisterOutcome::Registered(Registered { worker, term }));
            }
            let is_gone = known.is_gone(self.place);
            if !is_gone && !request.replaces && !known.is_over(&self.now) {
                return Ok(RegisterOutcome::Live(Box::new(self.listed(known)?)));
            }
            self.let_go(known.worker, (Leaving::Gone, false))?;
        }
        let id = ActorId::parse(request.id.as_str()).map_err(|why| corrupt(format!("{why:?}")))?;
        let lease = Lease {
            holder: Holder { kind: HolderKind::Worker, id, supervisor: None, place: request.place.clone() },
            incarnation: request.incarnation,
            fence: Fence(0),
            term: Term::Boot { ttl: request.ttl, renewed: self.now.boot, renewed_wall: self.wall() },
        };
        let is_here = register.is_told && !request.is_elsewhere;
        let token = is_here.then_some(self.place.incarnation.0);
        let (renewed, renewed_wall) = renewed_columns(&lease.term);
        let idle = signed(u64::try_from(request.serving.idle_after.as_millis()).unwrap_or(u64::MAX));
        let name = (request.id.as_str(), idle);
        let wid = sql::one(self.conn, sql::NAME_INSERT, name, |row| Ok(row.get::<_, i64>(0)?))?;
        let row = (
            request.id.as_str(),
            token,
            record::encode_grant(&lease),
            renewed,
            renewed_wall,
            wid,
            record::encode_serving(&request.serving),
        );
        sql::write(self.conn, sql::WORKER_INSERT, row)?;
        let worker = WorkerHandle(self.conn.last_insert_rowid());
        self.memory.forget_workers();
        self.memory.is_untidy = true;
        if register.is_told {
            // Whoever has workers watches one of the others.
            self.watch(CREW)?;
        }
        self.changed.push(CREW);
        Ok(RegisterOutcome::Registered(Registered { worker, term: lease.term }))
    }

    pub(super) fn renew_worker(&mut self, renewal: RenewWorker) -> Result<WorkerRenewal, WorkError> {
        let RenewWorker { worker, progress, noticed } = renewal;
        let Some(known) = sql::one(self.conn, sql::WORKER_FIND, [worker.0], WorkerRow::of)? else {
            return Ok(WorkerRenewal::Gone);
        };
        if noticed > NoticeId::default() {
            sql::write(self.conn, sql::NOTICE_TAKEN, (worker.0, noticed.0))?;
        }
        let term = known.lease.term.renewed(&self.now);
        let term = term.map_err(|_wall| corrupt("a worker's lease that the wall clock judges"))?;
        let lease = Lease { term, ..known.lease };
        let (renewed, wall) = renewed_columns(&term);
        let Progress { rounds, grew_at } = known.progress.told(progress, self.now.boot);
        let progressed = (signed(rounds), signed(grew_at.ms));
        let row = (worker.0, record::encode_grant(&lease), renewed, wall, progressed.0, progressed.1);
        sql::write(self.conn, sql::WORKER_RENEW, row)?;
        self.memory.is_untidy |= names::is_time_to_look(self.memory, &self.now);
        sql::write(self.conn, sql::TASK_REGAIN, (worker.0, signed(self.now.boot.ms)))?;
        if known.is_swept {
            self.memory.forget_workers();
        } else {
            self.memory.forget_crew();
        }
        Ok(WorkerRenewal::Renewed(term))
    }

    /// Lets go of a part of what a worker holds. Returns whether there is more.
    pub(super) fn retire(&mut self, worker: WorkerHandle) -> Result<bool, WorkError> {
        self.let_go(worker.0, (Leaving::Retired, true))?;
        self.sweep_worker()
    }

    /// Asks a worker to go, or makes it. What it held then is let go of as after its death.
    pub(super) fn dismiss(&mut self, request: &Dismiss) -> Result<DismissOutcome, WorkError> {
        let Some(known) = sql::one(self.conn, sql::WORKER_NAMED, [request.id.as_str()], WorkerRow::of)?
        else {
            return Ok(DismissOutcome::NotFound);
        };
        let worker = known.worker;
        let is_draining = known.is_draining || request.how == Dismissal::Drain;
        let listed = self.listed(WorkerRow { is_draining, ..known })?;
        match request.how {
            Dismissal::Drain => {
                sql::write(self.conn, sql::WORKER_DRAIN, [worker])?;
                self.memory.forget_crew();
            }
            Dismissal::Evict => self.let_go(worker, (Leaving::Gone, true))?,
        }
        self.call_workers();
        Ok(DismissOutcome::Dismissed(Box::new(listed)))
    }

    /// Finds out which other workers are over or gone: they hold nothing from now on.
    pub(super) fn judge_workers(&mut self, me: WorkerHandle) -> Result<(), WorkError> {
        let others: Vec<Arc<WorkerRow>> = self.memory.crew(self.conn)?.workers().cloned().collect();
        for known in others.iter().filter(|known| known.worker != me.0) {
            if known.is_gone(self.place) {
                self.let_go(known.worker, (Leaving::Gone, false))?;
                self.gone.extend(known.token);
            } else if !known.is_swept && known.is_over(&self.now) {
                sql::write(self.conn, sql::WORKER_OVER, [known.worker])?;
                self.memory.forget_workers();
            }
        }
        Ok(())
    }

    /// A worker is known no more; its keys are nobody's, or its name's still.
    fn let_go(&mut self, worker: i64, (why, unpins): (Leaving, bool)) -> Result<(), WorkError> {
        sql::write(self.conn, sql::WORKER_LEAVE, (worker, why as i64, unpins))?;
        self.memory.forget_workers();
        self.memory.is_untidy = true;
        Ok(())
    }

    /// Frees some of what is left of a worker. Returns whether there is more to do, of it or of another one.
    pub(super) fn sweep_worker(&mut self) -> Result<bool, WorkError> {
        let swept = sql::one(self.conn, sql::WORKER_SWEEP, [], |row| {
            let name =
                Left { worker: row.get(0)?, leaving: row.get(1)?, wid: row.get(3)?, unpins: row.get(4)? };
            Ok((name, row.get::<_, i64>(2)?))
        })?;
        let Some((left, from)) = swept else {
            return Ok(false);
        };
        let Left { worker, leaving, .. } = left;
        if leaving.is_some() && self.sweep_tasks(left)? {
            return Ok(true);
        }
        let last = sql::one(self.conn, sql::INSTANCE_STRETCH, (from, SWEPT_AT_ONCE), |row| {
            Ok(row.get::<_, Option<i64>>(0)?)
        })?;
        if let Some(last) = last.flatten() {
            let is_rescued = leaving != Some(Leaving::Retired as i64);
            let freed = sql::write(self.conn, sql::INSTANCE_SWEEP, (from, last, worker, is_rescued))?;
            sql::write(self.conn, sql::WORKER_SWEPT, (worker, last))?;
            if freed > 0 {
                self.memory.heads.forget_instances();
                self.call_workers();
            }
        } else if leaving.is_some() {
            sql::write(self.conn, sql::NOTICE_TAKEN, (worker, i64::MAX))?;
            sql::write(self.conn, sql::WORKER_DELETE, [worker])?;
        } else {
            sql::write(self.conn, sql::WORKER_SWEPT, (worker, SWEPT))?;
        }
        sql::any(self.conn, sql::WORKER_SWEEP, [])
    }

    /// Frees some of what a worker that is known no more ran, or was to run, and of its keys. Returns whether there was
    /// anything.
    fn sweep_tasks(&mut self, left: Left) -> Result<bool, WorkError> {
        let is_rescued = left.leaving != Some(Leaving::Retired as i64);
        let rows = sql::all(self.conn, sql::TASK_HAD_BY, (left.worker, TASKS_AT_ONCE), TaskRow::of)?;
        let mut freed = rows.len();
        for row in rows {
            self.free_attempt(row, is_rescued)?;
        }
        if left.unpins {
            let granted = (left.wid, left.worker, TASKS_AT_ONCE);
            for kid in sql::all(self.conn, sql::PIN_GRANTED, granted, |row| Ok(row.get(0)?))? {
                let key = self.memory.keys.at(self.conn, kid)?;
                self.free_key(key)?;
                freed += 1;
            }
        }
        // What waits for another start of its name is found again.
        let moved = sql::write(self.conn, sql::TASK_EMPTY, (left.wid, TASKS_AT_ONCE))?;
        if freed + moved > 0 {
            self.call_workers();
        }
        // Another start of the name may be there already, and more may come into its lane: that is its own.
        Ok(freed > 0 || moved as u64 >= TASKS_AT_ONCE.cast_unsigned())
    }

    fn listed(&mut self, known: WorkerRow) -> Result<Worker, WorkError> {
        let count = |statement| {
            let found = sql::one(self.conn, statement, [known.worker], |row| unsigned(row.get(0)?))?;
            Ok::<_, WorkError>(found.unwrap_or(0))
        };
        let (instances, tasks) = (count(sql::WORKER_COUNT)?, count(sql::WORKER_RUNS)?);
        let (is_gone, pins) = (known.is_gone(self.place), self.memory.crew(self.conn)?.pins(known.wid));
        Ok(known.listed(is_gone, (instances, pins, tasks)))
    }
}

/// When a worker's lease was last renewed, as columns.
fn renewed_columns(term: &Term) -> (i64, i64) {
    let columns = record::term_columns(term);
    (columns.renewed.map_or(0, signed), columns.renewed_wall.map_or(0, signed))
}

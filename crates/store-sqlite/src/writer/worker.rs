//! Workers: who is known, who is over, who is gone, and what they leave behind.

use tenure_core::id::{ActorId, Fence};
use tenure_core::lease::{Holder, HolderKind, Lease, Standing, Term};
use tenure_store::{RegisterOutcome, Registered, Worker, WorkerHandle, WorkerRenewal, record};

use super::work::Work;
use crate::error::WorkError;
use crate::request::Register;
use crate::row::{WorkerRow, corrupt, signed};
use crate::sql;

/// Instances that are looked at in one go for those that a worker held.
const SWEPT_AT_ONCE: i64 = 8192;

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
            if !is_gone && !request.replaces && !self.is_over(&known) {
                return Ok(RegisterOutcome::Live(Box::new(self.listed(known)?)));
            }
            self.let_go(known.worker, Leaving::Gone)?;
        }
        let id = ActorId::parse(request.id.as_str()).map_err(|why| corrupt(format!("{why:?}")))?;
        let lease = Lease {
            holder: Holder { kind: HolderKind::Worker, id, supervisor: None, place: request.place.clone() },
            incarnation: request.incarnation,
            fence: Fence(0),
            term: Term::Boot { ttl: request.ttl, renewed: self.now.boot, renewed_wall: self.wall() },
        };
        let token = register.is_told.then_some(self.place.incarnation.0);
        let (renewed, renewed_wall) = renewed_columns(&lease.term);
        let row = (request.id.as_str(), token, record::encode_grant(&lease), renewed, renewed_wall);
        sql::write(self.conn, sql::WORKER_INSERT, row)?;
        let worker = WorkerHandle(self.conn.last_insert_rowid());
        self.memory.forget_workers();
        Ok(RegisterOutcome::Registered(Registered { worker, term: lease.term }))
    }

    pub(super) fn renew_worker(&mut self, worker: WorkerHandle) -> Result<WorkerRenewal, WorkError> {
        let Some(known) = sql::one(self.conn, sql::WORKER_FIND, [worker.0], WorkerRow::of)? else {
            return Ok(WorkerRenewal::Gone);
        };
        let term = known.lease.term.renewed(&self.now);
        let term = term.map_err(|_wall| corrupt("a worker's lease that the wall clock judges"))?;
        let lease = Lease { term, ..known.lease };
        let (renewed, wall) = renewed_columns(&term);
        let row = (worker.0, record::encode_grant(&lease), renewed, wall);
        sql::write(self.conn, sql::WORKER_RENEW, row)?;
        if known.is_swept {
            self.memory.forget_workers();
        }
        Ok(WorkerRenewal::Renewed(term))
    }

    /// Lets go of a part of what a worker holds. Returns whether there is more.
    pub(super) fn retire(&mut self, worker: WorkerHandle) -> Result<bool, WorkError> {
        self.let_go(worker.0, Leaving::Retired)?;
        self.sweep_worker()
    }

    /// Finds out which other workers are over or gone: they hold nothing from now on.
    pub(super) fn judge_workers(&mut self, me: WorkerHandle) -> Result<(), WorkError> {
        for known in sql::all(self.conn, sql::WORKER_LIST, [], WorkerRow::of)? {
            if known.is_leaving || known.worker == me.0 {
                continue;
            }
            if known.is_gone(self.place) {
                self.let_go(known.worker, Leaving::Gone)?;
                self.gone.extend(known.token);
            } else if !known.is_swept && self.is_over(&known) {
                sql::write(self.conn, sql::WORKER_OVER, [known.worker])?;
                self.memory.forget_workers();
            }
        }
        Ok(())
    }

    fn is_over(&self, known: &WorkerRow) -> bool {
        matches!(known.lease.term.standing(&self.now), Ok(Standing::Over))
    }

    fn let_go(&mut self, worker: i64, why: Leaving) -> Result<(), WorkError> {
        sql::write(self.conn, sql::WORKER_LEAVE, (worker, why as i64))?;
        self.memory.forget_workers();
        Ok(())
    }

    /// Frees some of what is left of a worker. Returns whether there is more to do, of it or of another one.
    pub(super) fn sweep_worker(&mut self) -> Result<bool, WorkError> {
        let swept = sql::one(self.conn, sql::WORKER_SWEEP, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, i64>(2)?))
        })?;
        let Some((worker, leaving, from)) = swept else {
            return Ok(false);
        };
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
            sql::write(self.conn, sql::WORKER_DELETE, [worker])?;
        } else {
            sql::write(self.conn, sql::WORKER_SWEPT, (worker, SWEPT))?;
        }
        sql::any(self.conn, sql::WORKER_SWEEP, [])
    }

    fn listed(&self, known: WorkerRow) -> Result<Worker, WorkError> {
        let instances =
            sql::one(self.conn, sql::WORKER_COUNT, [known.worker], |row| crate::row::unsigned(row.get(0)?))?;
        let instances = instances.unwrap_or(0);
        Ok(Worker { worker: WorkerHandle(known.worker), lease: known.lease, is_gone: false, instances })
    }
}

/// When a worker's lease was last renewed, as columns.
fn renewed_columns(term: &Term) -> (i64, i64) {
    let columns = record::term_columns(term);
    (columns.renewed.map_or(0, signed), columns.renewed_wall.map_or(0, signed))
}

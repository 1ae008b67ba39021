//! The model keeps workers.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::{ActorId, Fence, WorkerId};
use tenure_core::lease::{Holder, HolderKind, Lease, Standing, Term};
use tenure_core::time::{Moment, WallTime, millis};
use tenure_core::worker::{Progress, Serving, is_stalled};
use tenure_store::{
    Dismiss, DismissOutcome, Dismissal, RegisterOutcome, RegisterRequest, Registered, RenewWorker,
    StoreError, Worker, WorkerHandle, WorkerRenewal, WorkerStore,
};

use super::MemoryStore;
use super::tables::{Tables, wall_or_epoch};

/// The workers that are known.
#[derive(Debug, Default)]
pub(super) struct Workers {
    known: BTreeMap<WorkerHandle, Known>,
    last: i64,
}

#[derive(Debug)]
struct Known {
    id: WorkerId,
    lease: Lease,
    serving: Serving,
    progress: Progress,
    is_draining: bool,
    /// The instance of the store that it runs in; `None`: it runs elsewhere.
    process: Option<Weak<()>>,
    /// Somebody found it over: it holds nothing until it is renewed.
    is_over: bool,
}

impl Known {
    fn is_gone(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.strong_count() == 0)
    }

    fn is_live(&self, now: &Moment) -> bool {
        self.lease.term.standing(now) == Ok(Standing::Live) && !self.is_over && !self.is_gone()
    }

    /// How long its loop had stood still when it was last renewed.
    fn still_for(&self) -> Duration {
        match self.lease.term {
            Term::Boot { renewed, .. } => self.progress.still_for(renewed),
            _ => Duration::ZERO,
        }
    }

    fn progressed_at(&self) -> WallTime {
        let renewed = self.lease.term.renewed_at().unwrap_or(WallTime::from_epoch_ms(0));
        WallTime::from_epoch_ms(renewed.epoch_ms().saturating_sub(millis(self.still_for())))
    }
}

impl Workers {
    /// The lease of a worker that may hold instances.
    pub(super) fn holding(&self, worker: WorkerHandle) -> Option<Lease> {
        self.known.get(&worker).filter(|known| !known.is_over).map(|known| known.lease.clone())
    }

    /// Whether a worker's lease is not over, and its process not gone for certain.
    pub(super) fn is_live(&self, worker: WorkerHandle, now: &Moment) -> bool {
        self.known.get(&worker).is_some_and(|known| known.is_live(now))
    }

    /// Whether somebody wishes a worker to let go of everything.
    pub(super) fn is_draining(&self, worker: WorkerHandle) -> bool {
        self.known.get(&worker).is_some_and(|known| known.is_draining)
    }

    /// Whether a worker is given anything new that it asks for.
    pub(super) fn gets_new(&self, worker: WorkerHandle, now: &Moment) -> bool {
        self.is_live(worker, now) && !self.is_draining(worker)
    }

    /// Whether others may count on a worker: it is given what it asks for, and its loop goes on.
    pub(super) fn is_at_work(&self, worker: WorkerHandle, now: &Moment) -> bool {
        let is_stalled =
            |known: &Known| known.lease.term.ttl().is_some_and(|ttl| is_stalled(ttl, known.still_for()));
        self.gets_new(worker, now) && !self.known.get(&worker).is_some_and(is_stalled)
    }

    /// Every worker that others may count on.
    pub(super) fn all_at_work(&self, now: &Moment) -> Vec<WorkerHandle> {
        self.known.keys().copied().filter(|worker| self.is_at_work(*worker, now)).collect()
    }

    /// What a worker is called.
    pub(super) fn name(&self, worker: WorkerHandle) -> Option<WorkerId> {
        self.known.get(&worker).map(|known| known.id.clone())
    }

    /// The present start of a worker.
    pub(super) fn named(&self, name: &WorkerId) -> Option<WorkerHandle> {
        self.known.iter().find(|(_, known)| known.id == *name).map(|(worker, _)| *worker)
    }

    pub(super) fn serving(&self, worker: WorkerHandle) -> Option<&Serving> {
        self.known.get(&worker).map(|known| &known.serving)
    }
}

#[async_trait]
impl WorkerStore for MemoryStore {
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError> {
        let mut tables = self.lock();
        let process = std::sync::Arc::downgrade(&self.process);
        let outcome = tables.register(&request, process, &self.clock.now());
        tables.show_leases();
        Ok(outcome)
    }

    async fn renew_worker(&self, request: RenewWorker) -> Result<WorkerRenewal, StoreError> {
        let mut tables = self.lock();
        let renewal = tables.renew_worker(request, &self.clock.now());
        tables.show_leases();
        Ok(renewal)
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let now = self.clock.now();
        if let Some(known) = tables.workers.known.remove(&worker) {
            tables.free_all(worker, false);
            tables.free_tasks(worker, false, &now);
            tables.free_pins(&known.id);
        }
        tables.show_leases();
        Ok(())
    }

    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        let mut tables = self.lock();
        let outcome = tables.dismiss(&request, &self.clock.now());
        tables.show_leases();
        Ok(outcome)
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        let tables = self.lock();
        Ok(tables.workers.known.iter().map(|(worker, known)| tables.listed_worker(*worker, known)).collect())
    }
}

impl Tables {
    fn register(&mut self, request: &RegisterRequest, process: Weak<()>, now: &Moment) -> RegisterOutcome {
        let id = ActorId::parse(request.id.as_str()).expect("a worker's name is one");
        let named = self.workers.known.iter().find(|(_, known)| known.id == request.id);
        if let Some((worker, known)) = named {
            let worker = *worker;
            if known.lease.incarnation == request.incarnation {
                return RegisterOutcome::Registered(Registered { worker, term: known.lease.term });
            }
            if known.is_live(now) && !request.replaces {
                return RegisterOutcome::Live(Box::new(self.listed_worker(worker, known)));
            }
            self.workers.known.remove(&worker);
            self.free_all(worker, true);
            self.free_tasks(worker, true, now);
        }
        let term = Term::Boot { ttl: request.ttl, renewed: now.boot, renewed_wall: wall_or_epoch(now) };
        let place = request.place.clone();
        let holder = Holder { kind: HolderKind::Worker, id, supervisor: None, place };
        let lease = Lease { holder, incarnation: request.incarnation, fence: Fence(0), term };
        self.workers.last += 1;
        let worker = WorkerHandle(self.workers.last);
        let known = Known {
            id: request.id.clone(),
            lease,
            serving: request.serving.clone(),
            progress: Progress { rounds: 0, grew_at: now.boot },
            is_draining: false,
            process: (!request.is_elsewhere).then_some(process),
            is_over: false,
        };
        self.workers.known.insert(worker, known);
        RegisterOutcome::Registered(Registered { worker, term })
    }

    fn renew_worker(&mut self, request: RenewWorker, now: &Moment) -> WorkerRenewal {
        self.tasks.forget_notices(request.worker, request.noticed);
        let Some(known) = self.workers.known.get_mut(&request.worker) else {
            return WorkerRenewal::Gone;
        };
        known.progress = known.progress.told(request.progress, now.boot);
        known.is_over = false;
        known.lease.term = known.lease.term.renewed(now).expect("a term that needs no wall clock");
        WorkerRenewal::Renewed(known.lease.term)
    }

    fn dismiss(&mut self, request: &Dismiss, now: &Moment) -> DismissOutcome {
        let Some(worker) = self.workers.named(&request.id) else {
            return DismissOutcome::NotFound;
        };
        let known = self.workers.known.get_mut(&worker).expect("it is known");
        known.is_draining |= request.how == Dismissal::Drain;
        let listed = Box::new(self.listed_worker(worker, &self.workers.known[&worker]));
        if request.how == Dismissal::Evict {
            self.workers.known.remove(&worker);
            self.free_all(worker, true);
            self.free_tasks(worker, true, now);
            self.free_pins(&request.id);
        }
        self.call_workers();
        DismissOutcome::Dismissed(listed)
    }

    /// Finds out which other workers are over or gone: they hold nothing from now on.
    pub(super) fn judge_workers(&mut self, me: WorkerHandle, now: &Moment) {
        let others: Vec<_> = self.workers.known.keys().copied().filter(|worker| *worker != me).collect();
        for worker in others {
            let known = self.workers.known.get_mut(&worker).expect("it is known");
            if known.is_gone() {
                self.workers.known.remove(&worker);
                self.free_tasks(worker, true, now);
            } else if known.lease.term.standing(now) == Ok(Standing::Over) {
                known.is_over = true;
            } else {
                continue;
            }
            self.free_all(worker, true);
        }
    }

    /// Whether a worker is known, and was not found over since it was renewed.
    pub(super) fn may_hold(&self, worker: WorkerHandle) -> bool {
        self.workers.holding(worker).is_some()
    }

    fn listed_worker(&self, worker: WorkerHandle, known: &Known) -> Worker {
        let held = self.instances.open.values().filter(|instance| instance.worker == Some(worker));
        let (lease, is_gone) = (known.lease.clone(), known.is_gone());
        Worker {
            worker,
            lease,
            is_gone,
            instances: held.count() as u64,
            pins: self.held_by(worker),
            tasks: self.tasks.run_by(worker).count() as u64,
            serving: known.serving.clone(),
            progressed_at: known.progressed_at(),
            is_draining: known.is_draining,
        }
    }
}

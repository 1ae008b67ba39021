//! The model keeps workers.

use std::collections::BTreeMap;
use std::sync::Weak;

use async_trait::async_trait;
use tenure_core::id::{ActorId, Fence};
use tenure_core::lease::{Holder, HolderKind, Lease, Standing, Term};
use tenure_core::time::Moment;
use tenure_store::{
    RegisterOutcome, RegisterRequest, Registered, StoreError, Worker, WorkerHandle, WorkerRenewal,
    WorkerStore,
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
    lease: Lease,
    /// The instance of the store that it runs in.
    process: Weak<()>,
    /// Somebody found it over: it holds nothing until it is renewed.
    is_over: bool,
}

impl Known {
    fn is_gone(&self) -> bool {
        self.process.strong_count() == 0
    }
}

impl Workers {
    /// The lease of a worker that may hold instances.
    pub(super) fn holding(&self, worker: WorkerHandle) -> Option<Lease> {
        self.known.get(&worker).filter(|known| !known.is_over).map(|known| known.lease.clone())
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

    async fn renew_worker(&self, worker: WorkerHandle) -> Result<WorkerRenewal, StoreError> {
        let mut tables = self.lock();
        let renewal = tables.renew_worker(worker, &self.clock.now());
        tables.show_leases();
        Ok(renewal)
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        let mut tables = self.lock();
        if tables.workers.known.remove(&worker).is_some() {
            tables.free_all(worker, false);
        }
        tables.show_leases();
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        let tables = self.lock();
        Ok(tables.workers.known.iter().map(|(worker, known)| tables.listed_worker(*worker, known)).collect())
    }
}

impl Tables {
    fn register(&mut self, request: &RegisterRequest, process: Weak<()>, now: &Moment) -> RegisterOutcome {
        let id = ActorId::parse(request.id.as_str()).expect("a worker's name is one");
        let named = self.workers.known.iter().find(|(_, known)| known.lease.holder.id == id);
        if let Some((worker, known)) = named {
            let worker = *worker;
            if known.lease.incarnation == request.incarnation {
                return RegisterOutcome::Registered(Registered { worker, term: known.lease.term });
            }
            let is_live = known.lease.term.standing(now) == Ok(Standing::Live) && !known.is_gone();
            if is_live && !request.replaces {
                return RegisterOutcome::Live(Box::new(self.listed_worker(worker, known)));
            }
            self.workers.known.remove(&worker);
            self.free_all(worker, true);
        }
        let term = Term::Boot { ttl: request.ttl, renewed: now.boot, renewed_wall: wall_or_epoch(now) };
        let place = request.place.clone();
        let holder = Holder { kind: HolderKind::Worker, id, supervisor: None, place };
        let lease = Lease { holder, incarnation: request.incarnation, fence: Fence(0), term };
        self.workers.last += 1;
        let worker = WorkerHandle(self.workers.last);
        self.workers.known.insert(worker, Known { lease, process, is_over: false });
        RegisterOutcome::Registered(Registered { worker, term })
    }

    fn renew_worker(&mut self, worker: WorkerHandle, now: &Moment) -> WorkerRenewal {
        let Some(known) = self.workers.known.get_mut(&worker) else {
            return WorkerRenewal::Gone;
        };
        known.is_over = false;
        known.lease.term = known.lease.term.renewed(now).expect("a term that needs no wall clock");
        WorkerRenewal::Renewed(known.lease.term)
    }

    /// Finds out which other workers are over or gone: they hold nothing from now on.
    pub(super) fn judge_workers(&mut self, me: WorkerHandle, now: &Moment) {
        let others: Vec<_> = self.workers.known.keys().copied().filter(|worker| *worker != me).collect();
        for worker in others {
            let known = self.workers.known.get_mut(&worker).expect("it is known");
            if known.is_gone() {
                self.workers.known.remove(&worker);
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
        Worker { worker, lease, is_gone, instances: held.count() as u64 }
    }
}

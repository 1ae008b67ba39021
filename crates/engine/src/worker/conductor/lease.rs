//! What the keeper of the lease says, and how the worker is drained.

use std::sync::Arc;

use super::super::news::WorkerNews;
use super::super::order::LeaseNews;
use super::{Conductor, Done};

impl Conductor {
    /// Whether anything may begin that depends on the worker's lease.
    pub(super) fn is_trusted(&self) -> bool {
        self.clock.now() < self.pulse.trusted_until()
    }

    pub(super) fn hear_of_lease(&mut self, news: LeaseNews) {
        if self.stopping.as_ref().is_some_and(|stopping| stopping.is_freeing) {
            return;
        }
        match news {
            LeaseNews::Due => self.keep_alive(),
            LeaseNews::Held => self.look_everywhere(),
            LeaseNews::Gone => self.abandon(),
        }
    }

    /// Says of what is under way that it goes on, with each renewal: so its keys are not idle.
    fn keep_alive(&mut self) {
        self.renew_tasks();
        let keys = self.room.here.list();
        if keys.is_empty() {
            return;
        }
        let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
        self.work.push(Box::pin(async move {
            // A key that is lost is told by a notice; what could not be said is said with the next renewal.
            drop(store.touch_pins(worker, keys).await);
            Done::Freed
        }));
    }

    /// Somebody wishes the worker to go.
    pub(super) fn drain(&mut self) {
        if self.stopping.is_none() {
            self.tell(WorkerNews::Draining);
            self.begin_to_stop();
        }
    }

    pub(super) fn tell(&self, news: WorkerNews) {
        if let Some(hook) = &self.options.hook {
            hook.call(news);
        }
    }
}

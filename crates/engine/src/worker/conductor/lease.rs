//! What the keeper of the lease says, and how the worker is drained.

use std::sync::Arc;

use super::super::news::WorkerNews;
use super::super::order::LeaseNews;
use super::{Conductor, Done};

/// Whether the lease was in doubt, and the worker does not know yet what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lapse {
    None,
    /// It was, and it has to be read what was lost.
    Unread,
    /// That is being read.
    Reading,
}

impl Conductor {
    /// Whether anything may begin that depends on the worker's lease: that holds, and what was lost while it did not is
    /// known.
    pub(super) fn is_trusted(&self) -> bool {
        self.lapse == Lapse::None && self.clock.now() < self.pulse.trusted_until()
    }

    /// Notes whether the lease was in doubt since this was last looked at.
    pub(super) fn look_for_lapse(&mut self) {
        if self.clock.now() >= self.trusted_until {
            self.lapse = Lapse::Unread;
        }
        self.trusted_until = self.pulse.trusted_until();
        self.wants_mail |= self.lapse == Lapse::Unread && self.clock.now() < self.trusted_until;
    }

    /// Mail begins to be read. What is read once the lease holds again tells everything that was lost.
    pub(super) fn reads_of_lapse(&mut self) {
        if self.lapse == Lapse::Unread && self.clock.now() < self.pulse.trusted_until() {
            self.lapse = Lapse::Reading;
        }
    }

    pub(super) fn read_of_lapse(&mut self, is_read: bool) {
        if self.lapse == Lapse::Reading {
            self.lapse = if is_read { Lapse::None } else { Lapse::Unread };
        }
    }

    pub(super) fn hear_of_lease(&mut self, news: LeaseNews) {
        if self.stopping.as_ref().is_some_and(|stopping| stopping.is_freeing) {
            return;
        }
        match news {
            LeaseNews::Due => self.keep_alive(),
            LeaseNews::Held => (self.wants_mail, self.wants_claim, self.wants_tasks) = (true, true, true),
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

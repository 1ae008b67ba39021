//! Keeps a worker's lease, beside its loop.
//!
//! It is a task of its own, so that nothing that the loop does delays a renewal. What it renews with says how often the
//! loop went round: before each renewal it is asked to go round once more, so that a loop which is only idle is not taken
//! for one that is stuck. One that stands still for too long is not renewed for any more, until it goes on: what it holds
//! goes to others, and what it still writes is fenced.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::lease::{Ttl, margin, renew_interval, retry_interval};
use tenure_core::worker::Stillness;
use tenure_store::{RenewWorker, StoreError, WorkerRenewal};
use tokio::sync::{mpsc, watch};

use super::news::{Hook, WorkerNews};
use super::order::{Input, LeaseNews};
use super::pulse::{Granted, Pulse};
use crate::{Engine, Steady};

#[cfg(test)]
mod tests;

/// Keeps a worker's lease.
pub(super) struct LeaseLane {
    pub(super) engine: Engine,
    pub(super) clock: Arc<dyn Steady>,
    pub(super) ttl: Ttl,
    pub(super) pulse: Arc<Pulse>,
    pub(super) hook: Option<Hook>,
    pub(super) inputs: mpsc::UnboundedSender<Input>,
    /// Which lease; another one when the worker had to be registered again.
    pub(super) granted: watch::Receiver<Granted>,
    /// How long the loop has stood still.
    pub(super) stillness: Stillness,
}

/// There is nothing left to keep.
struct Over;

impl LeaseLane {
    /// Renews until the worker's loop has ended or the store is closed.
    pub(super) async fn run(mut self) {
        loop {
            let granted = *self.granted.borrow_and_update();
            if let Err(Over) = self.keep(granted).await {
                return;
            }
        }
    }

    /// Keeps one lease until there is another.
    async fn keep(&mut self, granted: Granted) -> Result<(), Over> {
        let mut kept_at = granted.asked_at;
        let mut in_jeopardy = false;
        self.trust(kept_at);
        self.tell(LeaseNews::Held);
        let mut wait = self.until_next(kept_at);
        loop {
            tokio::select! {
                biased;
                changed = self.granted.changed() => return changed.map_err(|_ended| Over),
                () = self.clock.sleep(wait) => {}
            }
            let started = self.clock.now();
            // A loop that stands still has not heard of the last renewal yet.
            if self.stillness.look(self.ttl, self.pulse.rounds(), started) {
                self.tell(LeaseNews::Due);
            }
            if self.stillness.is_given_up(self.ttl) {
                self.fear(kept_at, &mut in_jeopardy);
                wait = retry_interval(self.ttl);
                continue;
            }
            match self.renew(granted, kept_at, &mut in_jeopardy).await {
                Ok(WorkerRenewal::Renewed(_)) => {
                    let was_over = self.pulse.trusted_until() <= self.clock.now();
                    kept_at = started;
                    if was_over {
                        self.pulse.lapsed();
                    }
                    self.trust(kept_at);
                    // An answer that came late says nothing of now: the next renewal does, at once.
                    let holds = self.pulse.trusted_until() > self.clock.now();
                    if holds && (std::mem::take(&mut in_jeopardy) || was_over) {
                        self.say(WorkerNews::Safe);
                        self.tell(LeaseNews::Held);
                    }
                    wait = self.until_next(kept_at);
                }
                Ok(WorkerRenewal::Gone) => {
                    self.pulse.trust(Duration::ZERO);
                    self.pulse.lapsed();
                    self.tell(LeaseNews::Gone);
                    // The loop has it registered again.
                    return self.granted.changed().await.map_err(|_ended| Over);
                }
                Err(StoreError::Closed) => return Err(Over),
                Err(_) => {
                    self.fear(kept_at, &mut in_jeopardy);
                    wait = retry_interval(self.ttl);
                }
            }
        }
    }

    /// Renews once. However long that takes, it is told when the lease is in danger.
    async fn renew(
        &self,
        granted: Granted,
        kept_at: Duration,
        in_jeopardy: &mut bool,
    ) -> Result<WorkerRenewal, StoreError> {
        let renewal = RenewWorker {
            worker: granted.worker,
            progress: self.pulse.rounds(),
            noticed: self.pulse.noticed(),
        };
        let mut asked = self.engine.store().renew_worker(renewal);
        if !*in_jeopardy {
            let fearless = kept_at.saturating_add(self.fearless()).saturating_sub(self.clock.now());
            tokio::select! {
                biased;
                answer = &mut asked => return answer,
                () = self.clock.sleep(fearless) => self.fear(kept_at, in_jeopardy),
            }
        }
        asked.await
    }

    /// Says once that two thirds of the ttl have passed without a renewal.
    fn fear(&self, kept_at: Duration, in_jeopardy: &mut bool) {
        let silent = self.clock.now().saturating_sub(kept_at);
        if !*in_jeopardy && silent >= self.fearless() {
            *in_jeopardy = true;
            self.say(WorkerNews::Jeopardy);
        }
    }

    fn fearless(&self) -> Duration {
        self.ttl.length() * 2 / 3
    }

    /// Trusts the lease from when the attempt began that it was granted or renewed by.
    pub(super) fn trust(&self, kept_at: Duration) {
        let holds = self.ttl.length().saturating_sub(margin(self.ttl));
        self.pulse.trust(kept_at.saturating_add(holds));
    }

    /// A third of the ttl, a tenth more or less, so that workers that began together spread out.
    fn until_next(&self, kept_at: Duration) -> Duration {
        let random = u32::from(self.engine.ids().random()[0]);
        let jittered = renew_interval(self.ttl).mul_f64(0.9 + 0.2 * f64::from(random) / 255.0);
        jittered.saturating_sub(self.clock.now().saturating_sub(kept_at))
    }

    fn say(&self, news: WorkerNews) {
        if let Some(hook) = &self.hook {
            hook.call(news);
        }
    }

    fn tell(&self, news: LeaseNews) {
        // A loop that has ended hears nothing.
        drop(self.inputs.send(Input::Lease(news)));
    }
}

//! Keeps one lease: renews it, says how long to trust it, reports its loss.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::lease::{RunTimes, renew_interval, retry_interval};
use tenure_core::refusal::Refusal;
use tenure_core::session::Command;
use tenure_store::{Handle, RenewOutcome, RenewRequest, StoreError};

use crate::{Engine, EngineError, Loss, Target};

/// A clock that never jumps, counts suspended time, and can be waited on.
#[async_trait::async_trait]
pub trait Steady: Debug + Send + Sync {
    /// Time since some fixed moment. A worker tells by it which activities are over within microseconds: where it is
    /// coarser than that, too many are taken to be.
    fn now(&self) -> Duration;

    /// Returns once that much time has passed.
    async fn sleep(&self, length: Duration);
}

/// What a keeper keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The session.
    pub handle: Handle,
    /// The fence under which it is held.
    pub fence: Fence,
    /// How long it holds, and how long its holder needs to stop.
    pub times: RunTimes,
}

/// What happens to a lease while it is kept.
#[derive(Debug)]
pub enum LeaseEvent {
    /// It holds. What depends on it must have been asked to stop by `until`, on the steady clock.
    Trusted {
        /// The last moment.
        until: Duration,
    },
    /// Two thirds of the ttl have passed without a renewal; attempts go on.
    Jeopardy {
        /// Why the last attempt failed.
        error: StoreError,
    },
    /// It is lost for certain.
    Lost(Loss),
}

/// Renews one lease until it is lost.
#[derive(Debug)]
pub struct Keeper {
    engine: Engine,
    clock: Arc<dyn Steady>,
    kept: Kept,
    last_success: Duration,
    in_jeopardy: bool,
}

impl Keeper {
    /// Keeps a lease that was granted by an attempt which started at `granted` on the steady clock.
    #[must_use]
    pub fn new(engine: Engine, clock: Arc<dyn Steady>, kept: Kept, granted: Duration) -> Self {
        Self { engine, clock, kept, last_success: granted, in_jeopardy: false }
    }

    /// The last moment at which the lease that was just granted or renewed can be trusted.
    #[must_use]
    pub fn trusted_until(&self) -> Duration {
        self.last_success.saturating_add(self.kept.times.trusted_for())
    }

    /// Waits until something happens to the lease, renewing it meanwhile. After a loss, do not call it again.
    pub async fn next(&mut self) -> LeaseEvent {
        let mut wait = self.until_next_renewal();
        loop {
            self.clock.sleep(wait).await;
            let started = self.clock.now();
            match self.renew().await {
                Ok(()) => return self.trusted(started),
                Err(Failure::Lost(loss)) => return LeaseEvent::Lost(loss),
                Err(Failure::Again(error)) => {
                    if let Some(jeopardy) = self.jeopardy(error) {
                        return jeopardy;
                    }
                }
            }
            wait = retry_interval(self.kept.times.ttl());
        }
    }

    /// A third of the ttl, a tenth more or less, so that holders that began together spread out.
    fn until_next_renewal(&self) -> Duration {
        if self.in_jeopardy {
            return retry_interval(self.kept.times.ttl());
        }
        let interval = renew_interval(self.kept.times.ttl());
        let random = u32::from(self.engine.ids().random()[0]);
        let jittered = interval.mul_f64(0.9 + 0.2 * f64::from(random) / 255.0);
        jittered.saturating_sub(self.clock.now().saturating_sub(self.last_success))
    }

    fn trusted(&mut self, started: Duration) -> LeaseEvent {
        self.last_success = started;
        self.in_jeopardy = false;
        LeaseEvent::Trusted { until: self.trusted_until() }
    }

    fn jeopardy(&mut self, error: StoreError) -> Option<LeaseEvent> {
        let silent = self.clock.now().saturating_sub(self.last_success);
        let is_news = !self.in_jeopardy && silent >= self.kept.times.ttl().length() * 2 / 3;
        self.in_jeopardy |= is_news;
        is_news.then_some(LeaseEvent::Jeopardy { error })
    }

    async fn renew(&self) -> Result<(), Failure> {
        let request = RenewRequest { handle: self.kept.handle, fence: self.kept.fence };
        match self.engine.store().renew(request).await {
            Ok(RenewOutcome::Renewed(_)) => Ok(()),
            Ok(RenewOutcome::Expired | RenewOutcome::Fenced { .. }) => self.regrant().await,
            Err(error) => Err(Failure::of(error)),
        }
    }

    /// Late is not lost: what nobody took is granted again. If somebody did, the refusal says who.
    async fn regrant(&self) -> Result<(), Failure> {
        let command = Command::Regrant { fence: self.kept.fence };
        match self.engine.apply(&Target::Session(self.kept.handle), &command).await {
            Ok(_) => Ok(()),
            Err(EngineError::Refused { refusal: Refusal::Conflict { .. } | Refusal::Clock, .. }) => {
                Err(Failure::Again(StoreError::Blocked { pid: None }))
            }
            Err(EngineError::Refused { refusal, .. }) => Err(Failure::Lost(Loss::Refused(refusal))),
            Err(EngineError::Store(error)) => Err(Failure::of(error)),
            Err(
                EngineError::NotFound { .. }
                | EngineError::Ambiguous { .. }
                | EngineError::Ended
                | EngineError::IdReused { .. }
                | EngineError::Arrival(_)
                | EngineError::Compacted { .. }
                | EngineError::Damaged { .. },
            ) => Err(Failure::Lost(Loss::Refused(Refusal::NotFound))),
        }
    }
}

/// Why an attempt to renew failed.
enum Failure {
    /// Try again.
    Again(StoreError),
    /// Trying again is no use.
    Lost(Loss),
}

impl Failure {
    /// A transient failure is not a loss; an unknown outcome is settled by asking again.
    fn of(error: StoreError) -> Self {
        if error.is_passing() { Self::Again(error) } else { Self::Lost(Loss::Store(error)) }
    }
}

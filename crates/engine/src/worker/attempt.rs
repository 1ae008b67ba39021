//! One attempt of an activity.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tenure_core::id::{CodeName, Fence, Operation, SessionId};
use tenure_core::orchestration::{Activity, Cause, Failure, Payload};
use tenure_core::time::WallTime;
use tenure_core::trace::TraceParent;
use tenure_store::PinGrant;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::keys::InUse;
use super::order::{Input, Whose};
use super::pulse::Pulse;
use super::registry::KnownActivity;
use super::spawn::share_woken;
use crate::Steady;

/// What an activity's code knows of the attempt that it is.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub(super) session: SessionId,
    pub(super) execution: u64,
    pub(super) op: Operation,
    pub(super) name: CodeName,
    pub(super) number: u32,
    pub(super) fence: Fence,
    pub(super) cancelled: CancellationToken,
    pub(super) details: Option<Payload>,
    pub(super) pin: Option<PinGrant>,
    pub(super) trace: Option<TraceParent>,
    pub(super) whose: Whose,
    pub(super) inputs: mpsc::UnboundedSender<Input>,
}

impl Attempt {
    /// Says that it is still at work, and how far it is: the next attempt can read that.
    pub fn heartbeat(&self, details: Option<Payload>) {
        // A worker that has stopped hears nothing.
        drop(self.inputs.send(Input::Heartbeat { whose: self.whose, details }));
        share_woken();
    }

    /// What an earlier attempt last said of how far it was.
    #[must_use]
    pub const fn details(&self) -> Option<&Payload> {
        self.details.as_ref()
    }

    /// The instance that the activity belongs to.
    #[must_use]
    pub const fn session(&self) -> &SessionId {
        &self.session
    }

    /// The activity's name.
    #[must_use]
    pub const fn name(&self) -> &CodeName {
        &self.name
    }

    /// Which attempt it is, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The fence under which the instance is held. It grows when somebody else goes on with it: a resource that
    /// refuses smaller ones refuses whoever was left behind.
    #[must_use]
    pub const fn fence(&self) -> Fence {
        self.fence
    }

    /// The hold on its key, if it follows one.
    #[must_use]
    pub const fn pin(&self) -> Option<&PinGrant> {
        self.pin.as_ref()
    }

    /// The trace that it belongs to.
    #[must_use]
    pub const fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    /// What is the same at every attempt of this activity, and differs from every other one's.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}/{}", self.session, self.execution, self.op)
    }

    /// Whether nobody waits for the result any more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Waits until nobody waits for the result any more.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }
}

/// How often it is recorded what an attempt says.
const RECORDS_EVERY: Duration = Duration::from_secs(1);

/// What a worker knows of an attempt that is under way.
#[derive(Debug)]
pub(super) struct Vitals {
    pub(super) cancelled: CancellationToken,
    heard_at: WallTime,
    /// What it said since that was last recorded.
    pub(super) said: Option<Payload>,
    /// When it may be recorded what it says.
    records_at: WallTime,
}

impl Vitals {
    /// Of one that begins now.
    pub(super) const fn new(cancelled: CancellationToken, now: WallTime) -> Self {
        Self { cancelled, heard_at: now, said: None, records_at: now }
    }

    /// It is there. Returns when what it says is to be recorded, unless that is planned already.
    pub(super) fn hear(&mut self, details: Option<Payload>, now: WallTime) -> Option<WallTime> {
        self.heard_at = now;
        let before = self.said.replace(details?);
        before.is_none().then_some(self.records_at)
    }

    /// What is to be recorded, if anything is.
    pub(super) fn record(&mut self, now: WallTime) -> Option<Payload> {
        let said = self.said.take()?;
        self.records_at = now.after(RECORDS_EVERY);
        Some(said)
    }

    /// When it has been silent for so long, unless it is heard of.
    pub(super) fn silent_until(&self, limit: Duration) -> WallTime {
        self.heard_at.after(limit)
    }
}

/// An attempt that is to be run.
pub(super) struct Run {
    pub(super) attempt: Attempt,
    pub(super) activity: Arc<Activity>,
    pub(super) code: KnownActivity,
    /// How long it may go on when nobody waits for it any more.
    pub(super) grace: Duration,
    /// Its key is busy as long as it runs.
    pub(super) in_use: Option<InUse>,
    pub(super) pulse: Arc<Pulse>,
    /// After how many lapses of the worker's lease it was granted.
    pub(super) lapses: u64,
}

/// Runs an attempt to its end. Returns what is to be told of it.
pub(super) async fn run(run: Run, clock: Arc<dyn Steady>) -> Input {
    let Run { attempt, activity, code, grace, in_use, pulse, lapses } = run;
    let (whose, token) = (attempt.whose, attempt.cancelled.clone());
    // However long it took to get here, nothing begins once the lease may be over.
    if !pulse.may_begin(lapses, clock.now()) {
        drop(in_use);
        return Input::Unbegun { whose };
    }
    let result = {
        let work =
            AssertUnwindSafe(async { (code.code)(attempt, activity.input.clone()).await }).catch_unwind();
        tokio::select! {
            biased;
            result = work => result.unwrap_or_else(|panic| Err(Failure::panicked(panic.as_ref()))),
            failure = too_long(clock.as_ref(), activity.timeout) => {
                token.cancel();
                Err(failure)
            }
            () = given_up(clock.as_ref(), &token, grace) => {
                Err(Failure::new(Cause::Cancelled, "nobody waits for it any more"))
            }
        }
    };
    drop(in_use);
    Input::Tried { whose, result }
}

async fn too_long(clock: &dyn Steady, limit: Option<Duration>) -> Failure {
    let Some(limit) = limit else { return std::future::pending().await };
    clock.sleep(limit).await;
    Failure::new(Cause::TimedOut, format!("no result within {limit:?}"))
}

/// Returns when nobody has waited for so long.
async fn given_up(clock: &dyn Steady, token: &CancellationToken, grace: Duration) {
    token.cancelled().await;
    clock.sleep(grace).await;
}

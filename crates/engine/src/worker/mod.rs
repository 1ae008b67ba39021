//! Workers: they hold instances of orchestrations, run their code and their activities.

mod attempt;
mod client;
mod conductor;
mod crowd;
mod keeper;
mod keys;
mod live;
mod news;
mod options;
mod order;
mod pulse;
mod registry;
mod room;
mod series;
mod spawn;
mod step;

use std::sync::Arc;

use tenure_core::id::WorkerId;
use tenure_core::worker::{ServingRefusal, Stillness};
use tenure_store::{RegisterOutcome, RegisterRequest, Worker as ListedWorker};
use tokio::sync::{mpsc, oneshot, watch};

pub use attempt::Attempt;
pub use client::{Orchestrations, Outcome, StartError};
pub use news::{Hook, WorkerNews};
pub use options::WorkerOptions;
pub use order::{Ended, IfThere, Started, Starting, Status};
pub use registry::{ActivityCode, ActivityFuture, Registry};

use crate::{Engine, EngineError, Steady};
use conductor::Conductor;
use keeper::LeaseLane;
use order::Input;
use pulse::{Granted, Pulse};

/// A worker at work. It goes on until it is stopped, or the store is closed.
#[derive(Debug, Clone)]
pub struct Worker {
    inputs: mpsc::UnboundedSender<Input>,
}

/// Why a worker did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A live worker has its name.
    #[error("{}", live(.0))]
    Live(Box<ListedWorker>),
    /// What it is to serve makes no sense.
    #[error("{}", served(.0))]
    Serving(ServingRefusal),
    /// The store could not be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Who has the name, and what can be done about it.
fn live(worker: &ListedWorker) -> String {
    format!(
        "a live worker is named {}: give this one another name, stop or drain that one, or let this one take its place \
         (WorkerOptions::replaces)",
        worker.lease.holder.id
    )
}

/// Why it makes no sense, and what would.
fn served(refusal: &ServingRefusal) -> String {
    match refusal {
        ServingRefusal::IdleTooShort { needed } => format!(
            "keys would be idle before the worker has said that they are not: let them be idle for {needed:?} or more, or \
             shorten the worker's ttl"
        ),
        ServingRefusal::HeldBelowBusy => {
            "the worker would run more keys at once than it may hold: let it hold at least as many".to_owned()
        }
    }
}

impl Engine {
    /// Starts a worker that has this code. To be called in a Tokio runtime.
    ///
    /// # Errors
    /// [`WorkerError`] when a live worker has its name, or the store cannot be asked.
    pub async fn start_worker(
        &self,
        registry: Registry,
        options: WorkerOptions,
        clock: Arc<dyn Steady>,
    ) -> Result<Worker, WorkerError> {
        let serving = options.serving();
        serving.check(options.ttl).map_err(WorkerError::Serving)?;
        let incarnation = self.ids.incarnation();
        let id = options.id.clone().unwrap_or_else(|| {
            let digits = incarnation.to_string();
            let short = digits.get(..12).unwrap_or(&digits);
            WorkerId::parse(&format!("worker-{short}")).expect("a prefix and digits are a name")
        });
        let request = RegisterRequest {
            id,
            incarnation,
            place: options.place.clone(),
            is_elsewhere: false,
            ttl: options.ttl,
            replaces: options.replaces,
            serving,
        };
        let attention = self.store.attend().await.map_err(EngineError::from)?;
        let asked_at = clock.now();
        let registered = match self.store.register(request.clone()).await.map_err(EngineError::from)? {
            RegisterOutcome::Registered(registered) => registered,
            RegisterOutcome::Live(worker) => return Err(WorkerError::Live(worker)),
        };
        let (inputs, receiver) = mpsc::unbounded_channel();
        let pulse = Arc::new(Pulse::default());
        let (lease, granted) = watch::channel(Granted { worker: registered.worker, asked_at });
        let lane = LeaseLane {
            engine: self.clone(),
            clock: Arc::clone(&clock),
            ttl: options.ttl,
            pulse: Arc::clone(&pulse),
            hook: options.hook.clone(),
            inputs: inputs.clone(),
            granted,
            stillness: Stillness::default(),
        };
        let conductor = Conductor::new(
            self.clone(),
            (clock, options, Arc::new(registry)),
            (request, attention),
            (lease, pulse),
            (inputs.clone(), receiver),
        );
        lane.trust(asked_at);
        spawn::spawn(lane.run());
        spawn::spawn(conductor.run());
        Ok(Worker { inputs })
    }
}

impl Worker {
    /// Stops: what is under way is finished, within the grace, and everything is let go of. Again, it does nothing.
    pub async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        if self.inputs.send(Input::Stop { reply }).is_ok() {
            // An error says that it has stopped.
            drop(stopped.await);
        }
    }

    /// Waits until it has stopped, by whoever's wish.
    pub async fn stopped(&self) {
        self.inputs.closed().await;
    }
}

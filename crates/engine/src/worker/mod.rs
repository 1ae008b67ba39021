//! Workers: they hold instances of orchestrations, run their code and their activities.

mod attempt;
mod client;
mod conductor;
mod live;
mod options;
mod order;
mod registry;
mod series;
mod spawn;
mod step;

use std::sync::Arc;

use tenure_core::id::WorkerId;
use tenure_store::{RegisterOutcome, RegisterRequest, Worker as ListedWorker};
use tokio::sync::{mpsc, oneshot};

pub use attempt::Attempt;
pub use client::{Orchestrations, Outcome, StartError};
pub use options::WorkerOptions;
pub use order::{Ended, IfThere, Started, Starting, Status};
pub use registry::{ActivityCode, ActivityFuture, Registry};

use crate::{Engine, EngineError, Steady};
use conductor::Conductor;
use order::Input;

/// A worker at work. It goes on until it is stopped, or the store is closed.
#[derive(Debug, Clone)]
pub struct Worker {
    inputs: mpsc::UnboundedSender<Input>,
}

/// Why a worker did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A live worker has its name.
    #[error("a live worker has that name")]
    Live(Box<ListedWorker>),
    /// The store could not be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
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
            ttl: options.ttl,
            replaces: options.replaces,
        };
        let attention = self.store.attend().await.map_err(EngineError::from)?;
        let registered = match self.store.register(request.clone()).await.map_err(EngineError::from)? {
            RegisterOutcome::Registered(registered) => registered,
            RegisterOutcome::Live(worker) => return Err(WorkerError::Live(worker)),
        };
        let (inputs, receiver) = mpsc::unbounded_channel();
        let conductor = Conductor::new(
            self.clone(),
            (clock, options),
            Arc::new(registry),
            (registered.worker, request, attention),
            (inputs.clone(), receiver),
        );
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
}

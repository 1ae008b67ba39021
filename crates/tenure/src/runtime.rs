//! A store with a worker: what a program opens.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_core::id::{Namespace, WorkerId};
use tenure_core::orchestration::Version;
use tenure_core::worker::Queues;
use tenure_engine::{
    Engine, Hook, Ids as _, NoWitness, Orchestrations, Registry, Steady, SystemIds, Worker, WorkerNews,
    WorkerOptions,
};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::call::{code_name, queue_name, session_id};
use crate::clock::BootClock;
use crate::failure::encode;
use crate::instance::{Instance, RunCall};
use crate::{Activity, Error, Failure, Orchestration, code};

/// A store, and which code this process has for it.
#[derive(Debug)]
#[must_use = "nothing is opened until it is started"]
pub struct Builder {
    place: Place,
    registry: Registry,
    options: WorkerOptions,
    on_lost: Option<OnLost>,
    refused: Option<Failure>,
}

/// Where the store is.
enum Place {
    File(PathBuf),
    Open(Engine, Arc<dyn Steady>),
}

/// Whom to tell which key is lost.
#[derive(Clone)]
struct OnLost(Arc<dyn Fn(&str) + Send + Sync>);

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Open(engine, _) => f.debug_tuple("Open").field(engine).finish(),
        }
    }
}

impl std::fmt::Debug for OnLost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnLost")
    }
}

/// A store with a worker that runs orchestrations and activities.
#[derive(Debug)]
pub struct Tenure {
    orchestrations: Orchestrations,
    worker: Option<Worker>,
}

impl Tenure {
    /// The store in that file, which is made if it is not there. Its directory must exist.
    pub fn at(path: impl Into<PathBuf>) -> Builder {
        Self::on(Place::File(path.into()))
    }

    /// A store that is open already, and the clock by which its worker waits: for tests, and for stores of other sorts.
    pub fn over(engine: Engine, clock: Arc<dyn Steady>) -> Builder {
        Self::on(Place::Open(engine, clock))
    }

    fn on(place: Place) -> Builder {
        Builder {
            place,
            registry: Registry::default(),
            options: WorkerOptions::default(),
            on_lost: None,
            refused: None,
        }
    }

    /// Starts an instance of an orchestration.
    pub fn run(&self, name: &str, input: &impl Serialize) -> RunCall {
        RunCall::new(self.orchestrations.clone(), name, encode("the orchestration's input", input))
    }

    /// An instance that is there.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, and when the store does not answer.
    pub async fn instance(&self, id: &str) -> Result<Instance, Error> {
        let id = session_id(id).map_err(Error::Invalid)?;
        let outcome = self.orchestrations.of(Namespace::default_name(), id).await?;
        Ok(Instance::new(self.orchestrations.clone(), outcome))
    }

    /// Waits until the worker has stopped, because it was told to or somebody drained it. One that is not there has.
    pub async fn stopped(&self) {
        if let Some(worker) = &self.worker {
            worker.stopped().await;
        }
    }

    /// Stops: what is under way is finished, within the worker's grace; the rest goes on with the next start.
    pub async fn stop(self) {
        if let Some(worker) = &self.worker {
            worker.stop().await;
        }
    }
}

impl Builder {
    /// Adds an orchestration, in its first version.
    pub fn orchestration<I, O, E, F, Fut>(self, name: &str, function: F) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + Send + 'static,
        E: Into<Failure> + Send + 'static,
        F: Fn(Orchestration, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, E>> + Send + 'static,
    {
        self.orchestration_version(name, Version::FIRST, function)
    }

    /// Adds a version of an orchestration. New instances run the latest; those that run keep theirs.
    pub fn orchestration_version<I, O, E, F, Fut>(mut self, name: &str, version: Version, function: F) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + Send + 'static,
        E: Into<Failure> + Send + 'static,
        F: Fn(Orchestration, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, E>> + Send + 'static,
    {
        match code_name(name) {
            Ok(name) => self.registry.add_orchestration(name, version, code::orchestration(function)),
            Err(failure) => self.refuse(failure),
        }
        self
    }

    /// Adds an activity.
    pub fn activity<I, O, E, F, Fut>(mut self, name: &str, function: F) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + Send + 'static,
        E: Into<Failure> + Send + 'static,
        F: Fn(Activity, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, E>> + Send + 'static,
    {
        match code_name(name) {
            Ok(name) => self.registry.add_activity(name, code::activity(function)),
            Err(failure) => self.refuse(failure),
        }
        self
    }

    /// Names the worker. Another start under that name inherits its affinity keys at once; one live worker at a time has
    /// it. Without a name it is another worker at every start, and runs the activities of each key one at a time.
    pub fn worker_id(mut self, id: &str) -> Self {
        match WorkerId::parse(id) {
            Ok(id) => self.options.id = Some(id),
            Err(why) => self.refuse(Failure::rejected(format!("{id:?} is no name of a worker: {why:?}"))),
        }
        self
    }

    /// Runs also activities that wait in this queue: see [`crate::ActivityCall::on_queue`].
    pub fn queue(mut self, name: &str) -> Self {
        match queue_name(name) {
            Ok(name) => match &mut self.options.queues {
                Queues::All => {}
                Queues::These(queues) => drop(queues.insert(Some(name))),
            },
            Err(failure) => self.refuse(failure),
        }
        self
    }

    /// Runs only activities that wait in the queues that are named after this, none of the default one.
    pub fn no_default_queue(mut self) -> Self {
        if let Queues::These(queues) = &mut self.options.queues {
            queues.remove(&None);
        }
        self
    }

    /// Runs activities of at most so many affinity keys at once, and holds at most so many keys. Of keys that are at work
    /// already it runs more. None at all: 0.
    pub fn keys_max(mut self, busy: usize, held: usize) -> Self {
        (self.options.pins_busy_max, self.options.pins_held_max) = (Some(busy), held);
        self
    }

    /// How long an affinity key stays this worker's while nothing of it runs or waits. Otherwise 5 minutes.
    pub fn key_idle(mut self, length: Duration) -> Self {
        self.options.pin_idle = length;
        self
    }

    /// Calls this with each affinity key that somebody else has from then on: what is kept for it in memory is of no
    /// use. It is called between two steps of the worker, so it must not block.
    pub fn on_lost(mut self, call: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_lost = Some(OnLost(Arc::new(call)));
        self
    }

    /// Says how the worker works, in place of all that was said before.
    pub fn options(mut self, options: WorkerOptions) -> Self {
        self.options = options;
        self
    }

    /// Opens the store without running anything: for programs that start instances, signal them and wait for them.
    ///
    /// # Errors
    /// [`Error::Open`] says why not.
    pub fn connect(self) -> Result<Tenure, Error> {
        let (engine, clock) = self.open()?;
        Ok(Tenure { orchestrations: Orchestrations::new(engine, clock, None), worker: None })
    }

    /// Opens the store and begins to run what is registered. To be called in a Tokio runtime.
    ///
    /// # Errors
    /// [`Error::Open`] and [`Error::Worker`] say why not, [`Error::Invalid`] which name cannot be used.
    pub async fn start(self) -> Result<Tenure, Error> {
        let (engine, clock) = self.open()?;
        let (registry, options) = (self.registry, with_lost(self.options, self.on_lost));
        let worker = engine.start_worker(registry, options, Arc::clone(&clock)).await?;
        let orchestrations = Orchestrations::new(engine, clock, Some(worker.clone()));
        Ok(Tenure { orchestrations, worker: Some(worker) })
    }

    fn refuse(&mut self, failure: Failure) {
        self.refused.get_or_insert(failure);
    }

    fn open(&self) -> Result<(Engine, Arc<dyn Steady>), Error> {
        if let Some(failure) = &self.refused {
            return Err(Error::Invalid(failure.clone()));
        }
        let path = match &self.place {
            Place::File(path) => path.clone(),
            Place::Open(engine, clock) => return Ok((engine.clone(), Arc::clone(clock))),
        };
        let clock = SystemClock::new();
        let options = SqliteOptions::new(path, SystemIds.incarnation(), Arc::new(clock));
        let store = Arc::new(SqliteStore::open(options)?);
        let engine = Engine::new(store, Arc::new(SystemIds), Arc::new(NoWitness));
        Ok((engine, Arc::new(BootClock(clock))))
    }
}

/// A worker that tells also which keys are lost.
fn with_lost(options: WorkerOptions, on_lost: Option<OnLost>) -> WorkerOptions {
    let Some(OnLost(lost)) = on_lost else { return options };
    let before = options.hook.clone();
    let hook = Hook::new(move |news| {
        if let WorkerNews::KeyLost { key, .. } = &news {
            lost(key.as_str());
        }
        if let Some(before) = &before {
            before.call(news);
        }
    });
    WorkerOptions { hook: Some(hook), ..options }
}

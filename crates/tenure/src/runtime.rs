//! A store with a worker: what a program opens.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_core::id::Namespace;
use tenure_core::orchestration::Version;
use tenure_engine::{
    Engine, Ids as _, NoWitness, Orchestrations, Registry, SystemIds, Worker, WorkerOptions,
};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::call::{code_name, session_id};
use crate::clock::ProcessClock;
use crate::failure::encode;
use crate::instance::{Instance, RunCall};
use crate::{Activity, Error, Failure, Orchestration, code};

/// A store, and which code this process has for it.
#[derive(Debug)]
#[must_use = "nothing is opened until it is started"]
pub struct Builder {
    path: PathBuf,
    registry: Registry,
    options: WorkerOptions,
    refused: Option<Failure>,
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
        Builder {
            path: path.into(),
            registry: Registry::default(),
            options: WorkerOptions::default(),
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
            Err(failure) => self.refused = self.refused.or(Some(failure)),
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
            Err(failure) => self.refused = self.refused.or(Some(failure)),
        }
        self
    }

    /// Says how the worker works.
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
        let (registry, options) = (self.registry, self.options);
        let worker = engine.start_worker(registry, options, Arc::clone(&clock)).await?;
        let orchestrations = Orchestrations::new(engine, clock, Some(worker.clone()));
        Ok(Tenure { orchestrations, worker: Some(worker) })
    }

    fn open(&self) -> Result<(Engine, Arc<dyn tenure_engine::Steady>), Error> {
        if let Some(failure) = &self.refused {
            return Err(Error::Invalid(failure.clone()));
        }
        let clock = Arc::new(SystemClock::new());
        let options = SqliteOptions::new(self.path.clone(), SystemIds.incarnation(), clock);
        let store = Arc::new(SqliteStore::open(options)?);
        let engine = Engine::new(store, Arc::new(SystemIds), Arc::new(NoWitness));
        Ok((engine, Arc::new(ProcessClock::new())))
    }
}

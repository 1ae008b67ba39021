//! Instances as their callers see them.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_core::id::{Namespace, SessionId};
use tenure_core::orchestration::{Payload, Signal, Version};
use tenure_core::trace::TraceParent;
use tenure_engine::{Ended, IfThere, Orchestrations, Outcome, Starting, Status};

use crate::call::{code_name, session_id, signal_name};
use crate::failure::{decode, encode};
use crate::{Error, Failure};

/// An instance that is to be started. Awaiting it starts it.
#[must_use = "nothing is started until this is awaited"]
#[derive(Debug)]
pub struct RunCall {
    orchestrations: Orchestrations,
    starting: Result<Starting, Failure>,
}

impl RunCall {
    pub(crate) fn new(orchestrations: Orchestrations, name: &str, input: Result<Payload, Failure>) -> Self {
        let starting = input.and_then(|input| {
            Ok(Starting {
                id: None,
                namespace: Namespace::default_name(),
                principal: None,
                name: code_name(name)?,
                version: None,
                input,
                labels: BTreeMap::new(),
                trace: None,
                if_there: IfThere::default(),
            })
        });
        Self { orchestrations, starting }
    }

    /// Gives it an id. Starting it again under the same id gives the instance that is there, unless [`Self::if_there`]
    /// says otherwise.
    pub fn id(mut self, id: &str) -> Self {
        self.starting =
            self.starting.and_then(|starting| Ok(Starting { id: Some(session_id(id)?), ..starting }));
        self
    }

    /// Says what is done if an instance of its id is there.
    pub fn if_there(mut self, if_there: IfThere) -> Self {
        self.starting = self.starting.map(|starting| Starting { if_there, ..starting });
        self
    }

    /// Runs exactly this version, instead of the latest.
    pub fn version(mut self, version: Version) -> Self {
        self.starting = self.starting.map(|starting| Starting { version: Some(version), ..starting });
        self
    }

    /// Says in which trace it is started: its activities, and those of what it starts, know it
    /// ([`crate::Activity::trace`]).
    pub fn trace(mut self, trace: TraceParent) -> Self {
        self.starting = self.starting.map(|starting| Starting { trace: Some(trace), ..starting });
        self
    }

    /// Keeps a name and a value with it, by which it can be found.
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.starting = self.starting.map(|mut starting| {
            starting.labels.insert(name.to_owned(), value.to_owned());
            starting
        });
        self
    }
}

impl IntoFuture for RunCall {
    type Output = Result<Instance, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let starting = self.starting.map_err(Error::Invalid)?;
            let outcome = self.orchestrations.start(starting).await?;
            Ok(Instance::new(self.orchestrations, outcome))
        })
    }
}

/// An instance of an orchestration, wherever it runs.
#[derive(Debug)]
pub struct Instance {
    orchestrations: Orchestrations,
    outcome: Outcome,
    id: SessionId,
}

impl Instance {
    pub(crate) fn new(orchestrations: Orchestrations, outcome: Outcome) -> Self {
        let id = outcome.started.id.clone();
        Self { orchestrations, outcome, id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Whether it was there before it was to be started.
    #[must_use]
    pub const fn was_there(&self) -> bool {
        self.outcome.started.was_there
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Cancelled`], [`Error::Deleted`], and when the store does not answer.
    pub async fn result<O: DeserializeOwned>(self) -> Result<O, Error> {
        match self.orchestrations.ended(self.outcome).await? {
            Ended::Completed(output) => decode("the orchestration's output", &output).map_err(Error::Failed),
            Ended::Failed(failure) => Err(Error::Failed(Failure::from_inner(failure))),
            Ended::Cancelled(reason) => Err(Error::Cancelled { reason }),
            Ended::Deleted => Err(Error::Deleted),
        }
    }

    /// How it stands, as its code said last.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it was deleted, and when the store does not answer.
    pub async fn status(&self) -> Result<Status, Error> {
        Ok(self.orchestrations.status(&self.outcome).await?)
    }

    /// Waits until its code said something else than it had after so many changes, or it has ended. It may have changed
    /// more than once since: [`Status::changes`] tells, and is what to ask with next.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it was deleted, and when the store does not answer.
    pub async fn status_after(&self, changes: u64) -> Result<Status, Error> {
        Ok(self.orchestrations.status_after(&self.outcome, changes).await?)
    }

    /// Sends it a signal. It is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Ended`] when it has ended, and when the store does not answer.
    pub async fn signal(&self, name: &str, data: &impl Serialize) -> Result<(), Error> {
        let name = signal_name(name).map_err(Error::Invalid)?;
        let data = encode("a signal", data).map_err(Error::Invalid)?;
        let signal = Signal { name, data };
        Ok(self.orchestrations.signal(Namespace::default_name(), self.id.clone(), signal).await?)
    }

    /// Wishes it to end. What it waits for is interrupted, and it may tidy up for a while.
    ///
    /// # Errors
    /// [`Error::Ended`] when it has ended, and when the store does not answer.
    pub async fn cancel(&self, reason: &str) -> Result<(), Error> {
        let target = (Namespace::default_name(), self.id.clone());
        Ok(self.orchestrations.cancel(target, reason.to_owned(), None).await?)
    }
}

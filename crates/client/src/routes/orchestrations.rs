//! Code that survives: started, signalled, looked at.

use tenure_api::requests::{Send, StartOrchestration};
use tenure_api::{Accepted, History, OrchestrationOutcome, ShownSession, Started};

use crate::call::{Call, Method};
use crate::{Client, ClientError};

fn orchestration(method: Method, name: &str, rest: &[&str]) -> Call {
    let path: Vec<_> = ["v1", "orchestrations", name].into_iter().chain(rest.iter().copied()).collect();
    Call::new(method, &path)
}

impl Client {
    /// Starts an orchestration; a worker that has its code runs it.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn start_orchestration(&self, wish: &StartOrchestration) -> Result<Started, ClientError> {
        self.ask(Call::new(Method::Post, &["v1", "orchestrations"]).json(wish)).await
    }

    /// An instance, and what it waits for.
    ///
    /// # Errors
    /// As [`Client::start_orchestration`].
    pub async fn orchestration(&self, name: &str) -> Result<ShownSession, ClientError> {
        self.ask(orchestration(Method::Get, name, &[])).await
    }

    /// Sends a signal to an instance.
    ///
    /// # Errors
    /// As [`Client::start_orchestration`].
    pub async fn signal(&self, name: &str, signal: &Send) -> Result<Accepted, ClientError> {
        self.ask(orchestration(Method::Post, name, &["signals"]).json(signal)).await
    }

    /// One page of an instance's history.
    ///
    /// # Errors
    /// As [`Client::start_orchestration`].
    pub async fn history(&self, name: &str, query: &[(&str, String)]) -> Result<History, ClientError> {
        let call = orchestration(Method::Get, name, &["history"]);
        self.ask(query.iter().fold(call, |call, (name, value)| call.query(name, value))).await
    }

    /// How an instance ended, once it has. `query` says how long to wait, as the API names it.
    ///
    /// # Errors
    /// As [`Client::start_orchestration`].
    pub async fn result(
        &self,
        name: &str,
        query: &[(&str, String)],
    ) -> Result<OrchestrationOutcome, ClientError> {
        let call = orchestration(Method::Get, name, &["result"]);
        self.ask(query.iter().fold(call, |call, (name, value)| call.query(name, value))).await
    }
}

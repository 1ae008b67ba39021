//! Workers, their tasks, and which keys they hold.

use tenure_api::requests::{
    ClaimTasks, CompleteTask, EvictOrDrain, FailTask, HandBackTask, MovePin, RegisterWorker, RenewTasks,
    RenewWorker,
};
use tenure_api::{Accepted, Page, Pin, PinMoved, Registration, Renewed, TaskAnswer, Tasks, Worker};

use crate::call::{Call, Method};
use crate::{Client, ClientError};

fn worker(method: Method, id: &str, rest: &[&str]) -> Call {
    let path: Vec<_> = ["v1", "workers", id].into_iter().chain(rest.iter().copied()).collect();
    Call::new(method, &path)
}

impl Client {
    /// Every worker.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn workers(&self) -> Result<Page<Worker>, ClientError> {
        self.ask(Call::new(Method::Get, &["v1", "workers"])).await
    }

    /// Registers a worker: its registration names it from then on.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn register_worker(&self, wish: &RegisterWorker) -> Result<Registration, ClientError> {
        self.ask(Call::new(Method::Post, &["v1", "workers"]).json(wish)).await
    }

    /// Says that a worker is there.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn renew_worker(&self, registration: &str, wish: &RenewWorker) -> Result<Renewed, ClientError> {
        self.ask(worker(Method::Post, registration, &["renew"]).json(wish).as_often_as_needed()).await
    }

    /// Says that a worker goes: its keys and tasks are free at once.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn retire_worker(&self, registration: &str) -> Result<Accepted, ClientError> {
        self.ask(worker(Method::Delete, registration, &[])).await
    }

    /// Drains or evicts a worker.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn dismiss_worker(&self, id: &str, wish: &EvictOrDrain) -> Result<Worker, ClientError> {
        self.ask(worker(Method::Post, id, &["dismiss"]).json(wish)).await
    }

    /// Takes tasks, waiting for them if asked to.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn claim_tasks(&self, registration: &str, wish: &ClaimTasks) -> Result<Tasks, ClientError> {
        self.ask(worker(Method::Post, registration, &["tasks", "claim"]).json(wish)).await
    }

    /// Says that a task is being worked at.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn renew_task(
        &self,
        (registration, task): (&str, &str),
        wish: &RenewTasks,
    ) -> Result<TaskAnswer, ClientError> {
        let call = worker(Method::Post, registration, &["tasks", task, "heartbeat"]);
        self.ask(call.json(wish).as_often_as_needed()).await
    }

    /// Ends a task well.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn complete_task(
        &self,
        (registration, task): (&str, &str),
        wish: &CompleteTask,
    ) -> Result<TaskAnswer, ClientError> {
        self.ask(worker(Method::Post, registration, &["tasks", task, "complete"]).json(wish)).await
    }

    /// Ends an attempt at a task badly.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn fail_task(
        &self,
        (registration, task): (&str, &str),
        wish: &FailTask,
    ) -> Result<TaskAnswer, ClientError> {
        self.ask(worker(Method::Post, registration, &["tasks", task, "fail"]).json(wish)).await
    }

    /// Gives a task back, for others.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn hand_back_task(
        &self,
        (registration, task): (&str, &str),
        wish: &HandBackTask,
    ) -> Result<TaskAnswer, ClientError> {
        self.ask(worker(Method::Post, registration, &["tasks", task, "hand-back"]).json(wish)).await
    }

    /// One page of the keys that workers hold.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn pins(&self, query: &[(&str, String)]) -> Result<Page<Pin>, ClientError> {
        let call = Call::new(Method::Get, &["v1", "pins"]);
        self.ask(query.iter().fold(call, |call, (name, value)| call.query(name, value))).await
    }

    /// Moves a key to another worker, or lets it go.
    ///
    /// # Errors
    /// As [`Client::workers`].
    pub async fn move_pin(&self, key: &str, wish: &MovePin) -> Result<PinMoved, ClientError> {
        self.ask(Call::new(Method::Post, &["v1", "pins", key, "move"]).json(wish)).await
    }
}

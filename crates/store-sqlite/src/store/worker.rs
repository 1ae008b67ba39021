//! The role that keeps workers.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_store::{
    RegisterOutcome, RegisterRequest, StoreError, Worker, WorkerHandle, WorkerRenewal, WorkerStore,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::place::Place;
use crate::request::{Register, Request};
use crate::row::{WorkerRow, unsigned};
use crate::sql;

#[async_trait]
impl WorkerStore for SqliteStore {
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError> {
        // From now on a lock file says that this process is there.
        let is_told = self.shared.listen()?;
        let register = Register { request, is_told };
        self.ask(register, |asked| Request::Register(Box::new(asked))).await
    }

    async fn renew_worker(&self, worker: WorkerHandle) -> Result<WorkerRenewal, StoreError> {
        self.ask(worker, Request::RenewWorker).await
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        while self.ask(worker, Request::Retire).await? {}
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        let place = self.shared.place.clone();
        self.read_much("list the workers", move |conn| workers(conn, &place)).await
    }
}

fn workers(conn: &Connection, place: &Place) -> Result<Vec<Worker>, WorkError> {
    let counts =
        sql::all(conn, sql::INSTANCE_COUNT, [], |row| Ok((row.get::<_, i64>(0)?, unsigned(row.get(1)?)?)))?;
    let counts: HashMap<_, _> = counts.into_iter().collect();
    let known = sql::all(conn, sql::WORKER_LIST, [], WorkerRow::of)?;
    let listed = known.into_iter().filter(|known| !known.is_leaving).map(|known| Worker {
        worker: WorkerHandle(known.worker),
        is_gone: known.is_gone(place),
        instances: counts.get(&known.worker).copied().unwrap_or(0),
        lease: known.lease,
    });
    Ok(listed.collect())
}

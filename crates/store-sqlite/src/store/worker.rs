//! The role that keeps workers.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_store::{
    Dismiss, DismissOutcome, Dismissal, RegisterOutcome, RegisterRequest, RenewWorker, StoreError, Worker,
    WorkerHandle, WorkerRenewal, WorkerStore,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::place::Place;
use crate::request::{Register, Request, Tasking};
use crate::row::{WorkerRow, unsigned};
use crate::sql;

#[async_trait]
impl WorkerStore for SqliteStore {
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError> {
        // From now on a lock file says that this process is there.
        let is_told = self.shared.listen()?;
        self.shared.open_door();
        let register = Register { request, is_told };
        let outcome = self.ask(register, |asked| Request::Register(Box::new(asked))).await?;
        self.shared.nudge_crew();
        Ok(outcome)
    }

    async fn renew_worker(&self, renewal: RenewWorker) -> Result<WorkerRenewal, StoreError> {
        self.ask(renewal, Request::RenewWorker).await
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        while self.ask(worker, Request::Retire).await? {}
        Ok(())
    }

    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        let how = request.how;
        let outcome = self.ask_tasking(request, Tasking::Dismiss).await?;
        if how == Dismissal::Evict {
            while self.ask_tasking((), Tasking::Sweep).await? {}
        }
        Ok(outcome)
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        let place = self.shared.place.clone();
        self.read_much("list the workers", move |conn| workers(conn, &place)).await
    }
}

fn workers(conn: &Connection, place: &Place) -> Result<Vec<Worker>, WorkError> {
    let (instances, tasks) = (counts(conn, sql::INSTANCE_COUNT)?, counts(conn, sql::WORKER_TASKS)?);
    let pins = counts(conn, sql::PIN_COUNT)?;
    let of = |counts: &HashMap<i64, u64>, number: i64| counts.get(&number).copied().unwrap_or(0);
    let known = sql::all(conn, sql::WORKER_KNOWN, [], WorkerRow::of)?;
    let listed = known.into_iter().map(|known| {
        let is_gone = known.is_gone(place);
        let worker = known.worker;
        let counts = (of(&instances, worker), of(&pins, known.wid), of(&tasks, worker));
        known.listed(is_gone, counts)
    });
    Ok(listed.collect())
}

fn counts(conn: &Connection, statement: &str) -> Result<HashMap<i64, u64>, WorkError> {
    let counts = sql::all(conn, statement, [], |row| Ok((row.get(0)?, unsigned(row.get(1)?)?)))?;
    Ok(counts.into_iter().collect())
}

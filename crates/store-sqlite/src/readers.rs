//! Connections for reading: each read sees everything that was acknowledged before it began.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tenure_store::StoreError;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::connection::{self, Role};
use crate::error::WorkError;
use crate::place::Place;

/// Idle connections for reading.
#[derive(Debug)]
pub(crate) struct Readers {
    place: Place,
    /// `None` once the store is closed.
    idle: Mutex<Option<Vec<Connection>>>,
    idle_max: usize,
    /// Long reads at the same time: more of them than connections are kept would open one each.
    room: Semaphore,
}

impl Readers {
    /// Readers of a database, the first of which is open already.
    pub(crate) fn new(place: Place, first: Connection, idle_max: usize) -> Self {
        Self { place, idle: Mutex::new(Some(vec![first])), idle_max, room: Semaphore::new(idle_max.max(1)) }
    }

    /// Waits until a long read may begin. It ends when the answer is dropped.
    pub(crate) async fn room(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        self.room.acquire().await.map_err(|_closed| StoreError::Closed)
    }

    /// Reads one state of the database: nothing that is written meanwhile is seen.
    ///
    /// Short reads are made where they are asked for, because handing a few microseconds of work to another
    /// thread costs more than the work.
    pub(crate) fn read<T>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        let conn = match self.idle().as_mut().ok_or(StoreError::Closed)?.pop() {
            Some(conn) => conn,
            None => {
                connection::open(&self.place, Role::Reader).map_err(|why| WorkError::from(why).told(what))?
            }
        };
        let answer = snapshot(&conn, read).map_err(|why| why.told(what))?;
        // Only a connection that just worked is used again.
        if let Some(idle) = self.idle().as_mut().filter(|idle| idle.len() < self.idle_max) {
            idle.push(conn);
        }
        Ok(answer)
    }

    /// Refuses every read from now on. One that is under way is finished.
    pub(crate) fn close(&self) {
        let idle = self.idle().take();
        drop(idle);
        self.room.close();
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn snapshot<T>(
    conn: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, WorkError>,
) -> Result<T, WorkError> {
    conn.prepare_cached("BEGIN")?.execute([])?;
    let answer = read(conn)?;
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(answer)
}

//! Connections for reading: each read sees everything that was acknowledged before it began.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use tenure_store::StoreError;

use crate::connection::{self, Role};
use crate::error::WorkError;
use crate::place::Place;

/// Idle connections for reading.
#[derive(Debug)]
pub(crate) struct Readers {
    place: Place,
    idle: Mutex<Vec<Connection>>,
    idle_max: usize,
}

impl Readers {
    /// Readers of a database, the first of which is open already.
    pub(crate) fn new(place: Place, first: Connection, idle_max: usize) -> Self {
        Self { place, idle: Mutex::new(vec![first]), idle_max }
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
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => {
                connection::open(&self.place, Role::Reader).map_err(|why| WorkError::from(why).told(what))?
            }
        };
        let answer = snapshot(&conn, read).map_err(|why| why.told(what))?;
        // Only a connection that just worked is used again.
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.idle_max {
            idle.push(conn);
        }
        Ok(answer)
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

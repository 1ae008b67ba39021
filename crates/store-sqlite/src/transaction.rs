//! One transaction: the write lock from its beginning, all or nothing.

use rusqlite::Connection;

use crate::troubles::Troubles;

/// A transaction that has begun. Dropped without a commit, also by a panic, it rolls back.
#[derive(Debug)]
pub(crate) struct Begun<'c> {
    conn: &'c Connection,
    troubles: &'c Troubles,
}

impl<'c> Begun<'c> {
    /// Takes the write lock.
    pub(crate) fn immediate(conn: &'c Connection, troubles: &'c Troubles) -> Result<Self, rusqlite::Error> {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self { conn, troubles })
    }

    /// Keeps everything that was written. After an error it is unknown whether it was kept.
    pub(crate) fn commit(self) -> Result<(), rusqlite::Error> {
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Begun<'_> {
    /// SQLite ends some failed transactions by itself; a rollback that fails is for the doctor to report.
    fn drop(&mut self) {
        if self.conn.is_autocommit() {
            return;
        }
        if let Err(why) = self.conn.execute_batch("ROLLBACK") {
            self.troubles.note("roll back a transaction", &why);
        }
    }
}

/// Runs `body` in a transaction: commits when it succeeds, rolls back on its error or panic and passes that on.
pub(crate) fn transaction<T, E: From<rusqlite::Error>>(
    conn: &Connection,
    troubles: &Troubles,
    body: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let begun = Begun::immediate(conn, troubles)?;
    let value = body(conn)?;
    begun.commit()?;
    Ok(value)
}

#[cfg(test)]
mod tests;

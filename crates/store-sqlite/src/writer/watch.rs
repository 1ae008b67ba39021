//! Who is to be rung for what: the rows of processes that watch.

use rusqlite::Connection;
use tenure_core::id::Incarnation;
use tenure_store::Handle;

use super::work::Work;
use crate::error::WorkError;
use crate::request::Chore;
use crate::ring::is_alive;
use crate::row::ProcessRow;
use crate::sql;
use crate::watches::{ALL, is_session};

/// A process to be rung, and for which sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Concerned {
    pub(super) process: ProcessRow,
    pub(super) changed: Vec<Handle>,
}

impl Work<'_> {
    /// Lets other processes ring this one for a session.
    pub(super) fn watch(&self, handle: Handle) -> Result<(), WorkError> {
        let me = self.place.incarnation;
        let process = match find(self.conn, me)? {
            Some(process) => process,
            None => {
                sql::write(self.conn, sql::PROCESS_INSERT, (me.0, std::process::id()))?;
                self.conn.last_insert_rowid()
            }
        };
        sql::write(self.conn, sql::WATCH_INSERT, (handle.0, process)).map(drop)
    }

    pub(super) fn chore(&self, chore: Chore) -> Result<(), WorkError> {
        let me = self.place.incarnation;
        match chore {
            Chore::Unwatch(handle) => match find(self.conn, me)? {
                Some(process) => sql::write(self.conn, sql::WATCH_DELETE, (handle.0, process)).map(drop),
                None => Ok(()),
            },
            Chore::Leave => match find(self.conn, me)? {
                Some(process) => delete(self.conn, process, me),
                None => Ok(()),
            },
            Chore::Bury { process, token } => delete(self.conn, process, token),
        }
    }

    /// The other processes that watch what was written.
    pub(super) fn concerned(&mut self) -> Result<Vec<Concerned>, WorkError> {
        self.changed.sort_unstable();
        self.changed.dedup();
        let mut changed = [&self.changed[..], &self.appended[..]].concat();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        changed.sort_unstable();
        changed.dedup();
        let others = self.others()?;
        let mut concerned: Vec<_> =
            others.iter().map(|process| Concerned { process: *process, changed: Vec::new() }).collect();
        if concerned.is_empty() {
            return Ok(concerned);
        }
        let watching = |handle: Handle| {
            sql::all(self.conn, sql::WATCH_FIND, [handle.0], |row| Ok(row.get::<_, i64>(0)?))
        };
        let of_all = watching(ALL)?;
        for handle in &changed {
            let (all, watching) = (is_session(handle), watching(*handle)?);
            let is_rung = |other: i64| watching.contains(&other) || (all && of_all.contains(&other));
            let rung = concerned.iter_mut().filter(|other| is_rung(other.process.process));
            rung.for_each(|other| other.changed.push(*handle));
        }
        concerned.retain(|other| !other.changed.is_empty());
        Ok(concerned)
    }

    /// The other processes that watch anything. One that is seen for the first time, and is gone, is removed.
    fn others(&mut self) -> Result<&[ProcessRow], WorkError> {
        if self.memory.others.is_none() {
            let listed = sql::all(self.conn, sql::PROCESS_LIST, [], ProcessRow::of)?;
            let (there, gone): (Vec<_>, Vec<_>) = listed
                .into_iter()
                .filter(|process| process.token != self.place.incarnation)
                .partition(|process| {
                    self.memory.met.contains(&process.process) || is_alive(self.place, process.token)
                });
            for ProcessRow { process, token, .. } in gone {
                delete(self.conn, process, token)?;
                self.gone.push(token);
            }
            self.memory.met = there.iter().map(|process| process.process).collect();
            self.memory.others = Some(there);
        }
        Ok(self.memory.others.as_deref().unwrap_or_default())
    }
}

fn find(conn: &Connection, token: Incarnation) -> Result<Option<i64>, WorkError> {
    sql::one(conn, sql::PROCESS_FIND, [token.0], |row| Ok(row.get(0)?))
}

/// Removes a process and what it watched.
fn delete(conn: &Connection, process: i64, token: Incarnation) -> Result<(), WorkError> {
    if sql::write(conn, sql::PROCESS_DELETE, (process, token.0))? > 0 {
        sql::write(conn, sql::WATCH_DELETE_ALL, [process])?;
    }
    Ok(())
}

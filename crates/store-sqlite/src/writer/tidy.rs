//! What the writer does when nobody asks: one bounded step at a time.

use std::sync::{Arc, TryLockError};

use super::fold;
use super::litter::Litter;
use super::memory::Memory;
use super::turn::Writer;
use crate::error::{Code, WorkError, code_of};
use crate::faults::FaultPoint;
use crate::shared::Shared;
use crate::transaction::Begun;
use crate::turnstile::Turn;
use rusqlite::Connection;
use tenure_store::StoreError;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Something, and there may be more.
    Done,
    /// There was nothing to do.
    Tidy,
}

impl Writer {
    /// Tidies up a little, unless somebody else writes just now. Returns whether there may be more to do.
    ///
    /// What others leave to do is done by them too: whoever wrote last looks for it.
    pub(super) fn tidy(&mut self) -> bool {
        if !self.memory.is_untidy || self.conn.is_none() {
            return false;
        }
        let shared = Arc::clone(&self.shared);
        // Who keeps the writer still is about to be stopped.
        let _turn = match shared.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let Some(turnstile) = self.turnstile.take() else {
            return false;
        };
        let done = match turnstile.try_enter() {
            Ok(Some(turn)) => self.tidy_in(turn),
            Ok(None) => Ok(Step::Tidy),
            Err(why) => Err(why.into()),
        };
        self.turnstile = Some(turnstile);
        match done {
            Ok(Step::Done) => true,
            Ok(Step::Tidy) => false,
            Err(why) => {
                self.give_up(&why);
                false
            }
        }
    }

    fn tidy_in(&mut self, turn: Turn<'_>) -> Result<Step, WorkError> {
        let Some(conn) = &self.conn else {
            return Ok(Step::Tidy);
        };
        if is_tidy(conn, &mut self.memory, &self.shared)? {
            self.memory.is_untidy = false;
            return Ok(Step::Tidy);
        }
        if !self.shared.place.is_unmoved() {
            return Ok(Step::Tidy);
        }
        let begun = Begun::immediate(conn, &self.shared.troubles)?;
        step(conn, &mut self.memory, &self.shared)?;
        self.shared.faults.at(FaultPoint::Tidy)?;
        begun.commit()?;
        self.after_writing(turn);
        Ok(Step::Done)
    }

    /// Nothing was kept, or it is not known whether it was; either is well. It is tried again when something
    /// gives a reason to.
    fn give_up(&mut self, why: &WorkError) {
        self.shared.troubles.note("tidy up the log", why);
        self.forget();
        if !matches!(why, WorkError::Sqlite(error) if code_of(error) == Some(Code::Busy)) {
            // After a COMMIT that failed, only a new connection can be trusted.
            self.conn = None;
        }
        self.memory.is_untidy = false;
    }
}

/// Whether there is nothing to do. Looks without taking SQLite's lock.
fn is_tidy(conn: &Connection, memory: &mut Memory, shared: &Shared) -> Result<bool, WorkError> {
    // What is remembered may be older than what others wrote.
    memory.refresh(conn)?;
    if fold::due(conn)?.is_some() {
        return Ok(false);
    }
    let litter = Litter::find(conn)?;
    Ok(!litter.is_due(memory.newest_pos(conn)?, &shared.limits))
}

fn step(conn: &Connection, memory: &mut Memory, shared: &Shared) -> Result<(), WorkError> {
    memory.refresh(conn)?;
    let Some(handle) = fold::due(conn)? else {
        return Litter::find(conn)?.step(conn, memory);
    };
    match fold::fold(conn, memory, handle, &shared.limits) {
        // A log that is damaged stays as it is, and does not keep others from being folded.
        Err(WorkError::Store(why @ StoreError::Corrupt { .. })) => {
            shared.troubles.note("fold a log", &why);
            memory.clear();
            fold::not_due(conn, handle)
        }
        done => done,
    }
}

//! What the writer does when nobody asks: one bounded step at a time.

use std::sync::{Arc, TryLockError};
use std::time::Duration;

use rusqlite::Connection;

use super::fold;
use super::litter::Litter;
use super::memory::Memory;
use super::names;
use super::turn::Writer;
use super::work::Work;
use crate::clock::instant;
use crate::error::{Code, WorkError, code_of};
use crate::faults::FaultPoint;
use crate::shared::Shared;
use crate::transaction::{Begun, transaction};
use crate::turnstile::Turn;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Something, and there may be more.
    Done,
    /// Nothing, though there is something to do: somebody else is at it, or about to be.
    Left,
    /// There was nothing to do.
    Tidy,
}

/// Of the time of a writer that is never idle, one part in so many goes to tidying up.
const SHARE: u32 = 16;

impl Writer {
    /// Whether now is the time to tidy up: nobody waits, nor is likely to in a moment, or it has not been done for
    /// long.
    pub(super) fn has_leisure(&self) -> bool {
        if !self.memory.is_untidy || self.conn.is_none() {
            return false;
        }
        let is_long_ago = self.tidied.is_some_and(|(when, length)| when.elapsed() >= length * SHARE);
        self.shared.queue.rests(if is_long_ago { Duration::ZERO } else { self.shared.limits.rest })
    }

    /// Tidies up a little, unless somebody else writes just now. Returns whether there may be more to do.
    ///
    /// What others leave to do is done by them too: whoever wrote last looks for it.
    pub(super) fn tidy(&mut self) -> bool {
        if !self.memory.is_untidy {
            return false;
        }
        let began = instant();
        let done = self.try_tidy();
        self.tidied = Some((instant(), began.elapsed()));
        match done {
            Ok(Step::Done) => true,
            Ok(Step::Left) => false,
            Ok(Step::Tidy) => {
                self.memory.is_untidy = false;
                false
            }
            Err(why) => {
                self.give_up(&why);
                false
            }
        }
    }

    fn try_tidy(&mut self) -> Result<Step, WorkError> {
        let shared = Arc::clone(&self.shared);
        // Who keeps the writer still is about to be stopped.
        let _turn = match shared.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(Step::Left),
        };
        let Some(conn) = &self.conn else {
            return Ok(Step::Left);
        };
        if is_tidy(conn, &mut self.memory, &shared)? {
            return Ok(Step::Tidy);
        }
        let Some(turnstile) = self.turnstile.take() else {
            return Ok(Step::Left);
        };
        let done = match turnstile.try_enter() {
            Ok(Some(turn)) => self.step(turn),
            Ok(None) => Ok(Step::Left),
            Err(why) => Err(why.into()),
        };
        self.turnstile = Some(turnstile);
        done
    }

    fn step(&mut self, turn: Turn<'_>) -> Result<Step, WorkError> {
        let shared = Arc::clone(&self.shared);
        let Some(conn) = self.conn.as_ref().filter(|_| shared.place.is_unmoved()) else {
            return Ok(Step::Left);
        };
        let begun = Begun::immediate(conn, &shared.troubles)?;
        self.memory.refresh(conn)?;
        match fold::due(conn)? {
            None => match names::due(conn, &mut self.memory, &shared.clock.now())? {
                Some(name) => {
                    let remembered = (conn, &mut self.memory);
                    Work::new(remembered, shared.clock.now(), &shared.place, &shared.limits)
                        .forget_name(&name)?;
                }
                None => Litter::find(conn)?.step(conn, &mut self.memory)?,
            },
            Some(handle) => match fold::fold(conn, &mut self.memory, handle, &shared.limits) {
                Err(why) if why.is_damage() => {
                    drop(begun);
                    shared.troubles.note("fold a log", &why);
                    // It stays as it is, and does not keep others from being folded.
                    self.memory.clear();
                    transaction(conn, &shared.troubles, |conn| fold::not_due(conn, handle))?;
                    return Ok(Step::Done);
                }
                done => done?,
            },
        }
        shared.faults.at(FaultPoint::Tidy)?;
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
    if fold::due(conn)?.is_some() || names::due(conn, memory, &shared.clock.now())?.is_some() {
        return Ok(false);
    }
    let litter = Litter::find(conn)?;
    Ok(!litter.is_due(memory.newest_pos(conn)?, &shared.limits))
}

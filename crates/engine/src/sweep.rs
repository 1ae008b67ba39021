//! Housekeeping that every writing command does a little of.

use std::time::Duration;

use tenure_core::id::SessionId;
use tenure_core::limits;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Session};
use tenure_core::time::{Moment, WallTime};
use tenure_store::{Due, Postpone};

use crate::{Engine, EngineError, Target};

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// The sessions that it expired.
    pub expired: Vec<SessionId>,
    /// The sessions that it could not expire, and why. They stay due.
    pub failed: Vec<(SessionId, EngineError)>,
}

/// How long until a session that is spared because its holder is there is looked at again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

impl Engine {
    /// Expires what has been idle too long or is past its time, at most [`limits::SWEEP_MAX`] sessions of it, and
    /// gives back a part of the room that deleted sessions took.
    ///
    /// One that fails does not stop the others.
    ///
    /// # Errors
    /// When the store cannot be asked what is due.
    pub async fn sweep(&self) -> Result<Swept, EngineError> {
        let mut swept = Swept::default();
        self.store.reclaim().await?;
        let due = self.store.due(limits::SWEEP_MAX).await?;
        if due.is_empty() {
            return Ok(swept);
        }
        let now = self.store.now().await?;
        let mut looks = Vec::new();
        for Due { handle, session } in due {
            match self.apply(&Target::Session(handle), &Command::ExpireIdle).await {
                Ok(_) => swept.expired.push(session.id),
                Err(EngineError::Refused { refusal: Refusal::NotIdle, .. }) => {
                    looks.extend(next_look(&session, &now).map(|until| Postpone { handle, until }));
                }
                Err(error) => swept.failed.push((session.id, error)),
            }
        }
        if !looks.is_empty() {
            self.store.postpone(looks).await?;
        }
        Ok(swept)
    }
}

/// When it may have been idle for long enough. Later than now, or the same session would fill every sweep.
fn next_look(session: &Session, now: &Moment) -> Option<WallTime> {
    let wall = now.wall?;
    let due = session.due_at().filter(|due| *due > wall);
    // Idle for long enough already, so its holder is what keeps it: nothing says when that ends.
    let again = || wall.after(LOOK_AGAIN_AFTER.min(idle_after(session)));
    let over = session.over_at().filter(|over| *over > wall);
    Some(due.unwrap_or_else(|| over.map_or_else(again, |over| over.min(again()))))
}

fn idle_after(session: &Session) -> Duration {
    session.idle.map_or(LOOK_AGAIN_AFTER, |rule| rule.after.max(Duration::from_secs(1)))
}

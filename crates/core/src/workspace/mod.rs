//! Rules of workspaces: who may start, renew, take over and clear them.

mod clear;
mod heartbeat;
mod import;
mod owner;
mod start;
mod takeover;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use clear::Clear;
pub use heartbeat::Heartbeat;
pub use import::{Import, RecordedOwner};
pub use owner::{Autonomous, Owner, OwnerOptions, resolve_owner};
pub use start::{Existing, Start, StartMove, start_move};
pub use takeover::Takeover;

pub(crate) use clear::decide as decide_clear;
pub(crate) use heartbeat::decide as decide_heartbeat;
pub(crate) use import::decide as decide_import;
pub(crate) use start::decide as decide_start;
pub(crate) use takeover::decide as decide_takeover;

use crate::id::{ActorId, SessionId};
use crate::lease::{Holder, Lifecycle, Standing};
use crate::limits;
use crate::refusal::LimitRefusal;
use crate::session::{Change, Context, Current, Session, State, Write};
use crate::time::{Moment, WallTime};

/// What a holder says it is doing: trimmed, not blank, of bounded length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityText(String);

impl ActivityText {
    /// Checks and trims `text`. Blank text says nothing.
    ///
    /// # Errors
    /// [`LimitRefusal::Characters`] when it is too long.
    pub fn parse(text: &str) -> Result<Option<Self>, LimitRefusal> {
        let trimmed = text.trim();
        let length = trimmed.chars().count();
        if length > limits::ACTIVITY_CHARS_MAX {
            let max = limits::ACTIVITY_CHARS_MAX;
            return Err(LimitRefusal::Characters { what: "activity", length, max });
        }
        Ok((!trimmed.is_empty()).then(|| Self(trimmed.to_owned())))
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why somebody takes over, clears or cancels: bounded, not blank.
///
/// # Errors
/// [`LimitRefusal`] when it is blank or too long.
pub fn parse_reason(text: &str) -> Result<String, LimitRefusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(LimitRefusal::BlankReason);
    }
    if trimmed.len() > limits::REASON_BYTES_MAX {
        let (length, max) = (trimmed.len(), limits::REASON_BYTES_MAX);
        return Err(LimitRefusal::Bytes { what: "reason", length, max });
    }
    Ok(trimmed.to_owned())
}

/// Whole minutes from `started` to `now`; zero if it is not over yet.
#[must_use]
pub fn session_minutes(started: WallTime, now: WallTime) -> u64 {
    now.since(started).as_secs() / Duration::from_secs(60).as_secs()
}

/// The lifecycle of an open workspace session. One without a holder counts as interactive.
#[must_use]
pub fn lifecycle(session: &Session) -> Lifecycle {
    session.lease.as_ref().map_or(Lifecycle::Interactive, |lease| lease.holder.kind.lifecycle())
}

/// The id of the session that is current: open, with an id of its own, and not stale.
///
/// Without a usable clock nothing is known to be current.
#[must_use]
pub fn current_id<'a>(current: &'a Current, now: &Moment) -> Option<&'a SessionId> {
    let session = current.open()?;
    (session.standing(now) == Ok(Standing::Live)).then_some(&session.id)
}

fn owner_of(session: &Session) -> Option<&ActorId> {
    session.lease.as_ref().map(|lease| &lease.holder.id)
}

fn supervisor_of(session: &Session) -> Option<&ActorId> {
    session.lease.as_ref().and_then(|lease| lease.holder.supervisor.as_ref())
}

/// Ends `session` because `successor` takes its place.
fn ended_by(session: Session, successor: &SessionId, at: WallTime, reason: &str) -> Write {
    let to = State::Expired { at, reason: reason.to_owned() };
    Write::of(session)
        .then(Change::Moved { to, reason: reason.to_owned(), by: None })
        .then(Change::Released)
        .then(Change::Succeeded(successor.clone()))
}

/// The wall clock where it works, else the last time that is known of the session.
fn wall_or_last_known(context: &Context, session: &Session) -> WallTime {
    context.now.wall.unwrap_or(session.last_activity_at)
}

fn is_held_by(holder: &Holder, actor: &ActorId) -> bool {
    holder.id == *actor
}

//! What must not be removed, and who may say so.

use super::{Change, Context, Current, Decision, Session, Write};
use crate::id::ActorId;
use crate::refusal::{Existing, Refusal};
use crate::time::WallTime;
use crate::workspace;

/// Somebody wants everything of a session kept, whatever policies say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// Why.
    pub reason: String,
    /// Who said so, if known.
    pub by: Option<ActorId>,
    /// When.
    pub at: WallTime,
}

/// Why something of a session is not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needed {
    /// It is open.
    Open,
    /// Somebody wants it kept.
    Retained,
    /// It is on its way to another store, and has not arrived.
    OnItsWay,
}

impl Session {
    /// Why it must not be removed as a whole; `None` if it may be.
    #[must_use]
    pub fn needed(&self) -> Option<Needed> {
        match self.needed_parts() {
            None if !self.is_terminal() => Some(Needed::Open),
            needed => needed,
        }
    }

    /// Why no part of it must be removed; `None` if parts may be.
    #[must_use]
    pub fn needed_parts(&self) -> Option<Needed> {
        if self.retained.is_some() {
            return Some(Needed::Retained);
        }
        self.handover.as_ref().filter(|handover| !handover.has_arrived).map(|_| Needed::OnItsWay)
    }

    /// Whether its log takes nothing more but what becomes of its record.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_terminal() || self.handover.is_some()
    }
}

/// Keeps everything of the session from now on. Again, it says why anew.
pub(super) fn retain(
    current: &Current,
    reason: &str,
    by: Option<&ActorId>,
    context: &Context,
) -> Result<Decision, Refusal> {
    let reason = workspace::parse_reason(reason)?;
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    if session.retained.as_ref().is_some_and(|retained| retained.reason == reason) {
        return Ok(Decision::new(Vec::new(), current.counters, None));
    }
    let retained = Retained { reason, by: by.cloned(), at: context.now.wall()? };
    Ok(written(current, session, Change::Retained(retained)))
}

/// Leaves it to policies again.
pub(super) fn let_go(current: &Current, by: Option<&ActorId>) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    if session.retained.is_none() {
        return Err(Refusal::NotRetained(Box::new(Existing::of(session))));
    }
    Ok(written(current, session, Change::RetentionEnded { by: by.cloned() }))
}

fn written(current: &Current, session: &Session, change: Change) -> Decision {
    Decision::new(vec![Write::of(session.clone()).then(change)], current.counters.revised(), None)
}

//! When a session's time is over, and the sweep that ends it then.

use std::time::Duration;

use super::decide::ended_by_operator;
use super::{Change, Context, Current, Decision, Judged, Session, State, StateName, Write};
use crate::kind::IdleRule;
use crate::lease::Standing;
use crate::refusal::Refusal;
use crate::time::WallTime;

impl Session {
    /// When a sweep should look at it next; `None` when nothing makes it expire.
    #[must_use]
    pub fn due_at(&self) -> Option<WallTime> {
        if self.handover.is_some() {
            return None;
        }
        [self.idle_at(), self.unstarted_at(), self.over_at()].into_iter().flatten().min()
    }

    /// When it has been without activity for too long, unless something happens.
    ///
    /// A rule that spares who is silent spares who was shut down as well: that is no sign of neglect.
    #[must_use]
    pub fn idle_at(&self) -> Option<WallTime> {
        let is_judged = |rule: &IdleRule| match self.state.name() {
            StateName::Active => true,
            StateName::Paused => !(rule.spares_held && self.is_shut_down()),
            StateName::Pending
            | StateName::Completed
            | StateName::Failed
            | StateName::Cancelled
            | StateName::Expired => false,
        };
        let rule = self.idle.filter(is_judged)?;
        Some(later_than(self.last_activity_at, rule.after))
    }

    /// When it has been pending for too long, unless it is started.
    #[must_use]
    pub fn unstarted_at(&self) -> Option<WallTime> {
        let length = self.pending_timeout.filter(|_| self.state.name() == StateName::Pending)?;
        Some(later_than(self.created_at, length))
    }

    /// When it is over in any case.
    #[must_use]
    pub fn over_at(&self) -> Option<WallTime> {
        self.expires_at.filter(|_| !self.is_terminal())
    }
}

/// Strictly later than the rule's length: an age of exactly that length does not expire.
fn later_than(since: WallTime, length: Duration) -> WallTime {
    since.after(length).after(Duration::from_millis(1))
}

/// Ends the session if its time is over.
pub(super) fn expire(current: &Current, context: &Context) -> Result<Decision, Refusal> {
    let now = context.now.wall()?;
    let session = current.open().ok_or(Refusal::NotIdle)?;
    // The revision guards what these two rely on: no clock but this one, and nothing that is not written.
    if session.over_at().is_some_and(|at| at <= now) {
        return Ok(expired(current, session, (now, "session expired"), None));
    }
    if session.unstarted_at().is_some_and(|at| at <= now) {
        return Ok(expired(current, session, (now, "session not started in time"), None));
    }
    let rule = session.idle.ok_or(Refusal::NotIdle)?;
    if session.idle_at().is_none() || now.since(session.last_activity_at) <= rule.after {
        return Err(Refusal::NotIdle);
    }
    let standing = if rule.spares_held { Some(session.standing(&context.now)?) } else { None };
    if standing == Some(Standing::Live) {
        return Err(Refusal::NotIdle);
    }
    let judged = Judged::Idle { since: session.last_activity_at, standing };
    Ok(expired(current, session, (now, "session timeout"), Some(judged)))
}

fn expired(
    current: &Current,
    session: &Session,
    (at, reason): (WallTime, &str),
    judged: Option<Judged>,
) -> Decision {
    let to = State::Expired { at, reason: reason.to_owned() };
    let moved = Change::Moved { to, reason: reason.to_owned(), by: None };
    ended_by_operator(current.counters, Write::of(session.clone()).then(moved), judged)
}

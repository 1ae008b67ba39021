//! Who may save a session.

use crate::id::{Fence, Incarnation};
use crate::lease::Standing;
use crate::session::Session;
use crate::time::Moment;

/// Whether a session may be saved now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permit {
    /// It may.
    Granted,
    /// The given fence is not its lease's.
    Fenced,
    /// Somebody holds it, and only the holder may.
    Held,
    /// It has ended, or was handed over.
    Ended,
}

/// Whether `session` may be saved at `now` by who holds it under `fence`, or by an operator without one.
///
/// An owner that is late may, as long as nobody else got the lease. An operator may when nobody holds the
/// session: without a lease, after its time, or with a holder that is proven to be `gone`. A clock that cannot
/// tell speaks for the holder.
#[must_use]
pub fn permit(session: &Session, fence: Option<Fence>, gone: Option<Incarnation>, now: &Moment) -> Permit {
    if session.is_closed() {
        return Permit::Ended;
    }
    match (&session.lease, fence) {
        (None, None) => Permit::Granted,
        (Some(lease), Some(fence)) if lease.fence == fence => Permit::Granted,
        (None | Some(_), Some(_)) => Permit::Fenced,
        (Some(lease), None) if gone == Some(lease.incarnation) => Permit::Granted,
        (Some(_), None) => match session.standing(now) {
            Ok(Standing::Over) => Permit::Granted,
            Ok(Standing::Live) | Err(_) => Permit::Held,
        },
    }
}

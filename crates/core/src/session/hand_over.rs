//! Handing a session over to another store.
//!
//! Here it is let go before it can be held there.

use super::{Change, Context, Current, Decision, Session, State, Write};
use crate::id::{ActorId, Fence, HandoverId};
use crate::refusal::{HandedOver, Refusal};
use crate::time::WallTime;

/// A session that belongs to another store from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Names it, on both sides.
    pub id: HandoverId,
    /// The store that it goes to, as its file is called.
    pub to: String,
    /// Who wished it, if known.
    pub by: Option<ActorId>,
    /// When.
    pub at: WallTime,
    /// The fence that was raised for it: no owner had it, and the other store goes on from it.
    pub fence: Fence,
    /// Whether the other store is known to have it.
    pub has_arrived: bool,
}

/// Lets a session go, for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// Names it. The same again changes nothing.
    pub id: HandoverId,
    /// The store that it goes to.
    pub to: String,
    /// Who wishes it.
    pub by: Option<ActorId>,
}

/// Nothing else is done to what was handed over.
///
/// # Errors
/// [`Refusal::HandedOver`], if it was.
pub fn refuse_if_handed_over(session: &Session) -> Result<(), Refusal> {
    match &session.handover {
        None => Ok(()),
        Some(handover) => Err(Refusal::HandedOver(Box::new(HandedOver::of(session, handover)))),
    }
}

/// From now on nobody holds it here, and every write of its owner is refused.
pub(super) fn hand_over(current: &Current, wish: &HandOver, context: &Context) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    if let Some(handover) = &session.handover {
        if handover.id == wish.id {
            return Ok(Decision::new(Vec::new(), current.counters, None));
        }
        refuse_if_handed_over(session)?;
    }
    let counters = current.counters.raised();
    let handover = Handover {
        id: wish.id,
        to: wish.to.clone(),
        by: wish.by.clone(),
        at: context.now.wall()?,
        fence: counters.fence,
        has_arrived: false,
    };
    let write = Write::of(session.clone());
    let write = if session.lease.is_some() { write.then(Change::Released) } else { write };
    Ok(Decision::new(vec![write.then(Change::HandedOver(handover))], counters, None))
}

/// The other store has it: what is left here is a record that says where it is.
pub(super) fn arrived(current: &Current, id: HandoverId, context: &Context) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    let Some(handover) = session.handover.as_ref().filter(|handover| handover.id == id) else {
        refuse_if_handed_over(session)?;
        return Err(Refusal::NotFound);
    };
    if handover.has_arrived {
        return Ok(Decision::new(Vec::new(), current.counters, None));
    }
    let write = Write::of(session.clone());
    let write = if session.is_terminal() {
        write
    } else {
        let reason = format!("handed over to {}", handover.to);
        let to = State::Expired { at: context.now.wall()?, reason: reason.clone() };
        write.then(Change::Moved { to, reason, by: handover.by.clone() })
    };
    Ok(Decision::new(vec![write.then(Change::Arrived)], current.counters.revised(), None))
}

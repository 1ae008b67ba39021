//! Handing a session over from one store to another.
//!
//! Nearly all of its log is brought over first, unseen, while its owner goes on. Then one commit lets it go here, the
//! rest follows, and one transaction shows it there. Between these two nobody can hold it anywhere; whoever is
//! stopped there leaves a mark that says where it is to go, and the next one goes on from it.

use std::collections::HashSet;

use tenure_core::id::{ActorId, CheckpointId, HandoverId};
use tenure_core::limits;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, HandOver, Session, refuse_if_handed_over};
use tenure_store::{ArriveRequest, Handle, Origin, Slot};

use crate::arrival::{Admission, Arrival, ArrivalError};
use crate::export::Export;
use crate::{Engine, EngineError, Target};

/// Who wishes which session elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The session.
    pub handle: Handle,
    /// What the other store is called.
    pub to: String,
    /// Who wishes it.
    pub by: Option<ActorId>,
}

/// A session that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departed {
    /// What is left of it here.
    pub session: Session,
    /// Whether it had arrived before this was asked.
    pub was_there: bool,
}

/// What one attempt came to.
enum Attempt {
    Done(Box<Departed>),
    /// Somebody else is at it, or dropped a part of the log meanwhile.
    Again(EngineError),
}

impl Engine {
    /// Hands a session over to the store of `to`. Asked again, it finishes what was begun. `tell` hears how many
    /// events were brought, and of how many.
    ///
    /// # Errors
    /// [`Refusal::HandedOver`] when it goes elsewhere; [`ArrivalError`] when the other store does not take it; or when
    /// a store fails. What was begun stays begun, and is finished by asking again.
    pub async fn hand_over(
        &self,
        departure: &Departure,
        to: &Self,
        tell: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Departed, EngineError> {
        let mut attempts = 1;
        loop {
            match self.try_to_hand_over(departure, to, tell).await? {
                Attempt::Done(departed) => return Ok(*departed),
                Attempt::Again(why) if attempts == limits::DECIDE_ATTEMPTS_MAX => return Err(why),
                Attempt::Again(_) => attempts += 1,
            }
        }
    }

    async fn try_to_hand_over(
        &self,
        departure: &Departure,
        to: &Self,
        tell: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Attempt, EngineError> {
        let mut export = self.leaving(departure.handle).await?;
        let id = self.id_of(&export.session, departure)?;
        if export.session.handover.as_ref().is_some_and(|handover| handover.has_arrived) {
            return Ok(done(export.session, true));
        }
        let mut arrival = match to.arrive(coming(&export)).await {
            // It is there: what is missing is that this side knows.
            Err(EngineError::Arrival(ArrivalError::IdTaken { origin: Some(of) })) if of == origin(id) => {
                return self.note_arrival(departure.handle, id, true).await;
            }
            arrival => arrival?,
        };
        let brought = self.bring_over(departure, (id, &mut export), &mut arrival, tell).await;
        match brought {
            Ok(()) => self.note_arrival(departure.handle, id, false).await,
            Err(why) => {
                arrival.give_up().await;
                if is_to_be_tried_again(&why) { Ok(Attempt::Again(why)) } else { Err(why) }
            }
        }
    }

    async fn bring_over(
        &self,
        departure: &Departure,
        (id, export): (HandoverId, &mut Export),
        arrival: &mut Arrival,
        tell: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), EngineError> {
        bring(export, arrival, tell).await?;
        let mut saved = HashSet::new();
        bring_checkpoints(export, arrival, &mut saved).await?;
        let wish = HandOver { id, to: departure.to.clone(), by: departure.by.clone() };
        self.apply(&Target::Session(departure.handle), &Command::HandOver(Box::new(wish))).await?;
        // From here on nothing changes any more.
        let mut rest = self.leaving(departure.handle).await?;
        rest.skip_to(crate::tail::before(arrival.next()));
        bring(&mut rest, arrival, tell).await?;
        bring_checkpoints(&rest, arrival, &mut saved).await?;
        let session = Session { handover: None, ..rest.session };
        let admission = Admission { session, slot: rest.slot, origin: origin(id) };
        match arrival.admit(admission).await {
            // Another one was faster with the same hand-over.
            Err(EngineError::Arrival(ArrivalError::IdTaken { origin: Some(of) })) if of == origin(id) => {
                Ok(())
            }
            admitted => admitted.map(drop),
        }
    }

    /// The hand-over that is under way, or a new one.
    fn id_of(&self, session: &Session, departure: &Departure) -> Result<HandoverId, EngineError> {
        match &session.handover {
            Some(handover) if handover.to == departure.to => Ok(handover.id),
            Some(_) | None => {
                refuse_if_handed_over(session).map_err(EngineError::refused)?;
                Ok(HandoverId(self.ids.random()))
            }
        }
    }

    async fn note_arrival(
        &self,
        handle: Handle,
        id: HandoverId,
        was_there: bool,
    ) -> Result<Attempt, EngineError> {
        let applied = self.apply(&Target::Session(handle), &Command::Arrived { id }).await?;
        let session = applied.session.or(applied.before);
        Ok(done(session.expect("what was handed over leaves a record"), was_there))
    }
}

fn done(session: Session, was_there: bool) -> Attempt {
    Attempt::Done(Box::new(Departed { session, was_there }))
}

/// What names a hand-over on the other side.
fn origin(HandoverId(id): HandoverId) -> Origin {
    let mut origin = [0; 32];
    origin[..16].copy_from_slice(&id);
    Origin(origin)
}

fn coming(export: &Export) -> ArriveRequest {
    let session = &export.session;
    ArriveRequest {
        namespace: session.namespace.clone(),
        id: session.id.clone(),
        slot: Slot::of(session),
        earliest: export.earliest,
    }
}

async fn bring(
    export: &mut Export,
    arrival: &mut Arrival,
    tell: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<(), EngineError> {
    loop {
        let events = export.next().await?;
        if events.is_empty() {
            return Ok(());
        }
        arrival.bring(events).await?;
        tell(arrival.next().0.saturating_sub(export.earliest.0), export.events());
    }
}

/// Brings those checkpoints that were not brought. One that is damaged stays behind: it could not be brought back.
async fn bring_checkpoints(
    export: &Export,
    arrival: &Arrival,
    brought: &mut HashSet<CheckpointId>,
) -> Result<(), EngineError> {
    for id in export.checkpoints().await? {
        if !brought.contains(&id)
            && let Some((checkpoint, payload)) = export.payload(&id).await?
        {
            arrival.bring_checkpoint(checkpoint, payload).await?;
            brought.insert(id);
        }
    }
    Ok(())
}

/// Whether somebody else was in the way, who need not be the next time.
const fn is_to_be_tried_again(why: &EngineError) -> bool {
    matches!(
        why,
        EngineError::Compacted { .. }
            | EngineError::Arrival(ArrivalError::GivenUp)
            | EngineError::Refused { refusal: Refusal::HandedOver(_), .. }
    )
}

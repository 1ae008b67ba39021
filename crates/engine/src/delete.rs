//! Deleting sessions that have ended, and giving back the room that they took.

use tenure_core::id::ActorId;
use tenure_core::refusal::{Existing, HandedOver, Refusal};
use tenure_core::session::{Command, Needed, Session};
use tenure_store::{Find, Handle, Listed, PurgeOutcome};

use crate::{Engine, EngineError, Target};

impl Engine {
    /// Deletes a session that has ended, with its log. It returns the session as it was.
    ///
    /// # Errors
    /// [`Refusal::NotEnded`] when it is open, [`Refusal::NotFound`] when it is not there (any more).
    pub async fn delete(&self, handle: Handle) -> Result<Session, EngineError> {
        let session = self.store.find(Find::Handle(handle)).await?.current.session;
        let session = session.ok_or(EngineError::refused(Refusal::NotFound))?;
        match self.store.purge(handle).await? {
            PurgeOutcome::Purged => {}
            PurgeOutcome::NotEnded => {
                return Err(EngineError::refused(Refusal::NotEnded(Box::new(Existing::of(&session)))));
            }
            PurgeOutcome::Retained => return Err(self.kept(handle, Needed::Retained).await?),
            PurgeOutcome::OnItsWay => return Err(self.kept(handle, Needed::OnItsWay).await?),
            PurgeOutcome::NotFound => return Err(EngineError::refused(Refusal::NotFound)),
        }
        Ok(session)
    }

    /// Deletes a session; `is_forced`: one that is open is ended first. It returns the session as it was.
    ///
    /// # Errors
    /// As [`Engine::delete`]; [`Refusal::Retained`], also before anything is ended.
    pub async fn end_and_delete(
        &self,
        listed: &Listed,
        is_forced: bool,
        by: Option<ActorId>,
    ) -> Result<Session, EngineError> {
        let existing = || Box::new(Existing::of(&listed.session));
        if listed.session.retained.is_some() {
            // What is to be kept is not ended for nothing, either.
            return Err(EngineError::refused(Refusal::Retained(existing())));
        }
        if !listed.session.is_terminal() {
            if !is_forced {
                return Err(EngineError::refused(Refusal::NotEnded(existing())));
            }
            // Whoever is stopped between the two leaves a cancelled session, and never half of one.
            let cancel = Command::Cancel { by, reason: "deleted".to_owned() };
            match self.apply(&Target::Session(listed.handle), &cancel).await {
                // Somebody may have been faster.
                Ok(_) | Err(EngineError::Refused { refusal: Refusal::Transition { .. }, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.delete(listed.handle).await
    }

    /// Why nothing was removed, as a refusal.
    pub(crate) async fn kept(&self, handle: Handle, needed: Needed) -> Result<EngineError, EngineError> {
        let session = self.store.find(Find::Handle(handle)).await?.current.session;
        let session = session.ok_or(EngineError::refused(Refusal::NotFound))?;
        Ok(EngineError::refused(match (needed, &session.handover) {
            (Needed::OnItsWay, Some(handover)) => {
                Refusal::HandedOver(Box::new(HandedOver::of(&session, handover)))
            }
            (Needed::Open, _) => Refusal::NotEnded(Box::new(Existing::of(&session))),
            (Needed::Retained | Needed::OnItsWay, _) => Refusal::Retained(Box::new(Existing::of(&session))),
        }))
    }

    /// Gives back all the room that deleted sessions took, one bounded turn after the other.
    ///
    /// # Errors
    /// When the store cannot do it now. What is left is given back by later sweeps.
    pub async fn reclaim(&self) -> Result<(), EngineError> {
        while self.store.reclaim().await? {}
        Ok(())
    }
}

//! Creating sessions, and letting go of what is over before somebody takes its place.

use tenure_core::kind::Kind;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Create};
use tenure_store::{Handle, Slot};

use crate::{Applied, Engine, EngineError, Target};

impl Engine {
    /// Creates a session, unless it was created in the same way before. What is over does not keep its key, whoever
    /// sweeps or does not.
    ///
    /// # Errors
    /// As [`Engine::apply`].
    pub async fn create(&self, create: Create) -> Result<Applied, EngineError> {
        let target = target(&create);
        let command = Command::Create(Box::new(create));
        match self.apply(&target, &command).await {
            Err(EngineError::Refused { refusal: Refusal::KeyInUse(_), .. })
                if self.apply(&target, &Command::ExpireIdle).await.is_ok() =>
            {
                self.apply(&target, &command).await
            }
            applied => applied,
        }
    }

    /// Ends a session that is over, before somebody claims it, whoever sweeps or does not.
    ///
    /// # Errors
    /// As [`Engine::apply`]; not that it is not over, nor that its kind never is.
    pub async fn expire_if_over(&self, handle: Handle) -> Result<(), EngineError> {
        match self.apply(&Target::Session(handle), &Command::ExpireIdle).await {
            Ok(_)
            | Err(EngineError::Refused { refusal: Refusal::NotIdle | Refusal::WrongKind { .. }, .. }) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn target(create: &Create) -> Target {
    let namespace = || create.namespace.clone();
    let slot = create.key.clone().map(|key| Slot { namespace: namespace(), kind: Kind::Agent, key });
    Target::Id { namespace: namespace(), id: create.id.clone(), slot }
}

//! Waiting for a place in a group, held meanwhile, in the order of arrival.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tenure_core::id::{GroupName, Namespace};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Session};
use tenure_engine::{Engine, EngineError, Keeper, Kept, LeaseEvent, Loss, Steady, Target};
use tenure_store::{GroupRequest, StoreError, Watch};

use super::lane;
use super::steady::BootClock;

/// How soon a full group is looked at again: a holder that dies wakes nobody.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Time from a failed look to the next one.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How a wait for a place ended.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The session is at work. Its lease was renewed by an attempt that started then, on the boot-time clock.
    Entered(Box<Session>, Duration),
    /// It is somebody else's, or has ended.
    Lost(Loss),
}

/// A session that waits for a place.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// The engine.
    pub(crate) engine: Engine,
    /// What is held.
    pub(crate) kept: Kept,
    /// When the attempt that got the lease started.
    pub(crate) at: Duration,
    /// The tenant.
    pub(crate) namespace: Namespace,
    /// The group.
    pub(crate) group: GroupName,
}

impl Waiting {
    /// Waits on a lane of its own, and tells.
    pub(super) fn on_lane<E>(self, runner: Sender<E>) -> io::Result<()>
    where
        E: From<Waited> + Send + 'static,
    {
        let lane = lane::spawn("places", move || async move {
            let waited = self.wait().await;
            // Whoever has given up meanwhile does not listen.
            drop(runner.send(waited.into()));
        })?;
        drop(lane);
        Ok(())
    }

    /// Returns once the session is at work, or lost. The lease is kept meanwhile.
    pub(crate) async fn wait(self) -> Waited {
        let mut keeper = Keeper::new(self.engine.clone(), Arc::new(BootClock), self.kept, self.at);
        let mut watch = None;
        loop {
            // Armed before the look, so that nothing that comes in between is slept through.
            if watch.is_none() {
                watch = self.watch().await.ok().flatten();
            }
            let at = BootClock.now();
            match self.enter().await {
                Ok(session) => return Waited::Entered(Box::new(session), at),
                Err(EngineError::Refused {
                    refusal: Refusal::GroupFull(_) | Refusal::Conflict { .. },
                    ..
                }) => {}
                Err(EngineError::Refused { refusal, .. }) => return Waited::Lost(Loss::Refused(refusal)),
                // The keeper judges whether a store that does not answer costs the lease.
                Err(_) => BootClock.sleep(RETRY_AFTER).await,
            }
            tokio::select! {
                event = keeper.next() => if let LeaseEvent::Lost(loss) = event {
                    return Waited::Lost(loss);
                },
                changed = changed(&mut watch) => if changed.is_err() {
                    watch = None;
                },
                () = BootClock.sleep(LOOK_AGAIN_AFTER) => {}
            }
        }
    }

    async fn enter(&self) -> Result<Session, EngineError> {
        let command = Command::Enter { fence: self.kept.fence };
        let applied = self.engine.apply(&Target::Session(self.kept.handle), &command).await?;
        Ok(applied.session.unwrap_or_else(|| unreachable!("whoever goes to work is written")))
    }

    async fn watch(&self) -> Result<Option<Watch>, StoreError> {
        let request = GroupRequest { namespace: self.namespace.clone(), name: self.group.clone() };
        match self.engine.store().group(request).await?.handle {
            Some(handle) => self.engine.store().watch(handle).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn changed(watch: &mut Option<Watch>) -> Result<(), StoreError> {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

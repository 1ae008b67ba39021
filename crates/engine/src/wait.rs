//! Waiting for a session's end, also where nobody is there to bring it about.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::lease::Standing;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::{Command, Session};
use tenure_core::time::Moment;
use tenure_store::{Find, Handle, StoreError, Watch};

use crate::{Engine, EngineError, Steady, Target};

/// What somebody who waits for a session's end comes to know.
#[derive(Debug)]
pub enum Waited {
    /// Nobody is there any more who could end it; told once of every holder.
    Abandoned {
        /// Who was there.
        held: Box<Held>,
        /// How long until it expires, if it does.
        expires_in: Option<Duration>,
    },
    /// It has ended.
    Ended(Box<Session>),
}

/// Waits for one session's end, and brings it about where it is due.
#[derive(Debug)]
pub struct Wait {
    engine: Engine,
    clock: Arc<dyn Steady>,
    handle: Handle,
    watch: Option<Watch>,
    told: Option<Fence>,
}

/// A clock may be set and a machine may sleep: nothing is slept through for longer than this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How soon what was due and could not be done is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Engine {
    /// Waits until a session has ended.
    #[must_use]
    pub fn wait(&self, handle: Handle, clock: Arc<dyn Steady>) -> Wait {
        Wait { engine: self.clone(), clock, handle, watch: None, told: None }
    }
}

impl Wait {
    /// Waits for the next thing to know. A session that was left is ended here once it was idle for too long.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn next(&mut self) -> Result<Waited, EngineError> {
        loop {
            let found = self.engine.store.find(Find::Handle(self.handle)).await?;
            let session = found.current.session.ok_or(EngineError::refused(Refusal::NotFound))?;
            if session.is_terminal() {
                return Ok(Waited::Ended(Box::new(session)));
            }
            let now = self.engine.store.now().await?;
            if let Some(abandoned) = self.abandoned(&session, &now) {
                return Ok(abandoned);
            }
            self.wait(&session, &now).await?;
        }
    }

    fn abandoned(&mut self, session: &Session, now: &Moment) -> Option<Waited> {
        let lease = session.lease.as_ref().filter(|lease| self.told != Some(lease.fence))?;
        let is_over = session.standing(now) == Ok(Standing::Over) || self.engine.witness.is_gone(lease);
        is_over.then(|| {
            self.told = Some(lease.fence);
            Waited::Abandoned {
                held: Box::new(Held::at(session, lease, now)),
                expires_in: expires_in(session, now),
            }
        })
    }

    /// Returns once there is something to look at.
    async fn wait(&mut self, session: &Session, now: &Moment) -> Result<(), StoreError> {
        let Some(watch) = &mut self.watch else {
            // Armed before the next look, so nothing that comes in between is slept through.
            self.watch = Some(self.engine.store.watch(self.handle).await?);
            return Ok(());
        };
        let due = expires_in(session, now);
        let target = Target::Session(self.handle);
        if due == Some(Duration::ZERO) && self.engine.apply(&target, &Command::ExpireIdle).await.is_ok() {
            return Ok(());
        }
        let lease = lease_left(session, now).filter(|left| !left.is_zero());
        let next = due.into_iter().chain(lease).min().unwrap_or(LOOK_AGAIN_AFTER);
        let sleep = self.clock.sleep(if next.is_zero() { RETRY_AFTER } else { next.min(LOOK_AGAIN_AFTER) });
        tokio::select! {
            biased;
            changed = watch.changed() => changed,
            () = sleep => Ok(()),
        }
    }
}

/// How long until a session can expire if nothing happens to it; zero if it can now. `None` if it never does, or
/// no clock can tell.
#[must_use]
pub fn expires_in(session: &Session, now: &Moment) -> Option<Duration> {
    let now_at = now.wall?;
    let idle = session.idle_at().and_then(|at| {
        let left = at.since(now_at);
        if session.idle?.spares_held { Some(left.max(lease_left(session, now)?)) } else { Some(left) }
    });
    let fixed = session.unstarted_at().into_iter().chain(session.over_at()).map(|at| at.since(now_at));
    idle.into_iter().chain(fixed).min()
}

/// How long a holder still excludes others; `None` if that has no end, or no clock can tell.
fn lease_left(session: &Session, now: &Moment) -> Option<Duration> {
    match (session.standing(now).ok()?, &session.lease) {
        (Standing::Live, Some(lease)) => lease.term.left(now),
        (Standing::Live, None) | (Standing::Over, _) => Some(Duration::ZERO),
    }
}

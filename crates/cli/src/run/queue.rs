//! Waiting for a slot that somebody holds, or has left.

use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::time::Moment;
use tenure_engine::{Engine, EngineError, Steady, expires_in};
use tenure_store::{Find, Found, Handle, Slot, Watch};

use super::notice::Notices;
use super::steady::BootClock;
use tenure_words::left;

/// How soon a held session is looked at again: a holder that dies wakes nobody.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long an abandoned one is left alone at most: a clock may be set and a machine may sleep.
const ABANDONED_LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How soon an abandoned session that was due and did not expire is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whoever waits for a slot.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    engine: &'a Engine,
    slot: &'a Slot,
    watched: Option<(Handle, Watch)>,
    told: Option<Fence>,
}

impl<'a> Queue<'a> {
    /// Nobody has waited yet.
    pub(super) const fn new(engine: &'a Engine, slot: &'a Slot) -> Self {
        Self { engine, slot, watched: None, told: None }
    }

    /// Waits until it is worth while to try again after this refusal.
    pub(super) async fn wait(&mut self, refusal: &Refusal) -> Result<(), EngineError> {
        let found = self.engine.store().find(Find::Slot(self.slot.clone())).await?;
        let Some(handle) = found.handle else {
            return Ok(());
        };
        let now = self.engine.store().now().await?;
        let left_alone = match refusal {
            Refusal::Abandoned { held, .. } => self.abandoned(held, &found, &now),
            _ => lease_left(&found, &now).min(LOOK_AGAIN_AFTER),
        };
        match &mut self.watched {
            Some((watched, watch)) if *watched == handle => tokio::select! {
                changed = watch.changed() => changed?,
                () = BootClock.sleep(left_alone) => {}
            },
            // Armed before the next try, so nothing that comes in between is slept through.
            _ => self.watched = Some((handle, self.engine.store().watch(handle).await?)),
        }
        Ok(())
    }

    /// Says once of every holder that it is gone; how long until the session may expire.
    fn abandoned(&mut self, held: &Held, found: &Found, now: &Moment) -> Duration {
        let expires_in = found.current.open().and_then(|session| expires_in(session, now));
        if self.told.replace(held.fence) != Some(held.fence) {
            let notices = Notices { raw: false };
            let [what, ways] = left(held, expires_in);
            notices.say(&format!("waiting: {what}"));
            notices.say(&ways);
        }
        match expires_in {
            Some(Duration::ZERO) => RETRY_AFTER,
            other => other.unwrap_or(ABANDONED_LOOK_AGAIN_AFTER).min(ABANDONED_LOOK_AGAIN_AFTER),
        }
    }
}

fn lease_left(found: &Found, now: &Moment) -> Duration {
    let lease = found.current.open().and_then(|session| session.lease.as_ref());
    lease.and_then(|lease| lease.term.left(now)).unwrap_or_default()
}

//! What is left of an earlier run of the same key.

use std::time::Duration;

use anyhow::Context;
use tenure_core::id::Key;
use tenure_core::lease::renew_interval;
use tenure_engine::{EngineError, Steady};
use tenure_guard::HoldLock;
use tenure_store::{RenewOutcome, RenewRequest};

use super::holds;
use super::lease::Granted;
use super::notice::Notices;
use super::start::Ground;
use super::steady::BootClock;
use crate::living;

/// How often an earlier tree is looked at while it ends.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Waits until nothing of an earlier run of `key` lives, renewing the lease meanwhile.
///
/// A session that was cancelled or has expired is free at once, while its command has yet to be stopped. Two
/// ttls are enough for that: a runner that is frozen has one, and its command the grace.
pub(super) async fn wait(
    ground: &Ground,
    lock: &HoldLock,
    key: &Key,
    mut granted: Granted,
    notices: Notices,
) -> anyhow::Result<Granted> {
    let ttl = granted.kept.times.ttl();
    let give_up_at = BootClock.now().saturating_add(ttl.length() * 2);
    let mut is_told = false;
    while let Some(processes) = holds::living(&ground.db, lock, &ground.namespace, key) {
        if BootClock.now() >= give_up_at {
            return Err(living::still_alive_after(key, &processes).into());
        }
        if !std::mem::replace(&mut is_told, true) {
            notices.say("waiting for the processes of an earlier run of this key to end");
        }
        BootClock.sleep(LOOK_AGAIN_AFTER).await;
        let started = BootClock.now();
        if started.saturating_sub(granted.at) >= renew_interval(ttl) {
            renew(ground, &granted).await?;
            granted.at = started;
        }
    }
    Ok(granted)
}

async fn renew(ground: &Ground, granted: &Granted) -> anyhow::Result<()> {
    let request = RenewRequest { handle: granted.kept.handle, fence: granted.kept.fence };
    match ground.engine.store().renew(request).await.context("renew the lease")? {
        RenewOutcome::Renewed(_) => Ok(()),
        RenewOutcome::Expired | RenewOutcome::Fenced { .. } => {
            anyhow::bail!("keep the lease while an earlier run ends")
        }
    }
}

/// Removes locks that prove nothing any more, when there are many.
pub(super) async fn tidy(ground: &Ground) -> Result<(), EngineError> {
    if !holds::is_crowded(&ground.db) {
        return Ok(());
    }
    // Of every tenant: the locks of all of them lie in one directory.
    let runs = ground.engine.open_runs().await?;
    let needed = runs.iter().filter_map(|session| Some(session.lease.as_ref()?.incarnation)).collect();
    holds::clear(&ground.db, &needed);
    Ok(())
}

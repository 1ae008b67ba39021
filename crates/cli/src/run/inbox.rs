//! The session as others change it: requests to its owner, its end, its loss.

use std::io;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tenure_core::event::{Event, EventBody};
use tenure_core::id::{Fence, Seq};
use tenure_engine::{Engine, EngineError, LeaseEvent, Loss, Next, Tail};
use tenure_store::Handle;

use super::happening::Happening;
use super::lane;

/// What of a session's log its runner must know.
const TYPES: [&str; 4] = ["message", "lease_taken_over", "state_changed", "handed_over"];

/// How often the runner looks after its own session's idle time-out.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Follows the session's log from `after` on, for its runner under `fence`.
pub(super) fn follow(
    engine: Engine,
    (handle, fence): (Handle, Fence),
    after: Seq,
    idle: Option<Duration>,
    runner: Sender<Happening>,
) -> io::Result<()> {
    let lane = lane::spawn("inbox", move || async move {
        let sweep_every = idle.map_or(SWEEP_INTERVAL, |idle| (idle / 4).clamp(MIN_SWEEP, SWEEP_INTERVAL));
        let mut tail = follow_from(&engine, handle, after);
        let mut sweep = tokio::time::interval(sweep_every);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                happenings = next(&engine, (handle, fence), &mut tail) => {
                    for happening in happenings {
                        if runner.send(happening).is_err() {
                            return;
                        }
                    }
                }
                // Failures are the next sweep's; a lost lease comes back through the log and the keeper.
                _ = sweep.tick() => drop(engine.sweep().await),
            }
        }
    })?;
    drop(lane);
    Ok(())
}

const MIN_SWEEP: Duration = Duration::from_millis(250);
const RETRY_AFTER: Duration = Duration::from_secs(1);

async fn next(engine: &Engine, (handle, fence): (Handle, Fence), tail: &mut Tail) -> Vec<Happening> {
    match tail.next().await {
        Ok(Next::Events(events)) => events.iter().filter_map(|event| happening(event, fence)).collect(),
        // The event that ended it was delivered before.
        Ok(Next::Ended(_) | Next::Deleted) => std::future::pending().await,
        Err(EngineError::Compacted { earliest }) => {
            // What an operator dropped unread is gone; what comes after it is not.
            *tail = follow_from(engine, handle, Seq(earliest.0.saturating_sub(1)));
            Vec::new()
        }
        Err(_) => {
            // The keeper judges whether a store that does not answer costs the lease.
            tokio::time::sleep(RETRY_AFTER).await;
            Vec::new()
        }
    }
}

fn follow_from(engine: &Engine, handle: Handle, after: Seq) -> Tail {
    engine.tail(handle, after, TYPES.map(str::to_owned).to_vec())
}

fn happening(event: &Event, ours: Fence) -> Option<Happening> {
    match &event.data {
        EventBody::Request(request) => Some(Happening::Asked(*request)),
        _ => Loss::told_by(event, ours).map(|loss| Happening::Lease(LeaseEvent::Lost(loss))),
    }
}

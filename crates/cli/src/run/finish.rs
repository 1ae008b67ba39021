//! The end of a run: what is recorded, what is said, how this process exits.

use std::time::Duration;

use tenure_core::session::{Command, Stats};
use tenure_engine::{Engine, EngineError, Target};
use tenure_guard::{BootTime, Ended};

use super::lease::Granted;
use super::runner::{End, exit};

/// Time from a failed write to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Writes the session's end and lets the lease go, trying for one ttl if the store does not answer.
pub(super) async fn record(
    engine: &Engine,
    granted: &Granted,
    end: &End,
    stats: Stats,
) -> Result<(), EngineError> {
    let command = command(granted, end, stats);
    let target = Target::Session(granted.kept.handle);
    let give_up_at = BootTime::now().saturating_add(granted.kept.times.ttl().length());
    loop {
        match engine.apply(&target, &command).await {
            Ok(_) => return Ok(()),
            Err(EngineError::Store(error)) if error.is_retryable() && BootTime::now() < give_up_at => {
                tokio::time::sleep(RETRY_AFTER).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn command(granted: &Granted, end: &End, stats: Stats) -> Command {
    let fence = granted.kept.fence;
    let stats = Stats { exit: end.ended.map(exit), ..stats };
    let unrecorded = match end.lost_bytes {
        0 => String::new(),
        bytes => format!("; {bytes} bytes of output were not recorded"),
    };
    match (end.ended, end.failure) {
        (Some(Ended::Code(0)), _) if end.stopped.is_none() => {
            Command::Complete { fence, message: format!("exited with code 0{unrecorded}"), stats }
        }
        (Some(ended), _) => Command::Fail { fence, message: format!("{ended}{unrecorded}"), stats },
        (None, Some(failure)) => Command::Fail { fence, message: failure.to_string(), stats },
        (None, None) => {
            let lost = || "the guard was lost".to_owned();
            let message = end.broken.as_ref().map_or_else(lost, |broken| format!("{broken:#}"));
            Command::Fail { fence, message, stats }
        }
    }
}

//! The end of a run: what is recorded, what is said, how this process exits.

use std::time::Duration;

use tenure_core::session::{Command, Stats};
use tenure_engine::{Engine, EngineError, Target};
use tenure_guard::{BootTime, Ended, Stream, Unshown};

use super::claim::Claimed;
use super::lease::Granted;
use super::runner::{End, exit};

/// Time from a failed write to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Writes the session's end and lets the lease go, trying until `give_up_at`, and at least for one grace, if the
/// store does not answer.
pub(super) async fn record(
    engine: &Engine,
    granted: &Granted,
    command: &Command,
    give_up_at: BootTime,
) -> Result<(), EngineError> {
    let target = Target::Session(granted.kept.handle);
    let give_up_at = give_up_at.max(BootTime::now().saturating_add(granted.kept.times.grace()));
    loop {
        match engine.apply(&target, command).await {
            Ok(_) => return Ok(()),
            Err(EngineError::Store(error)) if error.is_retryable() && BootTime::now() < give_up_at => {
                tokio::time::sleep(RETRY_AFTER).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// What the end of a run means for its session. A command that could not be run again has not failed: it is yet to run.
pub(super) fn command(claimed: &Claimed, end: &End, stats: Stats) -> Command {
    let fence = claimed.fence();
    if end.gave_up.is_some() {
        let by = Some(claimed.holder().clone());
        return Command::Cancel { by, reason: "given up while it waited for a place".to_owned() };
    }
    let never_ran = end.ended.is_none() && (end.failure.is_some() || end.broken.is_some());
    if end.is_interrupted() || (claimed.is_resumed && never_ran) {
        return Command::ShutDown { fence };
    }
    let stats = Stats { exit: end.ended.map(exit), ..stats };
    match (end.ended, end.failure) {
        (Some(ended), _) => {
            let message = format!("{ended}{}", missing(end));
            // A command that writes itself learns that it could not, and fails.
            if ended == Ended::Code(0) && end.stopped.is_none() && end.unshown.is_empty() {
                Command::Complete { fence, message, stats }
            } else {
                Command::Fail { fence, message, stats }
            }
        }
        (None, Some(failure)) => Command::Fail { fence, message: failure.to_string(), stats },
        (None, None) => {
            let lost = || "the guard was lost".to_owned();
            let message = end.broken.as_ref().map_or_else(lost, |broken| format!("{broken:#}"));
            Command::Fail { fence, message, stats }
        }
    }
}

/// What of the output is not where it should be, after how the command ended.
pub(super) fn missing(end: &End) -> String {
    let unrecorded = match end.lost_bytes {
        0 => String::new(),
        bytes => format!("; {bytes} bytes of output were not recorded"),
    };
    let unshown = end.unshown.iter().map(|unshown| format!("; {}", words(unshown)));
    unshown.chain([unrecorded]).collect()
}

/// Output that could not be shown, in words.
pub(super) fn words(unshown: &Unshown) -> String {
    let name = match unshown.stream {
        Stream::Terminal => "the terminal",
        Stream::Stdout => "standard output",
        Stream::Stderr => "standard error",
    };
    format!("{name} could not be written: {}", unshown.error)
}

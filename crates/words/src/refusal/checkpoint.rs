//! Words for checkpoints and forks that are refused.

use serde_json::{Value, json};
use tenure_core::checkpoint::CheckpointRefusal;
use tenure_core::escape::Escaped;

use crate::problem::Problem;

/// Words for a rule's no about checkpoints and forks.
pub(super) fn words(refusal: &CheckpointRefusal) -> Problem {
    match refusal {
        CheckpointRefusal::NotFound { session, id } => {
            Problem::missing("CHECKPOINT_NOT_FOUND", format!("session {session} has no checkpoint {id}"))
                .hint("tenure checkpoint list <name>")
                .fact("session", session.as_str())
                .fact("checkpoint", id.as_str())
        }
        CheckpointRefusal::None { session } => {
            Problem::missing("CHECKPOINT_NOT_FOUND", format!("session {session} has no checkpoint"))
                .hint("tenure checkpoint create <name>")
                .fact("session", session.as_str())
        }
        CheckpointRefusal::TooLarge { size, max, largest } => too_large(*size, *max, largest),
        CheckpointRefusal::PauseReason => Problem::refused(
            "LIMIT",
            "the reason `pause` is that of the record which a pause saves by itself",
        )
        .hint("say something else: --reason \"before the pause\"")
        .hint("tenure pause <name> pauses the session and saves its record"),
        CheckpointRefusal::Beyond { session, at, head } => {
            let statement =
                format!("session {session} has {head} events, so there is no position {at} to fork at");
            Problem::refused("LIMIT", statement)
                .hint("tenure events <name>")
                .fact("session", session.as_str())
                .fact("head_seq", head.0)
        }
    }
}

fn too_large(size: u64, max: u64, largest: &[(String, u64)]) -> Problem {
    let words = Problem::refused("LIMIT", format!("the payload has {size} bytes; the maximum is {max}"));
    if largest.is_empty() {
        return words;
    }
    let named = largest.iter().map(|(name, size)| format!("`{}` has {size} bytes", Escaped(name)));
    let facts: Vec<Value> =
        largest.iter().map(|(name, size)| json!({ "name": name, "bytes": size })).collect();
    words
        .details(named)
        .hint("leave the largest out, or keep them elsewhere and save where")
        .fact("largest", facts)
}

//! Words for a rule's no: what holds, who holds it, what to try next.

mod checkpoint;
mod existing;
mod held;
mod limit;
mod lost;
mod workspace;

use tenure_api::HeldBy;
use tenure_core::kind::Kind;
use tenure_core::refusal::{Held, Refusal};

use crate::problem::Problem;

pub use held::{left, who};
pub use lost::lost;

/// Words for `refusal`. `raced`: it was decided anew after somebody else wrote in between.
pub fn words(refusal: &Refusal, raced: bool) -> Problem {
    match refusal {
        Refusal::Clock => Problem::refused("CLOCK_UNUSABLE", "the system clock is before UNIX_EPOCH")
            .hint("set the machine's clock"),
        Refusal::Limit(limit) => limit::words(*limit),
        Refusal::RunTimes(times) => limit::run_times(*times),
        Refusal::Start(start) => workspace::start(start),
        Refusal::Clear(clear) => workspace::clear(clear, raced),
        Refusal::Heartbeat(heartbeat) => workspace::heartbeat(heartbeat),
        Refusal::Takeover(takeover) => workspace::takeover(takeover),
        Refusal::IdentityChanged => workspace::identity_changed(),
        Refusal::ImportNotEmpty => workspace::import_not_empty(),
        Refusal::NotFound => Problem::refused("NOT_FOUND", "there is no such session"),
        Refusal::WrongKind { kind, verb } => wrong_kind(*kind, verb),
        Refusal::Transition { session, from, to } => {
            let primary = format!("Invalid state transition: {} → {}", from.name(), to.name());
            Problem::refused("INVALID_TRANSITION", primary)
                .detail(format!("session {session} is {}", from.name()))
                .hint("tenure show <name>")
                .fact("session", session.as_str())
                .fact("from", from.name())
                .fact("to", to.name())
        }
        Refusal::Held(held) => held::held(held),
        Refusal::Abandoned { held, is_gone } => held::abandoned(held, *is_gone),
        Refusal::Fenced { given, current, holder } => held::fenced(given.0, current.0, holder.as_deref()),
        Refusal::Conflict { verb, expected, actual } => {
            let primary = format!(
                "the session changed while this was decided: expected revision {expected}, current is {actual}"
            );
            Problem::refused("CONFLICT", primary)
                .hint(format!("retry `tenure {verb}`"))
                .fact("expected_revision", expected.0)
                .fact("current_revision", actual.0)
        }
        Refusal::Checkpoint(refusal) => checkpoint::words(refusal),
        Refusal::NotIdle => Problem::refused("NOT_IDLE", "the session is not idle"),
        Refusal::Ended(existing) => existing::ended(existing),
        Refusal::HeldByRun(held) => held::by_run(held),
        Refusal::IdInUse(existing) => existing::id_in_use(existing),
        Refusal::KeyInUse(existing) => existing::key_in_use(existing),
        Refusal::LeaseOver(held) => held::lease_over(held),
        Refusal::NotEnded(existing) => existing::not_ended(existing),
        Refusal::NotStarted(existing) => existing::not_started(existing),
        Refusal::Retained(existing) => existing::retained(existing),
        Refusal::NotRetained(existing) => existing::not_retained(existing),
        Refusal::HandedOver(gone) => existing::handed_over(gone),
        Refusal::GroupFull(full) => existing::group_full(full),
        Refusal::NotHeld(existing) => existing::not_held(existing),
        Refusal::Paused(existing) => existing::paused(existing),
        Refusal::NotShutDown(existing) => existing::not_shut_down(existing),
        Refusal::NotARun(existing) => existing::not_a_run(existing),
    }
}

fn wrong_kind(kind: Kind, verb: &str) -> Problem {
    let primary = format!("`tenure {verb}` is not for {} sessions", kind.name());
    let words = Problem::refused("WRONG_KIND", primary).fact("kind", kind.name());
    match (kind, verb) {
        (Kind::Workspace, "cancel" | "complete" | "fail") => words.hint("tenure clear"),
        (Kind::Workspace, _) => {
            words.detail("a workspace's session is changed by start, heartbeat, takeover and clear")
        }
        (Kind::Workflow, "clear" | "complete" | "fail") => words.hint("tenure cancel <name>"),
        (Kind::Workflow, _) => words.detail("an orchestration's session is driven by its workers"),
        (Kind::Agent, "clear") => words.hint("tenure cancel <name>"),
        (Kind::Agent, _) => words,
    }
}

/// What programs learn of a holder.
fn with_held(words: Problem, held: &Held) -> Problem {
    let words = words.fact("session", held.session.as_str()).fact("state", held.state.name());
    let words = match &held.key {
        Some(key) => words.fact("key", key.as_str()),
        None => words,
    };
    words.fact("holder", tenure_api::document(&HeldBy::of(held)))
}

#[cfg(test)]
mod tests;

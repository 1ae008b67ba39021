//! Words for a run whose session was ended or taken by others.

use tenure_api::Holder;
use tenure_core::escape::Escaped;
use tenure_core::id::ActorId;
use tenure_core::session::{Session, StateName};
use tenure_engine::Loss;

use super::{held, words};
use crate::problem::Problem;
use crate::store_error;
use crate::when::length;

/// Why `session`, as this run had held it, is no longer its own.
pub fn lost(session: &Session, loss: &Loss) -> Problem {
    let name = name(session);
    let told = match loss {
        Loss::Ended { state, by, reason } => ended(session, *state, by.as_ref(), reason),
        Loss::TakenOver { holder, fence, reason } => {
            let who = held::who(holder);
            let primary = format!("{name} was taken over by {who}: {} (fence {fence})", Escaped(reason));
            Problem::refused("TAKEN_OVER", primary)
                .hint("follow it: tenure events <name> --follow")
                .fact("reason", reason.as_str())
                .fact("current_fence", fence.0)
                .fact("holder", tenure_api::document(&Holder::of(holder)))
        }
        Loss::HandedOver { to, by } => {
            let whom = by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            let to_shown = Escaped(to);
            let told = Problem::refused("HANDED_OVER", format!("{name} was handed over{whom} to {to_shown}"))
                .hint("go on there: give the same command that store with `--db`")
                .fact("to", to.as_str());
            match by {
                Some(by) => told.fact("by", by.as_str()),
                None => told,
            }
        }
        Loss::Refused(refusal) => return words(refusal, false),
        Loss::Store(error) => return store_error::words(error),
    };
    let told = told.fact("session", session.id.as_str()).fact("given_fence", session.counters.fence.0);
    match &session.key {
        Some(key) => told.fact("key", key.as_str()),
        None => told,
    }
}

fn ended(session: &Session, state: StateName, by: Option<&ActorId>, reason: &str) -> Problem {
    let name = name(session);
    let because = if reason == state.name() { String::new() } else { format!(": {}", Escaped(reason)) };
    let told = match (state, session.idle) {
        (StateName::Cancelled, _) => {
            let whom = by.map_or_else(String::new, |by| format!(" by {by}"));
            Problem::refused("CANCELLED", format!("{name} was cancelled{whom}{because}"))
        }
        (StateName::Expired, Some(idle)) => {
            let silence = length(idle.after);
            Problem::refused("EXPIRED", format!("{name} expired: nothing was heard of it for {silence}"))
        }
        (StateName::Expired, None) => Problem::refused("EXPIRED", format!("{name} expired{because}")),
        (other, _) => Problem::refused("ENDED", format!("{name} is {}{because}", other.name())),
    };
    let told = told.fact("state", state.name()).fact("reason", reason);
    match by {
        Some(by) => told.fact("by", by.as_str()),
        None => told,
    }
}

fn name(session: &Session) -> String {
    match &session.key {
        Some(key) => format!("session {} (key {key})", session.id),
        None => format!("session {}", session.id),
    }
}

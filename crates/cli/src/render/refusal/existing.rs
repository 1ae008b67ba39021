//! Words for sessions that stand in the way by what they are.

use tenure_core::escape::Escaped;
use tenure_core::refusal::{Existing, HandedOver};

use crate::problem::Problem;
use crate::render::when::instant;

/// It has ended: nothing about it changes any more.
pub(super) fn ended(existing: &Existing) -> Problem {
    let primary = format!("{} has ended: it is {}", session(existing), existing.state.name());
    let words = Problem::refused("ENDED", primary)
        .hint("tenure show <name>")
        .hint("go on from it in a new session: tenure fork <name>");
    with_existing(words, existing)
}

/// There is a session of that id, and it was created otherwise.
pub(super) fn id_in_use(existing: &Existing) -> Problem {
    let primary = format!("{} exists, and it was not created like this", session(existing));
    let words = Problem::refused("ID_IN_USE", primary)
        .detail("an id that is created again with the same options is returned as it is")
        .hint("look at it: tenure show <name>")
        .hint("or leave `--id` away, and a new one is made");
    with_existing(words, existing)
}

/// The key has an open session.
pub(super) fn key_in_use(existing: &Existing) -> Problem {
    let primary = format!("{} is open, and it is {}", session(existing), existing.state.name());
    let words = Problem::refused("KEY_IN_USE", primary)
        .detail("a key has one open session at a time")
        .hint("hold it: tenure start <name> --actor-id <actor-id>")
        .hint("end it: tenure cancel <name>");
    with_existing(words, existing)
}

/// It is open, so it is not deleted.
pub(super) fn not_ended(existing: &Existing) -> Problem {
    let primary = format!("{} has not ended: it is {}", session(existing), existing.state.name());
    let words = Problem::refused("NOT_ENDED", primary)
        .hint("end it as cancelled, and delete it: tenure delete <name> --force");
    with_existing(words, existing)
}

/// It was created, and never started.
pub(super) fn not_started(existing: &Existing) -> Problem {
    let primary = format!("{} was never started", session(existing));
    let words = Problem::refused("NOT_STARTED", primary).hint("tenure start <name> --actor-id <actor-id>");
    with_existing(words, existing)
}

/// Somebody wants everything of it kept.
pub(super) fn retained(existing: &Existing) -> Problem {
    let primary = format!("{} is retained: nothing of it is removed", session(existing));
    let words = Problem::refused("RETAINED", primary)
        .hint("see who wants it kept, and why: tenure show <name>")
        .hint("end that: tenure retain <name> --release");
    with_existing(words, existing)
}

/// Nobody had said that it is to be kept.
pub(super) fn not_retained(existing: &Existing) -> Problem {
    let primary = format!("{} is not retained", session(existing));
    with_existing(Problem::refused("NOT_RETAINED", primary).hint("tenure show <name>"), existing)
}

/// It belongs to another store.
pub(super) fn handed_over(gone: &HandedOver) -> Problem {
    let (id, to) = (&gone.session, Escaped(&gone.to));
    let words = if gone.has_arrived {
        Problem::refused("HANDED_OVER", format!("session {id} was handed over to {to}"))
            .detail(format!("since {}", instant(gone.at)))
            .hint("go on there: give the same command that store with `--db`")
            .hint("free its key here: tenure delete <id>")
    } else {
        Problem::refused("HANDED_OVER", format!("session {id} is on its way to {to}"))
            .detail(format!("since {}; nobody can hold it before it has arrived", instant(gone.at)))
            .hint("finish it: tenure move <id> --to <db>")
    };
    let words = words
        .fact("session", id.as_str())
        .fact("to", gone.to.as_str())
        .fact("handover", gone.id.to_string())
        .fact("has_arrived", gone.has_arrived);
    match &gone.key {
        Some(key) => words.fact("key", key.as_str()),
        None => words,
    }
}

fn session(existing: &Existing) -> String {
    match &existing.key {
        Some(key) => format!("session {} (key {key})", existing.session),
        None => format!("session {}", existing.session),
    }
}

fn with_existing(words: Problem, existing: &Existing) -> Problem {
    let words = words.fact("session", existing.session.as_str()).fact("state", existing.state.name());
    match &existing.key {
        Some(key) => words.fact("key", key.as_str()),
        None => words,
    }
}

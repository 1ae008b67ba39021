//! Words for sessions that stand in the way by what they are.

use tenure_core::escape::Escaped;
use tenure_core::refusal::{Existing, HandedOver};
use tenure_core::session::Full;

use crate::problem::Problem;
use crate::when::instant;

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

/// Its group has no place.
pub(super) fn group_full(full: &Full) -> Problem {
    let Full { group, limit, active, waiting } = full;
    let limited = format!("group `{group}` has no place: {limit} of it may be at work at once");
    let names: Vec<_> = active.iter().map(|id| id.to_string()).collect();
    let words = Problem::refused("GROUP_FULL", limited).detail(format!("at work: {}", names.join(", ")));
    let words = match waiting {
        0 => words,
        1 => words.detail("1 session waits"),
        _ => words.detail(format!("{waiting} sessions wait")),
    };
    words
        .hint("look at it: tenure group <group>")
        .hint("wait for a place, in the order of arrival: `--if-full wait`")
        .fact("group", group.as_str())
        .fact("limit", *limit)
        .fact("active", active.iter().map(|id| id.as_str()).collect::<Vec<_>>())
        .fact("waiting", *waiting)
}

/// Nobody holds it, so nobody can be asked to stop.
pub(super) fn not_held(existing: &Existing) -> Problem {
    let primary = format!(
        "nobody holds {}, so there is nothing to stop: it is {}",
        session(existing),
        existing.state.name()
    );
    let words = Problem::refused("NOT_HELD", primary)
        .hint("go on with it: tenure resume <name>")
        .hint("end it: tenure cancel <name>");
    with_existing(words, existing)
}

/// Somebody paused it, and decides when it goes on.
pub(super) fn paused(existing: &Existing) -> Problem {
    let words = Problem::refused("PAUSED", format!("{} is paused, and not by a shutdown", session(existing)))
        .detail("what a person paused, or what was started with `--no-auto-resume`, does not go on by itself")
        .hint("go on with it: tenure resume <name>")
        .hint("end it: tenure cancel <name>");
    with_existing(words, existing)
}

/// It does not go on by itself.
pub(super) fn not_shut_down(existing: &Existing) -> Problem {
    let primary = format!("{} does not go on by itself: it is {}", session(existing), existing.state.name());
    let words = Problem::refused("NOT_SHUT_DOWN", primary)
        .detail(
            "only what `tenure run` started and a shutdown has paused does, unless it has `--no-auto-resume`",
        )
        .hint("go on with it all the same: tenure resume <name>");
    with_existing(words, existing)
}

/// There is no command to run again.
pub(super) fn not_a_run(existing: &Existing) -> Problem {
    let primary = format!("{} has no command to run again", session(existing));
    let words = Problem::refused("NOT_A_RUN", primary)
        .detail("`tenure run` did not start it")
        .hint("hold it: tenure start <name> --actor-id <actor-id>");
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

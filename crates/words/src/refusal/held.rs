//! Words for sessions that somebody else holds, held, or let go.

use std::time::Duration;

use tenure_core::lease::{Holder, HolderKind};
use tenure_core::refusal::Held;

use super::with_held;
use crate::problem::Problem;
use crate::when::{instant, length};

/// Somebody holds it now.
pub(super) fn held(held: &Held) -> Problem {
    let [primary, terms] = lines(held);
    let words = Problem::refused("HELD", primary)
        .detail(terms)
        .hint("follow it: tenure events <name> --follow")
        .hint("wait for it: tenure run --key <key> --if-held wait -- <command>")
        .hint("once its holder is gone: tenure takeover <name> --actor-id <actor-id> --reason <reason>");
    with_held(words, held)
}

/// Who holds it, and until when.
pub(super) fn lines(held: &Held) -> [String; 2] {
    [format!("{} is held by {}", session(held), who(&held.holder)), terms(held)]
}

/// Somebody held it and is gone or late.
pub(super) fn abandoned(held: &Held, is_gone: bool) -> Problem {
    let why = if is_gone { "whose process is gone" } else { "whose lease is over" };
    let primary = format!("{} was left by {}, {why}", session(held), who(&held.holder));
    let words =
        Problem::refused("ABANDONED", primary).detail(terms(held)).hint("look at it: tenure events <name>");
    let words = match held.holder.kind {
        HolderKind::Run => words.hint("run its command again: tenure resume <name>"),
        HolderKind::Interactive
        | HolderKind::RuntimeSupervisor
        | HolderKind::RuntimeWorker
        | HolderKind::Worker => words,
    };
    let words = words
        .hint("take it over and run: tenure run --key <key> --takeover <reason> -- <command>")
        .hint("take it over: tenure takeover <name> --actor-id <actor-id> --reason <reason>");
    with_held(words.fact("holder_gone", is_gone), held)
}

/// Somebody held it and is gone or late, said to whoever waits for it all the same.
pub fn left(held: &Held, expires_in: Option<Duration>) -> [String; 2] {
    let what = format!("{} was left by {}: nobody is at it any more", session(held), who(&held.holder));
    let when =
        expires_in.map_or_else(String::new, |left| format!("it expires by itself in {}; ", length(left)));
    let ways = "take it over: tenure takeover <name> --actor-id <actor-id> --reason <reason>, or end it: \
                tenure cancel <name>";
    [what, format!("{when}{ways}")]
}

/// Its runner moves it, and nobody else.
pub(super) fn by_run(held: &Held) -> Problem {
    let [primary, terms] = lines(held);
    let words = Problem::refused("HELD_BY_RUN", primary)
        .detail(terms)
        .detail("it ends with its command: by exiting, well with code 0")
        .hint("from outside: tenure pause <name>, tenure stop <name>, tenure cancel <name>");
    with_held(words, held)
}

/// The lease is over, and a renewal never revives it.
pub(super) fn lease_over(held: &Held) -> Problem {
    let primary = format!("the lease of {} is over, and a renewal never revives it", session(held));
    let words = Problem::refused("LEASE_OVER", primary)
        .detail(terms(held))
        .hint("if nobody took it: tenure acquire <name> --fence <fence>");
    with_held(words, held)
}

/// The given fence is not the current one.
pub(super) fn fenced(given: u64, current: u64, holder: Option<&Held>) -> Problem {
    let primary = if given > current {
        format!("fence {given} was never given out: the highest is {current}")
    } else {
        format!("fence {given} is not current")
    };
    let words = Problem::refused("FENCED", primary).fact("given_fence", given).fact("current_fence", current);
    match holder {
        Some(held) => {
            let detail = format!("{} is held by {} under fence {current}", session(held), who(&held.holder));
            with_held(words.detail(detail), held)
        }
        None if given <= current => {
            words.detail(format!("nobody holds the session; the highest fence given out is {current}"))
        }
        None => words,
    }
}

fn session(held: &Held) -> String {
    match &held.key {
        Some(key) => format!("session {} (key {key})", held.session),
        None => format!("session {}", held.session),
    }
}

fn terms(held: &Held) -> String {
    let until = held.expires_at.map_or_else(String::new, |at| format!(", lease until {}", instant(at)));
    format!("since {}, {}, fence {}{until}", instant(held.since), held.state.name(), held.fence)
}

/// A holder's name and place.
pub fn who(holder: &Holder) -> String {
    match &holder.place {
        Some(place) => {
            let host = tenure_core::escape::Escaped(&place.host);
            format!("{} on {host} (pid {})", holder.id, place.pid)
        }
        None => holder.id.to_string(),
    }
}

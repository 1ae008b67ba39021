//! Words for what an engine did not do.

use serde_json::json;
use tenure_core::escape::Escaped;
use tenure_core::id::{CheckpointId, EventId, Seq, SessionId};
use tenure_engine::{ArrivalError, EngineError};
use tenure_store::Listed;

use crate::problem::{Problem, lines};
use crate::{refusal, store_error};

/// Words for `error`.
#[must_use]
pub fn words(error: &EngineError) -> Problem {
    match error {
        EngineError::Refused { refusal, raced } => refusal::words(refusal, *raced),
        EngineError::NotFound { name } => {
            let statement = format!("there is no session with the id or key `{}`", Escaped(name));
            Problem::missing("NOT_FOUND", statement).hint("tenure list")
        }
        EngineError::Ambiguous { name, matches } => ambiguous(name, matches),
        EngineError::Ended => Problem::refused("ENDED", "the session has ended; its log takes nothing more")
            .hint("tenure show <name>"),
        EngineError::IdReused { id, seq } => id_reused(id, *seq),
        EngineError::Compacted { earliest } => {
            let statement =
                format!("the session's log begins at position {earliest}; what was before was dropped");
            Problem::missing("COMPACTED", statement)
                .hint(format!("tenure events <name> --after {}", earliest.0.saturating_sub(1)))
                .fact("earliest", earliest.0)
        }
        EngineError::Damaged { session, id, what, newest_valid } => {
            damaged((session, id), what, newest_valid.as_ref())
        }
        EngineError::Arrival(error) => arrival(error),
        EngineError::Store(error) => store_error::words(error),
    }
}

fn arrival(error: &ArrivalError) -> Problem {
    match error {
        ArrivalError::IdTaken { .. } => {
            Problem::refused("ID_IN_USE", "a session of this id exists, and it did not come from there")
                .detail("nothing was taken in")
                .hint("look at it: tenure show <id>")
        }
        ArrivalError::SlotTaken { by } => Problem::refused(
            "KEY_IN_USE",
            format!("session {by} is open, and has the key of the one that comes"),
        )
        .detail("a key has one open session at a time; nothing was taken in")
        .hint("end it, then try again: tenure cancel <id>")
        .fact("session", by.as_str()),
        ArrivalError::IdRepeated { seq } => {
            Problem::failure("IMPORT", format!("take in event {seq}: its id is that of an earlier event"))
                .detail("nothing was taken in")
                .hint("export the session again")
        }
        ArrivalError::CheckpointRepeated { id } => {
            Problem::failure("IMPORT", format!("take in checkpoint {id}: there are two of its id"))
                .detail("nothing was taken in")
                .hint("export the session again")
        }
        ArrivalError::GivenUp => {
            Problem::refused("CONFLICT", "somebody else brings in the same session, or had its key meanwhile")
                .detail("nothing was taken in")
                .hint("try again")
        }
    }
}

fn id_reused(id: &EventId, seq: Option<Seq>) -> Problem {
    let other = seq.map_or_else(|| "another event of this append".to_owned(), |seq| format!("event {seq}"));
    let statement = format!("the id `{id}` names {other}, which says something else");
    let problem = Problem::refused("ID_REUSED", statement)
        .detail("one id stands for one type and one payload, text for text")
        .fact("id", id.as_str());
    match seq {
        Some(seq) => {
            let look = format!("tenure events <name> --after {} --limit 1", seq.0.saturating_sub(1));
            problem
                .hint("give what is new another id, or look at what has this one:")
                .hint(look)
                .fact("seq", seq.0)
        }
        None => problem.hint("give each event an id of its own"),
    }
}

fn damaged(
    (session, id): (&SessionId, &CheckpointId),
    what: &str,
    newest_valid: Option<&CheckpointId>,
) -> Problem {
    let statement = format!("checkpoint {id} of session {session} is damaged");
    let words = Problem::missing("CHECKPOINT_DAMAGED", statement).details(lines(what));
    let words = match newest_valid {
        Some(valid) => words
            .detail(format!("the newest one that is what was saved: {valid}"))
            .hint("without an id, that one is used: tenure checkpoint restore <name>"),
        None => words.hint("look at what is stored: tenure doctor --deep"),
    };
    words
        .fact("session", session.as_str())
        .fact("checkpoint", id.as_str())
        .fact("newest_valid", newest_valid.map(|id| id.as_str()))
}

/// A log is not that long.
#[must_use]
pub fn no_event_yet(at: Seq, head: Seq) -> Problem {
    let statement = format!("the session has no event {at} yet; its newest is at position {head}");
    Problem::missing("NOT_FOUND", statement).hint("tenure events <name> --newest 10")
}

fn ambiguous(name: &str, matches: &[Listed]) -> Problem {
    let rows = matches.iter().map(|Listed { session, .. }| {
        format!("{}  {}  {}", session.id, session.kind.name(), session.state.name().name())
    });
    let facts = matches.iter().map(|Listed { session, .. }| {
        json!({ "id": session.id.as_str(), "kind": session.kind.name(), "state": session.state.name().name() })
    });
    Problem::refused("AMBIGUOUS", format!("`{}` is the key of several sessions", Escaped(name)))
        .details(rows)
        .hint("name one of these ids instead of the key")
        .fact("matches", facts.collect::<Vec<_>>())
}

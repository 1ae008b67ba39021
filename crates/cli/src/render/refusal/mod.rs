//! Words for a rule's no: what holds, who holds it, what to try next.

mod held;
mod limit;
mod workspace;

use serde_json::{Map, Value};
use tenure_core::kind::Kind;
use tenure_core::refusal::{Held, Refusal};

pub(crate) use held::{holder_json, who};

/// What is said about something that was not done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    /// Names the reason to programs.
    pub(crate) code: &'static str,
    /// The line that says it.
    pub(crate) primary: String,
    /// Lines that say more.
    pub(crate) details: Vec<String>,
    /// What to do next. Placeholders only: never raw text from outside.
    pub(crate) hints: Vec<String>,
    /// More for programs.
    pub(crate) facts: Map<String, Value>,
}

impl Words {
    fn new(code: &'static str, primary: impl Into<String>) -> Self {
        Self { code, primary: primary.into(), ..Self::default() }
    }

    fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// Words for `refusal`. `raced`: it was decided anew after somebody else wrote in between.
pub(crate) fn words(refusal: &Refusal, raced: bool) -> Words {
    match refusal {
        Refusal::Clock => Words::new("CLOCK_UNUSABLE", "the system clock is before UNIX_EPOCH")
            .hint("set the machine's clock"),
        Refusal::Limit(limit) => limit::words(*limit),
        Refusal::RunTimes(times) => limit::run_times(*times),
        Refusal::Start(start) => workspace::start(start),
        Refusal::Clear(clear) => workspace::clear(clear, raced),
        Refusal::Heartbeat(heartbeat) => workspace::heartbeat(heartbeat),
        Refusal::Takeover(takeover) => workspace::takeover(takeover),
        Refusal::IdentityChanged => workspace::identity_changed(),
        Refusal::ImportNotEmpty => workspace::import_not_empty(),
        Refusal::NotFound => Words::new("NOT_FOUND", "there is no such session"),
        Refusal::WrongKind { kind, verb } => wrong_kind(*kind, verb),
        Refusal::Transition { session, from, to } => {
            let primary = format!("Invalid state transition: {} → {}", from.name(), to.name());
            Words::new("INVALID_TRANSITION", primary)
                .detail(format!("session {session} is {}", from.name()))
                .hint("tenure show <name>")
                .fact("session", session.as_str())
                .fact("from", from.name())
                .fact("to", to.name())
        }
        Refusal::Held(held) => held::held(held),
        Refusal::Abandoned(held) => held::abandoned(held),
        Refusal::Fenced { given, current, holder } => held::fenced(given.0, current.0, holder.as_deref()),
        Refusal::Conflict { verb, expected, actual } => {
            let primary = format!(
                "the session changed while this was decided: expected revision {expected}, current is {actual}"
            );
            Words::new("CONFLICT", primary)
                .hint(format!("retry `tenure {verb}`"))
                .fact("expected_revision", expected.0)
                .fact("current_revision", actual.0)
        }
        Refusal::NotIdle => Words::new("NOT_IDLE", "the session is not idle"),
    }
}

fn wrong_kind(kind: Kind, verb: &str) -> Words {
    let primary = format!("`tenure {verb}` is not for {} sessions", kind.name());
    let words = Words::new("WRONG_KIND", primary).fact("kind", kind.name());
    match (kind, verb) {
        (Kind::Workspace, "cancel" | "complete" | "fail") => words.hint("tenure clear"),
        (Kind::Workspace, _) => {
            words.detail("a workspace's session is changed by start, heartbeat, takeover and clear")
        }
        (Kind::Agent, "clear") => words.hint("tenure cancel <name>"),
        (Kind::Agent, _) => words,
    }
}

/// What programs learn of a holder.
fn with_held(words: Words, held: &Held) -> Words {
    let words = words.fact("session", held.session.as_str());
    let words = match &held.key {
        Some(key) => words.fact("key", key.as_str()),
        None => words,
    };
    words.fact("holder", held::held_json(held))
}

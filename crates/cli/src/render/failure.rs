//! Why something was not done, from any error, with this process's exit.

use serde_json::{Map, Value, json};
use tenure_core::escape::Escaped;
use tenure_engine::EngineError;
use tenure_store::{Listed, StoreError};
use tenure_store_sqlite::OpenError;

use super::refusal::{self, Words};
use super::{Look, Report, Tone, store_error};
use crate::exit::Exit;
use crate::out::Unread;
use crate::problem::{Problem, causes};

/// Why something was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    words: Words,
}

impl Failure {
    /// What `error` says; `None` when only the reader of the answers has gone.
    pub(crate) fn of(error: &anyhow::Error) -> Option<Self> {
        if error.downcast_ref::<Unread>().is_some() {
            return None;
        }
        if let Some(error) = error.downcast_ref::<EngineError>() {
            return Some(Self::of_engine(error));
        }
        if let Some(error) = error.downcast_ref::<StoreError>() {
            return Some(Self::of_store(error));
        }
        if let Some(error) = error.downcast_ref::<OpenError>() {
            return Some(Self { exit: Exit::Failure, words: store_error::opening(error) });
        }
        if let Some(problem) = error.downcast_ref::<Problem>() {
            return Some(Self::of_problem(problem));
        }
        let mut said = causes(error.as_ref());
        let primary = format!("failed to {}", said.remove(0));
        let words = Words { code: "FAILED", primary, details: said, ..Words::default() };
        Some(Self { exit: Exit::Failure, words })
    }

    /// What the engine says.
    pub(crate) fn of_engine(error: &EngineError) -> Self {
        match error {
            EngineError::Refused { refusal, raced } => {
                Self { exit: Exit::Refused, words: refusal::words(refusal, *raced) }
            }
            EngineError::NotFound { name } => Self { exit: Exit::Failure, words: not_found(name) },
            EngineError::Ambiguous { name, matches } => {
                Self { exit: Exit::Refused, words: ambiguous(name, matches) }
            }
            EngineError::Ended => {
                let primary = "the session has ended; its log takes nothing more".to_owned();
                let hints = vec!["tenure show <name>".to_owned()];
                Self {
                    exit: Exit::Refused,
                    words: Words { code: "ENDED", primary, hints, ..Words::default() },
                }
            }
            EngineError::Store(error) => Self::of_store(error),
        }
    }

    fn of_store(error: &StoreError) -> Self {
        Self { exit: Exit::Failure, words: store_error::words(error) }
    }

    fn of_problem(problem: &Problem) -> Self {
        let words = Words {
            code: problem.code,
            primary: problem.primary.clone(),
            details: problem.details.clone(),
            hints: problem.hint.iter().cloned().collect(),
            facts: problem.facts.clone(),
        };
        Self { exit: problem.exit, words }
    }
}

fn not_found(name: &str) -> Words {
    Words {
        code: "NOT_FOUND",
        primary: format!("there is no session with the id or key `{}`", Escaped(name)),
        hints: vec!["tenure list".to_owned()],
        ..Words::default()
    }
}

fn ambiguous(name: &str, matches: &[Listed]) -> Words {
    let details = matches.iter().map(|Listed { session, .. }| {
        format!("{}  {}  {}", session.id, session.kind.name(), session.state.name().name())
    });
    let facts = matches.iter().map(|Listed { session, .. }| {
        json!({ "id": session.id.as_str(), "kind": session.kind.name(), "state": session.state.name().name() })
    });
    Words {
        code: "AMBIGUOUS",
        primary: format!("`{}` is the key of several sessions", Escaped(name)),
        details: details.collect(),
        hints: vec!["name one of these ids instead of the key".to_owned()],
        facts: Map::from_iter([("matches".to_owned(), Value::Array(facts.collect()))]),
    }
}

impl Report for Failure {
    fn text(&self, look: &Look) -> String {
        let Words { primary, details, hints, .. } = &self.words;
        let mut text = format!("{} {primary}\n", look.paint(Tone::Bad, "error:"));
        for detail in details.iter().flat_map(|detail| detail.lines()) {
            text.extend(["  ", detail, "\n"]);
        }
        for hint in hints {
            text.extend([look.paint(Tone::Strong, "hint:").as_str(), " ", hint, "\n"]);
        }
        text
    }

    fn json(&self) -> Value {
        let Words { code, primary, details, hints, facts } = &self.words;
        let mut document = json!({ "ok": false, "code": code, "message": primary });
        if !details.is_empty() {
            document["details"] = details.clone().into();
        }
        if !hints.is_empty() {
            document["hint"] = hints.join("\n").into();
        }
        for (name, value) in facts {
            document[name] = value.clone();
        }
        document
    }
}

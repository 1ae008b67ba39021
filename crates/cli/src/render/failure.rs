//! From any error to what is said about it, as text and as JSON.

use serde_json::{Value, json};
use tenure_engine::EngineError;
use tenure_portable::Flaw;
use tenure_store::StoreError;
use tenure_store_sqlite::OpenError;
use tenure_words::{Problem, causes};

use super::{Look, Report, Tone, flaw, opening};
use crate::out::Unread;

/// What `error` says; `None` when only the reader of the answers has gone.
pub(crate) fn explain(error: anyhow::Error) -> Option<Problem> {
    if error.downcast_ref::<Unread>().is_some() {
        return None;
    }
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return Some(tenure_words::engine(error));
    }
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return Some(tenure_words::store(error));
    }
    if let Some(error) = error.downcast_ref::<OpenError>() {
        return Some(opening::words(error));
    }
    if let Some(flaw) = error.downcast_ref::<Flaw>() {
        return Some(flaw::words(flaw));
    }
    Some(error.downcast::<Problem>().unwrap_or_else(|error| {
        let mut said = causes(error.as_ref());
        Problem::failure("FAILED", said.remove(0)).details(said)
    }))
}

impl Report for Problem {
    fn text(&self, look: &Look) -> String {
        let mut text = format!("{} {}\n", look.paint(Tone::Bad, "error:"), self.primary);
        for detail in &self.details {
            text.extend(["  ", detail, "\n"]);
        }
        for hint in &self.hints {
            text.push_str(&super::hint(look, hint));
        }
        text
    }

    fn json(&self) -> Value {
        let mut document = json!({ "ok": false, "code": self.code, "message": self.primary });
        if !self.details.is_empty() {
            document["details"] = self.details.clone().into();
        }
        if !self.hints.is_empty() {
            document["hint"] = self.hints.join("\n").into();
        }
        for (name, value) in &self.facts {
            document[name] = value.clone();
        }
        document
    }
}

//! Words and documents: what people and programs get to see. No decisions.

pub(crate) mod checkpoint;
mod doctor;
pub(crate) mod event;
mod failure;
pub(crate) mod files;
mod flaw;
pub(crate) mod keeping;
mod lease;
mod look;
mod opening;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod snippet;
pub(crate) mod stats;
mod table;
pub(crate) mod token;
pub(crate) mod usage;
pub(crate) mod workers;
pub(crate) mod workspace;

use serde::Serialize;
use serde_json::Value;

pub(crate) use failure::explain;
pub(crate) use look::{Look, Tone};

/// An answer, as people and as programs read it.
pub(crate) trait Report {
    /// For people: whole lines.
    fn text(&self, look: &Look) -> String;

    /// For programs: one document.
    fn json(&self) -> Value;
}

/// `head` with the fields of `document` behind its own.
fn with(mut head: Value, document: &impl Serialize) -> Value {
    let mut document = tenure_api::document(document);
    if let (Some(fields), Some(more)) = (head.as_object_mut(), document.as_object_mut()) {
        fields.append(more);
    }
    head
}

/// What to do next. Placeholders only: never raw text from outside.
fn hint(look: &Look, words: &str) -> String {
    format!("{} {words}\n", look.paint(Tone::Strong, "hint:"))
}

/// Rows of a name and a value, the values aligned.
fn block(look: &Look, rows: Vec<(&str, String)>) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in rows {
        let label = format!("{name}:{}", " ".repeat(width - name.len()));
        text.extend([look.paint(Tone::Dim, &label), format!(" {value}\n")]);
    }
    text
}

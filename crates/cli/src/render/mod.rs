//! Words and documents: what people and programs get to see. No decisions.

mod failure;
mod look;
mod refusal;
mod store_error;
pub(crate) mod usage;
pub(crate) mod when;

use serde_json::Value;

pub(crate) use failure::Failure;
pub(crate) use look::{Look, Tone};
pub(crate) use refusal::who;

/// An answer, as people and as programs read it.
pub(crate) trait Report {
    /// For people: whole lines.
    fn text(&self, look: &Look) -> String;

    /// For programs: one document.
    fn json(&self) -> Value;
}

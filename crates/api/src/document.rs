//! Documents as values, and values as they were given.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A document as a value, for callers that add to it.
///
/// # Panics
/// When the keys of `document` are not text, as those of our types are.
#[must_use]
pub fn document(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("a document is an object with names")
}

/// JSON text that was checked when it came in. Should it not be JSON all the same, it is shown as the text it is.
pub(crate) fn given(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_not_json| Value::String(json.to_owned()))
}

/// What is there, also when it is `null`. What is not there is for `serde(default)`.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

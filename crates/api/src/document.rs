//! Documents as values, and values as they were given.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

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

/// A value as the JSON text that a store keeps.
pub(crate) fn taken(value: &Value) -> String {
    value.to_string()
}

/// Texts that were checked when they came in, by name.
pub(crate) fn all_given(texts: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    texts.iter().map(|(name, json)| (name.clone(), given(json))).collect()
}

/// Values as the texts that a store keeps, by name.
pub(crate) fn all_taken(values: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| (name.clone(), taken(value))).collect()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many bytes from lower-case hexadecimal.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_form = text.len() == 2 * N && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let pairs = text.as_bytes().chunks(2).filter(|_| is_form);
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// A number that a decimal fraction stands for, in millionths; `None`: there is none that is not negative.
pub(crate) fn millionths(number: &Number) -> Option<u64> {
    if let Some(whole) = number.as_u64() {
        return whole.checked_mul(1_000_000);
    }
    let (whole, rest) = (format!("{:.6}", number.as_f64()?), 6);
    let point = whole.len().checked_sub(rest + 1)?;
    format!("{}{}", &whole[..point], &whole[point + 1..]).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_as_many_as_they_must_be() {
        assert_eq!(unhex(&hex(&[1, 0xAB])), Some([1, 0xAB]));
        for wrong in ["", "01a", "01AB", "01abcd", "zz00", "01é0"] {
            assert_eq!(unhex::<2>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_of_millionths_is_exact_as_far_as_numbers_of_json_are() {
        let read = |text: &str| millionths(&serde_json::from_str(text).unwrap());
        for (text, micros) in [
            ("0", 0),
            ("7", 7_000_000),
            ("1.25", 1_250_000),
            ("0.000001", 1),
            ("1e-6", 1),
            ("1234567.654321", 1_234_567_654_321),
            ("4503599627.370495", 4_503_599_627_370_495),
        ] {
            assert_eq!(read(text), Some(micros), "{text}");
        }
        for wrong in ["-1", "-0.5", "1e300", "18446744073709551615"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

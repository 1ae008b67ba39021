//! Where a list goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A position in a list, in an order. Callers are not to rely on what it looks like, so it looks like nothing.
#[must_use]
pub fn encode(position: i64, is_oldest_first: bool) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{position}", mark(is_oldest_first)))
}

/// The position that a cursor of that order stands for; `None`: it was not given out for such a list.
#[must_use]
pub fn decode(cursor: &str, is_oldest_first: bool) -> Option<i64> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix(mark(is_oldest_first))?.strip_prefix(':')?.parse().ok()
}

const fn mark(is_oldest_first: bool) -> &'static str {
    if is_oldest_first { "1o" } else { "1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_anything_else_is_refused() {
        for order in [false, true] {
            assert_eq!(decode(&encode(42, order), order), Some(42));
            for wrong in ["", "42", "MTo", "Mjo0Mg", "not base64!"] {
                assert_eq!(decode(wrong, order), None, "{wrong}");
            }
        }
        assert_eq!(decode(&encode(42, true), false), None, "a cursor belongs to an order");
    }
}

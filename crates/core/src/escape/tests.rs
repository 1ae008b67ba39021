//! Tests of display-safe escaping.

use proptest::prelude::*;

use super::Escaped;
use crate::fixture::{actor, cases};

fn shown(text: &str) -> String {
    Escaped(text).to_string()
}

/// Reads escaped text back, or says that it is not what escaping makes.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if first == '\\' { escape(rest, &mut bytes)? } else { plain(first, &mut bytes) };
        rest = &rest[taken..];
    }
    String::from_utf8(bytes).ok()
}

fn plain(character: char, bytes: &mut Vec<u8>) -> usize {
    bytes.extend(character.to_string().bytes());
    character.len_utf8()
}

fn escape(text: &str, bytes: &mut Vec<u8>) -> Option<usize> {
    let short = [("\\n", b'\n'), ("\\t", b'\t'), ("\\\\", b'\\')];
    if let Some((form, byte)) = short.into_iter().find(|(form, _)| text.starts_with(form)) {
        bytes.push(byte);
        return Some(form.len());
    }
    if let Some(hex) = text.strip_prefix("\\x") {
        bytes.push(u8::from_str_radix(hex.get(..2)?, 16).ok()?);
        return Some(4);
    }
    let (hex, _) = text.strip_prefix("\\u{")?.split_once('}')?;
    plain(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, bytes);
    Some("\\u{}".len() + hex.len())
}

#[test]
fn control_bytes_newlines_and_backslashes_are_shown_escaped() {
    let cases = [
        ("attacker\nroot", "attacker\\nroot"),
        ("a\tb\\c\x1b[31m\x7f\r\0", "a\\tb\\\\c\\x1B[31m\\x7F\\x0D\\x00"),
        ("\u{9b}", "\\xC2\\x9B"),
        ("a\u{202E}b\u{2028}c\u{2066}", "a\\u{202E}b\\u{2028}c\\u{2066}"),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn quotes_slashes_and_letters_of_any_script_are_shown_as_they_are() {
    for text in ["worker/α-1 \"quoted\"", "foo; rm -rf /", "日本語 🦀", "it's ../.."] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn every_control_character_is_escaped() {
    let controls = ('\0'..=char::MAX).filter(|character| character.is_control());
    for character in controls {
        let shown = shown(&character.to_string());
        assert!(shown.starts_with('\\') && shown.is_ascii(), "{shown:?}");
        assert_eq!(unescaped(&shown), Some(character.to_string()));
    }
}

#[test]
fn identifiers_are_escaped_wherever_they_are_displayed() {
    let hostile = "w\n\x1b[2J\\";
    assert_eq!(actor(hostile).to_string(), "w\\n\\x1B[2J\\\\");
    assert_eq!(crate::id::Key::parse(hostile).unwrap().to_string(), "w\\n\\x1B[2J\\\\");
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn escaping_is_total_and_leaves_no_control_character(text in any::<String>()) {
        prop_assert!(!shown(&text).chars().any(char::is_control));
    }

    #[test]
    fn two_texts_never_look_the_same_once_escaped(text in "[\\x00-\\x20\\\\nxu{}0-9A-F\u{80}-\u{9f}\u{202e}é]{0,24}") {
        prop_assert_eq!(unescaped(&shown(&text)), Some(text));
    }
}

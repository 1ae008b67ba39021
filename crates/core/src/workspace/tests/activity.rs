//! Texts given by callers: activity, reasons, minutes, modes.

use crate::fixture::{EIGHT_HOURS_MS, wall};
use crate::refusal::LimitRefusal;
use crate::session::Mode;
use crate::workspace::{ActivityText, parse_reason, session_minutes};

fn parsed(text: &str) -> Result<Option<String>, LimitRefusal> {
    ActivityText::parse(text).map(|activity| activity.map(|activity| activity.as_str().to_owned()))
}

#[test]
fn activity_text_holds_280_characters_and_not_one_more() {
    for character in ["a", "é", "日", "🦀"] {
        let longest = character.repeat(280);
        assert_eq!(parsed(&longest), Ok(Some(longest.clone())));
        let refusal = LimitRefusal::Characters { what: "activity", length: 281, max: 280 };
        assert_eq!(parsed(&character.repeat(281)), Err(refusal));
    }
    let refusal = LimitRefusal::Characters { what: "activity", length: 1 << 20, max: 280 };
    assert_eq!(parsed(&"a".repeat(1 << 20)), Err(refusal));
}

#[test]
fn activity_text_is_trimmed_before_it_is_counted() {
    let padded = format!("\n  {}\t ", "é".repeat(280));
    assert_eq!(parsed(&padded), Ok(Some("é".repeat(280))));
    assert_eq!(parsed("  step 3\n"), Ok(Some("step 3".to_owned())));
    assert_eq!(parsed("step  3"), Ok(Some("step  3".to_owned())));
}

#[test]
fn blank_activity_says_nothing() {
    for blank in ["", " ", "\t\n\r ", "\u{3000}"] {
        assert_eq!(parsed(blank), Ok(None));
    }
    assert_eq!(parsed(&" ".repeat(1000)), Ok(None));
}

#[test]
fn a_reason_says_something_in_bounded_length() {
    for blank in ["", "  ", "\n\t"] {
        assert_eq!(parse_reason(blank), Err(LimitRefusal::BlankReason));
    }
    assert_eq!(parse_reason("  runner died\n"), Ok("runner died".to_owned()));
    assert_eq!(parse_reason(&"a".repeat(4096)), Ok("a".repeat(4096)));
    let refusal = LimitRefusal::Bytes { what: "reason", length: 4097, max: 4096 };
    assert_eq!(parse_reason(&"a".repeat(4097)), Err(refusal));
}

#[test]
fn session_minutes_are_whole_and_never_negative() {
    let cases = [(0, 0), (59_999, 0), (60_000, 1), (119_999, 1), (EIGHT_HOURS_MS, 480)];
    for (ms, minutes) in cases {
        assert_eq!(session_minutes(wall(0), wall(ms)), minutes, "{ms}");
    }
    assert_eq!(session_minutes(wall(60_000), wall(0)), 0);
}

#[test]
fn modes_are_known_by_name_and_unknown_text_is_none() {
    let table = [("general", Mode::General), ("research", Mode::Research), ("implement", Mode::Implement)];
    assert_eq!(table.map(|(_, mode)| mode), Mode::ALL);
    for (name, mode) in table {
        assert_eq!((mode.name(), Mode::parse(name)), (name, Some(mode)));
    }
    for unknown in ["", "General", "plan", " research"] {
        assert_eq!(Mode::parse(unknown), None);
    }
    assert_eq!(Mode::default(), Mode::General);
}

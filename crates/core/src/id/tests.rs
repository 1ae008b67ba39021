//! Tests of names and numbers.

use proptest::prelude::*;

use super::{
    ActorId, EventType, Fence, Incarnation, InvalidName, Key, Namespace, Principal, Revision, Seq, SessionId,
};
use crate::fixture::cases;

#[test]
fn a_session_id_is_given_from_outside_and_may_be_a_prefixed_ulid() {
    let text = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert!(text.starts_with(SessionId::PREFIX));
    assert_eq!(SessionId::parse(text).unwrap().as_str(), text);
}

#[test]
fn a_session_id_holds_only_visible_ascii_without_separators() {
    let refused = [
        ("", InvalidName::Blank),
        (" \t", InvalidName::Blank),
        ("a b", InvalidName::Character { at: 1 }),
        ("../etc", InvalidName::Character { at: 2 }),
        ("a\nb", InvalidName::Character { at: 1 }),
        ("a\x1b", InvalidName::Character { at: 1 }),
        ("a\0", InvalidName::Character { at: 1 }),
        ("a?b", InvalidName::Character { at: 1 }),
        ("a#b", InvalidName::Character { at: 1 }),
        ("a&b", InvalidName::Character { at: 1 }),
        ("a=b", InvalidName::Character { at: 1 }),
        ("a,b", InvalidName::Character { at: 1 }),
        ("é", InvalidName::Character { at: 0 }),
    ];
    for (text, why) in refused {
        assert_eq!(SessionId::parse(text), Err(why), "{text:?}");
    }
    assert_eq!(SessionId::parse("nightly\"':;|~").unwrap().as_str(), "nightly\"':;|~");
}

#[test]
fn names_are_bounded_in_bytes() {
    type Parse = fn(&str) -> Result<(), InvalidName>;
    let parsers: [(usize, Parse); 6] = [
        (128, |text| SessionId::parse(text).map(drop)),
        (64, |text| Namespace::parse(text).map(drop)),
        (4096, |text| Key::parse(text).map(drop)),
        (256, |text| ActorId::parse(text).map(drop)),
        (64, |text| EventType::parse(text).map(drop)),
        (128, |text| Principal::parse(text).map(drop)),
    ];
    for (max, parse) in parsers {
        assert_eq!(parse(&"a".repeat(max)), Ok(()));
        assert_eq!(parse(&"a".repeat(max + 1)), Err(InvalidName::TooLong { length: max + 1, max }));
        assert_eq!(parse(&"a".repeat(1 << 20)), Err(InvalidName::TooLong { length: 1 << 20, max }));
        assert_eq!(parse(" \n\t"), Err(InvalidName::Blank));
    }
    assert_eq!(ActorId::parse(&"é".repeat(129)), Err(InvalidName::TooLong { length: 258, max: 256 }));
}

#[test]
fn namespaces_and_event_types_hold_only_plain_characters() {
    assert_eq!(Namespace::parse("team-1_a.b").unwrap().as_str(), "team-1_a.b");
    assert_eq!(Namespace::parse("a/b"), Err(InvalidName::Character { at: 1 }));
    assert_eq!(EventType::parse("my.step-1_x").unwrap().as_str(), "my.step-1_x");
    assert_eq!(EventType::parse("Step"), Err(InvalidName::Character { at: 0 }));
    assert_eq!(Principal::parse("ann@example.org/ci").unwrap().as_str(), "ann@example.org/ci");
    assert_eq!(Principal::parse("ann b"), Err(InvalidName::Character { at: 3 }));
}

#[test]
fn actors_and_keys_may_hold_anything() {
    for text in ["runtime/w1", "foo; rm -rf /", "a\nb\x1b", "日本 語"] {
        assert_eq!(ActorId::parse(text).unwrap().as_str(), text);
        assert_eq!(Key::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn the_names_that_rules_give_out_are_ordinary_names() {
    assert_eq!(ActorId::parse("interactive"), Ok(ActorId::interactive()));
    assert_eq!(ActorId::parse("unknown"), Ok(ActorId::unknown()));
    assert_eq!(Namespace::parse("default"), Ok(Namespace::default_name()));
}

#[test]
fn the_next_number_is_one_more_at_least_one_and_saturates() {
    assert_eq!(Revision::default().next(), Revision(1));
    assert_eq!(Revision(41).next(), Revision(42));
    assert_eq!(Revision(u64::MAX).next(), Revision(u64::MAX));
    assert_eq!(Fence(u64::MAX - 1).next(), Fence(u64::MAX));
    assert_eq!(Seq(0).next(), Seq(1));
    assert_eq!(Fence(7).to_string(), "7");
}

#[test]
fn an_incarnation_is_shown_in_hexadecimal() {
    let mut bytes = [0; 16];
    bytes[15] = 0xAB;
    assert_eq!(Incarnation(bytes).to_string(), "000000000000000000000000000000ab");
    assert_eq!(Incarnation::parse("000000000000000000000000000000ab"), Some(Incarnation(bytes)));
    for wrong in ["", "ab", "000000000000000000000000000000AB", "+00000000000000000000000000000ab"] {
        assert_eq!(Incarnation::parse(wrong), None, "{wrong}");
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn an_accepted_name_is_kept_as_it_was_given(text in any::<String>()) {
        let kept = [
            SessionId::parse(&text).map(|name| name.as_str().to_owned()),
            Namespace::parse(&text).map(|name| name.as_str().to_owned()),
            Key::parse(&text).map(|name| name.as_str().to_owned()),
            ActorId::parse(&text).map(|name| name.as_str().to_owned()),
            EventType::parse(&text).map(|name| name.as_str().to_owned()),
        ];
        for name in kept.into_iter().flatten() {
            prop_assert_eq!(&name, &text);
        }
    }
}

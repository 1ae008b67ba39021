//! Whatever callers give is read back as what it was.

use proptest::prelude::*;
use serde_json::Value;
use tenure_core::event::{Event, EventBody, Stream, TerminalEvent};
use tenure_core::id::{EventType, Fence, Seq, SessionId};
use tenure_core::session::{Facts, Session, Usage};
use tenure_core::time::WallTime;

use super::fixture;
use crate::{Bytes, Seen};

/// JSON of any shape.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The event that somebody far away reads.
fn read(data: EventBody) -> (Event, Event) {
    let told = Event { seq: Seq(1), at: WallTime::from_epoch_ms(0), fence: Some(Fence(1)), id: None, data };
    let shown = crate::Event::of(&SessionId::parse("ses_1").unwrap(), &told);
    let text = serde_json::to_string(&shown).unwrap();
    (serde_json::from_str::<crate::Event>(&text).unwrap().read().unwrap(), told)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn json_of_any_shape_is_read_back_as_it_was(value in json()) {
        let kind = EventType::parse("x.note").unwrap();
        let (read, told) = read(EventBody::Given { kind, json: value.to_string() });
        prop_assert_eq!(read, told);
    }

    #[test]
    fn json_under_a_type_that_is_ours_too_loses_nothing(value in json(), at in 0..3_usize) {
        let kind = EventType::parse(["message", "activity", "terminal"][at]).unwrap();
        let (read, told) = read(EventBody::Given { kind, json: value.to_string() });
        prop_assert_eq!(read, told);
    }

    #[test]
    fn output_of_any_bytes_is_read_back_as_it_was(bytes: Vec<u8>, is_error: bool) {
        let stream = if is_error { Stream::Stderr } else { Stream::Terminal };
        let (read, told) = read(EventBody::Terminal(TerminalEvent::Output { stream, bytes }));
        prop_assert_eq!(read, told);
    }

    #[test]
    fn bytes_are_read_back_as_they_were(bytes: Vec<u8>) {
        let text = serde_json::to_string(&Bytes::of(&bytes)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap().read(), Ok(bytes));
    }

    #[test]
    fn what_was_paid_is_read_back_to_the_millionth(cost_micros in 0..1_u64 << 51) {
        let usage = Usage { iterations: 1, cost_micros, ..Usage::default() };
        let session = Session { facts: Facts { usage, ..Facts::default() }, ..fixture::plain() };
        let now = fixture::now();
        let document = crate::Session::of(&session, Seen { now: &now, is_gone: false, log: None });
        let text = serde_json::to_string(&document).unwrap();
        let known = serde_json::from_str::<crate::Session>(&text).unwrap().read().unwrap();
        prop_assert_eq!(known.session.facts.usage, usage);
    }
}

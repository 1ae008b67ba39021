//! What was recorded is shown in this form, and read back.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tenure_core::event::{EventBody, Request, Stream, TerminalEvent};
use tenure_core::id::{ActorId, CheckpointId, EventId, EventType, Fence, HandoverId, Seq, SessionId};
use tenure_core::lease::{Holder, HolderKind};
use tenure_core::session::{Exit, StateName, Stats, Usage};
use tenure_core::time::WallTime;

use super::payload::{self, Terminal};
use super::{Event, event, of};

fn actor(text: &str) -> ActorId {
    ActorId::parse(text).unwrap()
}

fn holder() -> Holder {
    Holder { kind: HolderKind::RuntimeWorker, id: actor("w"), supervisor: None, place: None }
}

/// That `body` is written as `form`, and that this is read and written again as `T`.
fn is_written<T: Serialize + DeserializeOwned>(body: &EventBody, form: &Value) {
    let data = of::data(body);
    assert_eq!(data.to_string(), form.to_string());
    let read: T = serde_json::from_value(data).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), form.to_string());
}

#[test]
fn an_event_is_read_back_as_it_was_written() {
    let session = SessionId::parse("ses_1").unwrap();
    let kind = EventType::parse("note").unwrap();
    let told = event::Event {
        seq: Seq(7),
        at: WallTime::from_epoch_ms(1_700_000_000_123),
        fence: Some(Fence(3)),
        id: Some(EventId::parse("n-1").unwrap()),
        data: EventBody::Given { kind, json: r#"{"a": [1, 2.5]}"#.to_owned() },
    };
    let written = Event::of(&session, &told);
    let text = serde_json::to_string(&written).unwrap();
    let form = r#"{"session":"ses_1","seq":7,"at":"2023-11-14T22:13:20.123Z","type":"note","fence":3,"id":"n-1","data":{"a":[1,2.5]}}"#;
    assert_eq!(text, form);
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), written);
    let bare = Event::of(&session, &event::Event { fence: None, id: None, ..told });
    let mut newer = crate::document(&bare);
    newer["known_later"] = json!(1);
    assert_eq!(serde_json::from_value::<Event>(newer).unwrap(), bare);
}

#[test]
fn what_a_caller_gave_is_shown_as_it_is() {
    let given = |json: &str| {
        of::data(&EventBody::Given { kind: EventType::parse("note").unwrap(), json: json.to_owned() })
    };
    assert_eq!(given("null"), Value::Null);
    assert_eq!(given("not json"), json!("not json"));
}

#[test]
fn what_happens_to_a_session_has_these_forms() {
    let moved = |by| EventBody::StateChanged {
        from: Some(StateName::Active),
        to: StateName::Paused,
        reason: "lunch".to_owned(),
        by,
    };
    let form = json!({ "from": "active", "to": "paused", "reason": "lunch", "by": "ops" });
    is_written::<payload::StateChanged>(&moved(Some(actor("ops"))), &form);
    let opened =
        EventBody::StateChanged { from: None, to: StateName::Pending, reason: String::new(), by: None };
    is_written::<payload::StateChanged>(&opened, &json!({ "from": null, "to": "pending", "reason": "" }));
    is_written::<payload::ActivityNoted>(&EventBody::Activity { text: "a".into() }, &json!({ "text": "a" }));
    let next = SessionId::parse("ses_2").unwrap();
    is_written::<payload::Succeeded>(&EventBody::Succeeded { by: next }, &json!({ "by": "ses_2" }));
    let retained = EventBody::Retained { reason: "audit".into(), by: None };
    is_written::<payload::RetainedNow>(&retained, &json!({ "reason": "audit" }));
    let ended = EventBody::RetentionEnded { by: Some(actor("ops")) };
    is_written::<payload::RetentionEnded>(&ended, &json!({ "by": "ops" }));
    let gone = EventBody::HandedOver {
        id: HandoverId([1; 16]),
        to: "b.db".into(),
        by: Some(actor("ops")),
        fence: Fence(4),
    };
    let form = json!({ "handover": "01".repeat(16), "to": "b.db", "fence": 4, "by": "ops" });
    is_written::<payload::HandedOver>(&gone, &form);
    is_written::<payload::Asked>(&EventBody::Request(Request::Stop), &json!({ "request": "stop" }));
}

#[test]
fn what_happens_to_a_lease_has_these_forms() {
    let who = json!({ "kind": "runtime_worker", "id": "w" });
    let granted =
        EventBody::LeaseGranted { holder: holder(), fence: Fence(2), ttl: Some(Duration::from_secs(15)) };
    let form = json!({ "holder": who, "fence": 2, "ttlMs": 15_000 });
    is_written::<payload::LeaseGranted>(&granted, &form);
    let to_a_person = EventBody::LeaseGranted { holder: holder(), fence: Fence(2), ttl: None };
    is_written::<payload::LeaseGranted>(&to_a_person, &json!({ "holder": who, "fence": 2 }));
    let taken = EventBody::LeaseTakenOver {
        from: actor("v"),
        holder: holder(),
        fence: Fence(3),
        reason: "gone".into(),
    };
    let form = json!({ "from": "v", "holder": who, "fence": 3, "reason": "gone" });
    is_written::<payload::LeaseTakenOver>(&taken, &form);
    let released = EventBody::LeaseReleased { fence: Fence(3) };
    is_written::<payload::LeaseReleased>(&released, &json!({ "fence": 3 }));
}

#[test]
fn what_happens_to_saved_values_has_these_forms() {
    let id = CheckpointId::parse("ckp_1").unwrap();
    let created = EventBody::CheckpointCreated { id: id.clone(), reason: Some("step".into()), size: 9 };
    let form = json!({ "checkpoint": "ckp_1", "size": 9, "reason": "step" });
    is_written::<payload::CheckpointCreated>(&created, &form);
    let restored = EventBody::CheckpointRestored { id, is_record: true };
    let form = json!({ "checkpoint": "ckp_1", "record": true });
    is_written::<payload::CheckpointRestored>(&restored, &form);
}

#[test]
fn an_end_tells_only_what_there_was() {
    let ended = |exit, usage| EventBody::Completion {
        message: "done".into(),
        stats: Stats { duration: Duration::from_millis(1_500), exit, output_bytes: 12, usage },
    };
    let bare = json!({ "message": "done", "stats": { "durationMs": 1_500, "outputBytes": 12 } });
    is_written::<payload::Ending>(&ended(None, Usage::default()), &bare);
    let usage = Usage { iterations: 1, cost_micros: 500_000, ..Usage::default() };
    let full = json!({ "message": "done", "stats": {
        "durationMs": 1_500, "outputBytes": 12, "exitCode": 137, "signal": 9,
        "iterations": 1, "inputTokens": 0, "outputTokens": 0, "toolCalls": 0, "cost": 0.5,
    } });
    is_written::<payload::Ending>(&ended(Some(Exit::Signal(9)), usage), &full);
}

#[test]
fn output_is_text_where_it_is_utf_8_and_base64_elsewhere() {
    let is_output = |stream, bytes: &[u8], form: Value| {
        let record = EventBody::Terminal(TerminalEvent::Output { stream, bytes: bytes.to_vec() });
        is_written::<Terminal>(&record, &form);
        let read: Terminal = serde_json::from_value(form).unwrap();
        assert!(matches!(read, Terminal::Output(_)), "{read:?}");
    };
    is_output(Stream::Stdout, "é\n".as_bytes(), json!({ "output": "é\n", "stream": "stdout" }));
    is_output(Stream::Stderr, b"no", json!({ "error": "no", "stream": "stderr" }));
    is_output(Stream::Terminal, b"\xC3", json!({ "outputBase64": "ww==", "stream": "terminal" }));
    is_output(Stream::Stderr, b"\xA9", json!({ "errorBase64": "qQ==", "stream": "stderr" }));
}

#[test]
fn what_happens_at_a_terminal_has_these_forms() {
    let is_record = |record, form: Value| {
        is_written::<Terminal>(&EventBody::Terminal(record), &form);
    };
    let command = vec!["make".to_owned()];
    let started = TerminalEvent::Started { command: command.clone(), size: Some((80, 24)) };
    is_record(started, json!({ "command": ["make"], "cols": 80, "rows": 24 }));
    is_record(TerminalEvent::Started { command, size: None }, json!({ "command": ["make"] }));
    is_record(TerminalEvent::Resized { cols: 80, rows: 25 }, json!({ "cols": 80, "rows": 25 }));
    is_record(TerminalEvent::Capped { limit: 9 }, json!({ "cappedAtBytes": 9 }));
    is_record(TerminalEvent::Lost { bytes: 7 }, json!({ "lostBytes": 7 }));
    is_record(TerminalEvent::Exited(Exit::Code(2)), json!({ "exitCode": 2 }));
    is_record(TerminalEvent::Exited(Exit::Signal(9)), json!({ "exitCode": 137, "signal": 9 }));
}

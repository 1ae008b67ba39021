//! What was recorded is shown in this form, and read back.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tenure_core::event::{EventBody, Request, Stream, TerminalEvent};
use tenure_core::id::{ActorId, CheckpointId, EventId, EventType, Fence, HandoverId, Seq, SessionId};
use tenure_core::lease::{Holder, HolderKind, Place};
use tenure_core::session::{Exit, StateName, Stats, Usage};
use tenure_core::time::WallTime;

use super::payload::{self, Terminal};
use super::{Event, event, of};
use crate::requests::EventDraft;
use crate::{Flaw, Unreadable};

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

/// One of every sort, and what is odd about some.
fn bodies() -> Vec<EventBody> {
    let by = || Some(actor("ops"));
    let place = Some(Place { host: "box".into(), pid: 42 });
    let full = Holder { kind: HolderKind::Run, supervisor: by(), place, ..holder() };
    let usage = Usage { iterations: 1, input_tokens: u64::MAX, cost_micros: 1_234_567, ..Usage::default() };
    let stats = Stats { duration: Duration::from_millis(1_500), exit: None, output_bytes: 12, usage };
    let ckp = || CheckpointId::parse("ckp_1").unwrap();
    let mut bodies = vec![
        EventBody::StateChanged { from: None, to: StateName::Pending, reason: String::new(), by: None },
        EventBody::StateChanged {
            from: Some(StateName::Active),
            to: StateName::Paused,
            reason: "a".into(),
            by: by(),
        },
        EventBody::Completion { message: "done".into(), stats: Stats::default() },
        EventBody::Completion { message: "done".into(), stats: Stats { exit: Some(Exit::Code(0)), ..stats } },
        EventBody::Error { message: "no".into(), stats: Stats { exit: Some(Exit::Signal(9)), ..stats } },
        EventBody::Activity { text: "reading".into() },
        EventBody::LeaseGranted { holder: full, fence: Fence(2), ttl: Some(Duration::from_secs(15)) },
        EventBody::LeaseGranted { holder: holder(), fence: Fence(2), ttl: None },
        EventBody::LeaseTakenOver {
            from: actor("v"),
            holder: holder(),
            fence: Fence(3),
            reason: "gone".into(),
        },
        EventBody::LeaseReleased { fence: Fence(3) },
        EventBody::Succeeded { by: SessionId::parse("ses_2").unwrap() },
        EventBody::CheckpointCreated { id: ckp(), reason: Some("step".into()), size: 9 },
        EventBody::CheckpointCreated { id: ckp(), reason: None, size: 0 },
        EventBody::CheckpointRestored { id: ckp(), is_record: true },
        EventBody::Retained { reason: "audit".into(), by: by() },
        EventBody::Retained { reason: "audit".into(), by: None },
        EventBody::RetentionEnded { by: by() },
        EventBody::RetentionEnded { by: None },
        EventBody::HandedOver { id: HandoverId([0xab; 16]), to: "b.db".into(), by: by(), fence: Fence(4) },
    ];
    bodies.extend(Request::ALL.map(EventBody::Request));
    bodies.extend(records().into_iter().map(EventBody::Terminal));
    bodies.extend(given());
    bodies
}

fn records() -> Vec<TerminalEvent> {
    let output = |stream, bytes: &[u8]| TerminalEvent::Output { stream, bytes: bytes.to_vec() };
    vec![
        TerminalEvent::Started { command: vec!["make".into(), String::new()], size: Some((80, 24)) },
        TerminalEvent::Started { command: Vec::new(), size: None },
        output(Stream::Terminal, "é\n\0".as_bytes()),
        output(Stream::Stdout, b"\xC3"),
        output(Stream::Stderr, b"no"),
        output(Stream::Stderr, b"\xA9"),
        output(Stream::Stdout, b""),
        TerminalEvent::Resized { cols: 80, rows: 25 },
        TerminalEvent::Capped { limit: u64::MAX },
        TerminalEvent::Lost { bytes: 7 },
        TerminalEvent::Exited(Exit::Code(137)),
        TerminalEvent::Exited(Exit::Signal(9)),
    ]
}

/// What callers append, in the compact form in which it is read back: under types of ours too, where it says more or
/// less than ours do.
fn given() -> Vec<EventBody> {
    let of = |(kind, json): (&str, &str)| EventBody::Given {
        kind: EventType::parse(kind).unwrap(),
        json: json.to_owned(),
    };
    [
        ("x.step", r#"{"b":1,"a":[2.5,null,-9223372036854775808,18446744073709551615]}"#),
        ("x.exact", "31.245270191439438"),
        ("x.null", "null"),
        ("message", r#"{"request":"dance"}"#),
        ("message", r#"{"request":"stop","note":"please"}"#),
        ("message", r#""hello""#),
        ("activity", r#"{"text":"a","percent":3}"#),
        ("terminal", r#"{"exitCode":0,"core":true}"#),
        ("terminal", r#"{"command":["a"],"cols":80}"#),
        ("terminal", r#"{"stream":"stderr","output":"a"}"#),
        ("terminal", r#"{"stream":"printer","output":"a"}"#),
        ("terminal", r#"{"stream":"stdout","outputBase64":"!"}"#),
        ("terminal", "17"),
    ]
    .map(of)
    .to_vec()
}

/// How many sorts there are: a new one is to be among [`bodies`].
fn sort(body: &EventBody) -> usize {
    match body {
        EventBody::StateChanged { .. } => 0,
        EventBody::Completion { .. } => 1,
        EventBody::Error { .. } => 2,
        EventBody::Activity { .. } => 3,
        EventBody::LeaseGranted { .. } => 4,
        EventBody::LeaseTakenOver { .. } => 5,
        EventBody::LeaseReleased { .. } => 6,
        EventBody::Succeeded { .. } => 7,
        EventBody::CheckpointCreated { .. } => 8,
        EventBody::CheckpointRestored { .. } => 9,
        EventBody::Retained { .. } => 10,
        EventBody::RetentionEnded { .. } => 11,
        EventBody::HandedOver { .. } => 12,
        EventBody::Terminal(_) => 13,
        EventBody::Request(_) => 14,
        EventBody::Given { .. } => 15,
    }
}

#[test]
fn every_event_is_read_back_as_it_was_recorded() {
    let session = SessionId::parse("ses_1").unwrap();
    let bodies = bodies();
    let sorts: std::collections::BTreeSet<_> = bodies.iter().map(sort).collect();
    assert_eq!(sorts.len(), 16);
    for data in bodies {
        let told = event::Event {
            seq: Seq(7),
            at: WallTime::from_epoch_ms(1_700_000_000_123),
            fence: Some(Fence(3)),
            id: EventId::parse("n-1").ok(),
            data,
        };
        let text = serde_json::to_string(&Event::of(&session, &told)).unwrap();
        let shown: Event = serde_json::from_str(&text).unwrap();
        assert_eq!(shown.session(), Ok(session.clone()));
        assert_eq!(shown.read().unwrap(), told, "{text}");
    }
}

#[test]
fn an_event_without_fence_and_id_is_read_back_without() {
    let session = SessionId::parse("ses_1").unwrap();
    let at = WallTime::from_epoch_ms(0);
    let data = EventBody::LeaseReleased { fence: Fence(1) };
    let told = event::Event { seq: Seq(1), at, fence: None, id: None, data };
    assert_eq!(Event::of(&session, &told).read(), Ok(told));
}

#[test]
fn an_event_that_cannot_be_is_refused() {
    let refused = |type_: &str, data: Value| {
        let event =
            json!({ "session": "s", "seq": 1, "at": "2026-01-01T00:00:00Z", "type": type_, "data": data });
        serde_json::from_value::<Event>(event).unwrap().read().unwrap_err()
    };
    let Unreadable { field, why } = refused("state_changed", json!({ "from": null, "to": 7, "reason": "" }));
    assert_eq!(field, "data");
    assert!(matches!(why, Flaw::Shape(_)), "{why:?}");
    let said = |type_: &str, data: Value| refused(type_, data).to_string();
    let data = json!({ "from": null, "to": "asleep", "reason": "" });
    assert_eq!(said("state_changed", data), r#"`data.to` is "asleep", which is not known here"#);
    let data = json!({ "holder": { "kind": "run", "id": "" }, "fence": 1 });
    assert_eq!(said("lease_granted", data), "`data.holder.id` is blank");
    assert_eq!(
        said("succeeded", json!({ "by": "a b" })),
        "`data.by` holds a character that is not allowed in it, at byte 1"
    );
    let data = json!({ "handover": "0G", "to": "b", "fence": 1 });
    assert_eq!(said("handed_over", data), r#"`data.handover` is "0G", which is not known here"#);
    let used = json!({ "iterations": 0, "inputTokens": 0, "outputTokens": 0, "toolCalls": 0, "cost": -1 });
    let mut stats = json!({ "durationMs": 1, "outputBytes": 0 });
    stats.as_object_mut().unwrap().extend(used.as_object().unwrap().clone());
    let words = "`data.stats.cost` is not an amount that can be counted in millionths";
    assert_eq!(said("completion", json!({ "message": "", "stats": stats })), words);
    assert_eq!(said("A B", Value::Null), "`type` holds a character that is not allowed in it, at byte 0");
}

#[test]
fn what_an_owner_appends_is_read_back_as_it_was_drafted() {
    let records = records().into_iter().map(EventBody::Terminal);
    let given = given().into_iter().filter(|body| body.type_name() != "terminal");
    for data in records.chain(given) {
        for id in [None, EventId::parse("n-1").ok()] {
            let draft = event::EventDraft { id, data: data.clone() };
            let text = serde_json::to_string(&EventDraft::of(&draft)).unwrap();
            assert_eq!(serde_json::from_str::<EventDraft>(&text).unwrap().read(), Ok(draft), "{text}");
        }
    }
}

#[test]
fn whoever_sends_a_message_that_looks_like_a_request_has_sent_a_message() {
    let draft = EventDraft::of(&EventBody::Request(Request::Stop).into()).read().unwrap();
    let kind = EventType::parse("message").unwrap();
    assert_eq!(draft.data, EventBody::Given { kind, json: r#"{"request":"stop"}"#.to_owned() });
}

#[test]
fn what_is_no_record_of_a_terminal_is_not_drafted_as_one() {
    let said = |data: Value| {
        EventDraft { id: None, kind: "terminal".to_owned(), data }.read().unwrap_err().to_string()
    };
    for (data, words) in [
        (json!({ "exitCode": 0, "core": true }), "`data` is not a record of a terminal and nothing else"),
        (json!({ "command": [], "cols": 80 }), "`data.rows` is missing"),
        (json!({ "command": [], "rows": 24 }), "`data.cols` is missing"),
        (json!({ "stream": "printer" }), r#"`data.stream` is "printer", which is not known here"#),
        (json!({ "stream": "stdout" }), "`data.output` is missing"),
        (
            json!({ "error": "a", "stream": "stdout" }),
            "`data.stream` is not the one that this was written to",
        ),
        (json!({ "errorBase64": "!", "stream": "stderr" }), "`data.errorBase64` is not base64"),
        (
            json!({ "output": "a", "outputBase64": "YQ==", "stream": "terminal" }),
            "`data.output` is not one of text and base64",
        ),
    ] {
        assert_eq!(said(data.clone()), words, "{data}");
    }
    assert!(said(json!(17)).starts_with("`data` cannot be read: "));
    let odd = EventDraft { id: Some(String::new()), kind: "note".to_owned(), data: Value::Null };
    assert_eq!(odd.read().unwrap_err().to_string(), "`id` is blank");
}

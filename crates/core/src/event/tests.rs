//! Tests of the vocabulary of events.

use std::time::Duration;

use super::{EventBody, Request, Stream, TerminalEvent, is_reserved};
use crate::fixture::{actor, id, person};
use crate::id::{CheckpointId, EventType, Fence, HandoverId};
use crate::session::{Exit, StateName, Stats};

fn kind(name: &str) -> EventType {
    EventType::parse(name).unwrap()
}

fn given(name: &str) -> EventBody {
    EventBody::Given { kind: kind(name), json: "{}".to_owned() }
}

fn checkpoint() -> CheckpointId {
    CheckpointId::parse("ckp_1").unwrap()
}

fn text() -> String {
    "words".to_owned()
}

#[test]
fn every_event_has_its_documented_type_name() {
    let (message, stats, fence) = (text(), Stats::default(), Fence(1));
    let started = TerminalEvent::Started { command: vec!["ls".to_owned()], size: Some((80, 24)) };
    let output = TerminalEvent::Output { stream: Stream::Terminal, bytes: vec![0xFF] };
    let cases = [
        (
            EventBody::StateChanged { from: None, to: StateName::Active, reason: text(), by: None },
            "state_changed",
        ),
        (EventBody::Completion { message: message.clone(), stats }, "completion"),
        (EventBody::Error { message, stats }, "error"),
        (EventBody::Activity { text: text() }, "activity"),
        (
            EventBody::LeaseGranted { holder: person(), fence, ttl: Some(Duration::from_secs(1)) },
            "lease_granted",
        ),
        (
            EventBody::LeaseTakenOver { from: actor("a"), holder: person(), fence, reason: text() },
            "lease_taken_over",
        ),
        (EventBody::LeaseReleased { fence }, "lease_released"),
        (EventBody::Succeeded { by: id("b") }, "succeeded"),
        (
            EventBody::CheckpointCreated { id: checkpoint(), reason: Some(text()), size: 1 },
            "checkpoint_created",
        ),
        (EventBody::CheckpointRestored { id: checkpoint(), is_record: true }, "checkpoint_restored"),
        (EventBody::Retained { reason: text(), by: None }, "retained"),
        (EventBody::RetentionEnded { by: None }, "retention_ended"),
        (EventBody::HandedOver { id: HandoverId([1; 16]), to: text(), by: None, fence }, "handed_over"),
        (EventBody::Terminal(started), "terminal"),
        (EventBody::Terminal(output), "terminal"),
        (EventBody::Terminal(TerminalEvent::Resized { cols: 1, rows: 1 }), "terminal"),
        (EventBody::Terminal(TerminalEvent::Capped { limit: 1 }), "terminal"),
        (EventBody::Terminal(TerminalEvent::Lost { bytes: 1 }), "terminal"),
        (EventBody::Terminal(TerminalEvent::Exited(Exit::Code(0))), "terminal"),
        (EventBody::Request(Request::Pause), "message"),
        (given("thinking"), "thinking"),
        (given("file_change"), "file_change"),
        (given("preview_ready"), "preview_ready"),
        (given("my.own"), "my.own"),
    ];
    for (event, name) in cases {
        assert_eq!(event.type_name(), name);
    }
}

#[test]
fn only_tenure_writes_the_types_that_rules_rely_on() {
    let reserved = "state_changed completion error lease_granted lease_taken_over lease_released \
         lease_expired succeeded checkpoint_created checkpoint_restored";
    for name in reserved.split_whitespace() {
        assert!(is_reserved(&kind(name)), "{name}");
    }
    for name in ["thinking", "terminal", "file_change", "preview_ready", "activity", "message", "my.own"] {
        assert!(!is_reserved(&kind(name)), "{name}");
    }
}

#[test]
fn a_request_names_what_the_owner_is_asked_to_do() {
    assert_eq!(Request::ALL.map(Request::name), ["pause", "resume", "stop"]);
}

#[test]
fn only_the_exit_code_zero_is_a_good_end() {
    assert!(Exit::Code(0).is_success());
    assert!(
        ![Exit::Code(1), Exit::Code(-1), Exit::Signal(0), Exit::Signal(9)].iter().any(|e| e.is_success())
    );
}

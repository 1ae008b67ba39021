//! Every document is read back as written, also by a reader that knows less.

pub(crate) mod fixture;
mod forms;
mod random;
mod read;
mod schemas;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tenure_core::checkpoint;
use tenure_core::id::{CheckpointId, Seq};
use tenure_core::lease::HolderKind;
use tenure_core::refusal::Held;
use tenure_core::session::State;

use crate::{
    Alert, Beside, Checkpoint, DamagedCheckpoint, Figures, Group, GroupMember, HeldBy, Holder, LastDay,
    LastHour, Lease, ListedCheckpoint, Page, Pending, Pin, Problem, Seen, Session, ShownCheckpoint,
    ShownSession, Skipped, Stuck, Tally, Worker, document,
};

/// Writes and reads it, as it is and with a name that only a newer writer knows.
fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(written: &T) {
    let text = serde_json::to_string(written).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *written, "{text}");
    let mut newer = document(written);
    newer["known_later"] = json!({ "a": [1] });
    assert_eq!(serde_json::from_value::<T>(newer).unwrap(), *written, "{text}");
}

fn seen(session: &tenure_core::session::Session) -> Session {
    let now = fixture::now();
    Session::of(session, Seen { now: &now, is_gone: false, log: Some((Seq(9), Seq(2))) })
}

#[test]
fn a_session_is_read_back_as_it_was_written() {
    reads_back(&seen(&fixture::rich()));
    reads_back(&seen(&fixture::plain()));
}

#[test]
fn a_session_with_much_to_tell_has_this_form() {
    let written = serde_json::to_string_pretty(&seen(&fixture::rich())).unwrap();
    assert_eq!(written, include_str!("rich_session.json").trim_end());
}

#[test]
fn a_session_with_little_to_tell_has_this_form() {
    let written = serde_json::to_string_pretty(&seen(&fixture::plain())).unwrap();
    assert_eq!(written, include_str!("plain_session.json").trim_end());
}

#[test]
fn what_is_told_besides_has_no_place_of_its_own() {
    let now = fixture::now();
    let (session, children) = (seen(&fixture::rich()), [fixture::session_id("ses_2")]);
    let shown = ShownSession { session, beside: Beside::of(&children, true, Some(fixture::pending())) };
    reads_back(&shown);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let written = names(&document(&shown));
    assert_eq!(written[written.len() - 3..], ["children", "children_more", "waits_for"]);
    assert_eq!(document(&Beside::of([], false, None)), json!({}));
    let bare = Session::of(&fixture::rich(), Seen { now: &now, is_gone: false, log: None });
    assert!(!names(&document(&bare)).contains(&"head_seq".to_owned()));
}

#[test]
fn why_a_session_is_where_it_is_has_the_name_of_what_it_is() {
    let at = fixture::wall(1);
    let of = |state: State| {
        let session = document(&seen(&tenure_core::session::Session { state, ..fixture::plain() }));
        (session["reason"].clone(), session["error"].clone())
    };
    assert_eq!(of(State::Paused { reason: "lunch".into() }), (json!("lunch"), Value::Null));
    assert_eq!(of(State::Cancelled { at, reason: "no".into() }), (json!("no"), Value::Null));
    assert_eq!(of(State::Expired { at, reason: "idle".into() }), (json!("idle"), Value::Null));
    assert_eq!(of(State::Failed { at, error: "boom".into() }), (Value::Null, json!("boom")));
    assert_eq!(of(State::Active), (Value::Null, Value::Null));
}

#[test]
fn whether_a_holder_is_gone_is_told_of_a_run_alone() {
    let now = fixture::now();
    let lease = |kind: HolderKind| {
        let mut session = fixture::rich();
        session.lease.as_mut().unwrap().holder.kind = kind;
        Lease::of(&session, Seen { now: &now, is_gone: true, log: None }).unwrap().holder_gone
    };
    assert_eq!(lease(HolderKind::Run), Some(true));
    assert_eq!(lease(HolderKind::Worker), None);
}

#[test]
fn holders_are_read_back_as_they_were_written() {
    let session = fixture::rich();
    let held = Held::of(&session, session.lease.as_ref().unwrap());
    reads_back(&Holder::of(&held.holder));
    reads_back(&HeldBy::of(&held));
}

#[test]
fn checkpoints_are_read_back_as_they_were_written() {
    let (rich, id) = (fixture::checkpoint(), CheckpointId::parse("ckp_0").unwrap());
    let bare = checkpoint::Checkpoint { reason: None, metadata: None, ..rich.clone() };
    let null = checkpoint::Checkpoint { metadata: Some("null".to_owned()), ..rich.clone() };
    for checkpoint in [&rich, &bare, &null].map(Checkpoint::of) {
        reads_back(&checkpoint);
        reads_back(&ListedCheckpoint::Readable(checkpoint.clone()));
        let skipped = vec![Skipped::of(&id, "cut short")];
        reads_back(&ShownCheckpoint { checkpoint, intact: true, skipped });
    }
    reads_back(&ListedCheckpoint::Damaged(DamagedCheckpoint::of(&id, Seq(3), "cut short")));
    assert_eq!(document(&Checkpoint::of(&null))["metadata"], Value::Null);
    assert_eq!(document(&Checkpoint::of(&rich))["sha256"], "ab".repeat(32));
}

#[test]
fn workers_and_keys_are_read_back_as_they_were_written() {
    let (session, serving, now) = (fixture::rich(), fixture::serving(), fixture::now());
    let seen = fixture::worker(session.lease.as_ref().unwrap(), &serving);
    reads_back(&Worker::of(&seen, Some(&now)));
    reads_back(&Worker::of(&seen, None));
    assert_eq!(document(&Worker::of(&seen, None)).get("state"), None);
    assert_eq!(document(&Worker::of(&seen, Some(&now)))["queues"], json!(["(default)", "gpu"]));
    reads_back(&fixture::with_pin(|pin| Pin::of(&pin)));
}

#[test]
fn a_worker_is_what_is_worst_about_it() {
    use crate::WorkerState::{Draining, Gone, Live, Over, Stalled};
    let (session, serving, now) = (fixture::rich(), fixture::serving(), fixture::now());
    let seen = fixture::worker(session.lease.as_ref().unwrap(), &serving);
    let late = fixture::moment(60_000);
    assert_eq!(seen.state(&now), Live);
    assert_eq!(crate::WorkerSeen { is_draining: true, ..seen }.state(&now), Draining);
    let stuck = crate::WorkerSeen { is_draining: true, progressed_at: fixture::wall(0), ..seen };
    let soon = tenure_core::time::Moment { wall: Some(fixture::wall(600_000)), ..now };
    assert_eq!(stuck.state(&soon), Stalled);
    assert_eq!(stuck.state(&late), Over);
    assert_eq!(crate::WorkerSeen { is_gone: true, ..stuck }.state(&late), Gone);
}

#[test]
fn groups_and_what_is_waited_for_are_read_back_as_they_were_written() {
    let name = tenure_core::id::GroupName::parse("gpu").unwrap();
    let active = vec![GroupMember::of(&fixture::rich(), true)];
    let waiting = vec![GroupMember::of(&fixture::plain(), false)];
    reads_back(&Group { active, waiting, ..Group::of(&name, Some(1)) });
    reads_back(&Group::of(&name, None));
    reads_back(&fixture::pending());
    reads_back(&Pending::default());
}

#[test]
fn figures_are_read_back_as_they_were_written() {
    let figures = fixture::figures();
    reads_back(&figures);
    let Figures { alerts, .. } = figures;
    assert_eq!(document(&alerts[0])["alert"], "expiration_rate");
    assert_eq!(document(&alerts[2]), json!({ "alert": "without_events", "count": 1 }));
}

#[test]
fn a_page_says_that_nothing_follows() {
    let page = |next: Option<&str>| Page { data: vec![1, 2], next_cursor: next.map(str::to_owned) };
    reads_back(&page(Some("17")));
    reads_back(&page(None));
    assert_eq!(serde_json::to_string(&page(None)).unwrap(), r#"{"data":[1,2],"next_cursor":null}"#);
}

#[test]
fn a_problem_keeps_what_it_does_not_know_as_facts() {
    let told = json!({
        "type": "/docs/errors/HELD",
        "title": "Held",
        "status": 409,
        "detail": "session `a` is held by b",
        "code": "HELD",
        "retryable": true,
        "retry_after_ms": 1500,
        "details": ["since noon"],
        "hint": "wait",
        "holder": { "id": "b" },
    });
    let problem: Problem = serde_json::from_value(told.clone()).unwrap();
    assert_eq!(problem.facts["holder"]["id"], "b");
    assert_eq!(document(&problem), told);
    let bare = json!({
        "type": "about:blank", "title": "t", "status": 500, "detail": "d", "code": "FAILED", "retryable": false,
    });
    let problem: Problem = serde_json::from_value(bare.clone()).unwrap();
    assert_eq!(serde_json::to_string(&problem).unwrap(), bare.to_string());
}

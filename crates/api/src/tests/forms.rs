//! Names stand in the order in which programs have always found them.

use serde::Serialize;
use tenure_core::id::GroupName;

use super::fixture;
use crate::{Checkpoint, Group, GroupMember, Pin, Worker};

fn is_written(document: &impl Serialize, form: &str) {
    let form: String = form.lines().map(str::trim_start).collect();
    assert_eq!(serde_json::to_string(document).unwrap(), form);
}

#[test]
fn a_checkpoint_has_this_form() {
    let form = r#"{"id":"ckp_1","session":"ses_1","seq":5,"created_at":"2023-11-14T22:13:25.123Z",
        "content":"given","encoding":"zstd","original_size":1000,"stored_size":200,"sha256":"HASH",
        "reason":"before lunch","metadata":{"step":3}}"#;
    is_written(&Checkpoint::of(&fixture::checkpoint()), &form.replace("HASH", &"ab".repeat(32)));
}

#[test]
fn a_worker_has_this_form() {
    let (lease, serving, now) = (fixture::lease(), fixture::serving(), fixture::now());
    let worker = Worker::of(&fixture::worker(&lease, &serving), Some(&now));
    let form = r#"{"worker":"ada","incarnation":"07070707070707070707070707070707","state":"live",
        "draining":false,"host":"box","pid":42,"ttl_ms":15000,"renewed_at":"2023-11-14T22:13:23.123Z",
        "progressed_at":"2023-11-14T22:13:24.023Z","queues":["(default)","gpu"],"instances":1,"keys":2,
        "keys_busy_max":4,"keys_held_max":100,"tasks":3}"#;
    is_written(&worker, form);
}

#[test]
fn a_key_has_this_form() {
    let form = r#"{"namespace":"default","key":"user/7","worker":"w1","fence":2,"live":true,
        "since":"2023-11-14T22:13:20.123Z","last_used_at":"2023-11-14T22:13:20.124Z","waiting":1,"running":1}"#;
    is_written(&fixture::with_pin(|pin| Pin::of(&pin)), form);
}

#[test]
fn a_group_has_this_form() {
    let name = GroupName::parse("gpu").unwrap();
    let active = vec![GroupMember::of(&fixture::plain(), true)];
    let form = r#"{"group":"gpu","limit":null,
        "active":[{"session":"ses_plain","key":null,"state":"pending","holder_there":true}],"waiting":[]}"#;
    is_written(&Group { active, ..Group::of(&name, None) }, form);
}

#[test]
fn what_is_waited_for_has_this_form() {
    let form = r#"{"activities":[{"operation":1,"name":"send","attempt":2,"queue":"mail","key":null,
        "worker":null,"attempts_max":5,"due_at":"2023-11-14T22:13:28.123Z",
        "failure":{"cause":"timed_out","message":"too slow"}}],
        "timers":[{"operation":2,"fires_at":"2023-11-14T22:13:29.123Z"}],
        "children":[{"operation":3,"session":"ses_2"}],"cancel_requested":null}"#;
    is_written(&fixture::pending(), form);
}

#[test]
fn figures_have_this_form() {
    let form = r#"{"namespace":"default","at":"2023-11-14T22:13:20.123Z","total_sessions":3,"open_sessions":2,
        "active_sessions":1,"oldest_session_age_ms":9,"newest_session_age_ms":1,"avg_session_age_ms":5,
        "avg_duration_ms":7,"sessions":[{"kind":"agent","state":"completed","count":1,"duration_ms":7}],
        "last_24h":{"since":null,"opened":3,"states":{"active":1,"completed":1},"avg_duration_ms":7,
        "expiration_rate_percent":33.25},
        "last_hour":{"since":"2023-11-14T22:13:20.123Z","events":{"state_changed":4}},
        "stuck":{"after_ms":1,"count":1,"without_events":1,"sessions":["ses_1"]},
        "alerts":[{"alert":"expiration_rate","percent":33.25,"opened":3,"expired":1},
        {"alert":"stuck","count":1},{"alert":"without_events","count":1}]}"#;
    is_written(&fixture::figures(), form);
}

//! Records of an earlier tool, brought into a workspace.

use serde_json::{Value, json};

use crate::home::{Home, document};

fn record(version: u32) -> Value {
    json!({ "schema_version": version, "started_at_epoch_s": 100, "last_started_at_epoch_s": 200, "start_count": 2 })
}

#[test]
fn a_version_2_record_without_an_id_is_stored_without_one() {
    let home = Home::new();
    home.import(&record(2));
    let status = home.json(&["status"]);
    assert_eq!(status.get("session_id"), None);
    assert_eq!((&status["status"], &status["start_count"]), (&"stale".into(), &2.into()));
    assert_eq!((&status["mode"], &status["owner_kind"]), (&"general".into(), &"interactive".into()));
}

#[test]
fn a_version_3_record_keeps_its_id() {
    let home = Home::new();
    let mut with_id = record(3);
    with_id["session_id"] = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV".into();
    with_id["mode"] = "research".into();
    let file = home.file("record.json", &with_id.to_string());
    let imported = home.json(&["import", &file]);
    assert_eq!(imported["session_id"], "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let status = home.json(&["status"]);
    assert_eq!((&status["session_id"], &status["mode"]), (&imported["session_id"], &"research".into()));
    assert_eq!(
        (&status["started_at_epoch_s"], &status["last_started_at_epoch_s"]),
        (&100.into(), &200.into())
    );
}

#[test]
fn a_version_4_record_goes_on_with_its_owner_lease_and_revision() {
    let home = Home::new();
    let mut full = record(4);
    let more = json!({
        "session_id": "ses_x", "mode": "implement", "owner_kind": "runtime_worker", "owner_id": "runtime/w1",
        "supervisor_id": "boss", "lease_ttl_secs": 60, "last_heartbeat_at_epoch_s": 300, "revision": 9,
    });
    full.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    home.import(&full);
    let status = home.json(&["status"]);
    assert_eq!((&status["lease_expires_at_epoch_s"], &status["revision"]), (&360.into(), &9.into()));
    let taken = home.json(&["takeover", "--actor-id", "runtime/w2", "--reason", "moved here"]);
    assert_eq!((&taken["prior_session_id"], &taken["revision"]), (&"ses_x".into(), &10.into()));
    assert_eq!((&taken["supervisor_id"], &taken["lease_ttl_secs"]), (&"boss".into(), &60.into()));
}

#[test]
fn a_workspace_that_has_a_session_takes_no_record() {
    let home = Home::new();
    home.ok(&["start"]);
    let file = home.file("record.json", &record(2).to_string());
    let refused = home.refused_json(&["import", &file]);
    assert_eq!(refused["code"], "IMPORT_NOT_EMPTY");
}

#[test]
fn a_corrupt_record_is_an_error_that_names_its_path() {
    let home = Home::new();
    let file = home.file("record.json", "{\"schema_version\": 4,");
    let failed = home.ask(&["import", &file, "--output", "json"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    let told = document(&failed.out);
    assert!(told["message"].as_str().unwrap().contains(&file), "{told}");
    let missing = home.ask(&["import", "/no/such/record.json"]);
    assert!(missing.err.contains("/no/such/record.json"), "{missing:?}");
}

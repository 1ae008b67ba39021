//! Deleting and expiring.

use serde_json::{Value, json};

use super::log::{held, says};
use crate::home::{Home, answer, succeeded};

#[test]
fn what_has_ended_is_deleted_and_what_is_open_only_by_force() {
    let home = Home::beside_its_store();
    held(&home, "job");
    let id = home.json(&["show", "job"])["id"].as_str().unwrap().to_owned();
    home.ok(&["create", "--id", "child", "--parent", "job"]);
    let open = home.refused_json(&["delete", "job"]);
    assert_eq!((&open["code"], &open["state"]), (&"NOT_ENDED".into(), &"active".into()));
    home.ok(&["complete", "job", "--fence", "1"]);
    let deleted = home.json(&["delete", "job"]);
    assert_eq!((&deleted["session"], &deleted["state"]), (&id.as_str().into(), &"completed".into()));
    assert_eq!(home.ask(&["show", &id]).code, 1);
    assert_eq!(home.ask(&["events", &id]).code, 1);
    assert_eq!(home.json(&["show", "child"])["parent"], json!({ "id": id, "deleted": true }));
    let children = home.json(&["list", "--parent", &id]);
    assert_eq!(children["data"][0]["id"], "child", "by the id that it had");
    assert!(home.ok(&["show", "child"]).contains(&format!("{id} (deleted)")));
    let forced = home.json(&["delete", "child", "--force", "--actor-id", "op"]);
    assert_eq!(forced["state"], "cancelled");
    assert_eq!(home.json(&["list"])["data"], json!([]));
    held(&home, "job");
    assert_eq!(home.json(&["show", "job"])["fence"], 2, "the key counts on");
    assert!(home.ok(&["doctor", "--deep"]).contains("Everything is as it should be"));
}

#[test]
fn a_workspace_that_was_cleared_is_deleted_and_a_held_one_is_not() {
    let home = Home::new();
    home.ok(&["start"]);
    let held = home.refused(&["delete", &home.key(), "--force"]);
    says(&held, &["`tenure cancel` is not for workspace sessions", "tenure clear"]);
    home.ok(&["clear"]);
    home.ok(&["delete", &home.key()]);
    assert_eq!(home.json(&["list"])["data"], json!([]));
    assert_eq!(home.json(&["start"])["revision"], 3, "the workspace counts on");
}

#[test]
fn who_follows_a_session_that_is_deleted_is_let_go() {
    let home = Home::new();
    held(&home, "job");
    let follow =
        home.command().args(["events", "job", "--follow"]).stdout(std::process::Stdio::piped()).spawn();
    let mut follow = follow.unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(follow.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    home.ok(&["delete", "job", "--force"]);
    std::io::Read::read_to_string(&mut out, &mut line).unwrap();
    assert_eq!(follow.wait().unwrap().code(), Some(0));
}

#[test]
fn the_time_outs_come_from_the_flag_the_environment_the_file_and_the_kind() {
    let home = Home::new();
    let shown = |id: &str| {
        let shown = home.json(&["show", id]);
        (
            shown["idle_timeout_ms"].clone(),
            shown["pending_timeout_ms"].clone(),
            shown["expires_at"].is_string(),
        )
    };
    home.ok(&["create", "--id", "kind"]);
    assert_eq!(shown("kind"), (1_800_000.into(), Value::Null, false));
    std::fs::write(home.storage().join("tenure.toml"), "idle_timeout = \"5m\"\npending_timeout = \"1h\"\n")
        .unwrap();
    home.ok(&["create", "--id", "file"]);
    assert_eq!(shown("file"), (300_000.into(), 3_600_000.into(), false));
    let with_env = |words: &[&str]| {
        let mut command = home.command();
        command.env("TENURE_IDLE_TIMEOUT", "7m").env("TENURE_EXPIRES_IN", "2h").args(words);
        succeeded(answer(&mut command)).out
    };
    with_env(&["create", "--id", "env"]);
    assert_eq!(shown("env"), (420_000.into(), 3_600_000.into(), true));
    with_env(&[
        "create",
        "--id",
        "flag",
        "--idle-timeout",
        "never",
        "--expires-in",
        "never",
        "--pending-timeout",
        "1s",
    ]);
    assert_eq!(shown("flag"), (Value::Null, 1_000.into(), false));
    let doctor = with_env(&["doctor"]);
    for row in ["7m (TENURE_IDLE_TIMEOUT)", "2h (TENURE_EXPIRES_IN)", "1h (tenure.toml)"] {
        assert!(doctor.contains(row), "`{row}` is not in {doctor}");
    }
    let wrong = answer(home.command().env("TENURE_EXPIRES_IN", "soon").arg("list"));
    assert_eq!(wrong.code, 2);
    says(&wrong, &["TENURE_EXPIRES_IN says `soon`", "or `never`"]);
    says(&home.refused(&["create", "--idle-timeout", "0s"]), &["the idle time-out is shorter than"]);
}

#[test]
fn sweeps_expire_what_was_not_started_in_time_and_what_is_past_its_time() {
    let home = Home::beside_its_store();
    home.ok(&["create", "--id", "waits", "--pending-timeout", "10m"]);
    home.ok(&["create", "--id", "lasts", "--expires-in", "10m"]);
    home.ok(&["start", "lasts", "--actor-id", "w1", "--lease-seconds", "600"]);
    succeeded(answer(home.at("+9m").args(["create", "--id", "one"])));
    assert_eq!(home.json(&["list", "--state", "expired"])["data"], json!([]));
    let late = answer(home.at("+11m").args(["start", "waits", "--actor-id", "w2"]));
    assert_eq!(late.code, 3, "{late:?}");
    says(&late, &["Invalid state transition: expired → active"]);
    succeeded(answer(home.at("+11m").args(["create", "--id", "two"])));
    let reason = |id: &str| home.json(&["show", id])["reason"].clone();
    assert_eq!(
        (reason("waits"), reason("lasts")),
        ("session not started in time".into(), "session expired".into())
    );
    let fenced = home.refused_json(&["complete", "lasts", "--fence", "1"]);
    assert_eq!(fenced["code"], "FENCED");
}

#[test]
fn a_heartbeat_puts_the_expiry_off() {
    let home = Home::beside_its_store();
    held(&home, "job");
    succeeded(answer(home.at("+29m").args(["heartbeat", "job", "--fence", "1", "--activity", "step 2"])));
    succeeded(answer(home.at("+58m").args(["create", "--id", "one"])));
    assert_eq!(home.json(&["show", "job"])["state"], "active");
    succeeded(answer(home.at("+60m").args(["create", "--id", "two"])));
    assert_eq!(home.json(&["show", "job"])["state"], "expired");
}

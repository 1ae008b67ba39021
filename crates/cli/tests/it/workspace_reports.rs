//! What the workspace verbs answer when they succeed.

use insta::assert_snapshot;
use serde_json::Value;

use crate::home::{Home, autonomous, keys};

fn number(document: &Value, key: &str) -> u64 {
    document[key].as_u64().unwrap_or_else(|| panic!("{key} is not a number: {document}"))
}

#[test]
fn the_start_report_has_its_keys_in_order_and_a_warning_that_may_be_null() {
    let home = Home::new();
    let fresh = home.json(&["start", "--mode", "research"]);
    assert_eq!(
        keys(&fresh).join(" "),
        "command ok profile path started_at_epoch_s last_started_at_epoch_s start_count session_id mode \
         lifecycle owner_kind actor_id revision fence reset warning"
    );
    assert_eq!(fresh["command"], "session-state-start");
    assert_eq!((&fresh["ok"], &fresh["profile"]), (&true.into(), &"main".into()));
    assert_eq!(fresh["path"], home.db().to_str().unwrap());
    assert_eq!(fresh["warning"], Value::Null);

    home.ok(&["clear"]);
    home.hold("runtime/w1", "60");
    home.ok(&["heartbeat", "--actor-id", "runtime/w1", "--activity", "step 3"]);
    let autonomous = home.hold("runtime/w1", "60");
    assert_eq!(
        keys(&autonomous).join(" "),
        "command ok profile path started_at_epoch_s last_started_at_epoch_s start_count session_id mode \
         lifecycle owner_kind actor_id lease_ttl_secs last_heartbeat_at_epoch_s lease_expires_at_epoch_s \
         revision fence current_activity activity_updated_at_epoch_s reset warning"
    );
    assert_eq!(autonomous["current_activity"], "step 3");
    assert_eq!(
        number(&autonomous, "lease_expires_at_epoch_s"),
        number(&autonomous, "last_heartbeat_at_epoch_s") + 60
    );
}

#[test]
fn a_first_start_has_count_1_mode_general_and_revision_1() {
    let home = Home::new();
    let fresh = home.json(&["start"]);
    assert!(fresh["session_id"].as_str().unwrap().starts_with("ses_"));
    assert_eq!((number(&fresh, "start_count"), number(&fresh, "revision")), (1, 1));
    assert_eq!((&fresh["mode"], &fresh["reset"]), (&"general".into(), &true.into()));
    assert_eq!((&fresh["owner_kind"], &fresh["actor_id"]), (&"interactive".into(), &"interactive".into()));
    assert_eq!(fresh["started_at_epoch_s"], fresh["last_started_at_epoch_s"]);
}

#[test]
fn a_second_interactive_start_keeps_id_and_mode_and_warns() {
    let home = Home::new();
    let first = home.json(&["start", "--mode", "research"]);
    let second = home.json(&["start"]);
    for key in ["session_id", "started_at_epoch_s", "mode", "fence"] {
        assert_eq!(second[key], first[key], "{key}");
    }
    assert_eq!((number(&second, "start_count"), number(&second, "revision")), (2, 2));
    assert_eq!(second["reset"], false);
    let warning = second["warning"].as_str().unwrap();
    assert!(warning.contains("already exists for profile `main`"), "{warning}");
    assert!(warning.contains("incrementing start_count"), "{warning}");
    assert_eq!(home.json(&["start", "--mode", "implement"])["mode"], "implement");
}

#[test]
fn an_interactive_session_one_second_past_eight_hours_is_replaced() {
    let home = Home::new();
    let old = home.json(&["start", "--mode", "research"]);
    let new = home.json_at("+28802s", &["start"]);
    assert_ne!(new["session_id"], old["session_id"]);
    assert_eq!((&new["mode"], &new["reset"]), (&"general".into(), &true.into()));
    assert_eq!((number(&new, "start_count"), number(&new, "revision")), (1, 2));
}

#[test]
fn a_stale_owner_gets_a_new_session_by_starting_again() {
    let home = Home::new();
    let old = home.hold("runtime/w1", "60");
    let words = autonomous("runtime/w1", "30");
    let new = home.json_at("+61s", &words);
    assert_ne!(new["session_id"], old["session_id"]);
    assert_eq!((number(&new, "start_count"), number(&new, "revision"), number(&new, "fence")), (1, 2, 2));
}

#[test]
fn start_reads_as_one_line_after_any_warning() {
    let home = Home::new();
    assert_snapshot!(home.steady(&home.ok(&["start", "--mode", "implement"])), @"
    Session state: mode=implement start_count=1 started_at=[at] reset=true
    Held by `interactive` as session `[id]` (fence=1, revision=1).
    ");
    assert_snapshot!(home.steady(&home.ok(&["start"])), @"
    Warning: an active interactive session already exists for profile `main`; incrementing start_count to 2
    Session state: mode=implement start_count=2 started_at=[at] reset=false
    Held by `interactive` as session `[id]` (fence=1, revision=2).
    ");
    home.ok(&["clear"]);
    home.hold("w\n1", "60");
    let again = autonomous("w\n1", "60");
    assert_snapshot!(home.steady(&home.ok(&again)), @r"
    Warning: an active autonomous session of `w\n1` already exists; refreshing lease and incrementing start_count to 2
    Session state: mode=general start_count=2 started_at=[at] reset=false
    Held by `w\n1` as session `[id]` (fence=3, revision=5, lease_expires_at=[at]).
    ");
}

#[test]
fn the_heartbeat_report_has_its_keys_in_order() {
    let home = Home::new();
    let started = home.hold("runtime/w1", "60");
    let silent = home.json(&["heartbeat", "--actor-id", "runtime/w1", "--activity", "  "]);
    assert_eq!(
        keys(&silent).join(" "),
        "command ok profile path session_id actor_id last_heartbeat_at_epoch_s lease_expires_at_epoch_s \
         revision fence"
    );
    let spoken = home.json(&["heartbeat", "--actor-id", "runtime/w1", "--activity", " step 3 "]);
    assert_eq!(
        keys(&spoken).join(" "),
        "command ok profile path session_id actor_id activity current_activity last_heartbeat_at_epoch_s \
         lease_expires_at_epoch_s revision fence activity_updated_at_epoch_s"
    );
    assert_eq!(spoken["command"], "session-state-heartbeat");
    assert_eq!(spoken["session_id"], started["session_id"]);
    assert_eq!((&spoken["activity"], &spoken["current_activity"]), (&"step 3".into(), &"step 3".into()));
    assert_eq!(number(&spoken, "revision"), 3);
    let kept = home.json(&["heartbeat", "--actor-id", "runtime/w1"]);
    assert_eq!(kept["current_activity"], "step 3", "what was said is kept");
}

#[test]
fn heartbeat_names_actor_session_revision_and_lease_expiry() {
    let home = Home::new();
    home.hold("runtime/w1", "60");
    let told = home.ok(&["heartbeat", "--actor-id", "runtime/w1", "--activity", "a\tb"]);
    assert_snapshot!(home.steady(&told), @r"
    Heartbeat recorded for `runtime/w1` on session `[id]` (revision=2, lease_expires_at=[at]).
    Activity: a\tb
    ");
}

#[test]
fn the_takeover_report_has_its_keys_in_order() {
    let home = Home::new();
    let old = home.hold_with("runtime/w1", "60", &["--supervisor-id", "boss", "--mode", "implement"]);
    home.ok(&["heartbeat", "--actor-id", "runtime/w1", "--activity", "step 3"]);
    let words = ["takeover", "--actor-id", "runtime/w2", "--reason", "w1 is silent"];
    let new = home.json_at("+61s", &words);
    assert_eq!(
        keys(&new).join(" "),
        "command ok profile path prior_session_id prior_actor_id session_id actor_id supervisor_id \
         lease_ttl_secs last_heartbeat_at_epoch_s lease_expires_at_epoch_s revision fence reason"
    );
    assert_eq!(new["command"], "session-state-takeover");
    assert_eq!(new["prior_session_id"], old["session_id"]);
    assert_eq!((&new["prior_actor_id"], &new["actor_id"]), (&"runtime/w1".into(), &"runtime/w2".into()));
    assert_eq!((&new["supervisor_id"], &new["reason"]), (&"boss".into(), &"w1 is silent".into()));
    assert_eq!((number(&new, "lease_ttl_secs"), number(&new, "revision"), number(&new, "fence")), (60, 3, 2));

    let shown = home.json(&["show", new["session_id"].as_str().unwrap()]);
    assert_eq!((&shown["mode"], &shown["start_count"]), (&"implement".into(), &1.into()));
    assert_eq!(shown["lease"]["holder"]["kind"], "runtime_worker");
    assert_eq!(shown.get("activity"), None, "the former owner's activity is dropped");
    let ended = home.json(&["show", old["session_id"].as_str().unwrap()]);
    assert_eq!((&ended["state"], &ended["successor"]), (&"expired".into(), &new["session_id"]));
}

#[test]
fn takeover_names_both_actors_the_path_and_the_revision() {
    let home = Home::new();
    home.hold("runtime/w1", "60");
    let words = ["takeover", "--actor-id", "runtime/w2", "--reason", "gone"];
    assert_snapshot!(home.steady(&home.ok_at("+61s", &words)), @"
    Session takeover recorded: `runtime/w2` replaced `runtime/w1` on `[base]/home/tenure.db` (revision=2).
    Held as session `[id]` (fence=2).
    ");
}

#[test]
fn the_clear_report_has_its_keys_in_order() {
    let home = Home::new();
    let nothing = home.json(&["clear", "--reason", "tidy"]);
    assert_eq!(keys(&nothing).join(" "), "command ok profile path cleared reason");
    assert_eq!((&nothing["command"], &nothing["cleared"]), (&"session-state-clear".into(), &false.into()));

    home.hold("runtime/w1", "60");
    let cleared = home.json(&["clear", "--actor-id", "runtime/w1"]);
    assert_eq!(
        keys(&cleared).join(" "),
        "command ok profile path cleared lifecycle owner_kind actor_id cleared_revision fence"
    );
    assert_eq!((&cleared["cleared"], &cleared["actor_id"]), (&true.into(), &"runtime/w1".into()));
    assert_eq!(number(&cleared, "cleared_revision"), 2);
}

#[test]
fn clear_says_whether_there_was_a_session() {
    let home = Home::new();
    assert_snapshot!(home.steady(&home.ok(&["clear"])), @"No session state found at [base]/home/tenure.db");
    home.ok(&["start"]);
    assert_snapshot!(home.steady(&home.ok(&["clear"])), @"Cleared session state at [base]/home/tenure.db");
    assert_eq!(home.json(&["clear"])["cleared"], false);
    assert_eq!(home.json(&["status"])["status"], "missing");
}

#[test]
fn a_cleared_session_keeps_its_history() {
    let home = Home::new();
    let id = home.json(&["start"])["session_id"].as_str().unwrap().to_owned();
    home.ok(&["clear", "--reason", "done"]);
    let shown = home.json(&["show", &id]);
    assert_eq!((&shown["state"], &shown["lease"]), (&"completed".into(), &Value::Null));
    let log = home.ok(&["events", &id, "--type", "state_changed"]);
    assert!(log.contains("active → completed: done"), "{log}");
}

#[test]
fn status_follows_the_lease_and_tells_an_actor_of_a_conflict() {
    let home = Home::new();
    let missing = home.json(&["status", "--actor-id", "me"]);
    assert_eq!(keys(&missing).join(" "), "command ok profile path workspace status");
    assert_eq!(missing["status"], "missing");

    home.hold("runtime/w1", "60");
    let mine = home.json(&["status", "--actor-id", "runtime/w1"]);
    assert_eq!((&mine["status"], &mine["ownership_conflict"]), (&"active".into(), &false.into()));
    assert_eq!((&mine["stale"], number(&mine, "session_minutes")), (&false.into(), 0));
    assert_eq!(home.json(&["status", "--actor-id", "me"])["ownership_conflict"], true);
    assert_eq!(home.json(&["status"]).get("ownership_conflict"), None);

    let late = home.json_at("+121s", &["status", "--actor-id", "me"]);
    assert_eq!((&late["status"], &late["stale"]), (&"stale".into(), &true.into()));
    assert_eq!((&late["ownership_conflict"], number(&late, "session_minutes")), (&false.into(), 2));
}

#[test]
fn status_reads_as_a_block() {
    let home = Home::new();
    assert_snapshot!(home.steady(&home.ok(&["status"])), @"
    Workspace: [base]/ws (profile main)
    Status:    missing: nobody holds it
    ");
    home.hold_with("w1", "60", &["--supervisor-id", "boss"]);
    home.ok(&["heartbeat", "--actor-id", "w1", "--activity", "step\n3"]);
    let late = home.ok_at("+10h", &["status", "--actor-id", "me"]);
    assert_snapshot!(home.steady(&late), @r"
    Workspace: [base]/ws (profile main)
    Status:    stale: whoever held it is late, or has gone
    Holder:    w1 (runtime_worker, supervisor boss)
    Lease:     over; it held 1m, renewed 10h ago, fence 1
    Session:   [id], mode general, started 10h ago, start 1, revision 2
    Activity:  step\n3 (10h ago)
    Conflict:  no
    ");
}

#[test]
fn profiles_are_kept_apart() {
    let home = Home::new();
    home.ok(&["profile", "create", "review"]);
    home.hold("runtime/w1", "60");
    let other = home.json(&["start", "--profile", "review"]);
    assert_eq!((&other["profile"], &other["reset"]), (&"review".into(), &true.into()));
    assert_eq!(home.json(&["status"])["actor_id"], "runtime/w1");
    assert_eq!(home.json(&["status", "--profile", "review"])["actor_id"], "interactive");
    assert_eq!(home.ok(&["profile", "list"]), "main\nreview\n");
}

#[test]
fn a_workspace_is_the_git_top_level_from_anywhere_in_it() {
    let home = Home::new();
    let deep = home.workspace().join("src/deep");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::create_dir(home.workspace().join(".git")).unwrap();
    std::fs::write(home.workspace().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let started = home.json(&["start", "--path", deep.to_str().unwrap()]);
    assert_eq!(home.json(&["status"])["session_id"], started["session_id"]);
}

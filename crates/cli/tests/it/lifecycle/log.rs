//! What a session's log tells, and what a refusal says.

use serde_json::Value;

use crate::home::{Answer, Home};

pub(super) fn says(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(answer.err.contains(part), "`{part}` is not in {answer:?}");
    }
}

pub(super) fn events(home: &Home, name: &str, types: &[&str]) -> Vec<Value> {
    let mut words = vec!["events", name, "--output", "json"];
    types.iter().for_each(|kind| words.extend(["--type", kind]));
    home.ok(&words).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The history of states: where from, where to, why, by whom.
pub(super) fn history(home: &Home, name: &str) -> Vec<String> {
    let moves = events(home, name, &["state_changed"]);
    let told = moves.iter().map(|event| {
        let data = &event["data"];
        let by = data["by"].as_str().map_or_else(String::new, |by| format!(" by {by}"));
        format!(
            "{}>{} {}{by}",
            data["from"].as_str().unwrap_or("none"),
            data["to"].as_str().unwrap(),
            data["reason"]
        )
    });
    told.collect()
}

/// A session that `w1` holds under fence 1.
pub(super) fn held(home: &Home, key: &str) {
    home.ok(&["create", "--key", key]);
    home.ok(&["start", key, "--actor-id", "w1"]);
}

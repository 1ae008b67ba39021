//! Finding sessions among others, and figures about them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::home::{Answer, Home, answer, succeeded};

fn run(home: &Home, key: &str, words: &[&str]) -> Answer {
    answer(home.command().args(["run", "--key", key]).args(words))
}

/// The keys of what is listed.
fn listed(home: &Home, words: &[&str]) -> Vec<String> {
    let page = home.json(&[&["list"], words].concat());
    let key = |row: &Value| row["key"].as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(key).collect()
}

#[test]
fn sessions_are_found_by_holder_key_directory_and_words() {
    let home = Home::new();
    run(&home, "nightly-web", &["--label", "team=shop", "--", "true", "Größe"]);
    run(&home, "nightly-data", &["--", "false"]);
    home.hold("runtime/w1", "60");
    assert_eq!(listed(&home, &["--key", "nightly"]), ["nightly-data", "nightly-web"]);
    assert_eq!(listed(&home, &["--key", "nightly", "--order", "oldest"]), ["nightly-web", "nightly-data"]);
    assert_eq!(listed(&home, &["--holder", "runtime/w1"]), [home.key()]);
    assert_eq!(listed(&home, &["--holder", "runtime"]), [""; 0]);
    assert_eq!(listed(&home, &["--search", "night shop"]), ["nightly-web"]);
    assert_eq!(listed(&home, &["--search", "GRÖSSE"]), [""; 0], "letters are compared, not spellings");
    assert_eq!(listed(&home, &["--search", "GRÖ"]), ["nightly-web"]);
    assert_eq!(listed(&home, &["--search", "night", "--state", "failed"]), ["nightly-data"]);
    assert_eq!(listed(&home, &["--directory", "."]).len(), 3);
    assert_eq!(listed(&home, &["--worktree", "ws"]).len(), 3);
    assert_eq!(listed(&home, &["--directory", "/"]), [""; 0]);
    assert_eq!(home.ok(&["list", "--key", "x"]), "No such sessions.\n");
}

#[test]
fn a_row_tells_for_how_long_a_session_went_on() {
    let home = Home::new();
    home.hold("runtime/w1", "86400");
    let words = ["list", "--output", "json"];
    let page: Value = serde_json::from_str(&succeeded(answer(home.at("+1h").args(words))).out).unwrap();
    let duration = page["data"][0]["duration_ms"].as_u64().unwrap();
    assert!((3_590_000..4_000_000).contains(&duration), "{duration}");
    home.ok(&["clear", "--actor-id", "runtime/w1"]);
    let page: Value = serde_json::from_str(&succeeded(answer(home.at("+1h").args(words))).out).unwrap();
    assert!(page["data"][0]["duration_ms"].as_u64().unwrap() < 3_000_000, "it has ended");
}

#[test]
fn an_id_is_found_by_its_beginning() {
    let home = Home::new();
    run(&home, "a", &["--", "true"]);
    let id = home.json(&["show", "a"])["id"].as_str().unwrap().to_owned();
    assert_eq!(listed(&home, &["--search", &id[..12]]), ["a"]);
    assert_eq!(listed(&home, &["--search", &id[4..14].to_lowercase()]), ["a"]);
}

#[test]
fn sessions_are_found_by_when_they_were_created_and_started() {
    let home = Home::new();
    home.ok(&["start"]);
    let count = |words: &[&str]| listed(&home, words).len();
    let created = home.json(&["list"])["data"][0]["created_at"].as_str().unwrap().to_owned();
    assert_eq!(count(&["--created-after", &created, "--created-before", &created]), 1, "ends belong to it");
    assert_eq!(count(&["--started-after", &created]), 1);
    assert_eq!(count(&["--created-after", "1h"]), 1);
    assert_eq!(count(&["--created-before", "1h"]), 0);
    assert_eq!(count(&["--started-before", "2020-01-31"]), 0);
    let wrong = home.ask(&["list", "--created-after", "yesterday"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("how long ago, like 90m"), "{wrong:?}");
}

#[test]
fn a_search_for_nothing_and_a_cursor_of_the_other_order_are_wrong_usage() {
    let home = Home::new();
    for key in ["a", "b"] {
        run(&home, key, &["--", "true"]);
    }
    assert_eq!(home.ask(&["list", "--search", " "]).code, 2);
    let cursor = home.json(&["list", "--limit", "1"])["next_cursor"].as_str().unwrap().to_owned();
    let other = home.ask(&["list", "--order", "oldest", "--cursor", &cursor]);
    assert_eq!(other.code, 2);
    let same = home.json(&["list", "--limit", "1", "--cursor", &cursor]);
    assert_eq!((&same["data"][0]["key"], &same["next_cursor"]), (&json!("a"), &Value::Null));
}

#[test]
fn without_a_store_everything_is_zero_and_none_is_made() {
    let home = Home::new();
    let figures = home.json(&["stats"]);
    let names = [
        "total_sessions",
        "active_sessions",
        "oldest_session_age_ms",
        "newest_session_age_ms",
        "avg_session_age_ms",
    ];
    for name in names {
        assert_eq!(figures[name], 0, "{name}");
    }
    assert_eq!((&figures["alerts"], &figures["last_24h"]["states"]["expired"]), (&json!([]), &json!(0)));
    assert_eq!(home.ok(&["stats"]), "Sessions: 0 (0 open, 0 active)\n");
    assert!(!home.db().exists());
}

#[test]
fn stats_tell_how_sessions_are_doing() {
    let home = Home::new();
    run(&home, "good", &["--", "true"]);
    run(&home, "bad", &["--", "false"]);
    home.hold("runtime/w1", "60");
    let figures = home.json(&["stats"]);
    assert_eq!((&figures["total_sessions"], &figures["open_sessions"]), (&3.into(), &1.into()));
    let recent = &figures["last_24h"];
    assert_eq!((&recent["opened"], &recent["states"]["failed"]), (&3.into(), &1.into()));
    assert_eq!(recent["expiration_rate_percent"], 0.0);
    assert_eq!(figures["last_hour"]["events"]["completion"], 1);
    assert_eq!(figures["stuck"]["count"], 0);
    let text = home.ok(&["stats"]);
    let shown: Vec<_> =
        text.lines().filter(|line| !line.starts_with("Age") && !line.starts_with("Mean")).collect();
    assert_snapshot!(shown.join("\n"), @"
    Sessions:         3 (1 open, 1 active)
    Expiration rate:  0.0 % of the last 24 hours

    STATE      ALL  LAST 24 HOURS
    active       1              1
    completed    1              1
    failed       1              1

    EVENTS IN THE LAST HOUR
    completion               1
    error                    1
    lease_granted            3
    lease_released           2
    state_changed            5
    terminal                 4
    ");
}

#[test]
fn a_session_that_says_nothing_is_an_alert() {
    let home = Home::new();
    home.hold("runtime/w1", "86400");
    let later = |words: &[&str]| succeeded(answer(home.at("+31m").args(words)));
    let figures: Value = serde_json::from_str(&later(&["stats", "--output", "json"]).out).unwrap();
    let alerts = json!([{ "alert": "stuck", "count": 1 }, { "alert": "without_events", "count": 1 }]);
    assert_eq!(figures["alerts"], alerts);
    assert_eq!(figures["stuck"]["sessions"].as_array().unwrap().len(), 1);
    let text = later(&["stats"]).out;
    assert!(text.contains("alert: 1 active session has no activity for 30m\n"), "{text}");
    assert!(text.contains("quiet for 31m"), "{text}");
    assert!(!later(&["stats", "--stuck-after", "1h"]).out.contains("alert"));
}

#[test]
fn many_expired_sessions_are_an_alert() {
    let home = Home::new();
    let words = ["--idle-timeout", "30m", "--detach", "--", "sleep", "60"];
    succeeded(run(&home, "job", &words));
    succeeded(answer(home.at("+31m").arg("start")));
    let figures = home.json(&["stats"]);
    assert_eq!(figures["last_24h"]["expiration_rate_percent"], 50.0);
    let alert = json!({ "alert": "expiration_rate", "percent": 50.0, "opened": 2, "expired": 1 });
    assert!(figures["alerts"].as_array().unwrap().contains(&alert), "{figures}");
}

#[test]
fn prometheus_reads_the_same_figures() {
    let home = Home::new();
    run(&home, "good", &["--", "true"]);
    let text = home.ok(&["stats", "--prometheus"]);
    let has = |line: &str| text.lines().any(|other| other == line);
    assert!(has("# TYPE tenure_sessions gauge"), "{text}");
    assert!(has("tenure_sessions{kind=\"agent\",state=\"completed\"} 1"), "{text}");
    assert!(has("tenure_sessions{kind=\"workspace\",state=\"active\"} 0"), "{text}");
    assert!(has("tenure_session_duration_seconds_count{kind=\"agent\",state=\"completed\"} 1"), "{text}");
    assert!(has("tenure_session_transitions_total 2"), "{text}");
    assert!(has("tenure_lease_takeovers_total 0"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("tenure_") && value.parse::<f64>().is_ok(), "{line}");
    }
}

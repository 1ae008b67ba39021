//! Figures for Prometheus: told in its text form, and of what was done.

use std::collections::BTreeMap;

use tenure_core::access::Role;

use crate::support::Server;

/// Every sample, by its name and labels; every family has its HELP and TYPE, once, before its samples.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    let (mut helped, mut typed) = (String::new(), (String::new(), String::new()));
    let mut families = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && !families.contains(&name), "{line}");
            families.push(name);
            name.clone_into(&mut helped);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, helped, "{line}");
            typed = (name.to_owned(), kind.to_owned());
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let (family, kind) = &typed;
            let rest = name.strip_prefix(family.as_str()).unwrap_or_else(|| panic!("{line}: of no family"));
            let parts: &[&str] = match kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                "summary" => &["_sum", "_count"],
                _ => &[""],
            };
            assert!(parts.contains(&rest), "{line}: {kind}");
            assert!(all.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line}: twice");
        }
    }
    all
}

/// A histogram's counts, each with those of the steps before it.
fn counts(samples: &BTreeMap<String, f64>, name: &str) -> Vec<f64> {
    let is_its = |sample: &&String| sample.starts_with(&format!("{name}_bucket{{"));
    let mut counts: Vec<_> = samples.keys().filter(is_its).map(|sample| samples[sample]).collect();
    counts.sort_by(f64::total_cmp);
    counts
}

#[tokio::test]
async fn appends_and_transactions_are_counted_by_how_long_they_took() {
    let server = Server::open().await;
    let figures = async || {
        let answer = server.get("/metrics").send().await;
        answer.is(200);
        assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        samples(str::from_utf8(&answer.body).unwrap())
    };
    let fence = server.held("s").await;
    let before = figures().await;
    assert_eq!(before["tenure_event_append_seconds_count"], 0.0);
    for _ in 0..3 {
        server.append("s", fence, "x.step").await;
    }
    // One that is refused was no append.
    let body = serde_json::json!({ "events": [{ "type": "x.step", "data": 1 }] });
    let refused = server.post("/v1/sessions/s/events", body).header("fence", fence + 1).send().await;
    refused.refuses(409, "FENCED");
    let after = figures().await;
    assert_eq!(after["tenure_event_append_seconds_count"], 3.0);
    assert_eq!(after["tenure_event_append_seconds_bucket{le=\"+Inf\"}"], 3.0);
    assert!(after["tenure_event_append_seconds_sum"] > 0.0);
    for name in ["tenure_commit_batch_size", "tenure_commit_seconds"] {
        let more = |part: &str| after[&format!("{name}_{part}")] - before[&format!("{name}_{part}")];
        assert!(more("count") >= 3.0, "{name}: whoever asks one after the other is not waited for");
        assert!(more("sum") > 0.0, "{name}");
        assert_eq!(counts(&after, name).last(), Some(&after[&format!("{name}_count")]), "{name}");
    }
    let alone = |figures: &BTreeMap<String, f64>| figures["tenure_commit_batch_size_bucket{le=\"1\"}"];
    assert!(alone(&after) >= alone(&before) + 2.0, "hardly anybody else writes");
    assert!(after["tenure_session_transitions_total"] >= 2.0);
    assert_eq!(after["tenure_fenced_writes_total"], before["tenure_fenced_writes_total"] + 1.0);
}

#[tokio::test]
async fn figures_of_sessions_are_for_administrators() {
    let server = Server::closed().await;
    let (root, ann) = (server.token("root", Role::Admin).await, server.token("ann", Role::Observer).await);
    let told = async |secret: &str| {
        let answer = server.get("/metrics").bearer(secret).send().await;
        samples(str::from_utf8(&answer.body).unwrap())
    };
    let (all, own) = (told(&root).await, told(&ann).await);
    assert!(all.keys().any(|name| name.starts_with("tenure_sessions{")));
    assert!(!own.keys().any(|name| name.starts_with("tenure_sessions{")));
    assert!(own.contains_key("tenure_commit_seconds_count"));
}

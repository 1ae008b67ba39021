//! Sessions over HTTP: created, listed, changed, ended, deleted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenure_core::id::{ActorId, Namespace};
use tenure_core::lease::{Holder, HolderKind, RunTimes};
use tenure_core::session::{Claimant, Command, Recipe, StartRun};
use tenure_engine::{Engine, Ids as _, NoWitness, SystemIds, Target};
use tenure_store::Store;
use tenure_store_sqlite::SqliteStore;

use crate::support::Server;

#[tokio::test]
async fn a_session_is_created_once_however_often_it_is_asked_for() {
    let server = Server::open().await;
    let wish = json!({ "id": "ses_one", "key": "nightly", "labels": { "team": "a" }, "metadata": { "goal": [1, 2] } });
    let created = server.post("/v1/sessions", wish.clone()).send().await;
    let document = created.is(201);
    assert_eq!(document["state"], "pending");
    assert_eq!(document["metadata"]["goal"], json!([1, 2]));
    assert_eq!(created.headers["etag"], "\"1\"");
    server.post("/v1/sessions", wish).send().await.is(200);
    let other = json!({ "id": "ses_one", "key": "nightly" });
    server.post("/v1/sessions", other).send().await.refuses(409, "ID_IN_USE");
    let same_key = json!({ "id": "ses_two", "key": "nightly" });
    server.post("/v1/sessions", same_key).send().await.refuses(409, "KEY_IN_USE");
    let by_key = server.get("/v1/sessions/nightly").send().await.is(200);
    assert_eq!(by_key["id"], "ses_one");
}

#[tokio::test]
async fn a_list_is_paged_and_filtered_and_leaves_nothing_out() {
    let server = Server::open().await;
    for n in 0..25 {
        let label = if n % 2 == 0 { "even" } else { "odd" };
        let wish = json!({ "id": format!("ses_{n:02}"), "labels": { "parity": label } });
        server.post("/v1/sessions", wish).send().await.is(201);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/sessions?limit=4&order=oldest&label.parity=even".to_owned();
    loop {
        let page = server.get(&path).send().await.is(200);
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/sessions?limit=4&order=oldest&label.parity=even&cursor={cursor}");
    }
    let expected: Vec<_> = (0..25).step_by(2).map(|n| format!("ses_{n:02}")).collect();
    assert_eq!(seen, expected);
    server.get("/v1/sessions?limit=0").send().await.is(400);
    server.get("/v1/sessions?colour=red").send().await.is(400);
    server.get("/v1/sessions?cursor=nonsense").send().await.is(400);
    server.get("/v1/sessions?state=lost").send().await.is(400);
}

#[tokio::test]
async fn a_change_is_refused_when_the_session_is_not_as_it_was_seen() {
    let server = Server::open().await;
    server.post("/v1/sessions", json!({ "id": "s" })).send().await.is(201);
    let change = |tag: &str| {
        let ask = server.ask("PATCH", "/v1/sessions/s").json(json!({ "labels": { "a": "1" } }));
        ask.header("if-match", tag).send()
    };
    let problem = change("\"7\"").await.refuses(412, "PRECONDITION_FAILED");
    assert_eq!(problem["current_revision"], 1);
    let changed = change("\"1\"").await;
    assert_eq!(changed.is(200)["labels"]["a"], "1");
    assert_eq!(changed.headers["etag"], "\"2\"");
    change("\"1\"").await.refuses(412, "PRECONDITION_FAILED");
}

#[tokio::test]
async fn what_has_ended_is_deleted_and_what_has_not_is_not() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    server.ask("DELETE", "/v1/sessions/s").send().await.refuses(409, "NOT_ENDED");
    let done = server.post("/v1/sessions/s/complete", json!({ "message": "built" })).header("fence", fence);
    assert_eq!(done.send().await.is(200)["state"], "completed");
    assert_eq!(server.ask("DELETE", "/v1/sessions/s").send().await.is(200)["id"], "s");
    server.get("/v1/sessions/s").send().await.refuses(404, "NOT_FOUND");
    server.held("t").await;
    server.ask("DELETE", "/v1/sessions/t?force=true").send().await.is(200);
}

#[tokio::test]
async fn whoever_pauses_what_another_holds_asks_that_one() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let asked = tokio::spawn(server.post("/v1/sessions/s/pause", json!({ "reason": "lunch" })).send());
    // The holder hears of it in the log, and does it.
    let mut after = 0;
    loop {
        let page = server.get(&format!("/v1/sessions/s/events?after={after}")).send().await.is(200);
        after = page["read_to"].as_u64().unwrap();
        if page["data"].as_array().unwrap().iter().any(|event| event["data"]["request"] == "pause") {
            break;
        }
        tokio::task::yield_now().await;
    }
    server.post("/v1/sessions/s/pause", json!({})).header("fence", fence).send().await.is(200);
    assert_eq!(asked.await.unwrap().is(200)["state"], "paused");
    let refused = server.post("/v1/sessions/s/resume", json!({ "timeout_ms": 1 })).send().await;
    refused.refuses(409, "NOT_ANSWERED");
}

/// What a run begins with, and how it is run again.
fn run(recipe: Recipe) -> StartRun {
    let actor = ActorId::parse("ada").unwrap();
    let holder = Holder { kind: HolderKind::Run, id: actor, supervisor: None, place: None };
    StartRun {
        id: SystemIds.session_id(None),
        namespace: Namespace::default_name(),
        principal: None,
        key: None,
        claimant: Claimant { holder, incarnation: SystemIds.incarnation() },
        ttl: recipe.times.ttl(),
        labels: BTreeMap::new(),
        command: vec!["make".to_owned()],
        directory: Some("/repo".to_owned()),
        idle: None,
        group: None,
        waits: false,
        recipe: Some(Box::new(recipe)),
        takeover: None,
        is_fresh: false,
    }
}

#[tokio::test]
async fn whoever_is_far_away_learns_how_a_command_is_run_again() {
    let server = Server::open().await;
    let times = RunTimes::new(Duration::from_secs(15), Duration::from_secs(1)).unwrap();
    let recipe = Recipe {
        raw_command: vec![b"make\xFF".to_vec()],
        raw_directory: None,
        actor: None,
        times,
        outlives_lease: false,
        record_limit: None,
        watch: None,
        autosave: None,
        refused_exit: 3,
        auto_resume: true,
        waits: false,
    };
    let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&server.store);
    let engine = Engine::new(store, Arc::new(SystemIds), Arc::new(NoWitness));
    let start = run(recipe.clone());
    let id = start.id.clone();
    engine.apply(&Target::New, &Command::StartRun(Box::new(start))).await.unwrap();
    let shown = server.get(&format!("/v1/sessions/{id}")).send().await.is(200);
    let known = serde_json::from_value::<tenure_api::Session>(shown).unwrap().read().unwrap();
    assert_eq!(known.session.recipe.as_deref(), Some(&recipe));
    assert_eq!(known.session.lease.unwrap().incarnation, tenure_api::Lease::HERE);
    let listed = server.get("/v1/sessions").send().await.is(200);
    assert_eq!(listed["data"][0]["recipe"]["raw_command"], json!([{ "base64": "bWFrZf8=" }]));
}

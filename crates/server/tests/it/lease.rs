//! Holding over HTTP: one holder at a time, by fence.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn one_holds_and_everybody_else_is_told_who() {
    let server = Server::open().await;
    server.post("/v1/sessions", json!({ "id": "s" })).send().await.is(201);
    let claim =
        |who: &str| server.post("/v1/sessions/s/lease", json!({ "holder": who, "ttl_ms": 60_000 })).send();
    let held = claim("one").await.is(200);
    assert_eq!((&held["fence"], &held["state"]), (&json!(1), &json!("pending")));
    let refused = claim("two").await.refuses(409, "HELD");
    assert_eq!(refused["holder"]["id"], "one");
    assert!(refused["holder"]["expires_at"].is_string(), "{refused}");
    let write = |fence: u64| {
        server.post("/v1/sessions/s/heartbeat", json!({ "activity": "at work" })).header("fence", fence)
    };
    assert_eq!(write(1).send().await.is(200)["activity"]["text"], "at work");
    let fenced = write(0).send().await.refuses(409, "FENCED");
    assert_eq!(fenced["current_fence"], 1);
    server.ask("DELETE", "/v1/sessions/s/lease").header("fence", 1).send().await.is(200);
    assert_eq!(claim("two").await.is(200)["fence"], 2);
    write(1).send().await.refuses(409, "FENCED");
}

#[tokio::test]
async fn a_lease_that_is_over_is_taken_over_with_a_reason_only() {
    let server = Server::open().await;
    server.post("/v1/sessions", json!({ "id": "s" })).send().await.is(201);
    let claim = json!({ "holder": "one", "ttl_ms": 1000 });
    server.post("/v1/sessions/s/start", claim).send().await.is(200);
    let takeover =
        || server.post("/v1/sessions/s/takeover", json!({ "holder": "two", "reason": "one is gone" })).send();
    takeover().await.refuses(409, "HELD");
    // Nobody renews: in time it is over by the store's clock.
    loop {
        let session = server.get("/v1/sessions/s").send().await.is(200);
        if session["lease"]["standing"] == "over" {
            break;
        }
        tokio::task::yield_now().await;
    }
    let again = server.post("/v1/sessions/s/start", json!({ "holder": "two" })).send().await;
    again.refuses(409, "ABANDONED");
    let taken = takeover().await.is(200);
    assert_eq!((&taken["fence"], &taken["lease"]["holder"]["id"]), (&json!(2), &json!("two")));
    let late = server.post("/v1/sessions/s/lease", json!({})).header("fence", 1).send().await;
    late.refuses(409, "FENCED");
}

#[tokio::test]
async fn a_fence_is_checked_without_a_write() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let check = |fence: u64| server.get("/v1/sessions/s/lease").header("fence", fence).send();
    check(fence).await.is(200);
    check(fence + 1).await.refuses(409, "FENCED");
    server.get("/v1/sessions/s/lease").send().await.is(400);
}

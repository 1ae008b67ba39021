//! Holding over HTTP: one holder at a time, by fence.

use serde_json::json;

use crate::support::{Machine, Server};

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

#[tokio::test]
async fn who_holds_from_elsewhere_keeps_it_while_the_servers_machine_starts_anew() {
    let machine = Machine::started();
    let server = Server::on(&machine, tempfile::tempdir().unwrap()).await;
    server.post("/v1/sessions", json!({ "id": "s" })).send().await.is(201);
    let claim = json!({ "holder": "one", "ttl_ms": 60_000 });
    server.post("/v1/sessions/s/start", claim).send().await.is(200);
    machine.pass(59_000);
    let home = server.stop().await;
    machine.start_anew();
    let server = Server::on(&machine, home).await;
    let taken =
        || server.post("/v1/sessions/s/takeover", json!({ "holder": "two", "reason": "one is gone" })).send();
    for passed in [0, 59_999] {
        machine.pass(passed);
        taken().await.refuses(409, "HELD");
    }
    let shown = server.get("/v1/sessions/s").send().await.is(200);
    let renewed = server.post("/v1/sessions/s/lease", json!({})).header("fence", 1).send().await.is(200);
    assert_eq!((&shown["lease"]["standing"], &renewed["fence"]), (&json!("live"), &json!(1)));
    let [before, after] = [&shown, &renewed].map(|session| session["lease"]["expires_at"].as_str().unwrap());
    // 2027-01-15 08:00:59 is when the machine started anew.
    assert_eq!((before, after), ("2027-01-15T08:01:59.000Z", "2027-01-15T08:02:58.999Z"));
    machine.pass(59_999);
    taken().await.refuses(409, "HELD");
    machine.pass(1);
    assert_eq!(taken().await.is(200)["fence"], 2);
}

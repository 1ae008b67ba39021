//! Workers over the wire.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn a_worker_registers_renews_and_retires() {
    let server = Server::open().await;
    let registered =
        server.post("/v1/workers", json!({ "id": "py-1", "ttl_ms": 60_000 })).send().await.is(201);
    let registration = registered["registration"].as_str().unwrap();
    server.post("/v1/workers", json!({ "id": "py-1" })).send().await.refuses(409, "WORKER_LIVE");
    let renewed =
        server.post(&format!("/v1/workers/{registration}/renew"), json!({ "progress": 1 })).send().await;
    assert_eq!(renewed.is(200)["draining"], false);
    let none =
        server.post(&format!("/v1/workers/{registration}/tasks/claim"), json!({ "wait_ms": 1 })).send().await;
    assert_eq!(none.is(200)["tasks"], json!([]));
    server.post("/v1/workers/py-1/dismiss", json!({ "how": "drain" })).send().await.is(200);
    let told = server.post(&format!("/v1/workers/{registration}/renew"), json!({})).send().await.is(200);
    assert_eq!(told["draining"], true);
    server.ask("DELETE", &format!("/v1/workers/{registration}")).send().await.is(200);
    let gone = server.post(&format!("/v1/workers/{registration}/renew"), json!({})).send().await;
    gone.refuses(409, "WORKER_GONE");
}

//! Workers over the wire.

use serde_json::json;

use crate::support::{Machine, Server};

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

#[tokio::test]
async fn a_worker_outlives_its_server_and_the_servers_machine_until_its_lease_is_over() {
    let machine = Machine::started();
    let server = Server::on(&machine, tempfile::tempdir().unwrap()).await;
    let wish = || json!({ "id": "py-1", "ttl_ms": 60_000 });
    let registered = server.post("/v1/workers", wish()).send().await.is(201);
    let renew = format!("/v1/workers/{}/renew", registered["registration"].as_str().unwrap());
    let server = Server::on(&machine, server.stop().await).await;
    let state =
        async |server: &Server| server.get("/v1/workers").send().await.is(200)["data"][0]["state"].clone();
    assert_eq!(state(&server).await, "live", "nobody knows that it is gone");
    server.post("/v1/workers", wish()).send().await.refuses(409, "WORKER_LIVE");
    let home = server.stop().await;
    machine.start_anew();
    let server = Server::on(&machine, home).await;
    machine.pass(59_999);
    server.post("/v1/workers", wish()).send().await.refuses(409, "WORKER_LIVE");
    server.post(&renew, json!({ "progress": 1 })).send().await.is(200);
    machine.pass(60_000);
    assert_eq!(state(&server).await, "over");
    server.post("/v1/workers", wish()).send().await.is(201);
    server.post(&renew, json!({})).send().await.refuses(409, "WORKER_GONE");
}

//! Workers over the wire.

use serde_json::json;
use tenure::{Orchestration, Tenure};

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
async fn a_key_stays_a_workers_for_two_renewals_of_its_lease_at_least() {
    let server = Server::open().await;
    let wish = |id: &str| json!({ "id": id, "ttl_ms": 600_000 });
    server.post("/v1/workers", wish("a")).send().await.is(201);
    let mut short = wish("b");
    short["key_idle_ms"] = json!(300_000);
    server.post("/v1/workers", short).send().await.refuses(400, "USAGE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_tells_the_trace_that_its_instance_was_started_in() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let server = Server::open().await;
    let code = async |ctx: Orchestration, (): ()| ctx.activity::<()>("work", &()).on_queue("python").await;
    let tenure = Tenure::at(server.home.path().join("tenure.db")).orchestration("code", code);
    let tenure = tenure.start().await.unwrap();
    let registered = server.post("/v1/workers", json!({ "id": "py", "queues": ["python"] })).send().await;
    let registration = registered.is(201)["registration"].as_str().unwrap().to_owned();
    for (id, said, known) in [("a", PARENT, Some(PARENT)), ("b", "00-nothing-01", None)] {
        let start = server.post("/v1/orchestrations", json!({ "name": "code", "id": id }));
        start.header("traceparent", said).send().await.is(201);
        let claim =
            server.post(&format!("/v1/workers/{registration}/tasks/claim"), json!({ "wait_ms": 20_000 }));
        let task = claim.send().await.is(200)["tasks"][0].clone();
        assert_eq!((task["session"].as_str(), task["traceparent"].as_str()), (Some(id), known));
        let path = format!("/v1/workers/{registration}/tasks/{}/complete", task["task"].as_str().unwrap());
        server.post(&path, json!({ "fence": task["fence"], "output": null })).send().await.is(200);
    }
    tenure.stop().await;
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

//! Requests with an `Idempotency-Key` are done once.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn the_first_answer_is_given_again() {
    let server = Server::open().await;
    let create = || {
        server.post("/v1/sessions", json!({ "labels": { "a": "1" } })).header("idempotency-key", "k1").send()
    };
    let first = create().await;
    let id = first.is(201)["id"].clone();
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = create().await;
    assert_eq!(again.is(201)["id"], id);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let all = server.get("/v1/sessions").send().await.is(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let other = server.post("/v1/sessions", json!({})).header("idempotency-key", "k1").send().await;
    other.refuses(422, "KEY_REUSED");
    server.post("/v1/sessions", json!({})).header("idempotency-key", "k2").send().await.is(201);
}

#[tokio::test]
async fn an_append_that_is_repeated_is_appended_once() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let body = json!({ "events": [{ "type": "x.step", "data": { "n": 1 } }] });
    let append = || {
        let ask = server.post("/v1/sessions/s/events", body.clone()).header("fence", fence);
        ask.header("idempotency-key", "a1").send()
    };
    let (first, again) = (append().await.is(200), append().await.is(200));
    assert_eq!(first, again);
    let page = server.get("/v1/sessions/s/events?type=x.step").send().await.is(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn many_at_once_with_one_key_do_it_once() {
    let server = Server::open().await;
    let asks: Vec<_> = (0..20)
        .map(|_| tokio::spawn(server.post("/v1/sessions", json!({})).header("idempotency-key", "k").send()))
        .collect();
    let mut created = 0;
    for ask in asks {
        let answer = ask.await.unwrap();
        match answer.status.as_u16() {
            201 => created += 1,
            _ => drop(answer.refuses(409, "UNDER_WAY")),
        }
    }
    assert!(created >= 1);
    let all = server.get("/v1/sessions").send().await.is(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_with_a_secret_is_not_kept() {
    let server = Server::open().await;
    let make = || {
        let wish = json!({ "principal": "ann", "role": "owner" });
        server.post("/v1/tokens", wish).header("idempotency-key", "k").send()
    };
    let (first, second) = (make().await, make().await);
    assert!(!second.headers.contains_key("idempotency-replayed"));
    assert_ne!(first.is(201)["secret"], second.is(201)["secret"]);
    let id = first.is(201)["id"].as_str().unwrap().to_owned();
    let rotate =
        || server.post(&format!("/v1/tokens/{id}/rotate"), json!({})).header("idempotency-key", "r").send();
    assert_ne!(rotate().await.is(200)["secret"], rotate().await.is(200)["secret"]);
}

//! Logs over HTTP.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn events_are_appended_by_the_holder_and_messages_by_anybody() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let appended = server.append("s", fence, "x.step").await;
    assert_eq!(appended["new"], 1);
    let message = json!({ "events": [{ "type": "x.hint", "data": { "text": "look left" } }] });
    server.post("/v1/sessions/s/inbox", message).send().await.is(200);
    let page = server.get("/v1/sessions/s/events?type=x.step&type=x.hint").send().await.is(200);
    let kinds: Vec<_> =
        page["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["x.step", "x.hint"]);
    let stale = server.post("/v1/sessions/s/events", json!({ "events": [{ "type": "x.step", "data": 1 }] }));
    stale.clone().header("fence", fence + 1).send().await.refuses(409, "FENCED");
    stale.send().await.is(400);
    let reserved = json!({ "events": [{ "type": "state_changed", "data": {} }] });
    server.post("/v1/sessions/s/inbox", reserved).send().await.refuses(422, "RESERVED_TYPE");
    server.post("/v1/sessions/s/inbox", json!({ "events": [] })).send().await.is(400);
}

#[tokio::test]
async fn an_event_with_an_id_is_appended_once() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let events = json!({ "events": [{ "id": "e1", "type": "x.step", "data": { "n": 1 } }] });
    let append = |body| server.post("/v1/sessions/s/events", body).header("fence", fence).send();
    let first = append(events.clone()).await.is(200);
    let again = append(events).await.is(200);
    assert_eq!((first["new"].as_u64(), again["new"].as_u64()), (Some(1), Some(0)));
    assert_eq!(first["seqs"], again["seqs"]);
    let other = json!({ "events": [{ "id": "e1", "type": "x.step", "data": { "n": 2 } }] });
    append(other).await.refuses(409, "ID_REUSED");
}

#[tokio::test]
async fn a_dropped_beginning_is_gone_and_says_where_the_log_begins() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    for _ in 0..5 {
        server.append("s", fence, "x.step").await;
    }
    let compacted = server.post("/v1/sessions/s/compact", json!({ "before": 5 })).send().await.is(200);
    assert_eq!(compacted["earliest_seq"], 5);
    let gone = server.get("/v1/sessions/s/events?after=2").send().await.refuses(410, "COMPACTED");
    assert_eq!(gone["earliest"], 5);
    let stream =
        server.get("/v1/sessions/s/events?after=2").header("accept", "text/event-stream").send().await;
    stream.refuses(410, "COMPACTED");
    let page = server.get("/v1/sessions/s/events").send().await.is(200);
    assert_eq!(page["data"][0]["seq"], 5, "from the beginning it begins where the log does");
}

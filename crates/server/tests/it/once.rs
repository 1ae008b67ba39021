//! Requests with an `Idempotency-Key` are done once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use tenure_server::Limits;
use tenure_store_sqlite::{FaultPoint, Faults};

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

/// Room for so many commits.
#[derive(Debug)]
struct Room(AtomicI64);

impl Faults for Room {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        match point {
            FaultPoint::BeforeCommit if self.0.fetch_sub(1, Ordering::SeqCst) <= 0 => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn what_had_no_room_is_done_once_there_is_room_and_once_only() {
    let room = Arc::new(Room(AtomicI64::new(i64::MAX)));
    let faults = Arc::<Room>::clone(&room);
    let home = (tempfile::tempdir().unwrap(), true);
    let server = Server::failing(home, Limits::default(), faults).await;
    let fence = server.held("s").await;
    // Nothing is kept, only that it was begun, or all but its answer.
    for commits in 0..3 {
        let body = json!({ "events": [{ "type": "x.step", "data": { "n": commits } }] });
        let append = || {
            let ask = server.post("/v1/sessions/s/events", body.clone()).header("fence", fence);
            ask.header("idempotency-key", format!("k{commits}")).send()
        };
        room.0.store(commits, Ordering::SeqCst);
        append().await.refuses(507, "STORE_FULL");
        append().await.refuses(507, "STORE_FULL");
        room.0.store(i64::MAX, Ordering::SeqCst);
        let seq = append().await.is(200)["seqs"][0].clone();
        assert_eq!(append().await.is(200)["seqs"][0], seq, "after room for {commits} commits");
    }
    let page = server.get("/v1/sessions/s/events?type=x.step").send().await.is(200);
    let numbers: Vec<_> =
        page["data"].as_array().unwrap().iter().map(|event| event["data"]["n"].clone()).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

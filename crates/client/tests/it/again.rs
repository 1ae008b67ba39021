//! What is sent again, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tenure_api::requests::{AppendEvents, EventDraft, UpdateSession};
use tenure_client::{Call, ClientError, Method, Patience};

use crate::stub::{Reply, Stub, document, patience, problem};

fn one_event() -> AppendEvents {
    let data = serde_json::json!({ "n": 1 });
    AppendEvents { events: vec![EventDraft { id: None, kind: "x.n".to_owned(), data }] }
}

#[tokio::test]
async fn a_post_whose_answer_is_cut_off_is_sent_again_under_its_key_and_done_once() {
    let done = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&done);
    let appended = || document(200, r#"{"seqs":[7],"new":1}"#);
    let stub = Stub::new(move |n, asked| {
        let key = &asked.headers["idempotency-key"];
        if n == 0 || *key != "01".repeat(16) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        let half = appended().len() / 2;
        match n {
            // Carried out, and not a word of it; then a part of the head, then of the document.
            0 => Reply::Cut(Vec::new()),
            1 => Reply::Cut(appended()[..half / 2].to_vec()),
            2 => Reply::Cut(appended()[..appended().len() - 3].to_vec()),
            _ => Reply::Kept(appended()),
        }
    })
    .await;
    let client = stub.client(patience());
    let answer = client.append("job", 3, &one_event()).await.unwrap();
    assert_eq!(answer.seqs, [7]);
    assert_eq!(done.load(Ordering::Relaxed), 1);
    let asked = stub.asked().clone();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|again| again == &asked[0]), "{asked:?}");
    assert_eq!(
        (asked[0].headers["fence"].as_str(), asked[0].target.as_str()),
        ("3", "/v1/sessions/job/events")
    );
}

#[tokio::test]
async fn two_posts_are_two_requests() {
    let stub = Stub::new(|_, _| Reply::Kept(document(200, r#"{"seqs":[7],"new":1}"#))).await;
    let client = stub.client(patience());
    for _ in 0..2 {
        client.append("job", 3, &one_event()).await.unwrap();
    }
    let keys: Vec<_> = stub.asked().iter().map(|asked| asked.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys, ["01".repeat(16), "02".repeat(16)]);
}

#[tokio::test]
async fn a_change_without_a_key_whose_answer_is_cut_off_is_not_sent_again() {
    // Over a connection that was just made, and over one that has been used.
    for is_used in [false, true] {
        let stub = Stub::new(|_, asked| match asked.method.as_str() {
            "GET" => Reply::Kept(document(200, r#"{"status":"ready"}"#)),
            _ => Reply::Cut(Vec::new()),
        })
        .await;
        let client = stub.client(patience());
        for method in ["DELETE", "PATCH"] {
            if is_used {
                client.ready().await.unwrap();
            }
            let answer = match method {
                "DELETE" => client.delete_session("job", false).await,
                _ => client.update_session("job", Some(1), &UpdateSession::default()).await,
            };
            assert!(matches!(answer, Err(ClientError::Unanswered { .. })), "{answer:?}");
        }
        let lines = stub.lines();
        let changes: Vec<_> = lines.iter().filter(|line| !line.starts_with("GET")).collect();
        assert_eq!(changes, ["DELETE /v1/sessions/job", "PATCH /v1/sessions/job"]);
    }
}

#[tokio::test]
async fn who_is_busy_is_asked_again_when_it_says() {
    let stub = Stub::new(|n, _| match n {
        0 => Reply::Kept(problem(503, "BUSY", Some(300))),
        _ => Reply::Kept(document(200, r#"{"status":"ready"}"#)),
    })
    .await;
    let begun = Instant::now();
    let health = stub.client(patience()).ready().await.unwrap();
    assert_eq!(health.status, "ready");
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    assert_eq!(stub.lines(), ["GET /readyz", "GET /readyz"]);
}

#[tokio::test]
async fn who_is_busy_for_longer_than_patience_lasts_is_not_waited_for() {
    for asked in [30_000, u64::MAX] {
        let stub = Stub::new(move |_, _| Reply::Kept(problem(503, "BUSY", Some(asked)))).await;
        let answer = stub.client(patience()).ready().await;
        assert_eq!(answer.unwrap_err().code(), Some("BUSY"));
        assert_eq!(stub.lines().len(), 1);
    }
}

#[tokio::test]
async fn a_conflict_and_a_refusal_are_the_callers_to_decide_on() {
    for (status, code, passing) in [(409, "CONFLICT", Some(0)), (409, "HELD", None), (500, "BUG", None)] {
        let stub = Stub::new(move |_, _| Reply::Kept(problem(status, code, passing))).await;
        let answer = stub.client(patience()).append("job", 1, &one_event()).await;
        assert_eq!(answer.unwrap_err().code(), Some(code));
        assert_eq!(stub.lines().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_proxy_whose_server_is_away_is_asked_again_where_that_is_safe() {
    let page = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n<h1/>";
    let stub = Stub::new(move |n, asked| match (asked.method.as_str(), n) {
        ("GET", 0 | 1) | ("DELETE", _) => Reply::Kept(page.into()),
        _ => Reply::Kept(document(200, r#"{"status":"ready"}"#)),
    })
    .await;
    let client = stub.client(patience());
    client.ready().await.unwrap();
    let answer = client.read(Call::new(Method::Delete, &["v1", "sessions", "job"])).await;
    // It may have been carried out before the server went away.
    assert!(matches!(answer, Err(ClientError::Unanswered { .. })), "{answer:?}");
    assert_eq!(stub.lines(), ["GET /readyz", "GET /readyz", "GET /readyz", "DELETE /v1/sessions/job"]);
}

#[tokio::test]
async fn a_renewal_on_a_connection_that_is_dead_without_a_word_is_asked_for_on_another_in_time() {
    let stub = Stub::new(|n, _| match n {
        0 => Reply::Silent(Vec::new()),
        _ => Reply::Kept(document(200, "{}")),
    })
    .await;
    let patience =
        Patience { answer: Duration::from_secs(3600), total: Duration::from_secs(60), ..patience() };
    let renew = Call::new(Method::Post, &["v1", "sessions", "job", "renew"]).as_often_as_needed();
    let answer = stub.client(patience).read(renew.within(Duration::from_millis(50))).await;
    assert_eq!(answer.unwrap(), "{}");
    assert_eq!(stub.lines(), ["POST /v1/sessions/job/renew"; 2]);
    assert!(stub.asked().iter().all(|asked| !asked.headers.contains_key("idempotency-key")));
}

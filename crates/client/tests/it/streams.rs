//! Streams that fall silent, end early, or never end.

use std::time::{Duration, Instant};

use tenure_client::{Call, ClientError, Heard, Method, Patience};

use crate::stub::{Reply, Stub, document, patience, problem, stream};

fn event(seq: u64) -> String {
    let document = format!(
        r#"{{"session":"job","seq":{seq},"at":"2026-11-22T00:00:00.000Z","type":"x.n","data":{{"n":{seq}}}}}"#
    );
    format!("id: {seq}\ndata: {document}\n\n")
}

const END: &str = "event: end\ndata: {}\n\n";

fn seq(heard: Heard) -> u64 {
    match heard {
        Heard::Event(event) => event.seq,
        other => panic!("{other:?} is no event"),
    }
}

#[tokio::test]
async fn a_silent_stream_is_taken_for_dead_and_begun_again_where_it_was() {
    let stub = Stub::new(|n, _| match n {
        0 => Reply::Silent(stream(&event(1))),
        _ => Reply::Cut(stream(&(event(2) + END))),
    })
    .await;
    let begun = Instant::now();
    let mut follow = stub.client(patience()).follow("job", 0, Vec::new());
    assert_eq!(seq(follow.next().await.unwrap()), 1);
    assert_eq!(seq(follow.next().await.unwrap()), 2);
    assert!(begun.elapsed() >= patience().silence, "{:?}", begun.elapsed());
    assert_eq!(follow.next().await.unwrap(), Heard::End);
    let lines = stub.lines();
    assert_eq!(lines, ["GET /v1/sessions/job/events?after=0", "GET /v1/sessions/job/events?after=1"]);
}

#[tokio::test]
async fn a_stream_whose_server_says_that_it_is_there_is_not_dead() {
    let patience = Patience { silence: Duration::from_secs(20), ..patience() };
    let stub = Stub::new(|_, _| Reply::Cut(stream(&(": there\n\n".repeat(1000) + &event(1) + END)))).await;
    let mut follow = stub.client(patience).follow("job", 0, Vec::new());
    assert_eq!(seq(follow.next().await.unwrap()), 1);
    assert_eq!(follow.next().await.unwrap(), Heard::End);
    assert_eq!(stub.lines().len(), 1);
}

#[tokio::test]
async fn what_is_told_again_is_not_told_twice() {
    let stub = Stub::new(|n, _| match n {
        0 => Reply::Cut(stream(&(event(1) + &event(2)))),
        _ => Reply::Cut(stream(&(event(1) + &event(2) + &event(3) + END))),
    })
    .await;
    let mut follow = stub.client(patience()).follow("job", 0, Vec::new());
    for expected in 1..=3 {
        assert_eq!(seq(follow.next().await.unwrap()), expected);
    }
    assert_eq!(follow.next().await.unwrap(), Heard::End);
}

#[tokio::test]
async fn a_server_that_ends_every_stream_at_once_is_not_asked_without_a_pause() {
    for empty in [String::new(), "event: drain\ndata: {}\n\n".to_owned()] {
        let stub = Stub::new(move |_, _| Reply::Cut(stream(&empty))).await;
        let mut follow = stub.client(patience()).follow("job", 0, Vec::new());
        let heard = tokio::time::timeout(Duration::from_secs(1), follow.next()).await;
        assert!(heard.is_err(), "nothing is told: {heard:?}");
        // Pauses of 50, 100, 200, 400 ms.
        let asked = stub.lines().len();
        assert!((2..=6).contains(&asked), "{asked} times");
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_for_good_is_not_begun_again() {
    let stub = Stub::new(|_, _| Reply::Kept(problem(404, "NOT_FOUND", None))).await;
    let mut follow = stub.client(patience()).follow("job", 0, Vec::new());
    assert_eq!(follow.next().await.unwrap_err().code(), Some("NOT_FOUND"));
    assert_eq!(stub.lines().len(), 1);
}

#[tokio::test]
async fn a_stream_that_is_none_is_told() {
    // A page of a proxy that lets nobody in, or of another server altogether.
    for answer in [document(404, "<html>"), document(200, "{}")] {
        let stub = Stub::new(move |_, _| Reply::Kept(answer.clone())).await;
        let mut follow = stub.client(patience()).follow("job", 0, Vec::new());
        let told = tokio::time::timeout(Duration::from_secs(10), follow.next()).await.expect("it is told");
        assert!(matches!(told, Err(ClientError::Unreadable { .. })), "{told:?}");
    }
}

#[tokio::test]
async fn a_frame_without_an_end_is_not_taken_in() {
    for piece in ["x", "data: xxxxxxxxxxxxxxxxxxxxxxxxx\n"] {
        let endless = piece.repeat(20 * 1024 * 1024 / piece.len());
        let stub = Stub::new(move |_, _| Reply::Silent(stream(&endless))).await;
        let patience = Patience { silence: Duration::from_secs(20), ..patience() };
        let call = Call::new(Method::Get, &["v1", "events"]);
        let mut frames = stub.client(patience).stream(&call).await.unwrap();
        let told = frames.next().await;
        assert!(matches!(told, Err(ClientError::Unreadable { .. })), "{told:?}");
    }
}

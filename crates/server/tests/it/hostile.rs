//! Requests that mean no good, or make no sense: clear answers, nothing lost, bounded memory.

use std::time::Duration;

use serde_json::json;
use tenure_server::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Frames, Server};

async fn raw(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    // A server that has seen enough may hang up in the middle of it.
    let _cut = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _cut = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn nonsense_is_answered_clearly() {
    let server = Server::open().await;
    let post = |kind: &str, body: &'static [u8]| {
        server.ask("POST", "/v1/sessions").header("content-type", kind).bytes(body).send()
    };
    post("application/json", b"{").await.refuses(400, "USAGE");
    post("application/json", b"\xff\xfe").await.refuses(400, "USAGE");
    post("application/json", b"{\"key\": 7}").await.refuses(422, "INVALID");
    post("application/json", b"{\"colour\": \"red\"}").await.refuses(422, "INVALID");
    post("text/plain", b"{}").await.refuses(415, "UNSUPPORTED_MEDIA_TYPE");
    let long = json!({ "id": "x".repeat(200) });
    server.post("/v1/sessions", long).send().await.refuses(422, "LIMIT");
    server.get("/nowhere").send().await.refuses(404, "NOT_FOUND");
    server.ask("PUT", "/v1/sessions").send().await.refuses(405, "METHOD_NOT_ALLOWED");
    server.get("/v1/sessions/%ff").send().await.is(400);
    server.get("/v1/sessions?key=%ff").send().await.refuses(400, "USAGE");
    let fence = server.post("/v1/sessions/s/heartbeat", json!({})).header("fence", "seven").send().await;
    fence.refuses(400, "USAGE");
    server.get("/v1/sessions").send().await.is(200);
}

#[tokio::test]
async fn a_body_of_a_hundred_megabytes_is_refused_without_being_read() {
    let server = Server::open().await;
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n";
    let answer = raw(&server, &[head.as_bytes(), &vec![b' '; 1 << 20]].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("TOO_LARGE"), "{answer}");
    server.get("/v1/sessions").send().await.is(200);
}

#[tokio::test]
async fn a_million_headers_are_refused() {
    let server = Server::open().await;
    let mut request = b"GET /v1/sessions HTTP/1.1\r\nhost: localhost\r\n".to_vec();
    for n in 0..1_000_000 {
        request.extend_from_slice(format!("x-{n}: y\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    let answer = raw(&server, &request).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.get("/v1/sessions").send().await.is(200);
}

#[tokio::test]
async fn who_sends_too_slowly_is_cut() {
    let limits = Limits {
        head_timeout: Duration::from_millis(50),
        body_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::start(tempfile::tempdir().unwrap(), true, limits).await;
    let half_a_head = raw(&server, b"GET /v1/sessions HTTP/1.1\r\nhost:").await;
    assert!(half_a_head.is_empty() || half_a_head.starts_with("HTTP/1.1 408"), "{half_a_head}");
    let half_a_body =
        raw(&server, b"POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{").await;
    assert!(half_a_body.starts_with("HTTP/1.1 4"), "{half_a_body}");
    server.get("/v1/sessions").send().await.is(200);
}

#[tokio::test]
async fn who_reads_too_slowly_is_cut_and_goes_on_where_it_was() {
    let limits = Limits { write_timeout: Duration::from_secs(1), ..Limits::default() };
    let server = Server::start(tempfile::tempdir().unwrap(), true, limits).await;
    let fence = server.held("s").await;
    let large = json!({ "events": [{ "type": "x.large", "data": "x".repeat(900_000) }] });
    for _ in 0..14 {
        server.post("/v1/sessions/s/events", large.clone()).header("fence", fence).send().await.is(200);
    }
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let ask = b"GET /v1/sessions/s/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    // It reads nothing, until the server has given it up.
    while subscribers(&server).await != 1 {}
    while subscribers(&server).await != 0 {}
    let mut got = Vec::new();
    let _cut = stream.read_to_end(&mut got).await;
    let text = String::from_utf8_lossy(&got);
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    let last = whole.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap_or("0");
    let last: u64 = last.parse().unwrap();
    let head = server.get("/v1/sessions/s").send().await.is(200)["head_seq"].as_u64().unwrap();
    assert!(last < head, "it was told everything");
    let mut frames = Frames::of(server.get("/v1/sessions/s/events").header("last-event-id", last)).await;
    assert_eq!(frames.next().await.unwrap().event, "snapshot");
    for expected in last + 1..=head {
        assert_eq!(frames.next().await.unwrap().seq(), expected);
    }
}

async fn subscribers(server: &Server) -> u64 {
    let answer = server.get("/metrics").send().await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("tenure_subscribers "));
    line.unwrap().parse().unwrap()
}

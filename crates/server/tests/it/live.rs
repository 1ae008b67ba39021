//! Streams: snapshot first, gap-free, resumable, with an explicit end.

use serde_json::json;

use crate::support::{Frames, Server};

#[tokio::test]
async fn a_stream_is_a_snapshot_then_every_event_then_the_end() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let mut frames = Frames::of(server.get("/v1/sessions/s/events")).await;
    let snapshot = frames.next().await.unwrap();
    assert_eq!((snapshot.event.as_str(), &snapshot.id), ("snapshot", &None));
    assert_eq!(snapshot.json()["state"], "active");
    let head = snapshot.json()["head_seq"].as_u64().unwrap();
    for expected in 1..=head {
        assert_eq!(frames.next().await.unwrap().seq(), expected);
    }
    for n in 1..=20 {
        server.append("s", fence, "x.step").await;
        let frame = frames.next().await.unwrap();
        assert_eq!((frame.seq(), frame.json()["type"].as_str().unwrap()), (head + n, "x.step"));
    }
    server.post("/v1/sessions/s/complete", json!({})).header("fence", fence).send().await.is(200);
    let mut last = head + 20;
    loop {
        let frame = frames.next().await.unwrap();
        if frame.event == "end" {
            assert_eq!(frame.json()["state"], "completed");
            assert_eq!(frame.json()["seq"], last);
            break;
        }
        last += 1;
        assert_eq!(frame.seq(), last);
    }
    assert_eq!(frames.next().await, None, "the end is the end");
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let mut seen = Vec::new();
    for round in 0..10 {
        server.append("s", fence, "x.step").await;
        let resumed = seen.last().copied().unwrap_or(0);
        let mut frames =
            Frames::of(server.get("/v1/sessions/s/events").header("last-event-id", resumed)).await;
        assert_eq!(frames.next().await.unwrap().event, "snapshot");
        let first = frames.next().await.unwrap().seq();
        assert_eq!(first, resumed + 1, "round {round}");
        seen.push(first);
    }
    assert_eq!(seen, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_stops_says_where_to_go_on_and_its_successor_does() {
    let mut server = Server::open().await;
    let fence = server.held("s").await;
    let mut frames = Frames::of(server.get("/v1/sessions/s/events")).await;
    frames.next().await.unwrap();
    server.append("s", fence, "x.step").await;
    server.begin_to_stop();
    let mut last = 0;
    let cut = loop {
        let frame = frames.next().await.unwrap();
        if frame.event == "drain" {
            break frame.json()["after"].as_u64().unwrap();
        }
        last = frame.seq();
    };
    assert_eq!(cut, last);
    assert_eq!(frames.next().await, None);
    let home = server.stop().await;
    let server = Server::start(home, true, tenure_server::Limits::default()).await;
    let mut frames = Frames::of(server.get(&format!("/v1/sessions/s/events?after={cut}"))).await;
    assert_eq!(frames.next().await.unwrap().event, "snapshot");
    server.append("s", fence, "x.after").await;
    let mut next = frames.next().await.unwrap();
    while next.json()["type"] != "x.after" {
        next = frames.next().await.unwrap();
    }
    assert!(next.seq() > cut);
}

#[tokio::test]
async fn only_events_of_the_types_that_were_asked_for_are_told() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let mut frames = Frames::of(server.get("/v1/sessions/s/events?type=x.b")).await;
    assert_eq!(frames.next().await.unwrap().event, "snapshot");
    server.append("s", fence, "x.a").await;
    let expected = server.append("s", fence, "x.b").await["seqs"][0].as_u64().unwrap();
    assert_eq!(frames.next().await.unwrap().seq(), expected);
}

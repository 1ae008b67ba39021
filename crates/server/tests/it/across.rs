//! One stream across all sessions: a snapshot, then every event, resumable.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tenure_core::access::Role;
use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{EventType, Namespace, Seq, SessionId};
use tenure_engine::{Ids as _, SystemIds};
use tenure_server::Limits;
use tenure_store::{AppendRequest, Find, LogStore as _, SessionStore as _};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::support::{Ask, Frame, Frames, Server};

/// A stream that has told its snapshot, and what that was.
async fn live(ask: Ask) -> (Frames, Vec<Value>, String) {
    let mut frames = Frames::of(ask).await;
    let mut sessions = Vec::new();
    loop {
        let frame = frames.next().await.unwrap();
        match frame.event.as_str() {
            "snapshot" => sessions.extend(frame.json()["data"].as_array().unwrap().clone()),
            "live" => {
                let cursor = frame.id.unwrap();
                return (frames, sessions, cursor);
            }
            other => panic!("{other} comes after the snapshot"),
        }
    }
}

/// The frames up to the one that tells an event of that type.
async fn up_to(frames: &mut Frames, kind: &str) -> Vec<Frame> {
    let mut told = Vec::new();
    loop {
        let frame = frames.next().await.unwrap();
        assert_eq!(frame.event, "", "it is an event");
        let is_last = frame.json()["type"] == kind;
        told.push(frame);
        if is_last {
            return told;
        }
    }
}

fn names(told: &[Frame]) -> Vec<String> {
    told.iter().map(|frame| frame.json()["session"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_event_of_every_session_is_told_once_and_in_order() {
    let server = Server::open().await;
    let old = server.held("old").await;
    let (mut frames, sessions, _) = live(server.get("/v1/events")).await;
    assert_eq!(sessions.iter().map(|session| &session["id"]).collect::<Vec<_>>(), ["old"]);
    let mut at = BTreeMap::from([("old".to_owned(), sessions[0]["head_seq"].as_u64().unwrap())]);
    let (one, two) = (server.held("one").await, server.held("two").await);
    for _ in 0..20 {
        for (id, fence) in [("old", old), ("one", one), ("two", two)] {
            server.append(id, fence, "x.step").await;
        }
    }
    server.append("one", one, "x.last").await;
    let mut steps = 0;
    for frame in up_to(&mut frames, "x.last").await {
        let event = frame.json();
        let seq = at.entry(event["session"].as_str().unwrap().to_owned()).or_default();
        *seq += 1;
        assert_eq!(event["seq"], *seq, "{event}");
        steps += u64::from(event["type"] == "x.step");
    }
    assert!((50..=60).contains(&steps) && at["one"] > 20, "{steps} {at:?}");
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let (frames, _, mut cursor) = live(server.get("/v1/events")).await;
    drop(frames);
    for round in 0..5 {
        let first = server.append("s", fence, "x.step").await["seqs"][0].clone();
        server.append("s", fence, "x.last").await;
        let mut frames = Frames::of(server.get("/v1/events").header("last-event-id", &cursor)).await;
        let told = up_to(&mut frames, "x.last").await;
        assert_eq!(told.len(), 2, "round {round}");
        assert_eq!(told[0].json()["seq"], first);
        cursor = told[1].id.clone().unwrap();
    }
}

#[tokio::test]
async fn a_cursor_of_another_start_is_refused_and_says_what_to_do() {
    let server = Server::open().await;
    let (frames, _, cursor) = live(server.get("/v1/events")).await;
    drop(frames);
    let server = Server::start(server.stop().await, true, Limits::default()).await;
    let gone = server.get("/v1/events").header("last-event-id", &cursor).send().await;
    assert!(gone.refuses(410, "COMPACTED")["hint"].as_str().unwrap().contains("without a cursor"));
    server.get("/v1/events").header("last-event-id", "7").send().await.refuses(400, "USAGE");
}

#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    let server = Server::open().await;
    let create = |id: &str, team: &str| {
        let body = json!({ "id": id, "labels": { "team": team } });
        server.post("/v1/sessions", body)
    };
    create("a", "red").send().await.is(201);
    create("b", "blue").send().await.is(201);
    let (mut red, sessions, _) = live(server.get("/v1/events?label.team=red")).await;
    assert_eq!(sessions.iter().map(|session| &session["id"]).collect::<Vec<_>>(), ["a"]);
    let (mut typed, ..) = live(server.get("/v1/events?type=x.last")).await;
    create("c", "red").send().await.is(201);
    for (id, kind) in [("a", "x.one"), ("b", "x.two"), ("c", "x.last")] {
        let body = json!({ "events": [{ "type": kind, "data": {} }] });
        server.post(&format!("/v1/sessions/{id}/inbox"), body).send().await.is(200);
    }
    let told = names(&up_to(&mut red, "x.last").await);
    assert!(told.contains(&"a".to_owned()) && !told.contains(&"b".to_owned()), "{told:?}");
    assert_eq!(names(&up_to(&mut typed, "x.last").await), ["c"]);
    server.get("/v1/events?odd=1").send().await.refuses(400, "USAGE");
}

#[tokio::test]
async fn nobody_is_told_of_sessions_that_it_may_not_see() {
    let server = Server::closed().await;
    let (ann, bob) = (server.token("ann", Role::Owner).await, server.token("bob", Role::Owner).await);
    let admin = server.token("root", Role::Admin).await;
    let elsewhere = server.token_in("elsewhere", "root", Role::Admin).await;
    let create = |id: &str| server.post("/v1/sessions", json!({ "id": id }));
    create("b0").bearer(&bob).send().await.is(201);
    let (mut hers, sessions, _) = live(server.get("/v1/events").bearer(&ann)).await;
    assert_eq!(sessions, [Value::Null; 0]);
    let (mut all, sessions, _) = live(server.get("/v1/events").bearer(&admin)).await;
    assert_eq!(sessions.len(), 1);
    let (mut others, ..) = live(server.get("/v1/events").bearer(&elsewhere)).await;
    for (id, token) in [("b1", &bob), ("e1", &elsewhere), ("a1", &ann)] {
        create(id).bearer(token).send().await.is(201);
        let body = json!({ "events": [{ "type": format!("x.{id}"), "data": {} }] });
        server.post(&format!("/v1/sessions/{id}/inbox"), body).bearer(token).send().await.is(200);
    }
    assert!(names(&up_to(&mut hers, "x.a1").await).iter().all(|name| name == "a1"));
    assert!(names(&up_to(&mut others, "x.e1").await).iter().all(|name| name == "e1"));
    let told = names(&up_to(&mut all, "x.a1").await);
    assert!(["a1", "b1"].iter().all(|name| told.contains(&(*name).to_owned())), "{told:?}");
    assert!(!told.contains(&"e1".to_owned()), "{told:?}");
    server.get("/v1/events?principal=bob").bearer(&ann).send().await.refuses(403, "FORBIDDEN");
}

#[tokio::test]
async fn what_another_process_writes_is_told() {
    let server = Server::open().await;
    server.held("s").await;
    let (mut frames, ..) = live(server.get("/v1/events")).await;
    let clock = Arc::new(SystemClock::new());
    let path = server.home.path().join("tenure.db");
    let other = SqliteStore::open(SqliteOptions::new(path, SystemIds.incarnation(), clock)).unwrap();
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse("s").unwrap() };
    let handle = other.find(find).await.unwrap().handle.unwrap();
    let data = EventBody::Given { kind: EventType::parse("x.other").unwrap(), json: "{}".to_owned() };
    let events = vec![EventDraft { id: None, data }];
    let commit_id = SystemIds.commit_id();
    other.append(AppendRequest { commit_id, handle, fence: None, events, after: Seq(0) }).await.unwrap();
    assert_eq!(names(&up_to(&mut frames, "x.other").await), ["s"]);
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let mut server = Server::open().await;
    let (mut frames, _, cursor) = live(server.get("/v1/events")).await;
    server.begin_to_stop();
    let drain = frames.next().await.unwrap();
    assert_eq!((drain.event.as_str(), &drain.json()["cursor"]), ("drain", &json!(cursor)));
    assert_eq!(frames.next().await, None);
    server.stop().await;
}

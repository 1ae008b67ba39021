//! Who did what is told in the log.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tenure_core::access::Role;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::Server;

/// A log that can be read.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// One that this thread writes to: the server of a test runs on it.
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber =
            tracing_subscriber::fmt().json().flatten_event(true).with_writer(log.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The audit's lines so far, without when they were written.
    fn take(&self) -> Vec<Value> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut lines: Vec<_> = lines.filter(|line| line["target"] == "audit").collect();
        for line in &mut lines {
            let line = line.as_object_mut().unwrap();
            for name in ["timestamp", "level", "target"] {
                line.remove(name).unwrap();
            }
        }
        lines
    }
}

#[tokio::test]
async fn writes_by_a_token_are_told_and_reads_are_not() {
    let (log, _writes) = Log::begin();
    let server = Server::closed().await;
    let root = server.token("root", Role::Admin).await;
    let made =
        server.post("/v1/tokens", json!({ "principal": "ann", "role": "owner" })).bearer(&root).send().await;
    let (ann, token) = (made.is(201)["secret"].as_str().unwrap().to_owned(), made.is(201)["id"].clone());
    let told = log.take();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["principal"], &told[0]["subject"]),
        (&json!("root"), &token),
        "who made whose token"
    );

    let whom = json!({ "namespace": "default", "principal": "ann", "token": token, "role": "owner" });
    let line = |more: Value| {
        let mut line = whom.as_object().unwrap().clone();
        line.extend(more.as_object().unwrap().clone());
        vec![Value::Object(line)]
    };
    let create = || server.post("/v1/sessions", json!({ "id": "s", "key": "k" })).bearer(&ann);
    create().header("idempotency-key", "once").send().await.is(201);
    let expected = json!({ "message": "write", "method": "POST", "path": "/v1/sessions", "session": "s", "status": 201 });
    assert_eq!(log.take(), line(expected), "what was created is named");
    create().header("idempotency-key", "once").send().await.is(201);
    assert_eq!(log.take()[0]["message"], "answered again");
    server.post("/v1/sessions/k/start", json!({ "holder": "me" })).bearer(&ann).send().await.is(200);
    let expected = json!({ "message": "write", "method": "POST", "path": "/v1/sessions/{name}/start", "session": "s", "status": 200 });
    assert_eq!(log.take(), line(expected), "by its id, however it was asked for");
    let body = json!({ "events": [{ "type": "x", "data": 1 }] });
    server
        .post("/v1/sessions/k/events", body)
        .bearer(&ann)
        .header("fence", 9)
        .send()
        .await
        .refuses(409, "FENCED");
    let told = log.take();
    assert_eq!(
        (&told[0]["status"], &told[0]["code"], &told[0]["session"]),
        (&json!(409), &json!("FENCED"), &json!("k"))
    );

    server.get("/v1/sessions/s").bearer(&ann).send().await.is(200);
    server.get("/healthz").send().await.is(200);
    assert_eq!(log.take(), [] as [Value; 0]);
    let text = format!("{told:?}");
    assert!(!text.contains(&ann), "a secret is in no log");
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_of() {
    let (log, _writes) = Log::begin();
    let server = Server::closed().await;
    let (root, ann) = (server.token("root", Role::Admin).await, server.token("ann", Role::Observer).await);
    server.get("/v1/sessions/secret-name").send().await.refuses(401, "UNAUTHENTICATED");
    let door = "refused at the door";
    let expected = json!({ "message": door, "method": "GET", "path": "/v1/sessions/{name}", "status": 401, "code": "UNAUTHENTICATED" });
    assert_eq!(log.take(), [expected]);
    server.ask("DELETE", "/v1/sessions/s").bearer(&ann).send().await.refuses(403, "FORBIDDEN");
    let told = log.take();
    assert_eq!((told.len(), &told[0]["message"], &told[0]["principal"]), (1, &json!(door), &json!("ann")));
    assert_eq!((&told[0]["session"], &told[0]["code"]), (&json!("s"), &json!("FORBIDDEN")));

    let id = told[0]["token"].as_str().unwrap();
    server.ask("DELETE", &format!("/v1/tokens/{id}")).bearer(&root).send().await.is(200);
    assert_eq!((&log.take()[0]["subject"], id), (&json!(id), id));
    server.get("/v1/sessions").bearer(&ann).send().await.refuses(401, "UNAUTHENTICATED");
    let told = log.take();
    assert_eq!(
        (&told[0]["token"], &told[0]["status"]),
        (&json!(id), &json!(401)),
        "it is known whose it was"
    );
}

#[tokio::test]
async fn a_write_whose_asker_has_gone_is_told_all_the_same() {
    let (log, _writes) = Log::begin();
    let server = Server::closed().await;
    let root = server.token("root", Role::Admin).await;
    let ask = |path: &str, body: Value| server.post(path, body).bearer(&root);
    ask("/v1/sessions", json!({ "id": "s" })).send().await.is(201);
    ask("/v1/sessions/s/start", json!({ "holder": "me" })).send().await.is(200);
    log.take();
    let mut watch = server.watch("s").await;
    // The holder never answers, and whoever asks does not wait for that.
    let asking = tokio::spawn(ask("/v1/sessions/s/stop", json!({ "timeout_ms": 60_000 })).begin());
    watch.changed().await.unwrap();
    asking.abort();
    let told = loop {
        let told = log.take();
        if !told.is_empty() {
            break told;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (&told[0]["message"], &told[0]["path"]),
        (&json!("write without an answer"), &json!("/v1/sessions/{name}/stop"))
    );
    assert!(told[0].get("status").is_none());
}

#[tokio::test]
async fn an_open_server_knows_nobody_to_tell_of() {
    let (log, _writes) = Log::begin();
    let server = Server::open().await;
    server.post("/v1/sessions", json!({})).send().await.is(201);
    assert_eq!(log.take(), [] as [Value; 0]);
    server
        .get("/v1/sessions")
        .header("origin", "https://evil.example")
        .send()
        .await
        .refuses(403, "FORBIDDEN");
    assert_eq!(log.take()[0]["message"], "refused at the door");
}

//! A server of its own for each test, and a client without comforts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenure_core::access::Role;
use tenure_core::id::{Namespace, Principal};
use tenure_core::time::{BootId, BootMoment, Moment, WallTime};
use tenure_engine::{Engine, Ids as _, NoWitness, Steady, SystemIds, TokenWish};
use tenure_server::{Alive, Limits, Setup, serve};
use tenure_store::{Clock, Handle, Inspect as _, LogStore as _, NamedRequest, Store, Watch};
use tenure_store_sqlite::{Faults, NoFaults, SqliteOptions, SqliteStore, SystemClock};
use tenure_words::Problem;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Real time.
#[derive(Debug)]
struct Real(std::time::Instant);

#[async_trait::async_trait]
impl Steady for Real {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// A machine that does not know what day it is.
#[derive(Debug)]
struct NoWall(SystemClock);

impl Clock for NoWall {
    fn now(&self) -> Moment {
        Moment { wall: None, ..self.0.now() }
    }
}

/// The clocks of a machine, moved by hand.
#[derive(Debug, Clone)]
pub(crate) struct Machine(Arc<Mutex<Moment>>);

impl Machine {
    pub(crate) fn started() -> Self {
        let boot = BootMoment { boot: BootId([1; 16]), ms: 86_400_000 };
        Self(Arc::new(Mutex::new(Moment { wall: Some(WallTime::from_epoch_secs(1_800_000_000)), boot })))
    }

    /// Time passes on both clocks.
    pub(crate) fn pass(&self, ms: u64) {
        let mut now = self.0.lock().unwrap();
        now.wall = now.wall.map(|wall| wall.after(Duration::from_millis(ms)));
        now.boot.ms += ms;
    }

    /// Another boot, in no time.
    pub(crate) fn start_anew(&self) {
        let mut now = self.0.lock().unwrap();
        now.boot = BootMoment { boot: BootId([now.boot.boot.0[0] + 1; 16]), ms: 0 };
    }
}

impl Clock for Machine {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap()
    }
}

/// Nobody lives here but the server.
#[derive(Debug)]
struct Nobody;

#[async_trait::async_trait]
impl Alive for Nobody {
    async fn ensure_gone(&self, _: Handle) -> Result<(), Problem> {
        Ok(())
    }
}

/// A server and its store.
pub(crate) struct Server {
    pub(crate) home: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<std::io::Result<()>>>,
}

impl Server {
    /// One that lets everybody in.
    pub(crate) async fn open() -> Self {
        Self::start(tempfile::tempdir().unwrap(), true, Limits::default()).await
    }

    /// One that asks for tokens.
    pub(crate) async fn closed() -> Self {
        Self::start(tempfile::tempdir().unwrap(), false, Limits::default()).await
    }

    /// One whose wall clock stands before the epoch.
    pub(crate) async fn without_a_wall_clock() -> Self {
        let clock = Arc::new(NoWall(SystemClock::new()));
        Self::start_by(tempfile::tempdir().unwrap(), (clock, Arc::new(NoFaults)), (true, Limits::default()))
            .await
    }

    pub(crate) async fn start(home: TempDir, is_open: bool, limits: Limits) -> Self {
        Self::start_by(home, (Arc::new(SystemClock::new()), Arc::new(NoFaults)), (is_open, limits)).await
    }

    /// One on a machine whose clocks are moved by hand.
    pub(crate) async fn on(machine: &Machine, home: TempDir) -> Self {
        let clock = Arc::new(machine.clone());
        Self::start_by(home, (clock, Arc::new(NoFaults)), (true, Limits::default())).await
    }

    /// One whose store fails now and then.
    pub(crate) async fn failing(
        (home, is_open): (TempDir, bool),
        limits: Limits,
        faults: Arc<dyn Faults>,
    ) -> Self {
        Self::start_by(home, (Arc::new(SystemClock::new()), faults), (is_open, limits)).await
    }

    async fn start_by(
        home: TempDir,
        (clock, faults): (Arc<dyn Clock>, Arc<dyn Faults>),
        (is_open, limits): (bool, Limits),
    ) -> Self {
        let db = home.path().join("tenure.db");
        let mut options = SqliteOptions::new(db, SystemIds.incarnation(), clock);
        options.faults = faults;
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let shared: Arc<dyn Store> = Arc::<SqliteStore>::clone(&store);
        let setup = Setup {
            engine: Engine::new(shared, Arc::new(SystemIds), Arc::new(NoWitness)),
            incarnation: SystemIds.incarnation(),
            clock: Arc::new(Real(std::time::Instant::now())),
            alive: Arc::new(Nobody),
            namespace: Namespace::default_name(),
            is_open,
            limits,
            tracer: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(setup, listener, async move {
            let _gone = stopped.await;
        }));
        Self { home, store, address, stop: Some(stop), task: Some(task) }
    }

    /// Tells when a session changes.
    pub(crate) async fn watch(&self, id: &str) -> Watch {
        let name = NamedRequest { namespace: Namespace::default_name(), name: id.to_owned() };
        let handle = self.store.named(name).await.unwrap()[0].handle;
        self.store.watch(handle).await.unwrap()
    }

    /// Stops it in good order; what it leaves is the directory.
    pub(crate) async fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        self.task.take().unwrap().await.unwrap().unwrap();
        self.store.close();
        let Self { home, .. } = self;
        home
    }

    /// Says that the server is to stop, and does not wait for it.
    pub(crate) fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// A token's secret.
    pub(crate) async fn token(&self, principal: &str, role: Role) -> String {
        self.token_in("default", principal, role).await
    }

    pub(crate) async fn token_in(&self, namespace: &str, principal: &str, role: Role) -> String {
        let wish = TokenWish {
            namespace: Namespace::parse(namespace).unwrap(),
            principal: Principal::parse(principal).unwrap(),
            role,
            note: String::new(),
            expires_in: None,
        };
        let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&self.store);
        let engine = Engine::new(store, Arc::new(SystemIds), Arc::new(NoWitness));
        engine.create_token(wish).await.unwrap().1.reveal().to_owned()
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        let address = self.address.clone();
        Ask {
            address,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            host: None,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Ask {
        self.ask("POST", path).json(body)
    }

    /// A session that is held, and its fence.
    pub(crate) async fn held(&self, id: &str) -> u64 {
        self.post("/v1/sessions", json!({ "id": id })).send().await.is(201);
        let started = self.post(&format!("/v1/sessions/{id}/start"), json!({ "holder": "me" })).send().await;
        started.is(200)["fence"].as_u64().unwrap()
    }

    /// Appends one event of the holder's.
    pub(crate) async fn append(&self, id: &str, fence: u64, kind: &str) -> Value {
        let body = json!({ "events": [{ "type": kind, "data": { "n": 1 } }] });
        let ask = self.post(&format!("/v1/sessions/{id}/events"), body).header("fence", fence);
        ask.send().await.is(200)
    }
}

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    address: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
    host: Option<String>,
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn bearer(self, secret: &str) -> Self {
        self.header("authorization", format!("Bearer {secret}"))
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").bytes(body.to_string())
    }

    pub(crate) fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// As if the server were known by that name.
    pub(crate) fn at_host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        let response = self.begin().await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { asked, status: parts.status, headers: parts.headers, body }
    }

    /// Asks, and reads the head of the answer.
    pub(crate) async fn begin(self) -> Response<Incoming> {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        request = request.header("host", self.host.as_ref().unwrap_or(&self.address));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        sender.send_request(request.body(Full::new(self.body.unwrap_or_default())).unwrap()).await.unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Its document, if it has that status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{}: {text}", self.asked);
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// That it says no, with that status and code.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str) -> Value {
        let document = self.is(status);
        assert_eq!(document["code"], code, "{}: {document}", self.asked);
        assert_eq!(document["status"], status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        document
    }
}

/// A stream's frames, one by one.
pub(crate) struct Frames {
    body: Incoming,
    rest: Vec<u8>,
    /// So much of the rest is known to have no end of a frame.
    looked_at: usize,
}

/// One frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

impl Frame {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }

    pub(crate) fn seq(&self) -> u64 {
        self.id.as_deref().unwrap().parse().unwrap()
    }
}

impl Frames {
    pub(crate) async fn of(ask: Ask) -> Self {
        let response = ask.header("accept", "text/event-stream").begin().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), rest: Vec::new(), looked_at: 0 }
    }

    /// The next frame; nothing at the end. Comments are passed over.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            let found = self.rest[self.looked_at..].windows(2).position(|pair| pair == b"\n\n");
            if let Some(end) = found.map(|end| self.looked_at + end) {
                let text: Vec<u8> = self.rest.drain(..end + 2).collect();
                self.looked_at = 0;
                let frame = parsed(&String::from_utf8(text).unwrap());
                if frame != Frame::default() {
                    return Some(frame);
                }
                continue;
            }
            self.looked_at = self.rest.len().saturating_sub(1);
            let more = tokio::time::timeout(Duration::from_secs(60), self.body.frame()).await;
            match more.expect("a frame comes in time") {
                Some(Ok(frame)) => self.rest.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(_)) | None => return None,
            }
        }
    }
}

fn parsed(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        match line.split_once(':') {
            Some(("event", value)) => value.trim_start().clone_into(&mut frame.event),
            Some(("id", value)) => frame.id = Some(value.trim().to_owned()),
            Some(("data", value)) => frame.data.push_str(value.trim_start()),
            _ => {}
        }
    }
    frame
}

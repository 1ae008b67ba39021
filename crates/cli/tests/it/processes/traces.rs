//! Spans of requests, as a collector gets them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use rustix::process::Signal;
use serde_json::json;

use super::http::{Ask, Server};
use super::world::{World, told, until};

/// The trace of whoever asks, and its span.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A collector: a server that takes spans.
struct Collector {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    /// Whether it takes none.
    is_full: Arc<AtomicBool>,
}

/// What it was sent at once.
struct Got {
    path: String,
    resource: BTreeMap<String, String>,
    spans: Vec<Span>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (got, is_full) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, full) = (Arc::clone(&got), Arc::clone(&is_full));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, full) = (Arc::clone(&kept), Arc::clone(&full));
                thread::spawn(move || collect(stream.unwrap(), &kept, &full));
            }
        });
        Self { url, got, is_full }
    }

    /// Every span so far, in order.
    fn spans(&self) -> Vec<Span> {
        self.got.lock().unwrap().iter().flat_map(|got| got.spans.clone()).collect()
    }
}

/// Takes what comes over a connection until that is closed.
fn collect(stream: TcpStream, got: &Mutex<Vec<Got>>, is_full: &AtomicBool) -> Option<()> {
    let mut from = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_ascii_lowercase()),
            }
        }
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        from.read_exact(&mut body).unwrap();
        let is_full = is_full.load(Ordering::SeqCst);
        if !is_full {
            assert!(lines.contains(&"content-type: application/x-protobuf".to_owned()), "{lines:?}");
            let path = lines[0].split(' ').nth(1).unwrap();
            got.lock().unwrap().extend(batches(path, &body));
        }
        let status = if is_full { "503 Service Unavailable" } else { "200 OK" };
        write!(from.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

fn batches(path: &str, body: &[u8]) -> Vec<Got> {
    let batches = ExportTraceServiceRequest::decode(body).unwrap().resource_spans.into_iter();
    let batches = batches.map(|batch| Got {
        path: path.to_owned(),
        resource: texts(&batch.resource.unwrap().attributes),
        spans: batch.scope_spans.into_iter().flat_map(|scope| scope.spans).collect(),
    });
    batches.collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &AnyValue| match value.value.as_ref() {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let texts: BTreeMap<_, _> =
        attributes.iter().map(|kept| (kept.key.clone(), text(kept.value.as_ref().unwrap()))).collect();
    assert_eq!(texts.len(), attributes.len(), "each once: {attributes:?}");
    texts
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parent() -> String {
    format!("00-{TRACE}-{SPAN}-01")
}

#[test]
fn every_request_is_a_span_in_the_trace_of_whoever_asks() {
    let (world, collector) = (World::new(), Collector::start());
    let serve = ["serve", "--log-level", "error", "--listen", "127.0.0.1:0", "--otlp", &collector.url];
    let mut serve = world.tenure(&serve);
    serve.env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test");
    let mut server = Server::of(serve.stderr(Stdio::null()));
    let asked = |ask: Ask| ask.at(&server.address).unwrap();

    let open = Ask::post("/v1/sessions", &json!({ "key": "k" })).header("traceparent", parent());
    let session = asked(open).body["id"].as_str().unwrap().to_owned();
    assert_eq!(asked(Ask::get("/v1/sessions/k")).status, 200);
    assert_eq!(asked(Ask::get("/v1/sessions/none/events")).status, 404);
    assert_eq!(asked(Ask::get("/healthz")).status, 200);
    let odd = Ask { method: "ODD", path: format!("/v1/sessions/{}", "x".repeat(9_000)), ..Ask::default() };
    assert_eq!(asked(odd).status, 405);
    let labels = Ask::post("/v1/sessions/k", &json!({ "labels": { "a": "b" } }));
    assert_eq!(asked(Ask { method: "PATCH", ..labels }).status, 200);
    let begin = Ask::post("/v1/orchestrations", &json!({ "name": "greet", "id": "o" }));
    assert_eq!(asked(begin.header("traceparent", parent())).status, 201);
    let history = asked(Ask::get("/v1/orchestrations/o/history")).body;
    let url = format!("http://{}", server.address);
    let mut pause = world.tenure(&["--server", &url, "pause", "k"]);
    let output = pause.env("TRACEPARENT", parent()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "nobody has started it: {}", told(&output));

    server.process.send(Signal::TERM);
    assert!(server.process.end().success());
    let spans = collector.spans();
    let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let attributes = |name: &str| texts(&span(name).attributes);
    for got in collector.got.lock().unwrap().iter() {
        assert_eq!(got.path, "/v1/traces");
        assert_eq!(got.resource["service.name"], "tenure");
        assert_eq!(got.resource["service.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(got.resource["deployment.environment.name"], "test");
    }
    assert!(!spans.iter().any(|span| span.name.contains("healthz")), "{spans:?}");

    let opened = span("POST /v1/sessions");
    assert_eq!((hex(&opened.trace_id).as_str(), hex(&opened.parent_span_id).as_str()), (TRACE, SPAN));
    assert_eq!(opened.kind(), SpanKind::Server);
    let said = attributes("POST /v1/sessions");
    assert_eq!((said["http.request.method"].as_str(), said["http.route"].as_str()), ("POST", "/v1/sessions"));
    assert_eq!((said["http.response.status_code"].as_str(), &said["session.id"]), ("201", &session));

    let shown = span("GET /v1/sessions/{name}");
    assert!(shown.parent_span_id.is_empty() && hex(&shown.trace_id) != TRACE, "{shown:?}");
    let refused = attributes("GET /v1/sessions/{name}/events");
    let refused =
        ["http.response.status_code", "tenure.code", "session.id"].map(|name| refused[name].as_str());
    assert_eq!(refused, ["404", "NOT_FOUND", "none"]);
    assert_eq!(span("GET /v1/sessions/{name}/events").status.as_ref().map_or(0, |status| status.code), 0);

    let odd = attributes("HTTP /v1/sessions/{name}");
    assert_eq!(odd["http.request.method"], "_OTHER");
    assert!(!odd.contains_key("session.id"), "what can be no name is not told");
    assert_eq!(
        attributes("PATCH /v1/sessions/{name}")["session.id"],
        session,
        "by its id, asked for by its key"
    );

    let begun = span("POST /v1/orchestrations");
    assert_eq!(attributes("POST /v1/orchestrations")["gen_ai.operation.name"], "invoke_agent");
    let started = history["data"][0]["traceparent"].as_str().unwrap();
    assert_eq!(
        started,
        format!("00-{TRACE}-{}-01", hex(&begun.span_id)),
        "what it leads to is below its span"
    );

    let traced = spans.iter().filter(|span| hex(&span.parent_span_id) == SPAN).map(|span| span.name.as_str());
    let of_the_command: Vec<_> = traced.skip(2).collect();
    assert_eq!(of_the_command, ["GET /v1/sessions/{name}", "POST /v1/commands"]);
}

#[test]
fn a_collector_that_takes_nothing_costs_spans_and_nothing_else() {
    let (world, collector) = (World::new(), Collector::start());
    collector.is_full.store(true, Ordering::SeqCst);
    let mut serve = world.tenure(&["serve", "--listen", "127.0.0.1:0"]);
    serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).env("OTEL_BSP_SCHEDULE_DELAY", "20");
    let log = world.path("log");
    let mut server = Server::of(serve.stderr(File::create(&log).unwrap()));
    let ask = || assert_eq!(Ask::get("/v1/sessions").at(&server.address).unwrap().status, 200);
    let times = |words: &str| fs::read_to_string(&log).unwrap().matches(words).count();

    ask();
    until("a word of it", || (times("traces are lost") > 0).then_some(()));
    ask();
    collector.is_full.store(false, Ordering::SeqCst);
    until("spans again", || {
        ask();
        (times("traces are collected again") > 0).then_some(())
    });
    server.process.send(Signal::TERM);
    assert!(server.process.end().success());
    assert_eq!((times("traces are lost"), times("traces are collected again")), (1, 1));
    assert_eq!(collector.spans()[0].name, "GET /v1/sessions");
}

//! A server that dies or has no room: what it acknowledged is there, once.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Resource, Rlimit, Signal, prlimit};
use serde_json::{Value, json};

use super::http::{Answer, Ask, Server};
use super::world::{World, until};

/// How often the server is killed.
const KILLS: usize = 10;
const SESSIONS: usize = 4;

/// What all threads of a test share.
struct Stage<'s> {
    address: &'s str,
    acknowledged: &'s AtomicUsize,
    is_over: &'s AtomicBool,
}

#[test]
fn a_server_killed_under_load_loses_nothing_and_does_nothing_twice() {
    let world = World::new();
    let mut server = Server::start(&world, "127.0.0.1:0");
    let address = server.address.clone();
    let keys: Vec<_> = (0..SESSIONS).map(|n| format!("s{n}")).collect();
    let fences: Vec<_> = keys.iter().map(|key| server.hold(key)).collect();
    let (acknowledged, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let stage = Stage { address: &address, acknowledged: &acknowledged, is_over: &is_over };
    thread::scope(|scope| {
        let stage = &stage;
        let mut works = Vec::new();
        for (key, fence) in keys.iter().zip(fences) {
            let reader = scope.spawn(|| follow(stage, key));
            works.push((key, scope.spawn(move || write(stage, (key, fence))), reader));
        }
        for round in 0..KILLS {
            let enough = acknowledged.load(Ordering::Relaxed) + SESSIONS + round;
            until("more appends", || (acknowledged.load(Ordering::Relaxed) >= enough).then_some(()));
            server.process.send(Signal::KILL);
            server.process.end();
            server = Server::start(&world, &address);
        }
        is_over.store(true, Ordering::Relaxed);
        for (key, writer, reader) in works {
            let (written, told) = (writer.join().unwrap(), reader.join().unwrap());
            assert!(written.len() > KILLS, "{}", written.len());
            let expected: BTreeMap<u64, u64> = (0..).zip(written).map(|(n, seq)| (seq, n)).collect();
            assert_eq!(numbers(&told), expected, "{key}: as a stream tells it");
            assert_eq!(numbers(&log(&address, key)), expected, "{key}: as the log has it");
            let seqs: Vec<_> = told.iter().map(|(seq, _)| *seq).collect();
            assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{key}: no gap, nothing twice");
        }
    });
    server.process.send(Signal::TERM);
    assert!(server.process.end().success());
    world.ok(&["doctor", "--deep"]);
}

/// Appends one number after the other, each until it is acknowledged; then completes the session. Returns the
/// position of each number.
fn write(stage: &Stage<'_>, (key, fence): (&str, u64)) -> Vec<u64> {
    let mut positions = Vec::new();
    while !stage.is_over.load(Ordering::Relaxed) {
        let n = positions.len();
        let event = json!({ "events": [{ "type": "x.n", "data": { "n": n } }] });
        let ask = Ask::post(format!("/v1/sessions/{key}/events"), &event).header("fence", fence);
        let answer = insist(stage.address, &ask.header("idempotency-key", format!("{key}-{n}")));
        assert_eq!(answer.status, 200, "{answer:?}");
        positions.push(answer.body["seqs"][0].as_u64().unwrap());
        stage.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    let complete = Ask::post(format!("/v1/sessions/{key}/complete"), &json!({})).header("fence", fence);
    assert_eq!(insist(stage.address, &complete).status, 200);
    positions
}

/// Asks until there is an answer.
fn insist(address: &str, ask: &Ask) -> Answer {
    until("an answer", || ask.at(address).ok())
}

/// Everything that a stream tells of a session, resumed whenever it is cut: position and event.
fn follow(stage: &Stage<'_>, key: &str) -> Vec<(u64, Value)> {
    let mut told: Vec<(u64, Value)> = Vec::new();
    until("the end of a stream", || match follow_once(stage.address, key, &mut told) {
        ControlFlow::Break(()) => Some(()),
        ControlFlow::Continue(()) => None,
    });
    told
}

fn follow_once(address: &str, key: &str, told: &mut Vec<(u64, Value)>) -> ControlFlow<()> {
    let mut ask = Ask::get(format!("/v1/sessions/{key}/events"));
    if let Some((seq, _)) = told.last() {
        ask = ask.header("last-event-id", seq);
    }
    let Ok(mut stream) = ask.stream(address) else { return ControlFlow::Continue(()) };
    while let Ok(frame) = stream.next() {
        match (frame.event.as_str(), frame.id) {
            ("end", _) => return ControlFlow::Break(()),
            ("", Some(seq)) => told.push((seq, frame.data)),
            _ => {}
        }
    }
    ControlFlow::Continue(())
}

/// The whole log, by pages.
fn log(address: &str, key: &str) -> Vec<(u64, Value)> {
    let mut events = Vec::new();
    loop {
        let after = events.last().map_or(0, |(seq, _)| *seq);
        let page =
            Ask::get(format!("/v1/sessions/{key}/events?limit=1000&after={after}")).at(address).unwrap();
        let data = page.body["data"].as_array().unwrap();
        if data.is_empty() {
            return events;
        }
        events.extend(data.iter().map(|event| (event["seq"].as_u64().unwrap(), event.clone())));
    }
}

/// The numbers that were written, by position.
fn numbers(events: &[(u64, Value)]) -> BTreeMap<u64, u64> {
    let given = events.iter().filter(|(_, event)| event["type"] == "x.n");
    given.map(|(seq, event)| (*seq, event["data"]["n"].as_u64().unwrap())).collect()
}

/// Lets the server's files grow to that many bytes and no more: a full disk for it alone.
fn limit_files(server: &Server, bytes: Option<u64>) {
    prlimit(Some(server.process.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

/// How long the longest of the store's files is.
fn longest(world: &World) -> u64 {
    let files = ["tenure.db", "tenure.db-wal"].map(|name| fs::metadata(world.path(name)));
    files.into_iter().flatten().map(|file| file.len()).max().unwrap()
}

/// The next number, in an event that takes a while to write.
fn append(n: u64, fence: u64) -> Ask {
    // Nothing that compresses: each takes room of its own.
    let noise: String = (0..4000_u64)
        .map(|at| format!("{:016x}", (n * 4000 + at).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    let event = json!({ "events": [{ "type": "x.n", "data": { "n": n, "noise": noise } }] });
    Ask::post("/v1/sessions/s/events", &event).header("fence", fence)
}

#[test]
fn a_server_without_room_says_so_reads_on_and_goes_on_once_there_is_room() {
    let world = World::new();
    let server = Server::start_cramped(&world);
    let fence = server.hold("s");
    let ask = |n| append(n, fence).header("idempotency-key", format!("k{n}"));
    let mut positions = BTreeMap::new();
    let mut keep = |n: u64, answer: &Answer| {
        positions.insert(answer.body["seqs"][0].as_u64().unwrap(), n);
    };
    keep(0, &ask(0).at(&server.address).unwrap());
    for round in 0..3 {
        limit_files(&server, Some(longest(&world) + 256 * 1024));
        let (full, refused) = (1000 * round + 1..)
            .find_map(|n| {
                let answer = ask(n).at(&server.address).unwrap();
                match answer.status {
                    200 => keep(n, &answer),
                    _ => return Some((n, answer)),
                }
                None
            })
            .unwrap();
        assert_eq!((refused.status, refused.kind.as_str()), (507, "application/problem+json"), "{refused:?}");
        assert_eq!((&refused.body["code"], &refused.body["retryable"]), (&"STORE_FULL".into(), &true.into()));
        for path in ["/v1/sessions/s", "/v1/sessions", "/v1/sessions/s/events", "/healthz"] {
            assert_eq!(Ask::get(path).at(&server.address).unwrap().status, 200, "{path}");
        }
        limit_files(&server, None);
        let answer = ask(full).at(&server.address).unwrap();
        assert_eq!(answer.status, 200, "with room: {answer:?}");
        keep(full, &answer);
    }
    assert_eq!(numbers(&log(&server.address, "s")), positions, "what was acknowledged, once");
    world.ok(&["doctor", "--deep"]);
}

/// Sends a beginning, then the same again and again; returns how much the server took, and what it answered.
fn pour(server: &Server, begin: &str, piece: &str, times: usize) -> (usize, String) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(begin.as_bytes()).unwrap();
    let taken = (0..times).take_while(|_| stream.write_all(piece.as_bytes()).is_ok()).count();
    let mut answer = Vec::new();
    // A server that has hung up while more was sent may not be heard.
    let _cut = stream.read_to_end(&mut answer);
    (taken * piece.len(), String::from_utf8_lossy(&answer).into_owned())
}

/// The most memory that the server ever had, in KiB.
fn most_memory(server: &Server) -> u64 {
    let path = format!("/proc/{}/status", server.process.pid().as_raw_nonzero());
    let status = fs::read_to_string(path).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn what_is_sent_without_end_is_cut_and_takes_little_memory() {
    let world = World::new();
    let server = Server::start(&world, "127.0.0.1:0");
    server.hold("s");
    let before = most_memory(&server);
    let post = "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let megabyte = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    for key in ["", "idempotency-key: k\r\n"] {
        let begin = format!("{post}{key}transfer-encoding: chunked\r\n\r\n");
        let (taken, answer) = pour(&server, &begin, &megabyte, 100);
        assert!(taken < 50 << 20, "{taken} bytes");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    let fields: String = (0..1000).map(|n| format!("x-{n}: y\r\n")).collect();
    let (taken, answer) = pour(&server, "GET /v1/sessions HTTP/1.1\r\nhost: localhost\r\n", &fields, 1000);
    assert!(taken < 8 << 20, "{taken} bytes of headers");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let (_, answer) = pour(&server, "GET /v1/sessions HTTP/1.1\r\nhost: ", &"h".repeat(1 << 16), 1000);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(Ask::get("/v1/sessions/s").at(&server.address).unwrap().status, 200);
    let taken = most_memory(&server) - before;
    assert!(taken < 64 * 1024, "{taken} KiB more for bodies of at most 16 MiB");
}

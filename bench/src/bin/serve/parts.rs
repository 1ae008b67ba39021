//! Who asks the server: keepers of leases, watchers of streams, writers of events.

use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::wire::{Connection, Post, Stream};

pub const TTL: Duration = Duration::from_secs(60);
/// How often each lease is renewed.
pub const RENEWED_EVERY: Duration = Duration::from_secs(20);
/// How long what was written may take to be seen, at the end.
const CATCH_UP: Duration = Duration::from_secs(30);

/// A session that is held.
#[derive(Debug)]
pub struct Held {
    pub id: String,
    pub fence: u64,
    /// The last position that was acknowledged.
    pub head: AtomicU64,
}

/// What became of renewals.
#[derive(Default)]
pub struct Kept {
    pub latencies: Vec<Duration>,
    pub refused: usize,
}

/// Opens and holds sessions, tells which, and renews their leases until told not to.
pub async fn keep(
    host: String,
    numbers: std::ops::Range<usize>,
    held: oneshot::Sender<Vec<Arc<Held>>>,
    until: watch::Receiver<Option<Instant>>,
) -> Result<Kept> {
    let mut connection = Connection::to(&host).await?;
    let mut sessions = Vec::with_capacity(numbers.len());
    for n in numbers {
        sessions.push(Arc::new(hold(&mut connection, n).await?));
    }
    held.send(sessions.clone()).expect("it is waited for");
    let mut kept = Kept::default();
    let begun = Instant::now();
    for turn in 0.. {
        for (n, session) in sessions.iter().enumerate() {
            let part = turn as f64 + n as f64 / sessions.len() as f64;
            let due = begun + RENEWED_EVERY.mul_f64(part);
            let is_over = until.borrow().is_some_and(|end| end <= due);
            if is_over {
                return Ok(kept);
            }
            sleep_until(due).await;
            let asked = Instant::now();
            let path = format!("/v1/sessions/{}/lease", session.id);
            let (status, body) =
                connection.post(Post { path: &path, fence: Some(session.fence), body: "" }).await?;
            if status == 200 {
                kept.latencies.push(asked.elapsed());
            } else {
                kept.refused += 1;
                eprintln!("not renewed: {status} {}", String::from_utf8_lossy(body));
            }
        }
    }
    unreachable!("it goes on until it is told not to")
}

async fn hold(connection: &mut Connection, n: usize) -> Result<Held> {
    let wish = format!("{{\"key\":\"s-{n}\"}}");
    let opened = answered(connection, Post { path: "/v1/sessions", fence: None, body: &wish }).await?;
    let id = opened["id"].as_str().expect("a session has an id").to_owned();
    let claim = format!("{{\"holder\":\"owner-{n}\",\"ttl_ms\":{}}}", TTL.as_millis());
    let path = format!("/v1/sessions/{id}/start");
    let started = answered(connection, Post { path: &path, fence: None, body: &claim }).await?;
    let fence = started["lease"]["fence"].as_u64().or_else(|| started["fence"].as_u64());
    let fence = fence.unwrap_or_else(|| panic!("a held session has a fence: {started}"));
    Ok(Held { id, fence, head: AtomicU64::new(started["head_seq"].as_u64().unwrap_or(0)) })
}

async fn answered(connection: &mut Connection, post: Post<'_>) -> Result<serde_json::Value> {
    let path = post.path.to_owned();
    let (status, body) = connection.post(post).await?;
    assert!(matches!(status, 200 | 201), "{path}: {status} {}", String::from_utf8_lossy(body));
    Ok(serde_json::from_slice(body)?)
}

/// What a stream told.
#[derive(Default)]
pub struct Seen {
    /// From the sending of each event until it was seen.
    pub latencies: Vec<Duration>,
    pub gaps: u64,
    pub doubles: u64,
    /// What was acknowledged and not told.
    pub missing: u64,
    last: u64,
}

/// Follows a session: says when it has begun, and goes on until everything that was written is seen.
pub async fn follow(
    host: String,
    session: Arc<Held>,
    begun: oneshot::Sender<()>,
    (zero, mut written): (Instant, watch::Receiver<bool>),
) -> Result<Seen> {
    let mut stream = Stream::open(&host, &format!("/v1/sessions/{}/events", session.id)).await?;
    let mut seen = Seen::default();
    let head = session.head.load(Ordering::Relaxed);
    seen.reach(head, &mut stream, zero).await?;
    begun.send(()).expect("it is waited for");
    loop {
        tokio::select! {
            next = stream.next(|frame| seen.look(frame, zero)) => next?,
            _over = written.wait_for(|written| *written) => break,
        }
    }
    let head = session.head.load(Ordering::Relaxed);
    match timeout(CATCH_UP, seen.reach(head, &mut stream, zero)).await {
        Ok(ended) => ended?,
        Err(_late) => seen.missing = head - seen.last,
    }
    Ok(seen)
}

impl Seen {
    /// Reads on up to a position.
    async fn reach(&mut self, head: u64, stream: &mut Stream, zero: Instant) -> Result<()> {
        while self.last < head {
            stream.next(|frame| self.look(frame, zero)).await?;
        }
        Ok(())
    }

    fn look(&mut self, frame: &str, zero: Instant) {
        let at = zero.elapsed();
        let Some(seq) = frame.lines().find_map(|line| line.strip_prefix("id: ")) else { return };
        let seq: u64 = seq.parse().expect("a position is a number");
        if seq <= self.last {
            self.doubles += 1;
            return;
        }
        self.gaps += u64::from(seq > self.last + 1);
        self.last = seq;
        if let Some((_, sent)) = frame.split_once("\"sent_ns\":") {
            let digits = sent.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(sent.len());
            let sent = Duration::from_nanos(sent[..digits].parse().expect("an instant"));
            self.latencies.push(at.saturating_sub(sent));
        }
    }
}

/// How events are written.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Of one request and the next one of the same writer.
    pub interval: Duration,
    /// When this writer's first one is due.
    pub first: Instant,
    pub end: Instant,
    /// Events per request.
    pub batch: usize,
    pub zero: Instant,
}

/// What became of what was written.
#[derive(Default)]
pub struct Written {
    pub latencies: Vec<Duration>,
    /// How much later than it was due each request was sent.
    pub late: Vec<Duration>,
    pub refused: usize,
}

/// Writes to its sessions in turn.
pub async fn write(host: String, sessions: Vec<Arc<Held>>, pace: Pace) -> Result<Written> {
    let mut connection = Connection::to(&host).await?;
    let mut written = Written::default();
    let turns = std::iter::successors(Some(pace.first), |due| Some(*due + pace.interval));
    for (due, session) in turns.take_while(|due| *due < pace.end).zip(sessions.iter().cycle()) {
        sleep_until(due).await;
        let sent = Instant::now();
        let ns = (sent - pace.zero).as_nanos();
        let event =
            format!("{{\"type\":\"x.tick\",\"data\":{{\"sent_ns\":{ns},\"text\":\"a token or two\"}}}}");
        let body = format!("{{\"events\":[{}]}}", vec![event.as_str(); pace.batch].join(","));
        let path = format!("/v1/sessions/{}/events", session.id);
        let post = Post { path: &path, fence: Some(session.fence), body: &body };
        let (status, answer) = connection.post(post).await?;
        if status == 200 {
            written.latencies.push(sent.elapsed());
            written.late.push(sent.saturating_duration_since(due));
            let answer: serde_json::Value = serde_json::from_slice(answer)?;
            let last = answer["seqs"].as_array().and_then(|seqs| seqs.last()?.as_u64());
            session.head.fetch_max(last.expect("an append has positions"), Ordering::Relaxed);
        } else {
            written.refused += 1;
            eprintln!("not appended: {status} {}", String::from_utf8_lossy(answer));
        }
    }
    Ok(written)
}

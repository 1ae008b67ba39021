//! Live streams: a snapshot, then events by position, then the end.
//!
//! A stream reads the log as it is asked for more, so a slow reader costs no memory: it is behind, and is cut by the
//! connection when it takes nothing for too long. Every event names its position, so it goes on where it was.

pub(crate) mod across;
pub(crate) mod hub;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use tenure_core::event::Event;
use tenure_core::id::{Seq, SessionId};
use tenure_engine::{Next, Tail};
use tenure_store::Listed;

use crate::answer::{Answer, Failure};
use crate::routes;
use crate::setup::Served;

/// A session's stream, after a position, of some types only.
pub(crate) async fn session(
    served: &Arc<Served>,
    listed: Listed,
    (after, types): (Option<Seq>, Vec<String>),
) -> Answer<Response> {
    let engine = &served.setup.engine;
    let mut tail = engine.tail(listed.handle, after.unwrap_or_default(), types);
    // What was dropped is told before the stream begins, as an answer of its own.
    let first = tail.page().await?;
    let snapshot = routes::document(engine, &listed).await?;
    let mut frames = VecDeque::from([named("snapshot", &snapshot)]);
    let id = listed.session.id;
    frames.extend(first.iter().map(|event| frame(&id, event)));
    let counted = Subscriber::new(served);
    let following = Following { counted, id, tail, frames, is_over: false };
    Ok(response(served, unfold(following, Following::next)))
}

/// A stream as it is answered.
pub(crate) fn response<S>(served: &Served, frames: S) -> Response
where
    S: Stream<Item = Result<Frame, Infallible>> + Send + 'static,
{
    let alive = KeepAlive::new().interval(served.setup.limits.heartbeat);
    let mut response = Sse::new(frames).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Asks proxies not to hold the stream back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// A stream that is counted for as long as it is open.
pub(crate) struct Subscriber(pub(crate) Arc<Served>);

impl Subscriber {
    pub(crate) fn new(served: &Arc<Served>) -> Self {
        served.counters.subscribers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(served))
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.counters.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream under way.
struct Following {
    counted: Subscriber,
    id: SessionId,
    tail: Tail,
    /// What is to be sent next.
    frames: VecDeque<Frame>,
    is_over: bool,
}

/// Where a stream that the server cuts is to be resumed.
#[derive(Debug, Serialize)]
struct Resume {
    /// The position that it had.
    after: u64,
}

/// How a session ended.
#[derive(Debug, Serialize)]
struct End {
    session: String,
    state: &'static str,
    /// The position of the last event.
    seq: u64,
}

impl Following {
    async fn next(mut self) -> Option<(Result<Frame, Infallible>, Self)> {
        while self.frames.is_empty() {
            if self.is_over {
                return None;
            }
            self.more().await;
        }
        let frame = self.frames.pop_front()?;
        Some((Ok(frame), self))
    }

    /// Waits for more to send.
    async fn more(&mut self) {
        let next = tokio::select! {
            next = self.tail.next() => next,
            () = self.counted.0.stopping() => {
                self.end(named("drain", &Resume { after: self.tail.after().0 }));
                return;
            }
        };
        match next {
            Ok(Next::Events(events)) => {
                self.frames.extend(events.iter().map(|event| frame(&self.id, event)));
            }
            Ok(Next::Ended(session)) => self.over(session.state.name().name()),
            Ok(Next::Deleted) => self.over("deleted"),
            Err(error) => self.end(named("error", &Failure::from(error).document())),
        }
    }

    fn over(&mut self, state: &'static str) {
        let end = End { session: self.id.as_str().to_owned(), state, seq: self.tail.after().0 };
        self.end(named("end", &end));
    }

    fn end(&mut self, frame: Frame) {
        self.frames.push_back(frame);
        self.is_over = true;
    }
}

/// An event, which names its position.
fn frame(session: &SessionId, event: &Event) -> Frame {
    json(&tenure_api::Event::of(session, event)).id(event.seq.0.to_string())
}

/// Something that is no event of the log.
fn named(name: &str, document: &impl Serialize) -> Frame {
    json(document).event(name)
}

fn json(document: &impl Serialize) -> Frame {
    Frame::default().json_data(document).expect("a document can be written as JSON")
}

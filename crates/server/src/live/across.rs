//! One stream across all sessions that its caller may see.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::Response;
use axum::response::sse::Event as Frame;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream::unfold;
use serde::Serialize;
use tenure_core::limits;
use tenure_core::session::StateName;
use tenure_store::{Filter, Handle, ListRequest, Order};
use tenure_words::Problem;
use tokio::sync::watch;

use super::hub::{Entry, Hub, Later, Listening, Said};
use super::{Subscriber, json, named, response};
use crate::answer::{Answer, Failure};
use crate::caller::Caller;
use crate::routes;
use crate::setup::Served;

/// Most entries that are looked at in one go.
const AT_ONCE: usize = 64;
/// After so many entries that were not for it, a stream is told where it is.
const PASSED_MAX: usize = 256;

/// What a stream is to tell of.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) caller: Caller,
    pub(crate) filter: Filter,
    /// Only events of these types; empty: all.
    pub(crate) types: Vec<String>,
}

/// A stream across sessions, from a cursor on, or from now.
pub(crate) async fn across(served: &Arc<Served>, wanted: Wanted, cursor: Option<&str>) -> Answer<Response> {
    let (Listening { hub, newest }, at, phase) = match cursor {
        None => {
            let listening = served.hubs.hub(served).await?;
            let at = *listening.newest.borrow();
            (listening, at, Phase::Snapshot(None))
        }
        Some(cursor) => {
            let (listening, at) = resumed(served, cursor).await?;
            (listening, at, Phase::Live)
        }
    };
    let (counted, frames) = (Subscriber::new(served), VecDeque::new());
    let stream = Across { counted, wanted, hub, newest, at, passed: 0, frames, phase };
    Ok(response(served, unfold(stream, Across::next)))
}

/// The hub that gave a cursor out, and what number it stands for.
async fn resumed(served: &Served, cursor: &str) -> Answer<(Listening, u64)> {
    let unknown = || Failure::usage("`Last-Event-ID` is no cursor of this stream");
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(unknown)?;
    let mut parts = text.split(':');
    let (Some(server), Some(begun), Some(number), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(unknown());
    };
    let (Ok(begun), Ok(number)) = (begun.parse(), number.parse()) else {
        return Err(unknown());
    };
    if server != served.setup.incarnation.to_string() {
        return Err(gone());
    }
    let listening = served.hubs.there((begun, number)).await.ok_or_else(gone)?;
    Ok((listening, number))
}

fn gone() -> Failure {
    let problem = Problem::missing("COMPACTED", "what came after that cursor is not kept any more");
    problem.hint(ADVICE).into()
}

const ADVICE: &str =
    "connect without a cursor, which begins with a snapshot; each session's own stream still has every event";

/// A stream under way.
struct Across {
    counted: Subscriber,
    wanted: Wanted,
    hub: Arc<Hub>,
    newest: watch::Receiver<u64>,
    /// The number of the last entry that was looked at.
    at: u64,
    /// How many were passed over since the stream said where it is.
    passed: usize,
    /// What is to be sent next.
    frames: VecDeque<Frame>,
    phase: Phase,
}

/// What a stream tells next.
enum Phase {
    /// Sessions after this one.
    Snapshot(Option<Handle>),
    Live,
    Over,
}

/// Sessions as they are before events begin.
#[derive(Debug, Serialize)]
struct Snapshot {
    data: Vec<tenure_api::Session>,
}

/// Where a stream is.
#[derive(Debug, Serialize)]
struct Here {
    cursor: String,
}

/// Why a stream ends before it told everything.
#[derive(Debug, Serialize)]
struct Lost {
    hint: &'static str,
}

/// Events that were dropped from a log before they were told.
#[derive(Debug, Serialize)]
struct Compacted<'s> {
    session: &'s str,
    earliest_seq: u64,
}

impl Across {
    async fn next(mut self) -> Option<(Result<Frame, Infallible>, Self)> {
        while self.frames.is_empty() {
            match self.phase {
                Phase::Over => return None,
                Phase::Snapshot(past) => {
                    if let Err(failure) = self.snapshot(past).await {
                        self.end(named("error", &failure.document()));
                    }
                }
                Phase::Live => self.more().await,
            }
        }
        let frame = self.frames.pop_front()?;
        Some((Ok(frame), self))
    }

    fn cursor(&self) -> String {
        let server = self.counted.0.setup.incarnation;
        URL_SAFE_NO_PAD.encode(format!("{server}:{}:{}", self.hub.begun, self.at))
    }

    /// The next page of the sessions that are open.
    async fn snapshot(&mut self, past: Option<Handle>) -> Answer<()> {
        let engine = &self.counted.0.setup.engine;
        let mut filter = self.wanted.filter.clone();
        let asked = |state: &StateName| filter.states.is_empty() || filter.states.contains(state);
        let open = StateName::ALL.into_iter().filter(|state| !state.is_terminal()).filter(asked);
        filter.states = open.collect();
        let (mut data, mut next) = (Vec::new(), None);
        if !filter.states.is_empty() {
            let (namespace, limit) = (self.wanted.caller.namespace.clone(), limits::LIST_MAX.min(100));
            let request = ListRequest { namespace, filter, order: Order::Newest, past, limit };
            let page = engine.list(request).await?;
            let seen = page.sessions.iter().filter(|listed| self.wanted.caller.sees(&listed.session));
            data = routes::all(engine, seen).await?;
            next = page.next;
        }
        self.frames.push_back(named("snapshot", &Snapshot { data }));
        self.phase = Phase::Snapshot(next);
        if next.is_none() {
            let cursor = self.cursor();
            self.frames.push_back(named("live", &Here { cursor: cursor.clone() }).id(cursor));
            self.phase = Phase::Live;
        }
        Ok(())
    }

    /// Waits for more to send.
    async fn more(&mut self) {
        // What is there already may be old by the time it is looked at; what comes after this look wakes.
        self.newest.mark_unchanged();
        match self.hub.after(self.at, AT_ONCE) {
            Later::Entries(entries) if entries.is_empty() => {}
            Later::Entries(entries) => return entries.iter().for_each(|entry| self.tell(entry)),
            Later::Lost => return self.end(named("lost", &Lost { hint: ADVICE })),
            Later::Failed(problem) => return self.end(named("error", &*problem)),
        }
        let is_drained = tokio::select! {
            // The hub that this stream keeps has the other end.
            _more = self.newest.changed() => false,
            () = self.counted.0.stopping() => true,
        };
        if is_drained {
            self.end(named("drain", &Here { cursor: self.cursor() }));
        }
    }

    fn tell(&mut self, entry: &Entry) {
        self.at += 1;
        self.passed += 1;
        if let Some(frame) = self.frame(entry) {
            self.frames.push_back(frame.id(self.cursor()));
            self.passed = 0;
        } else if self.passed >= PASSED_MAX {
            // It has no data, so nobody is told anything, but whoever reconnects goes on from here.
            self.frames.push_back(Frame::default().id(self.cursor()));
            self.passed = 0;
        }
    }

    /// An entry as it is sent, if it is.
    fn frame(&self, entry: &Entry) -> Option<Frame> {
        let Wanted { caller, filter, types } = &self.wanted;
        if !caller.sees(&entry.session) || !filter.admits(&entry.session) {
            return None;
        }
        match &entry.said {
            Said::Event { kind, .. } if !types.is_empty() && !types.contains(kind) => None,
            Said::Event { json, .. } => Some(Frame::default().data(json)),
            Said::Compacted { earliest } => {
                let session = entry.session.id.as_str();
                Some(json(&Compacted { session, earliest_seq: earliest.0 }).event("compacted"))
            }
        }
    }

    fn end(&mut self, frame: Frame) {
        self.frames.push_back(frame);
        self.phase = Phase::Over;
    }
}

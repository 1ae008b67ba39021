//! A session's log, followed across cuts.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tenure_api::{Event, Problem, Session};
use tokio::time::{Instant, sleep};

use crate::call::{Call, Method};
use crate::stream::{Frame, Stream};
use crate::{Client, ClientError};

/// How soon a stream that was cut is begun again at first; twice as long each time after.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What is heard of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// How it is, when the stream begins, and again each time after it was cut.
    Snapshot(Box<Session>),
    /// The next event.
    Event(Box<Event>),
    /// It has ended, or was deleted, and everything was told.
    End,
}

/// Follows a session's log: every event once, in order, whatever happens to connections and servers between.
#[derive(Debug)]
pub struct Follow {
    client: Client,
    session: String,
    types: Vec<String>,
    after: u64,
    stream: Option<Stream>,
    /// When the latest attempt to begin a stream started.
    begun_at: Instant,
    failures: u32,
}

impl Client {
    /// Follows the log of a session from a position on, only events of these types (none: all).
    #[must_use]
    pub fn follow(&self, session: &str, after: u64, types: Vec<String>) -> Follow {
        let (client, session) = (self.clone(), session.to_owned());
        Follow { client, session, types, after, stream: None, begun_at: Instant::now(), failures: 0 }
    }
}

impl Follow {
    /// Everything up to here was told.
    #[must_use]
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// The next thing to know. A stream that was cut is begun again for as long as it takes.
    ///
    /// # Errors
    /// What the server says for good: there is no such session, its log begins later by now (`COMPACTED`), or the
    /// caller may not; and what no server of ours says.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        loop {
            match self.frame().await {
                Ok(Some(frame)) => {
                    if let Some(heard) = self.heard(&frame)? {
                        return Ok(heard);
                    }
                }
                Ok(None) => self.cut().await,
                Err(ClientError::Refused(problem)) if is_passing(&problem) => self.cut().await,
                Err(ClientError::Unreachable { .. } | ClientError::Unanswered { .. }) => self.cut().await,
                Err(error @ (ClientError::Refused(_) | ClientError::Unreadable { .. })) => {
                    self.stream = None;
                    return Err(error);
                }
            }
        }
    }

    /// Waits a little before the stream is begun again: longer each time, unless it was of use.
    async fn cut(&mut self) {
        self.stream = None;
        if self.begun_at.elapsed() > PAUSE_MAX {
            self.failures = 0;
        }
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        sleep(pause).await;
    }

    async fn frame(&mut self) -> Result<Option<Frame>, ClientError> {
        if self.stream.is_none() {
            self.begun_at = Instant::now();
            self.stream = Some(self.client.stream(&self.call()).await?);
        }
        match &mut self.stream {
            Some(stream) => stream.next().await,
            None => Ok(None),
        }
    }

    fn call(&self) -> Call {
        let call = Call::new(Method::Get, &["v1", "sessions", &self.session, "events"]);
        let call = call.query("after", self.after);
        self.types.iter().fold(call, |call, name| call.query("type", name))
    }

    fn heard(&mut self, frame: &Frame) -> Result<Option<Heard>, ClientError> {
        match frame.event.as_str() {
            "" => {
                let event: Event = read(&frame.data)?;
                if event.seq <= self.after {
                    return Ok(None);
                }
                (self.after, self.failures) = (event.seq, 0);
                Ok(Some(Heard::Event(Box::new(event))))
            }
            "snapshot" => Ok(Some(Heard::Snapshot(Box::new(read(&frame.data)?)))),
            "end" => Ok(Some(Heard::End)),
            // The server ends the stream after it.
            "error" => {
                let problem: Problem = read(&frame.data)?;
                if is_passing(&problem) { Ok(None) } else { Err(ClientError::Refused(Box::new(problem))) }
            }
            // `drain` says that the server stops: the stream is begun again once it is back. What a later server may
            // tell besides is not for this client.
            _ => Ok(None),
        }
    }
}

/// Whether the same may succeed later. A proxy whose server is away answers with what is no problem at all.
fn is_passing(problem: &Problem) -> bool {
    problem.retryable || problem.status >= 500
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, ClientError> {
    serde_json::from_str(json).map_err(|wrong| ClientError::Unreadable { what: wrong.to_string() })
}

//! A stream of server-sent events, as it comes.

use std::collections::VecDeque;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::call::Call;
use crate::http::unread;
use crate::{Client, ClientError};

/// Longest frame of a stream, in bytes: an event of 1 MiB, every byte of it escaped, and what surrounds it.
const FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// What it is; empty: an event of a log.
    pub event: String,
    /// Where to go on from, if it says.
    pub id: Option<String>,
    /// A document, as JSON text.
    pub data: String,
}

/// A stream of server-sent events.
#[derive(Debug)]
pub struct Stream {
    client: Client,
    body: Incoming,
    lines: Lines,
    frames: VecDeque<Frame>,
}

impl Client {
    /// Begins a stream.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard. It is tried once.
    pub async fn stream(&self, call: &Call) -> Result<Stream, ClientError> {
        let begun = timeout(self.0.patience.answer, self.begin(call, "text/event-stream")).await;
        let response = begun.unwrap_or_else(|late| Err(ClientError::Unanswered { source: late.into() }))?;
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            let what = "it is no stream of events: is that a Tenure server?".to_owned();
            return Err(ClientError::Unreadable { what });
        }
        let (client, lines, frames) = (self.clone(), Lines::default(), VecDeque::new());
        Ok(Stream { client, body: response.into_body(), lines, frames })
    }
}

impl Stream {
    /// The next frame; `None` when the server ended the stream.
    ///
    /// # Errors
    /// When the connection broke, or was silent for too long.
    pub async fn next(&mut self) -> Result<Option<Frame>, ClientError> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(Some(frame));
            }
            let more = timeout(self.client.0.patience.silence, self.body.frame()).await;
            let more = more.map_err(|late| ClientError::Unanswered { source: late.into() })?;
            let Some(more) = more else { return Ok(None) };
            let more = more.map_err(|broken| unread(broken.into()))?;
            if let Ok(bytes) = more.into_data() {
                self.lines.take(&bytes, &mut self.frames)?;
            }
        }
    }
}

/// What came of a frame so far.
#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
    /// So much of the rest has no end of a line.
    looked_at: usize,
    frame: Frame,
    is_begun: bool,
}

impl Lines {
    fn take(&mut self, bytes: &Bytes, frames: &mut VecDeque<Frame>) -> Result<(), ClientError> {
        self.rest.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(length) = self.rest[self.looked_at..].iter().position(|byte| *byte == b'\n') {
            let end = self.looked_at + length;
            let line = String::from_utf8_lossy(&self.rest[from..end]);
            let line = line.strip_suffix('\r').unwrap_or(&line).to_owned();
            (from, self.looked_at) = (end + 1, end + 1);
            self.line(&line, frames);
            self.is_short(0)?;
        }
        self.rest.drain(..from);
        self.looked_at = self.rest.len();
        self.is_short(self.rest.len())
    }

    /// Refuses a frame of which that much is to come besides what there is, if it is too long.
    fn is_short(&self, more: usize) -> Result<(), ClientError> {
        let Frame { event, id, data } = &self.frame;
        let length = event.len() + id.as_ref().map_or(0, String::len) + data.len();
        if length + more > FRAME_BYTES_MAX {
            return Err(ClientError::Unreadable { what: "a frame of a stream is too long".to_owned() });
        }
        Ok(())
    }

    fn line(&mut self, line: &str, frames: &mut VecDeque<Frame>) {
        if line.is_empty() {
            if std::mem::take(&mut self.is_begun) {
                frames.push_back(std::mem::take(&mut self.frame));
            }
            return;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.frame.event),
            "id" => self.frame.id = Some(value.to_owned()),
            "data" if self.frame.data.is_empty() => value.clone_into(&mut self.frame.data),
            "data" => self.frame.data.extend(["\n", value]),
            // A comment says only that the server is there.
            _ => return,
        }
        self.is_begun = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_however_they_are_cut() {
        let text =
            b": hello\n\nevent: snapshot\ndata: {}\n\nid: 7\r\ndata: a\r\ndata: b\r\n\r\n:\n\nid: 8\ndata:x";
        for size in 1..text.len() {
            let (mut lines, mut frames) = (Lines::default(), VecDeque::new());
            for bytes in text.chunks(size) {
                lines.take(&Bytes::copy_from_slice(bytes), &mut frames).unwrap();
            }
            let frame = |event: &str, id: Option<&str>, data: &str| Frame {
                event: event.to_owned(),
                id: id.map(str::to_owned),
                data: data.to_owned(),
            };
            assert_eq!(frames, [frame("snapshot", None, "{}"), frame("", Some("7"), "a\nb")], "in {size}s");
        }
    }
}

//! From what is shown to what was recorded.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tenure_core::event::{EventBody, Request, Stream, TerminalEvent};
use tenure_core::id::{ActorId, CheckpointId, EventType, Fence, HandoverId, SessionId};
use tenure_core::session::{self, Exit};

use super::of;
use super::payload::{
    ActivityNoted, Asked, CheckpointCreated, CheckpointRestored, Ending, Exited, HandedOver, LeaseGranted,
    LeaseReleased, LeaseTakenOver, Output, RetainedNow, RetentionEnded, Started, StateChanged, Stats,
    Succeeded, Terminal, Used,
};
use crate::document::{document, taken};
use crate::facts::cost_micros;
use crate::unreadable::{Flaw, Unreadable, actor, base64, name, word};

/// What was recorded as an event of this type.
pub(super) fn body(kind: EventType, data: &Value) -> Result<EventBody, Unreadable> {
    match kind.as_str() {
        "state_changed" => parse::<StateChanged>(data)?.read(),
        "completion" => {
            let (message, stats) = parse::<Ending>(data)?.read()?;
            Ok(EventBody::Completion { message, stats })
        }
        "error" => {
            let (message, stats) = parse::<Ending>(data)?.read()?;
            Ok(EventBody::Error { message, stats })
        }
        "lease_granted" => parse::<LeaseGranted>(data)?.read(),
        "lease_taken_over" => parse::<LeaseTakenOver>(data)?.read(),
        "lease_released" => {
            Ok(EventBody::LeaseReleased { fence: Fence(parse::<LeaseReleased>(data)?.fence) })
        }
        "succeeded" => {
            let Succeeded { by } = parse(data)?;
            Ok(EventBody::Succeeded { by: name("by", &by, SessionId::parse)? })
        }
        "checkpoint_created" => parse::<CheckpointCreated>(data)?.read(),
        "checkpoint_restored" => parse::<CheckpointRestored>(data)?.read(),
        "retained" => {
            let RetainedNow { reason, by } = parse(data)?;
            Ok(EventBody::Retained { reason, by: actor("by", by.as_deref())? })
        }
        "retention_ended" => {
            let RetentionEnded { by } = parse(data)?;
            Ok(EventBody::RetentionEnded { by: actor("by", by.as_deref())? })
        }
        "handed_over" => parse::<HandedOver>(data)?.read(),
        _ => Ok(shared(kind.as_str(), data).unwrap_or_else(|| EventBody::Given { kind, json: taken(data) })),
    }
}

/// What is ours of the types that callers append, too: what says exactly as much as ours does.
fn shared(type_: &str, data: &Value) -> Option<EventBody> {
    let ours = match type_ {
        "activity" => EventBody::Activity { text: parse::<ActivityNoted>(data).ok()?.text },
        "message" => EventBody::Request(Request::parse(&parse::<Asked>(data).ok()?.request)?),
        "terminal" => EventBody::Terminal(terminal(data).ok()?),
        _ => return None,
    };
    (of::data(&ours) == *data).then_some(ours)
}

/// A record of a terminal, of which nothing is passed over.
pub(super) fn terminal(data: &Value) -> Result<TerminalEvent, Unreadable> {
    let record: Terminal = parse(data)?;
    if document(&record) != *data {
        return Err(Unreadable::form("", "a record of a terminal and nothing else"));
    }
    record.read()
}

fn parse<'de, T: Deserialize<'de>>(data: &'de Value) -> Result<T, Unreadable> {
    T::deserialize(data).map_err(|why| Unreadable::of("", Flaw::Shape(why.to_string())))
}

impl StateChanged {
    fn read(self) -> Result<EventBody, Unreadable> {
        Ok(EventBody::StateChanged {
            from: self.from.map(|from| from.read("from")).transpose()?,
            to: self.to.read("to")?,
            reason: self.reason,
            by: actor("by", self.by.as_deref())?,
        })
    }
}

impl Ending {
    fn read(self) -> Result<(String, session::Stats), Unreadable> {
        Ok((self.message, self.stats.read().map_err(Unreadable::within("stats"))?))
    }
}

impl Stats {
    fn read(self) -> Result<session::Stats, Unreadable> {
        Ok(session::Stats {
            duration: Duration::from_millis(self.duration_ms),
            exit: self.exit.map(Exited::read),
            output_bytes: self.output_bytes,
            usage: self.usage.map(Used::read).transpose()?.unwrap_or_default(),
        })
    }
}

impl Used {
    fn read(self) -> Result<session::Usage, Unreadable> {
        Ok(session::Usage {
            iterations: self.iterations,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            tool_calls: self.tool_calls,
            cost_micros: cost_micros(&self.cost)?,
        })
    }
}

impl Exited {
    fn read(self) -> Exit {
        self.signal.map_or(Exit::Code(self.exit_code), Exit::Signal)
    }
}

impl LeaseGranted {
    fn read(self) -> Result<EventBody, Unreadable> {
        let holder = self.holder.read().map_err(Unreadable::within("holder"))?;
        let ttl = self.ttl_ms.map(Duration::from_millis);
        Ok(EventBody::LeaseGranted { holder, fence: Fence(self.fence), ttl })
    }
}

impl LeaseTakenOver {
    fn read(self) -> Result<EventBody, Unreadable> {
        Ok(EventBody::LeaseTakenOver {
            from: name("from", &self.from, ActorId::parse)?,
            holder: self.holder.read().map_err(Unreadable::within("holder"))?,
            fence: Fence(self.fence),
            reason: self.reason,
        })
    }
}

impl CheckpointCreated {
    fn read(self) -> Result<EventBody, Unreadable> {
        let id = name("checkpoint", &self.checkpoint, CheckpointId::parse)?;
        Ok(EventBody::CheckpointCreated { id, reason: self.reason, size: self.size })
    }
}

impl CheckpointRestored {
    fn read(self) -> Result<EventBody, Unreadable> {
        let id = name("checkpoint", &self.checkpoint, CheckpointId::parse)?;
        Ok(EventBody::CheckpointRestored { id, is_record: self.record })
    }
}

impl HandedOver {
    fn read(self) -> Result<EventBody, Unreadable> {
        Ok(EventBody::HandedOver {
            id: word("handover", &self.handover, HandoverId::parse)?,
            to: self.to,
            by: actor("by", self.by.as_deref())?,
            fence: Fence(self.fence),
        })
    }
}

impl Terminal {
    /// The record that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when output is of no stream, not one of text and Base64, or no Base64, or when a terminal has only
    /// one of columns and rows.
    pub fn read(self) -> Result<TerminalEvent, Unreadable> {
        Ok(match self {
            Self::Started(started) => started.read()?,
            Self::Output(output) => output.read()?,
            Self::Resized(size) => TerminalEvent::Resized { cols: size.cols, rows: size.rows },
            Self::Capped(capped) => TerminalEvent::Capped { limit: capped.capped_at_bytes },
            Self::Lost(lost) => TerminalEvent::Lost { bytes: lost.lost_bytes },
            Self::Exited(exited) => TerminalEvent::Exited(exited.read()),
        })
    }
}

impl Started {
    fn read(self) -> Result<TerminalEvent, Unreadable> {
        let size = match (self.cols, self.rows) {
            (Some(cols), Some(rows)) => Some((cols, rows)),
            (None, None) => None,
            (Some(_), None) => return Err(Unreadable::missing("rows")),
            (None, Some(_)) => return Err(Unreadable::missing("cols")),
        };
        Ok(TerminalEvent::Started { command: self.command, size })
    }
}

impl Output {
    fn read(self) -> Result<TerminalEvent, Unreadable> {
        let stream = word("stream", &self.stream, stream)?;
        let (text, encoded, field, others) = match stream {
            Stream::Terminal | Stream::Stdout => {
                (self.output, self.output_base64, "output", [self.error, self.error_base64])
            }
            Stream::Stderr => (self.error, self.error_base64, "error", [self.output, self.output_base64]),
        };
        if others != [None, None] {
            return Err(Unreadable::form("stream", "the one that this was written to"));
        }
        let bytes = match (text, encoded) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(encoded)) => base64(&format!("{field}Base64"), &encoded)?,
            (None, None) => return Err(Unreadable::missing(field)),
            (Some(_), Some(_)) => return Err(Unreadable::form(field, "one of text and base64")),
        };
        Ok(TerminalEvent::Output { stream, bytes })
    }
}

fn stream(name: &str) -> Option<Stream> {
    match name {
        "terminal" => Some(Stream::Terminal),
        "stdout" => Some(Stream::Stdout),
        "stderr" => Some(Stream::Stderr),
        _ => None,
    }
}

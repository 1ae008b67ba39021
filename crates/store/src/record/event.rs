//! The stored form of one event.

use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{EventId, EventType, Fence, HandoverId};
use tenure_core::session::Stats;

use super::body::session_id;
use super::checkpoint::checkpoint_id;
use super::code::{request_code, request_of, state_code, state_of};
use super::facts::UsageRecord;
use super::holder::{HolderRecord, actor};
use super::length::LengthRecord;
use super::terminal::{ExitRecord, TerminalRecord};
use super::{corrupt, required, sixteen};
use crate::StoreError;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EventRecord {
    #[prost(oneof = "EventKind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16")]
    kind: Option<EventKind>,
    #[prost(string, optional, tag = "40")]
    pub(super) id: Option<String>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum EventKind {
    #[prost(message, tag = "1")]
    StateChanged(StateChangedRecord),
    #[prost(message, tag = "2")]
    Completion(EndRecord),
    #[prost(message, tag = "3")]
    Error(EndRecord),
    #[prost(string, tag = "4")]
    Activity(String),
    #[prost(message, tag = "5")]
    LeaseGranted(GrantedRecord),
    #[prost(message, tag = "6")]
    LeaseTakenOver(TakenOverRecord),
    #[prost(uint64, tag = "7")]
    LeaseReleased(u64),
    #[prost(string, tag = "8")]
    Succeeded(String),
    #[prost(message, tag = "9")]
    Terminal(TerminalRecord),
    #[prost(int32, tag = "10")]
    Request(i32),
    #[prost(message, tag = "11")]
    Given(GivenRecord),
    #[prost(message, tag = "12")]
    CheckpointCreated(CheckpointCreatedRecord),
    #[prost(message, tag = "13")]
    CheckpointRestored(CheckpointRestoredRecord),
    #[prost(message, tag = "14")]
    Retained(RetainedRecord),
    #[prost(message, tag = "15")]
    RetentionEnded(RetentionEndedRecord),
    #[prost(message, tag = "16")]
    HandedOver(HandedOverRecord),
}

#[derive(Clone, PartialEq, prost::Message)]
struct StateChangedRecord {
    #[prost(int32, optional, tag = "1")]
    from: Option<i32>,
    #[prost(int32, tag = "2")]
    to: i32,
    #[prost(string, tag = "3")]
    reason: String,
    #[prost(string, optional, tag = "4")]
    by: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct EndRecord {
    #[prost(string, tag = "1")]
    message: String,
    #[prost(message, optional, tag = "2")]
    stats: Option<StatsRecord>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct StatsRecord {
    #[prost(message, optional, tag = "1")]
    duration: Option<LengthRecord>,
    #[prost(message, optional, tag = "2")]
    exit: Option<ExitRecord>,
    #[prost(uint64, tag = "3")]
    output_bytes: u64,
    #[prost(message, optional, tag = "4")]
    usage: Option<UsageRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct GrantedRecord {
    #[prost(message, optional, tag = "1")]
    holder: Option<HolderRecord>,
    #[prost(uint64, tag = "2")]
    fence: u64,
    #[prost(message, optional, tag = "3")]
    ttl: Option<LengthRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TakenOverRecord {
    #[prost(string, tag = "1")]
    from: String,
    #[prost(message, optional, tag = "2")]
    holder: Option<HolderRecord>,
    #[prost(uint64, tag = "3")]
    fence: u64,
    #[prost(string, tag = "4")]
    reason: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct GivenRecord {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "2")]
    json: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CheckpointCreatedRecord {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, optional, tag = "2")]
    reason: Option<String>,
    #[prost(uint64, tag = "3")]
    size: u64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct CheckpointRestoredRecord {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(bool, tag = "2")]
    is_record: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RetainedRecord {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, optional, tag = "2")]
    by: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RetentionEndedRecord {
    #[prost(string, optional, tag = "1")]
    by: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HandedOverRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    to: String,
    #[prost(string, optional, tag = "3")]
    by: Option<String>,
    #[prost(uint64, tag = "4")]
    fence: u64,
}

impl From<EventDraft> for EventRecord {
    /// Takes the event apart, so that large payloads move and are copied only into the stored bytes.
    fn from(event: EventDraft) -> Self {
        let kind = match event.data {
            EventBody::StateChanged { from, to, reason, by } => EventKind::StateChanged(StateChangedRecord {
                from: from.map(state_code),
                to: state_code(to),
                reason,
                by: by.map(|actor| actor.as_str().to_owned()),
            }),
            EventBody::Completion { message, stats } => EventKind::Completion(EndRecord::of(message, stats)),
            EventBody::Error { message, stats } => EventKind::Error(EndRecord::of(message, stats)),
            EventBody::Activity { text } => EventKind::Activity(text),
            EventBody::LeaseGranted { holder, fence, ttl } => EventKind::LeaseGranted(GrantedRecord {
                holder: Some(HolderRecord::of(&holder)),
                fence: fence.0,
                ttl: ttl.map(LengthRecord::from),
            }),
            EventBody::LeaseTakenOver { from, holder, fence, reason } => {
                EventKind::LeaseTakenOver(TakenOverRecord {
                    from: from.as_str().to_owned(),
                    holder: Some(HolderRecord::of(&holder)),
                    fence: fence.0,
                    reason,
                })
            }
            EventBody::LeaseReleased { fence } => EventKind::LeaseReleased(fence.0),
            EventBody::Succeeded { by } => EventKind::Succeeded(by.as_str().to_owned()),
            EventBody::CheckpointCreated { id, reason, size } => {
                let id = id.as_str().to_owned();
                EventKind::CheckpointCreated(CheckpointCreatedRecord { id, reason, size })
            }
            EventBody::CheckpointRestored { id, is_record } => {
                let id = id.as_str().to_owned();
                EventKind::CheckpointRestored(CheckpointRestoredRecord { id, is_record })
            }
            EventBody::Retained { reason, by } => {
                let by = by.map(|actor| actor.as_str().to_owned());
                EventKind::Retained(RetainedRecord { reason, by })
            }
            EventBody::RetentionEnded { by } => {
                let by = by.map(|actor| actor.as_str().to_owned());
                EventKind::RetentionEnded(RetentionEndedRecord { by })
            }
            EventBody::HandedOver { id, to, by, fence } => EventKind::HandedOver(HandedOverRecord {
                id: id.0.to_vec(),
                to,
                by: by.map(|actor| actor.as_str().to_owned()),
                fence: fence.0,
            }),
            EventBody::Terminal(terminal) => EventKind::Terminal(terminal.into()),
            EventBody::Request(request) => EventKind::Request(request_code(request)),
            EventBody::Given { kind, json } => {
                EventKind::Given(GivenRecord { kind: kind.as_str().to_owned(), json })
            }
        };
        Self { kind: Some(kind), id: event.id.map(|id| id.as_str().to_owned()) }
    }
}

impl EventRecord {
    pub(super) fn into_event(self) -> Result<EventBody, StoreError> {
        Ok(match required(self.kind, "what an event says")? {
            EventKind::StateChanged(record) => EventBody::StateChanged {
                from: record.from.map(state_of).transpose()?,
                to: state_of(record.to)?,
                reason: record.reason,
                by: record.by.as_deref().map(actor).transpose()?,
            },
            EventKind::Completion(record) => {
                EventBody::Completion { stats: record.stats()?, message: record.message }
            }
            EventKind::Error(record) => EventBody::Error { stats: record.stats()?, message: record.message },
            EventKind::Activity(text) => EventBody::Activity { text },
            EventKind::LeaseGranted(record) => EventBody::LeaseGranted {
                holder: required(record.holder, "the new holder")?.into_holder()?,
                fence: Fence(record.fence),
                ttl: record.ttl.map(Into::into),
            },
            EventKind::LeaseTakenOver(record) => EventBody::LeaseTakenOver {
                from: actor(&record.from)?,
                holder: required(record.holder, "the new holder")?.into_holder()?,
                fence: Fence(record.fence),
                reason: record.reason,
            },
            EventKind::LeaseReleased(fence) => EventBody::LeaseReleased { fence: Fence(fence) },
            EventKind::Succeeded(by) => EventBody::Succeeded { by: session_id(&by)? },
            EventKind::CheckpointCreated(record) => EventBody::CheckpointCreated {
                id: checkpoint_id(&record.id)?,
                reason: record.reason,
                size: record.size,
            },
            EventKind::CheckpointRestored(record) => {
                EventBody::CheckpointRestored { id: checkpoint_id(&record.id)?, is_record: record.is_record }
            }
            EventKind::Retained(record) => EventBody::Retained {
                reason: record.reason,
                by: record.by.as_deref().map(actor).transpose()?,
            },
            EventKind::RetentionEnded(record) => {
                EventBody::RetentionEnded { by: record.by.as_deref().map(actor).transpose()? }
            }
            EventKind::HandedOver(record) => EventBody::HandedOver {
                id: HandoverId(sixteen(&record.id, "the name of a hand-over")?),
                to: record.to,
                by: record.by.as_deref().map(actor).transpose()?,
                fence: Fence(record.fence),
            },
            EventKind::Terminal(record) => EventBody::Terminal(record.into_terminal()?),
            EventKind::Request(code) => EventBody::Request(request_of(code)?),
            EventKind::Given(record) => {
                EventBody::Given { kind: event_type(&record.kind)?, json: record.json }
            }
        })
    }
}

impl EndRecord {
    fn of(message: String, stats: Stats) -> Self {
        let stats = StatsRecord {
            duration: Some(stats.duration.into()),
            exit: stats.exit.map(ExitRecord::from),
            output_bytes: stats.output_bytes,
            usage: UsageRecord::of(stats.usage),
        };
        Self { message, stats: Some(stats) }
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        let record = required(self.stats, "what the work took")?;
        Ok(Stats {
            duration: required(record.duration, "how long the work took")?.into(),
            exit: record.exit.map(ExitRecord::into_exit).transpose()?,
            output_bytes: record.output_bytes,
            usage: record.usage.map(UsageRecord::into_usage).unwrap_or_default(),
        })
    }
}

/// An event's id that was accepted when it was written.
pub(super) fn event_id(text: &str) -> Result<EventId, StoreError> {
    EventId::parse(text).map_err(|why| corrupt(format!("event id is not a name: {why:?}")))
}

fn event_type(text: &str) -> Result<EventType, StoreError> {
    EventType::parse(text).map_err(|why| corrupt(format!("event type is not a name: {why:?}")))
}

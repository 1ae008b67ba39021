//! The stored form of an execution's history: what one commit added to it.
//!
//! What is long is compressed as a whole: inputs and results repeat the names of their fields.

mod write;

use std::sync::Arc;

use prost::Message;
use tenure_core::id::{AffinityKey, CodeName, Operation, QueueName};
use tenure_core::orchestration::{
    Activity, Child, HistoryEvent, ParentLink, Payload, RetryPolicy, Signal, Start, Version,
};
use tenure_core::time::WallTime;
use tenure_core::trace::TraceParent;
use tenure_core::worker::Affinity;

use super::body::session_id;
use super::holder::actor;
use super::length::LengthRecord;
use super::mail::{FailureRecord, SignalRecord};
use super::wire::Fields;
use super::{corrupt, required};
use crate::StoreError;

/// A payload of so many bytes is kept once for each commit.
const REPEATED_FROM: usize = 16;
/// From so many bytes on it is compressed.
const COMPRESSED_FROM: usize = 1024;
/// Longest history of one commit that is believed: nothing that writes histories makes longer ones.
const BYTES_MAX: usize = 256 << 20;
/// Quick: it is compressed while its turn waits to be kept.
const LEVEL: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct HistoryRecord {
    #[prost(message, repeated, tag = "1")]
    events: Vec<EventRecord>,
    /// Another such record, compressed; then there is nothing else in this one.
    #[prost(bytes = "vec", optional, tag = "2")]
    compressed: Option<Vec<u8>>,
    /// How long that is when it is not compressed.
    #[prost(uint64, tag = "3")]
    length: u64,
}

#[derive(Clone, PartialEq, Message)]
struct EventRecord {
    #[prost(
        oneof = "EventKind",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28"
    )]
    kind: Option<EventKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum EventKind {
    #[prost(message, tag = "1")]
    ExecutionStarted(StartRecord),
    #[prost(uint64, tag = "2")]
    TurnStarted(u64),
    #[prost(message, tag = "3")]
    ExecutionRescued(EmptyRecord),
    #[prost(message, tag = "4")]
    TaskScheduled(ActivityRecord),
    #[prost(message, tag = "5")]
    TaskCompleted(ResultRecord),
    #[prost(message, tag = "6")]
    TaskFailed(FailedRecord),
    #[prost(message, tag = "7")]
    TaskRetried(RetriedRecord),
    #[prost(uint64, tag = "8")]
    TaskCancelled(u64),
    #[prost(message, tag = "9")]
    TimerCreated(TimerRecord),
    #[prost(uint64, tag = "10")]
    TimerFired(u64),
    #[prost(uint64, tag = "11")]
    TimerCancelled(u64),
    #[prost(message, tag = "12")]
    EventRaised(SignalRecord),
    #[prost(message, tag = "13")]
    EventSent(SentRecord),
    #[prost(message, tag = "14")]
    SubOrchestrationCreated(ChildRecord),
    #[prost(message, tag = "15")]
    SubOrchestrationCompleted(ResultRecord),
    #[prost(message, tag = "16")]
    SubOrchestrationFailed(FailedRecord),
    #[prost(message, tag = "17")]
    SubOrchestrationCancelled(ChildCancelledRecord),
    #[prost(message, tag = "18")]
    OrchestrationStarted(ChildRecord),
    #[prost(message, tag = "19")]
    StatusSet(StatusRecord),
    #[prost(message, tag = "20")]
    CancelRequested(CancelRecord),
    #[prost(message, tag = "21")]
    ContinuedAsNew(ContinuedRecord),
    #[prost(bytes, tag = "22")]
    ExecutionCompleted(Vec<u8>),
    #[prost(message, tag = "23")]
    ExecutionFailed(FailureRecord),
    #[prost(string, tag = "24")]
    ExecutionTerminated(String),
    #[prost(message, tag = "25")]
    TaskHeartbeat(ResultRecord),
    #[prost(message, tag = "26")]
    TaskStarted(StartedRecord),
    #[prost(uint64, tag = "27")]
    ExecutionCompletedAs(u64),
    #[prost(message, tag = "28")]
    TurnAttempted(EmptyRecord),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct EmptyRecord {}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct StartedRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(uint32, tag = "2")]
    attempt: u32,
}

#[derive(Clone, PartialEq, Message)]
struct StartRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    version: Option<VersionRecord>,
    #[prost(uint64, tag = "3")]
    execution: u64,
    #[prost(bytes = "vec", tag = "4")]
    input: Vec<u8>,
    #[prost(fixed64, tag = "5")]
    seed: u64,
    #[prost(message, optional, tag = "6")]
    parent: Option<ParentRecord>,
    #[prost(message, repeated, tag = "7")]
    carried: Vec<SignalRecord>,
    #[prost(uint64, tag = "8")]
    input_as: u64,
    /// The trace's id, the span's, the flags.
    #[prost(bytes = "vec", optional, tag = "9")]
    trace: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ParentRecord {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(uint64, tag = "2")]
    execution: u64,
    #[prost(uint64, tag = "3")]
    op: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ActivityRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(bytes = "vec", tag = "3")]
    input: Vec<u8>,
    /// Nothing where it is tried once.
    #[prost(message, optional, tag = "4")]
    retry: Option<RetryRecord>,
    #[prost(message, optional, tag = "5")]
    timeout: Option<LengthRecord>,
    #[prost(message, optional, tag = "6")]
    heartbeat_timeout: Option<LengthRecord>,
    #[prost(string, optional, tag = "7")]
    queue: Option<String>,
    #[prost(message, optional, tag = "8")]
    affinity: Option<AffinityRecord>,
    #[prost(uint64, tag = "9")]
    input_as: u64,
    /// As an execution's.
    #[prost(bytes = "vec", optional, tag = "10")]
    trace: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct AffinityRecord {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(bool, tag = "2")]
    is_exclusive: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct RetryRecord {
    #[prost(uint32, tag = "1")]
    attempts_max: u32,
    #[prost(message, optional, tag = "2")]
    first: Option<LengthRecord>,
    #[prost(uint32, tag = "3")]
    growth_percent: u32,
    #[prost(message, optional, tag = "4")]
    longest: Option<LengthRecord>,
    #[prost(uint32, tag = "5")]
    jitter_percent: u32,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ResultRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(bytes = "vec", tag = "2")]
    result: Vec<u8>,
    #[prost(uint64, tag = "3")]
    result_as: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct FailedRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(message, optional, tag = "2")]
    failure: Option<FailureRecord>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct RetriedRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(uint32, tag = "2")]
    attempt: u32,
    #[prost(message, optional, tag = "3")]
    failure: Option<FailureRecord>,
    #[prost(uint64, tag = "4")]
    due_at: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct TimerRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(uint64, tag = "2")]
    fire_at: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct SentRecord {
    #[prost(string, tag = "1")]
    to: String,
    #[prost(message, optional, tag = "2")]
    signal: Option<SignalRecord>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ChildRecord {
    /// Of the operation that waits for it, where one does.
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(string, tag = "2")]
    id: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(message, optional, tag = "4")]
    version: Option<VersionRecord>,
    #[prost(bytes = "vec", tag = "5")]
    input: Vec<u8>,
    #[prost(uint64, tag = "6")]
    input_as: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ChildCancelledRecord {
    #[prost(uint64, tag = "1")]
    op: u64,
    #[prost(string, tag = "2")]
    id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct StatusRecord {
    #[prost(string, optional, tag = "1")]
    status: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct CancelRecord {
    #[prost(string, tag = "1")]
    pub(super) reason: String,
    #[prost(string, optional, tag = "2")]
    pub(super) by: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ContinuedRecord {
    #[prost(bytes = "vec", tag = "1")]
    input: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    version: Option<VersionRecord>,
    #[prost(uint64, tag = "3")]
    input_as: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct VersionRecord {
    #[prost(uint32, tag = "1")]
    major: u32,
    #[prost(uint32, tag = "2")]
    minor: u32,
    #[prost(uint32, tag = "3")]
    patch: u32,
}

/// What one commit adds to a history.
#[must_use]
pub fn encode_history(events: &[HistoryEvent]) -> Vec<u8> {
    let (mut bytes, mut payloads) = (Vec::new(), write::Payloads::default());
    let mut fields = Fields(&mut bytes);
    events.iter().for_each(|event| write::event(&mut fields, event, &mut payloads));
    if !(COMPRESSED_FROM..=BYTES_MAX).contains(&bytes.len()) {
        return bytes;
    }
    // Without memory for it, it is kept as it is.
    match zstd::bulk::compress(&bytes, LEVEL) {
        Ok(smaller) if smaller.len() < bytes.len() => {
            let length = bytes.len() as u64;
            HistoryRecord { events: Vec::new(), compressed: Some(smaller), length }.encode_to_vec()
        }
        Ok(_) | Err(_) => bytes,
    }
}

/// What one commit added to a history, from its stored form.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are.
pub fn decode_history(bytes: &[u8]) -> Result<Vec<HistoryEvent>, StoreError> {
    let record = decode(bytes)?;
    let record = match record.compressed {
        None => record,
        Some(compressed) => {
            let length = usize::try_from(record.length).ok().filter(|length| *length <= BYTES_MAX);
            let length = length.ok_or_else(|| corrupt("a history is too long to be one"))?;
            let bytes = zstd::bulk::decompress(&compressed, length);
            decode(&bytes.map_err(|why| corrupt(format!("a history cannot be decompressed: {why}")))?)?
        }
    };
    let events = repeat(record.events)?;
    events.into_iter().map(EventRecord::into_event).collect()
}

/// Puts payloads back where they are the same as an earlier one of the same commit.
fn repeat(mut events: Vec<EventRecord>) -> Result<Vec<EventRecord>, StoreError> {
    let mut kept = Vec::new();
    for at in 0..events.len() {
        let (before, rest) = events.split_at_mut(at);
        let Some(event) = rest.first_mut() else { break };
        match event.payload() {
            Some((_, 0)) | None => {}
            Some((payload, number)) => {
                let first = usize::try_from(number - 1).ok().and_then(|number| kept.get(number));
                let first = first.and_then(|first: &usize| before.get_mut(*first)?.payload());
                let (first, _) = first.ok_or_else(|| corrupt("a payload repeats one that is not there"))?;
                payload.clone_from(first);
                continue;
            }
        }
        if event.payload().is_some_and(|(payload, _)| payload.len() >= REPEATED_FROM) {
            kept.push(at);
        }
    }
    Ok(events)
}

fn decode(bytes: &[u8]) -> Result<HistoryRecord, StoreError> {
    HistoryRecord::decode(bytes).map_err(|why| corrupt(format!("a history cannot be read: {why}")))
}

impl EventRecord {
    /// The payload of an event that may have one, and, counted from 1, the one that it repeats; 0: none.
    fn payload(&mut self) -> Option<(&mut Vec<u8>, u64)> {
        if let Some(EventKind::ExecutionCompletedAs(number)) = self.kind {
            // It has no room of its own beside the number.
            self.kind = Some(EventKind::ExecutionCompleted(Vec::new()));
            return self.payload().map(|(payload, _)| (payload, number));
        }
        Some(match self.kind.as_mut()? {
            EventKind::ExecutionStarted(start) => (&mut start.input, start.input_as),
            EventKind::TaskScheduled(activity) => (&mut activity.input, activity.input_as),
            EventKind::TaskCompleted(kept)
            | EventKind::SubOrchestrationCompleted(kept)
            | EventKind::TaskHeartbeat(kept) => (&mut kept.result, kept.result_as),
            EventKind::SubOrchestrationCreated(child) | EventKind::OrchestrationStarted(child) => {
                (&mut child.input, child.input_as)
            }
            EventKind::ContinuedAsNew(anew) => (&mut anew.input, anew.input_as),
            EventKind::ExecutionCompleted(output) => (output, 0),
            _ => return None,
        })
    }

    fn into_event(self) -> Result<HistoryEvent, StoreError> {
        let kind = required(self.kind, "what an event of a history says")?;
        Ok(match kind {
            EventKind::ExecutionStarted(start) => {
                HistoryEvent::ExecutionStarted(Box::new(start.into_start()?))
            }
            EventKind::TurnStarted(at) => HistoryEvent::TurnStarted { at: WallTime::from_epoch_ms(at) },
            EventKind::ExecutionRescued(EmptyRecord {}) => HistoryEvent::ExecutionRescued,
            EventKind::TurnAttempted(EmptyRecord {}) => HistoryEvent::TurnAttempted,
            EventKind::TaskScheduled(record) => {
                HistoryEvent::TaskScheduled(Arc::new(record.into_activity()?))
            }
            EventKind::TaskCompleted(ResultRecord { op, result, .. }) => {
                HistoryEvent::TaskCompleted { op: Operation(op), result: Payload(result) }
            }
            EventKind::TaskFailed(FailedRecord { op, failure }) => {
                HistoryEvent::TaskFailed { op: Operation(op), failure: failure_of(failure)? }
            }
            EventKind::TaskStarted(StartedRecord { op, attempt }) => {
                HistoryEvent::TaskStarted { op: Operation(op), attempt }
            }
            EventKind::TaskHeartbeat(ResultRecord { op, result, .. }) => {
                HistoryEvent::TaskHeartbeat { op: Operation(op), details: Payload(result) }
            }
            EventKind::TaskRetried(RetriedRecord { op, attempt, failure, due_at }) => {
                let due_at = WallTime::from_epoch_ms(due_at);
                HistoryEvent::TaskRetried {
                    op: Operation(op),
                    attempt,
                    failure: failure_of(failure)?,
                    due_at,
                }
            }
            EventKind::TaskCancelled(op) => HistoryEvent::TaskCancelled { op: Operation(op) },
            EventKind::TimerCreated(TimerRecord { op, fire_at }) => {
                HistoryEvent::TimerCreated { op: Operation(op), fire_at: WallTime::from_epoch_ms(fire_at) }
            }
            EventKind::TimerFired(op) => HistoryEvent::TimerFired { op: Operation(op) },
            EventKind::TimerCancelled(op) => HistoryEvent::TimerCancelled { op: Operation(op) },
            EventKind::EventRaised(signal) => HistoryEvent::EventRaised(signal.into_signal()?),
            EventKind::EventSent(SentRecord { to, signal }) => HistoryEvent::EventSent {
                to: session_id(&to)?,
                signal: required(signal, "the signal that was sent")?.into_signal()?,
            },
            EventKind::SubOrchestrationCreated(record) => HistoryEvent::SubOrchestrationCreated {
                op: Operation(record.op),
                child: Box::new(record.into_child()?),
            },
            EventKind::SubOrchestrationCompleted(ResultRecord { op, result, .. }) => {
                HistoryEvent::SubOrchestrationCompleted { op: Operation(op), result: Payload(result) }
            }
            EventKind::SubOrchestrationFailed(FailedRecord { op, failure }) => {
                HistoryEvent::SubOrchestrationFailed { op: Operation(op), failure: failure_of(failure)? }
            }
            EventKind::SubOrchestrationCancelled(ChildCancelledRecord { op, id }) => {
                HistoryEvent::SubOrchestrationCancelled { op: Operation(op), id: session_id(&id)? }
            }
            EventKind::OrchestrationStarted(record) => {
                HistoryEvent::OrchestrationStarted(Box::new(record.into_child()?))
            }
            EventKind::StatusSet(StatusRecord { status }) => HistoryEvent::StatusSet { status },
            EventKind::CancelRequested(CancelRecord { reason, by }) => {
                HistoryEvent::CancelRequested { reason, by: by.as_deref().map(actor).transpose()? }
            }
            EventKind::ContinuedAsNew(ContinuedRecord { input, version, .. }) => {
                HistoryEvent::ContinuedAsNew {
                    input: Payload(input),
                    version: version.map(VersionRecord::into_version),
                }
            }
            EventKind::ExecutionCompleted(output) => {
                HistoryEvent::ExecutionCompleted { output: Payload(output) }
            }
            EventKind::ExecutionFailed(record) => {
                HistoryEvent::ExecutionFailed { failure: record.into_failure()? }
            }
            EventKind::ExecutionTerminated(reason) => HistoryEvent::ExecutionTerminated { reason },
            EventKind::ExecutionCompletedAs(_) => {
                return Err(corrupt("an output repeats a payload that is not there"));
            }
        })
    }
}

fn failure_of(record: Option<FailureRecord>) -> Result<tenure_core::orchestration::Failure, StoreError> {
    required(record, "why something failed")?.into_failure()
}

impl StartRecord {
    fn into_start(self) -> Result<Start, StoreError> {
        let parent = |record: ParentRecord| {
            let ParentRecord { id, execution, op } = record;
            Ok::<_, StoreError>(ParentLink { id: session_id(&id)?, execution, op: Operation(op) })
        };
        let carried: Result<Vec<Signal>, _> =
            self.carried.into_iter().map(SignalRecord::into_signal).collect();
        Ok(Start {
            name: code_name(&self.name)?,
            version: required(self.version, "an execution's version")?.into_version(),
            execution: self.execution,
            input: Payload(self.input),
            seed: self.seed,
            parent: self.parent.map(parent).transpose()?,
            carried: carried?,
            trace: self.trace.as_deref().map(trace).transpose()?,
        })
    }
}

impl ActivityRecord {
    fn into_activity(self) -> Result<Activity, StoreError> {
        Ok(Activity {
            op: Operation(self.op),
            name: code_name(&self.name)?,
            input: Payload(self.input),
            retry: self.retry.map(RetryRecord::into_policy).transpose()?.unwrap_or(RetryPolicy::ONCE),
            timeout: self.timeout.map(Into::into),
            heartbeat_timeout: self.heartbeat_timeout.map(Into::into),
            queue: self.queue.as_deref().map(queue).transpose()?,
            affinity: self.affinity.map(AffinityRecord::into_affinity).transpose()?,
            trace: self.trace.as_deref().map(trace).transpose()?,
        })
    }
}

impl AffinityRecord {
    fn into_affinity(self) -> Result<Affinity, StoreError> {
        let key =
            AffinityKey::parse(&self.key).map_err(|why| corrupt(format!("a key is not one: {why:?}")))?;
        Ok(Affinity { key, is_exclusive: self.is_exclusive })
    }
}

fn trace(bytes: &[u8]) -> Result<TraceParent, StoreError> {
    let read = || {
        let (trace, rest) = bytes.split_first_chunk()?;
        let (span, [flags]) = rest.split_first_chunk()? else { return None };
        TraceParent::of(*trace, *span, *flags)
    };
    read().ok_or_else(|| corrupt("a trace's parent is not one"))
}

fn queue(name: &str) -> Result<QueueName, StoreError> {
    QueueName::parse(name).map_err(|why| corrupt(format!("a queue's name is not one: {why:?}")))
}

impl RetryRecord {
    fn into_policy(self) -> Result<RetryPolicy, StoreError> {
        let backoff = tenure_core::orchestration::Backoff {
            first: required(self.first, "the first wait of a retry")?.into(),
            growth_percent: self.growth_percent,
            longest: required(self.longest, "the longest wait of a retry")?.into(),
            jitter_percent: self.jitter_percent,
        };
        Ok(RetryPolicy { attempts_max: self.attempts_max, backoff })
    }
}

impl ChildRecord {
    fn into_child(self) -> Result<Child, StoreError> {
        Ok(Child {
            id: session_id(&self.id)?,
            name: code_name(&self.name)?,
            version: self.version.map(VersionRecord::into_version),
            input: Payload(self.input),
        })
    }
}

impl VersionRecord {
    pub(super) const fn of(version: Version) -> Self {
        let Version { major, minor, patch } = version;
        Self { major, minor, patch }
    }

    pub(super) const fn into_version(self) -> Version {
        let Self { major, minor, patch } = self;
        Version { major, minor, patch }
    }
}

/// The name of code that was accepted when it was written.
pub(super) fn code_name(text: &str) -> Result<CodeName, StoreError> {
    CodeName::parse(text).map_err(|why| corrupt(format!("an orchestration's name is not one: {why:?}")))
}

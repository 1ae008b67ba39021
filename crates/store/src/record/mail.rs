//! The stored form of what waits for an instance.

use prost::Message;
use tenure_core::id::{Operation, SignalName};
use tenure_core::orchestration::{Cause, Failure, Mail, Payload, Signal};

use super::code::{cause_code, cause_of};
use super::history::CancelRecord;
use super::holder::actor;
use super::{corrupt, required};
use crate::StoreError;

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct SignalRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct FailureRecord {
    #[prost(int32, tag = "1")]
    cause: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(bytes = "vec", optional, tag = "3")]
    details: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct MailRecord {
    #[prost(oneof = "MailKind", tags = "1, 2, 3, 4")]
    kind: Option<MailKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum MailKind {
    #[prost(message, tag = "1")]
    Signalled(SignalRecord),
    #[prost(message, tag = "2")]
    ChildEnded(ChildEndedRecord),
    #[prost(message, tag = "3")]
    CancelRequested(CancelRecord),
    #[prost(message, tag = "4")]
    TaskEnded(TaskEndedRecord),
}

#[derive(Clone, PartialEq, Message)]
struct ChildEndedRecord {
    #[prost(uint64, tag = "1")]
    execution: u64,
    #[prost(uint64, tag = "2")]
    op: u64,
    #[prost(oneof = "EndRecord", tags = "3, 4")]
    end: Option<EndRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct TaskEndedRecord {
    #[prost(uint64, tag = "1")]
    execution: u64,
    #[prost(uint64, tag = "2")]
    op: u64,
    #[prost(oneof = "EndRecord", tags = "3, 4")]
    end: Option<EndRecord>,
    #[prost(uint32, tag = "5")]
    attempt: u32,
    #[prost(uint32, tag = "6")]
    rescues: u32,
    #[prost(bytes = "vec", optional, tag = "7")]
    details: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum EndRecord {
    #[prost(bytes, tag = "3")]
    Well(Vec<u8>),
    #[prost(message, tag = "4")]
    Badly(FailureRecord),
}

impl SignalRecord {
    pub(super) fn of(signal: Signal) -> Self {
        Self { name: signal.name.as_str().to_owned(), data: signal.data.0 }
    }

    pub(super) fn into_signal(self) -> Result<Signal, StoreError> {
        let name = SignalName::parse(&self.name)
            .map_err(|why| corrupt(format!("a signal's name is not one: {why:?}")))?;
        Ok(Signal { name, data: Payload(self.data) })
    }
}

impl FailureRecord {
    pub(super) fn of(failure: Failure) -> Self {
        let Failure { cause, message, details } = failure;
        Self { cause: cause_code(cause), message, details: details.map(|Payload(details)| details) }
    }

    pub(super) fn into_failure(self) -> Result<Failure, StoreError> {
        let cause: Cause = cause_of(self.cause)?;
        Ok(Failure { cause, message: self.message, details: self.details.map(Payload) })
    }
}

impl EndRecord {
    fn of(result: Result<Payload, Failure>) -> Self {
        match result {
            Ok(Payload(result)) => Self::Well(result),
            Err(failure) => Self::Badly(FailureRecord::of(failure)),
        }
    }

    fn into_result(self) -> Result<Result<Payload, Failure>, StoreError> {
        Ok(match self {
            Self::Well(result) => Ok(Payload(result)),
            Self::Badly(failure) => Err(failure.into_failure()?),
        })
    }
}

/// What waits for an instance.
#[must_use]
pub fn encode_mail(mail: Mail) -> Vec<u8> {
    let kind = match mail {
        Mail::Signalled(signal) => MailKind::Signalled(SignalRecord::of(signal)),
        Mail::ChildEnded { execution, op, result } => {
            let end = Some(EndRecord::of(result));
            MailKind::ChildEnded(ChildEndedRecord { execution, op: op.0, end })
        }
        Mail::TaskEnded { execution, op, attempt, rescues, details, result } => {
            let (end, details) = (Some(EndRecord::of(result)), details.map(|Payload(details)| details));
            MailKind::TaskEnded(TaskEndedRecord { execution, op: op.0, end, attempt, rescues, details })
        }
        Mail::CancelRequested { reason, by } => {
            let by = by.map(|by| by.as_str().to_owned());
            MailKind::CancelRequested(CancelRecord { reason, by })
        }
    };
    MailRecord { kind: Some(kind) }.encode_to_vec()
}

/// What waits for an instance, from its stored form.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are.
pub fn decode_mail(bytes: &[u8]) -> Result<Mail, StoreError> {
    let record =
        MailRecord::decode(bytes).map_err(|why| corrupt(format!("a message cannot be read: {why}")))?;
    Ok(match required(record.kind, "what a message says")? {
        MailKind::Signalled(signal) => Mail::Signalled(signal.into_signal()?),
        MailKind::ChildEnded(ChildEndedRecord { execution, op, end }) => {
            let result = required(end, "how a child ended")?.into_result()?;
            Mail::ChildEnded { execution, op: Operation(op), result }
        }
        MailKind::TaskEnded(TaskEndedRecord { execution, op, end, attempt, rescues, details }) => {
            let result = required(end, "how an attempt ended")?.into_result()?;
            let (op, details) = (Operation(op), details.map(Payload));
            Mail::TaskEnded { execution, op, attempt, rescues, details, result }
        }
        MailKind::CancelRequested(CancelRecord { reason, by }) => {
            Mail::CancelRequested { reason, by: by.as_deref().map(actor).transpose()? }
        }
    })
}

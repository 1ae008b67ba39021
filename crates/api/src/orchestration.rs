//! Orchestrations: what their code was given and told, and how they ended.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::orchestration::{self, Cause, Child, HistoryEvent as Fact, Signal};
use tenure_core::time::WallTime;
use tenure_core::trace::TraceParent;
use utoipa::ToSchema;

use crate::document::taken;
use crate::time::Instant;
use crate::unreadable::{Unreadable, base64, part, word};

/// A value that code was given or returned: JSON where it is, else bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Payload {
    /// What is no JSON.
    Bytes {
        /// As base64.
        #[serde(rename = "$base64")]
        base64: String,
    },
    /// What is.
    Json(Value),
}

impl Payload {
    /// As it is.
    #[must_use]
    pub fn of(payload: &orchestration::Payload) -> Self {
        if payload.0.is_empty() {
            return Self::Json(Value::Null);
        }
        serde_json::from_slice(&payload.0)
            .map_or_else(|_no_json| Self::Bytes { base64: STANDARD.encode(&payload.0) }, Self::Json)
    }

    /// The value that it is the form of: bytes as they were, or JSON text that means the same. No value at all is told as
    /// `null`, and read as that.
    ///
    /// # Errors
    /// [`Unreadable`] when bytes are no Base64.
    pub fn read(self) -> Result<orchestration::Payload, Unreadable> {
        Ok(orchestration::Payload(match self {
            Self::Bytes { base64: text } => base64("$base64", &text)?,
            Self::Json(value) => taken(&value).into_bytes(),
        }))
    }
}

/// Why something did not end well, with all that it said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FailureDetail {
    /// What sort of failure it is.
    pub cause: String,
    /// What went wrong.
    pub message: String,
    /// What else the failing code wanted to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Payload>,
}

impl FailureDetail {
    /// As it is.
    #[must_use]
    pub fn of(failure: &orchestration::Failure) -> Self {
        Self {
            cause: failure.cause.name().to_owned(),
            message: failure.message.clone(),
            details: failure.details.as_ref().map(Payload::of),
        }
    }

    /// The failure that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when its sort is not known, or its details are no Base64.
    pub fn read(self) -> Result<orchestration::Failure, Unreadable> {
        let cause = |text: &str| Cause::ALL.into_iter().find(|cause| cause.name() == text);
        Ok(orchestration::Failure {
            cause: word("cause", &self.cause, cause)?,
            message: self.message,
            details: part("details", self.details, Payload::read)?,
        })
    }
}

/// How an instance ended, or that it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrchestrationOutcome {
    /// `running`, `completed`, `failed`, `cancelled` or `deleted`.
    pub outcome: String,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Payload>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureDetail>,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl OrchestrationOutcome {
    /// One without more to say.
    #[must_use]
    pub fn plain(outcome: &str) -> Self {
        Self { outcome: outcome.to_owned(), output: None, failure: None, reason: None }
    }
}

/// The history of one execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// Which execution, from 1; 0 where there is none.
    pub execution: u64,
    /// What its code was told and asked for, in order.
    pub data: Vec<HistoryEvent>,
}

/// A fact in a history, in the words of the durable-task family of runtimes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct HistoryEvent {
    /// What sort of fact it is, such as `TaskScheduled`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which commit it came with, from 1.
    pub turn: u64,
    /// Which operation of the execution it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<u64>,
    /// What is to be run, or was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which attempt, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The other session that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// When it was, or is to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// What is given, returned or said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Payload>,
    /// Why something failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureDetail>,
    /// Words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The trace that an execution, or an activity, belongs to, as the header `traceparent` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl HistoryEvent {
    /// As it is, of that turn.
    #[must_use]
    pub fn of(turn: u64, fact: &Fact) -> Self {
        let new = |kind: &str| Self { kind: kind.to_owned(), turn, ..Self::default() };
        match fact {
            Fact::ExecutionStarted(start) => {
                let begun = new("ExecutionStarted").named(start.name.as_str()).given(&start.input);
                Self { version: Some(start.version.to_string()), ..begun.traced(start.trace) }
            }
            Fact::TurnStarted { at } => new("OrchestratorStarted").at(*at),
            Fact::ExecutionRescued => new("ExecutionRescued"),
            Fact::TurnAttempted => new("OrchestratorAttempted"),
            Fact::TaskScheduled(activity) => {
                let scheduled = new("TaskScheduled").op(activity.op).named(activity.name.as_str());
                scheduled.given(&activity.input).traced(activity.trace)
            }
            Fact::TaskCompleted { op, result } => new("TaskCompleted").op(*op).given(result),
            Fact::TaskFailed { op, failure } => new("TaskFailed").op(*op).failed(failure),
            Fact::TaskRetried { op, attempt, failure, due_at } => {
                Self { attempt: Some(*attempt), ..new("TaskRetried").op(*op).failed(failure).at(*due_at) }
            }
            Fact::TaskStarted { op, attempt } => {
                Self { attempt: Some(*attempt), ..new("TaskStarted").op(*op) }
            }
            Fact::TaskHeartbeat { op, details } => new("TaskHeartbeat").op(*op).given(details),
            Fact::TaskCancelled { op } => new("TaskCancelled").op(*op),
            Fact::TimerCreated { op, fire_at } => new("TimerCreated").op(*op).at(*fire_at),
            Fact::TimerFired { op } => new("TimerFired").op(*op),
            Fact::TimerCancelled { op } => new("TimerCancelled").op(*op),
            Fact::EventRaised(signal) => new("EventRaised").signal(signal),
            Fact::EventSent { to, signal } => {
                Self { session: Some(to.as_str().to_owned()), ..new("EventSent").signal(signal) }
            }
            Fact::SubOrchestrationCreated { op, child } => {
                new("SubOrchestrationInstanceCreated").op(*op).child(child)
            }
            Fact::SubOrchestrationCompleted { op, result } => {
                new("SubOrchestrationInstanceCompleted").op(*op).given(result)
            }
            Fact::SubOrchestrationFailed { op, failure } => {
                new("SubOrchestrationInstanceFailed").op(*op).failed(failure)
            }
            Fact::SubOrchestrationCancelled { op, id } => Self {
                session: Some(id.as_str().to_owned()),
                ..new("SubOrchestrationInstanceCancelled").op(*op)
            },
            Fact::OrchestrationStarted(child) => new("OrchestrationStarted").child(child),
            Fact::StatusSet { status } => Self { text: status.clone(), ..new("StatusSet") },
            Fact::CancelRequested { reason, .. } => new("CancelRequested").said(reason),
            Fact::ContinuedAsNew { input, version } => Self {
                version: version.map(|version| version.to_string()),
                ..new("ContinueAsNew").given(input)
            },
            Fact::ExecutionCompleted { output } => new("ExecutionCompleted").given(output),
            Fact::ExecutionFailed { failure } => new("ExecutionFailed").failed(failure),
            Fact::ExecutionTerminated { reason } => new("ExecutionTerminated").said(reason),
        }
    }

    fn op(self, op: tenure_core::id::Operation) -> Self {
        Self { operation: Some(op.0), ..self }
    }

    fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    fn traced(self, trace: Option<TraceParent>) -> Self {
        Self { traceparent: trace.map(|trace| trace.to_string()), ..self }
    }

    fn given(self, payload: &orchestration::Payload) -> Self {
        Self { data: Some(Payload::of(payload)), ..self }
    }

    fn failed(self, failure: &orchestration::Failure) -> Self {
        Self { failure: Some(FailureDetail::of(failure)), ..self }
    }

    fn at(self, at: WallTime) -> Self {
        Self { at: Some(Instant(at)), ..self }
    }

    fn said(self, text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..self }
    }

    fn signal(self, signal: &Signal) -> Self {
        self.named(signal.name.as_str()).given(&signal.data)
    }

    fn child(self, child: &Child) -> Self {
        Self {
            session: Some(child.id.as_str().to_owned()),
            ..self.named(child.name.as_str()).given(&child.input)
        }
    }
}

//! Writing what one commit adds to a history.
//!
//! A payload that is the same as an earlier one of the same commit is kept once: code hands on what it was given, and
//! returns what it got.

use tenure_core::orchestration::{
    Activity, Child, Failure, HistoryEvent, ParentLink, Payload, RetryPolicy, Signal, Start, Version,
};

use tenure_core::trace::TraceParent;
use tenure_core::worker::Affinity;

use super::super::code::cause_code;
use super::super::wire::Fields;
use super::REPEATED_FROM;

/// How much of a commit is kept as a repetition at most.
const REPEATED_BYTES_MAX: usize = 64 << 20;
/// How many of the latest payloads a payload is compared with, besides the first.
const COMPARED: usize = 4;

/// The payloads of a commit so far that later ones may repeat.
#[derive(Default)]
pub(super) struct Payloads<'h> {
    kept: Vec<&'h [u8]>,
    /// How many bytes were not kept again.
    repeated: usize,
}

impl<'h> Payloads<'h> {
    /// Writes a payload under `tag`, or under `same` which earlier one it repeats. Counted from 1.
    fn write(&mut self, fields: &mut Fields<'_>, (tag, same): (u32, u32), Payload(bytes): &'h Payload) {
        match self.repeated(bytes) {
            Some(number) => fields.number(same, number),
            None => fields.bytes(tag, bytes),
        }
    }

    fn repeated(&mut self, bytes: &'h [u8]) -> Option<u64> {
        // What is read is never much larger than what is stored.
        if bytes.len() < REPEATED_FROM || self.repeated.saturating_add(bytes.len()) > REPEATED_BYTES_MAX {
            return None;
        }
        let latest = self.kept.len().saturating_sub(COMPARED).max(1);
        let compared = self.kept.iter().enumerate().filter(|(at, _)| *at == 0 || *at >= latest);
        let found = compared.rev().take(COMPARED + 1).find(|(_, kept)| **kept == bytes).map(|(at, _)| at);
        match found {
            Some(_) => self.repeated += bytes.len(),
            None => self.kept.push(bytes),
        }
        found.map(|at| at as u64 + 1)
    }
}

/// Writes an event as the field of a history that it is.
pub(super) fn event<'h>(fields: &mut Fields<'_>, event: &'h HistoryEvent, payloads: &mut Payloads<'h>) {
    fields.message(1, |fields| kind(fields, event, payloads));
}

fn kind<'h>(fields: &mut Fields<'_>, event: &'h HistoryEvent, payloads: &mut Payloads<'h>) {
    match event {
        HistoryEvent::ExecutionStarted(kept) => fields.message(1, |fields| start(fields, kept, payloads)),
        HistoryEvent::TurnStarted { at } => fields.some_number(2, at.epoch_ms()),
        HistoryEvent::ExecutionRescued => fields.message(3, |_| {}),
        HistoryEvent::TurnAttempted => fields.message(28, |_| {}),
        HistoryEvent::TaskScheduled(kept) => fields.message(4, |fields| activity(fields, kept, payloads)),
        HistoryEvent::TaskCompleted { op, result: kept } => result(fields, 5, (op.0, kept), payloads),
        HistoryEvent::TaskFailed { op, failure } => failed(fields, 6, (op.0, failure)),
        HistoryEvent::TaskRetried { op, attempt, failure: why, due_at } => fields.message(7, |fields| {
            fields.number(1, op.0);
            fields.number(2, u64::from(*attempt));
            fields.message(3, |fields| failure(fields, why));
            fields.number(4, due_at.epoch_ms());
        }),
        HistoryEvent::TaskCancelled { op } => fields.some_number(8, op.0),
        HistoryEvent::TimerCreated { op, fire_at } => fields.message(9, |fields| {
            fields.number(1, op.0);
            fields.number(2, fire_at.epoch_ms());
        }),
        HistoryEvent::TimerFired { op } => fields.some_number(10, op.0),
        HistoryEvent::TimerCancelled { op } => fields.some_number(11, op.0),
        HistoryEvent::EventRaised(kept) => fields.message(12, |fields| signal(fields, kept)),
        HistoryEvent::EventSent { to, signal: kept } => fields.message(13, |fields| {
            fields.text(1, to.as_str());
            fields.message(2, |fields| signal(fields, kept));
        }),
        HistoryEvent::SubOrchestrationCreated { op, child: kept } => {
            fields.message(14, |fields| child(fields, (op.0, kept), payloads));
        }
        HistoryEvent::SubOrchestrationCompleted { op, result: kept } => {
            result(fields, 15, (op.0, kept), payloads);
        }
        HistoryEvent::SubOrchestrationFailed { op, failure } => failed(fields, 16, (op.0, failure)),
        HistoryEvent::SubOrchestrationCancelled { op, id } => fields.message(17, |fields| {
            fields.number(1, op.0);
            fields.text(2, id.as_str());
        }),
        HistoryEvent::OrchestrationStarted(kept) => {
            fields.message(18, |fields| child(fields, (0, kept), payloads));
        }
        HistoryEvent::StatusSet { status } => fields.message(19, |fields| {
            if let Some(status) = status {
                fields.some_text(1, status);
            }
        }),
        HistoryEvent::CancelRequested { reason, by } => fields.message(20, |fields| {
            fields.text(1, reason);
            if let Some(by) = by {
                fields.some_text(2, by.as_str());
            }
        }),
        HistoryEvent::ContinuedAsNew { input, version: kept } => fields.message(21, |fields| {
            payloads.write(fields, (1, 3), input);
            if let Some(kept) = kept {
                version(fields, 2, *kept);
            }
        }),
        HistoryEvent::ExecutionCompleted { output } => match payloads.repeated(&output.0) {
            Some(number) => fields.some_number(27, number),
            None => fields.some_bytes(22, &output.0),
        },
        HistoryEvent::ExecutionFailed { failure: why } => fields.message(23, |fields| failure(fields, why)),
        HistoryEvent::ExecutionTerminated { reason } => fields.some_text(24, reason),
        HistoryEvent::TaskHeartbeat { op, details } => result(fields, 25, (op.0, details), payloads),
        HistoryEvent::TaskStarted { op, attempt } => fields.message(26, |fields| {
            fields.number(1, op.0);
            fields.number(2, u64::from(*attempt));
        }),
    }
}

fn start<'h>(fields: &mut Fields<'_>, start: &'h Start, payloads: &mut Payloads<'h>) {
    fields.text(1, start.name.as_str());
    version(fields, 2, start.version);
    fields.number(3, start.execution);
    payloads.write(fields, (4, 8), &start.input);
    fields.fixed(5, start.seed);
    if let Some(ParentLink { id, execution, op }) = &start.parent {
        fields.message(6, |fields| {
            fields.text(1, id.as_str());
            fields.number(2, *execution);
            fields.number(3, op.0);
        });
    }
    for kept in &start.carried {
        fields.message(7, |fields| signal(fields, kept));
    }
    trace(fields, 9, start.trace);
}

fn trace(fields: &mut Fields<'_>, tag: u32, parent: Option<TraceParent>) {
    let Some(parent) = parent else { return };
    let bytes = [&parent.trace()[..], &parent.span(), &[parent.flags()]].concat();
    fields.some_bytes(tag, &bytes);
}

fn activity<'h>(fields: &mut Fields<'_>, activity: &'h Activity, payloads: &mut Payloads<'h>) {
    fields.number(1, activity.op.0);
    fields.text(2, activity.name.as_str());
    payloads.write(fields, (3, 9), &activity.input);
    if activity.retry != RetryPolicy::ONCE {
        fields.message(4, |fields| retry(fields, activity.retry));
    }
    if let Some(timeout) = activity.timeout {
        fields.length(5, timeout);
    }
    if let Some(timeout) = activity.heartbeat_timeout {
        fields.length(6, timeout);
    }
    if let Some(queue) = &activity.queue {
        fields.some_text(7, queue.as_str());
    }
    if let Some(Affinity { key, is_exclusive }) = &activity.affinity {
        fields.message(8, |fields| {
            fields.text(1, key.as_str());
            fields.number(2, u64::from(*is_exclusive));
        });
    }
    trace(fields, 10, activity.trace);
}

fn retry(fields: &mut Fields<'_>, RetryPolicy { attempts_max, backoff }: RetryPolicy) {
    fields.number(1, u64::from(attempts_max));
    fields.length(2, backoff.first);
    fields.number(3, u64::from(backoff.growth_percent));
    fields.length(4, backoff.longest);
    fields.number(5, u64::from(backoff.jitter_percent));
}

fn child<'h>(fields: &mut Fields<'_>, (op, child): (u64, &'h Child), payloads: &mut Payloads<'h>) {
    fields.number(1, op);
    fields.text(2, child.id.as_str());
    fields.text(3, child.name.as_str());
    if let Some(kept) = child.version {
        version(fields, 4, kept);
    }
    payloads.write(fields, (5, 6), &child.input);
}

fn result<'h>(
    fields: &mut Fields<'_>,
    tag: u32,
    (op, result): (u64, &'h Payload),
    payloads: &mut Payloads<'h>,
) {
    fields.message(tag, |fields| {
        fields.number(1, op);
        payloads.write(fields, (2, 3), result);
    });
}

fn failed(fields: &mut Fields<'_>, tag: u32, (op, why): (u64, &Failure)) {
    fields.message(tag, |fields| {
        fields.number(1, op);
        fields.message(2, |fields| failure(fields, why));
    });
}

fn failure(fields: &mut Fields<'_>, Failure { cause, message, details }: &Failure) {
    fields.number(1, u64::try_from(cause_code(*cause)).unwrap_or_default());
    fields.text(2, message);
    if let Some(Payload(details)) = details {
        fields.some_bytes(3, details);
    }
}

fn signal(fields: &mut Fields<'_>, Signal { name, data: Payload(data) }: &Signal) {
    fields.text(1, name.as_str());
    fields.bytes(2, data);
}

fn version(fields: &mut Fields<'_>, tag: u32, Version { major, minor, patch }: Version) {
    fields.message(tag, |fields| {
        fields.number(1, u64::from(major));
        fields.number(2, u64::from(minor));
        fields.number(3, u64::from(patch));
    });
}

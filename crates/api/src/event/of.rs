//! From what was recorded to what is shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tenure_core::event::{EventBody, Stream, TerminalEvent};
use tenure_core::id::ActorId;
use tenure_core::session::{self, Exit};
use tenure_core::time::millis;

use super::payload::{
    ActivityNoted, Asked, Capped, CheckpointCreated, CheckpointRestored, Ending, Exited, HandedOver,
    LeaseGranted, LeaseReleased, LeaseTakenOver, Lost, Output, Resized, RetainedNow, RetentionEnded, Started,
    StateChanged, Stats, Succeeded, Terminal, Used,
};
use crate::document::{document, given};
use crate::facts::cost;
use crate::lease::Holder;

/// What `body` says.
pub(super) fn data(body: &EventBody) -> Value {
    match body {
        EventBody::StateChanged { from, to, reason, by } => document(&StateChanged {
            from: from.map(Into::into),
            to: (*to).into(),
            reason: reason.clone(),
            by: name(by.as_ref()),
        }),
        EventBody::Completion { message, stats: took } | EventBody::Error { message, stats: took } => {
            document(&Ending { message: message.clone(), stats: stats(*took) })
        }
        EventBody::Activity { text } => document(&ActivityNoted { text: text.clone() }),
        EventBody::LeaseGranted { holder, fence, ttl } => {
            document(&LeaseGranted { holder: Holder::of(holder), fence: fence.0, ttl_ms: ttl.map(millis) })
        }
        EventBody::LeaseTakenOver { from, holder, fence, reason } => document(&LeaseTakenOver {
            from: from.as_str().to_owned(),
            holder: Holder::of(holder),
            fence: fence.0,
            reason: reason.clone(),
        }),
        EventBody::LeaseReleased { fence } => document(&LeaseReleased { fence: fence.0 }),
        EventBody::Succeeded { by } => document(&Succeeded { by: by.as_str().to_owned() }),
        EventBody::CheckpointCreated { id, reason, size } => document(&CheckpointCreated {
            checkpoint: id.as_str().to_owned(),
            size: *size,
            reason: reason.clone(),
        }),
        EventBody::CheckpointRestored { id, is_record } => {
            document(&CheckpointRestored { checkpoint: id.as_str().to_owned(), record: *is_record })
        }
        EventBody::Retained { reason, by } => {
            document(&RetainedNow { reason: reason.clone(), by: name(by.as_ref()) })
        }
        EventBody::RetentionEnded { by } => document(&RetentionEnded { by: name(by.as_ref()) }),
        EventBody::HandedOver { id, to, by, fence } => document(&HandedOver {
            handover: id.to_string(),
            to: to.clone(),
            fence: fence.0,
            by: name(by.as_ref()),
        }),
        EventBody::Terminal(record) => document(&terminal(record)),
        EventBody::Request(request) => document(&Asked { request: request.name().to_owned() }),
        EventBody::Given { json, .. } => given(json),
    }
}

fn name(actor: Option<&ActorId>) -> Option<String> {
    actor.map(|actor| actor.as_str().to_owned())
}

fn terminal(record: &TerminalEvent) -> Terminal {
    match record {
        TerminalEvent::Started { command, size } => Terminal::Started(Started {
            command: command.clone(),
            cols: size.map(|(cols, _)| cols),
            rows: size.map(|(_, rows)| rows),
        }),
        TerminalEvent::Output { stream, bytes } => Terminal::Output(output(*stream, bytes)),
        TerminalEvent::Resized { cols, rows } => Terminal::Resized(Resized { cols: *cols, rows: *rows }),
        TerminalEvent::Capped { limit } => Terminal::Capped(Capped { capped_at_bytes: *limit }),
        TerminalEvent::Lost { bytes } => Terminal::Lost(Lost { lost_bytes: *bytes }),
        TerminalEvent::Exited(exit) => Terminal::Exited(exited(*exit)),
    }
}

/// Each event stands for itself: a reader may begin or stop at any position. So a chunk that begins or ends inside a
/// character is not mended with its neighbour's bytes.
fn output(stream: Stream, bytes: &[u8]) -> Output {
    let (text, base64) = match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    };
    let (name, is_error) = match stream {
        Stream::Terminal => ("terminal", false),
        Stream::Stdout => ("stdout", false),
        Stream::Stderr => ("stderr", true),
    };
    let stream = name.to_owned();
    if is_error {
        Output { error: text, error_base64: base64, stream, ..Output::default() }
    } else {
        Output { output: text, output_base64: base64, stream, ..Output::default() }
    }
}

/// A death by signal has the exit code that shells give it, and the signal's number.
const fn exited(exit: Exit) -> Exited {
    match exit {
        Exit::Code(code) => Exited { exit_code: code, signal: None },
        Exit::Signal(signal) => Exited { exit_code: 128 + signal, signal: Some(signal) },
    }
}

fn stats(stats: session::Stats) -> Stats {
    let session::Stats { duration, exit, output_bytes, usage } = stats;
    Stats {
        duration_ms: millis(duration),
        output_bytes,
        exit: exit.map(exited),
        usage: (usage != session::Usage::default()).then(|| Used {
            iterations: usage.iterations,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            tool_calls: usage.tool_calls,
            cost: cost(&usage),
        }),
    }
}

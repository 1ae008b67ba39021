//! Events as documents. Payload keys are camelCase; nothing of what was recorded is lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tenure_core::event::{Event, EventBody, Stream, TerminalEvent};
use tenure_core::id::{ActorId, SessionId};
use tenure_core::session::{Exit, Stats, Usage};
use tenure_core::time::millis;

use crate::render::session::cost;
use tenure_words::holder_json;
use tenure_words::when::rfc3339;

/// An event of `session`.
pub(crate) fn document(session: &SessionId, event: &Event) -> Value {
    let mut document = json!({
        "session": session.as_str(),
        "seq": event.seq.0,
        "at": rfc3339(event.at),
        "type": event.data.type_name(),
    });
    if let Some(fence) = event.fence {
        document["fence"] = fence.0.into();
    }
    if let Some(id) = &event.id {
        document["id"] = id.as_str().into();
    }
    document["data"] = data(&event.data);
    document
}

fn data(data: &EventBody) -> Value {
    match data {
        EventBody::StateChanged { from, to, reason, by } => {
            let from = from.map(|from| from.name());
            let mut document = json!({ "from": from, "to": to.name(), "reason": reason });
            if let Some(by) = by {
                document["by"] = by.as_str().into();
            }
            document
        }
        EventBody::Completion { message, stats: took } | EventBody::Error { message, stats: took } => {
            json!({ "message": message, "stats": stats(*took) })
        }
        EventBody::Activity { text } => json!({ "text": text }),
        EventBody::LeaseGranted { holder, fence, ttl } => {
            let mut document = json!({ "holder": holder_json(holder), "fence": fence.0 });
            if let Some(ttl) = ttl {
                document["ttlMs"] = millis(*ttl).into();
            }
            document
        }
        EventBody::LeaseTakenOver { from, holder, fence, reason } => json!({
            "from": from.as_str(), "holder": holder_json(holder), "fence": fence.0, "reason": reason,
        }),
        EventBody::LeaseReleased { fence } => json!({ "fence": fence.0 }),
        EventBody::Succeeded { by } => json!({ "by": by.as_str() }),
        EventBody::CheckpointCreated { id, reason, size } => {
            let mut document = json!({ "checkpoint": id.as_str(), "size": size });
            if let Some(reason) = reason {
                document["reason"] = reason.as_str().into();
            }
            document
        }
        EventBody::CheckpointRestored { id, is_record } => {
            json!({ "checkpoint": id.as_str(), "record": is_record })
        }
        EventBody::Retained { reason, by } => with_by(json!({ "reason": reason }), by.as_ref()),
        EventBody::RetentionEnded { by } => with_by(json!({}), by.as_ref()),
        EventBody::HandedOver { id, to, by, fence } => {
            with_by(json!({ "handover": id.to_string(), "to": to, "fence": fence.0 }), by.as_ref())
        }
        EventBody::Terminal(record) => terminal(record),
        EventBody::Request(request) => json!({ "request": request.name() }),
        // Checked when it was appended. Should it not be JSON all the same, it is shown as the text it is.
        EventBody::Given { json, .. } => {
            serde_json::from_str(json).unwrap_or_else(|_not_json| Value::String(json.clone()))
        }
    }
}

fn with_by(mut document: Value, by: Option<&ActorId>) -> Value {
    if let Some(by) = by {
        document["by"] = by.as_str().into();
    }
    document
}

fn terminal(record: &TerminalEvent) -> Value {
    match record {
        TerminalEvent::Started { command, size } => {
            let mut document = json!({ "command": command });
            if let Some((cols, rows)) = size {
                document["cols"] = (*cols).into();
                document["rows"] = (*rows).into();
            }
            document
        }
        TerminalEvent::Output { stream, bytes } => {
            let (name, stream) = match stream {
                Stream::Terminal => ("output", "terminal"),
                Stream::Stdout => ("output", "stdout"),
                Stream::Stderr => ("error", "stderr"),
            };
            let mut document = Map::new();
            // Each event stands for itself: a reader may begin or stop at any position. So a chunk that begins
            // or ends inside a character is not mended with its neighbour's bytes.
            match std::str::from_utf8(bytes) {
                Ok(text) => document.insert(name.to_owned(), text.into()),
                Err(_) => document.insert(format!("{name}Base64"), STANDARD.encode(bytes).into()),
            };
            document.insert("stream".to_owned(), stream.into());
            Value::Object(document)
        }
        TerminalEvent::Resized { cols, rows } => json!({ "cols": cols, "rows": rows }),
        TerminalEvent::Capped { limit } => json!({ "cappedAtBytes": limit }),
        TerminalEvent::Lost { bytes } => json!({ "lostBytes": bytes }),
        TerminalEvent::Exited(exit) => exited(*exit),
    }
}

/// A death by signal has the exit code that shells give it, and the signal's number.
fn exited(exit: Exit) -> Value {
    match exit {
        Exit::Code(code) => json!({ "exitCode": code }),
        Exit::Signal(signal) => json!({ "exitCode": 128 + signal, "signal": signal }),
    }
}

fn stats(stats: Stats) -> Value {
    let mut document = json!({ "durationMs": millis(stats.duration), "outputBytes": stats.output_bytes });
    if let (Some(exit), Some(fields)) = (stats.exit, document.as_object_mut()) {
        fields.extend(exited(exit).as_object().cloned().unwrap_or_default());
    }
    if stats.usage != Usage::default() {
        document["iterations"] = stats.usage.iterations.into();
        document["inputTokens"] = stats.usage.input_tokens.into();
        document["outputTokens"] = stats.usage.output_tokens.into();
        document["toolCalls"] = stats.usage.tool_calls.into();
        document["cost"] = cost(&stats.usage);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stream: Stream, bytes: &[u8]) -> Value {
        terminal(&TerminalEvent::Output { stream, bytes: bytes.to_vec() })
    }

    #[test]
    fn output_is_text_where_it_is_utf_8_and_base64_elsewhere() {
        assert_eq!(output(Stream::Stdout, "é\n".as_bytes()), json!({ "output": "é\n", "stream": "stdout" }));
        assert_eq!(output(Stream::Stderr, b"no"), json!({ "error": "no", "stream": "stderr" }));
        assert_eq!(
            output(Stream::Terminal, b"\xC3"),
            json!({ "outputBase64": "ww==", "stream": "terminal" })
        );
        assert_eq!(output(Stream::Stderr, b"\xA9"), json!({ "errorBase64": "qQ==", "stream": "stderr" }));
    }

    #[test]
    fn what_is_missing_is_marked_with_its_length() {
        assert_eq!(terminal(&TerminalEvent::Lost { bytes: 7 }), json!({ "lostBytes": 7 }));
    }

    #[test]
    fn a_command_ends_with_an_exit_code_in_any_case() {
        assert_eq!(exited(Exit::Code(2)), json!({ "exitCode": 2 }));
        assert_eq!(exited(Exit::Signal(9)), json!({ "exitCode": 137, "signal": 9 }));
    }
}

//! Events: what we record as fields of ours, what callers gave text for text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tenure_core::event::{Event, EventBody, Request, Stream, TerminalEvent};
use tenure_core::id::{CheckpointId, EventId, EventType, Fence, HandoverId, Seq, SessionId};
use tenure_core::lease::{Holder, HolderKind, Place};
use tenure_core::session::{Exit, StateName, Stats};

use super::lines::parse;
use super::scalar::{At, Length, actor, name, word};
use super::session::UsageForm;
use crate::FlawKind;
use crate::read::wrong;
use crate::write::object;

/// An event. One of the last three is there: fields of ours, or what a caller gave, as JSON where that can stand in
/// a line as it is, else as text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventForm<'a> {
    #[serde(borrow)]
    line: Cow<'a, str>,
    seq: u64,
    at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    fence: Option<u64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    json: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

/// Fields of ours. The name of the variant is not written: the event's type says which it is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Ours {
    StateChanged(StateChanged),
    Ended(Ended),
    Activity(Activity),
    Granted(Granted),
    TakenOver(TakenOver),
    Released(Released),
    Succeeded(Succeeded),
    Retained(Retained),
    RetentionEnded(RetentionEnded),
    HandedOver(HandedOver),
    CheckpointCreated(CheckpointCreated),
    CheckpointRestored(CheckpointRestored),
    Terminal(Terminal),
    Request(Asked),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    to: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    message: String,
    took: Length,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<ExitForm>,
    output_bytes: u64,
    #[serde(default, skip_serializing_if = "UsageForm::is_nothing")]
    usage: UsageForm,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExitForm {
    Code(i32),
    Signal(i32),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Activity {
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolderForm {
    kind: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    supervisor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceForm>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceForm {
    host: String,
    pid: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Granted {
    holder: HolderForm,
    fence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Length>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TakenOver {
    from: String,
    holder: HolderForm,
    fence: u64,
    reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Released {
    fence: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Succeeded {
    by: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retained {
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionEnded {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandedOver {
    handover: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    fence: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointCreated {
    checkpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    size: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointRestored {
    checkpoint: String,
    record: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    request: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Terminal {
    Started {
        command: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<(u16, u16)>,
    },
    /// What is not UTF-8 is base64.
    Output {
        stream: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
    },
    Resized {
        size: (u16, u16),
    },
    Capped {
        limit: u64,
    },
    Lost {
        bytes: u64,
    },
    Exited(ExitForm),
}

/// Appends an event as a JSON object.
pub(crate) fn write_event(to: &mut Vec<u8>, event: &Event) {
    let mut form = EventForm {
        line: "event".into(),
        seq: event.seq.0,
        at: At(event.at),
        fence: event.fence.map(|fence| fence.0),
        id: event.id.as_ref().map(|id| id.as_str().into()),
        kind: event.data.type_name().into(),
        data: None,
        json: None,
        text: None,
    };
    match Ours::of(&event.data) {
        Ok(data) => {
            let data = serde_json::value::to_raw_value(&data).expect("our forms can be written");
            form.data = Some(&data);
            object(to, &form);
        }
        Err(json) => {
            match as_it_is(json) {
                Some(raw) => form.json = Some(raw),
                None => form.text = Some(json.into()),
            }
            object(to, &form);
        }
    }
}

/// JSON that stands in a line as it is: nothing around it, and no line feed in it.
fn as_it_is(json: &str) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_str(json).ok()?;
    (raw.get() == json && !json.contains(['\n', '\r'])).then_some(raw)
}

/// An event from its line.
pub(crate) fn read_event(json: &[u8]) -> Result<Event, FlawKind> {
    let form: EventForm<'_> = parse(json)?;
    let data = match (form.data, form.json, form.text) {
        (Some(data), None, None) => ours(&form.kind, data)?,
        (None, Some(json), None) => given(&form.kind, json.get().to_owned())?,
        (None, None, Some(text)) => given(&form.kind, text.into_owned())?,
        _ => return Err(wrong("an event has one of data, json and text")),
    };
    let id = form.id.as_deref().map(|id| name("event id", id, EventId::parse)).transpose()?;
    Ok(Event { seq: Seq(form.seq), at: form.at.0, fence: form.fence.map(Fence), id, data })
}

fn given(kind: &str, json: String) -> Result<EventBody, FlawKind> {
    Ok(EventBody::Given { kind: name("event type", kind, EventType::parse)?, json })
}

fn ours(kind: &str, data: &RawValue) -> Result<EventBody, FlawKind> {
    let json = data.get().as_bytes();
    Ok(match kind {
        "state_changed" => parse::<StateChanged>(json)?.into_body()?,
        "completion" => {
            let (message, stats) = parse::<Ended>(json)?.into_parts();
            EventBody::Completion { message, stats }
        }
        "error" => {
            let (message, stats) = parse::<Ended>(json)?.into_parts();
            EventBody::Error { message, stats }
        }
        "activity" => EventBody::Activity { text: parse::<Activity>(json)?.text },
        "lease_granted" => {
            let Granted { holder, fence, ttl } = parse(json)?;
            let ttl = ttl.map(|Length(ttl)| ttl);
            EventBody::LeaseGranted { holder: holder.into_holder()?, fence: Fence(fence), ttl }
        }
        "lease_taken_over" => {
            let TakenOver { from, holder, fence, reason } = parse(json)?;
            let (from, holder) = (actor(&from)?, holder.into_holder()?);
            EventBody::LeaseTakenOver { from, holder, fence: Fence(fence), reason }
        }
        "lease_released" => EventBody::LeaseReleased { fence: Fence(parse::<Released>(json)?.fence) },
        "succeeded" => {
            EventBody::Succeeded { by: name("session", &parse::<Succeeded>(json)?.by, SessionId::parse)? }
        }
        "retained" => {
            let Retained { reason, by } = parse(json)?;
            EventBody::Retained { reason, by: by.as_deref().map(actor).transpose()? }
        }
        "retention_ended" => {
            let RetentionEnded { by } = parse(json)?;
            EventBody::RetentionEnded { by: by.as_deref().map(actor).transpose()? }
        }
        "handed_over" => {
            let HandedOver { handover, to, by, fence } = parse(json)?;
            let id = word("hand-over", &handover, HandoverId::parse)?;
            EventBody::HandedOver { id, to, by: by.as_deref().map(actor).transpose()?, fence: Fence(fence) }
        }
        "checkpoint_created" => {
            let CheckpointCreated { checkpoint, reason, size } = parse(json)?;
            let id = name("checkpoint", &checkpoint, CheckpointId::parse)?;
            EventBody::CheckpointCreated { id, reason, size }
        }
        "checkpoint_restored" => {
            let CheckpointRestored { checkpoint, record: is_record } = parse(json)?;
            let id = name("checkpoint", &checkpoint, CheckpointId::parse)?;
            EventBody::CheckpointRestored { id, is_record }
        }
        "terminal" => EventBody::Terminal(parse::<Terminal>(json)?.into_event()?),
        "message" => EventBody::Request(word("request", &parse::<Asked>(json)?.request, Request::parse)?),
        _ => return Err(wrong(format!("events of type {kind} have no data of ours"))),
    })
}

impl Ours {
    /// What is ours, or the JSON text that a caller gave.
    fn of(body: &EventBody) -> Result<Self, &str> {
        let by = |by: &Option<tenure_core::id::ActorId>| by.as_ref().map(|by| by.as_str().to_owned());
        Ok(match body {
            EventBody::StateChanged { from, to, reason, by: who } => Self::StateChanged(StateChanged {
                from: from.map(|from| from.name().to_owned()),
                to: to.name().to_owned(),
                reason: reason.clone(),
                by: by(who),
            }),
            EventBody::Completion { message, stats } | EventBody::Error { message, stats } => {
                Self::Ended(Ended::of(message, *stats))
            }
            EventBody::Activity { text } => Self::Activity(Activity { text: text.clone() }),
            EventBody::LeaseGranted { holder, fence, ttl } => Self::Granted(Granted {
                holder: HolderForm::of(holder),
                fence: fence.0,
                ttl: ttl.map(Length),
            }),
            EventBody::LeaseTakenOver { from, holder, fence, reason } => Self::TakenOver(TakenOver {
                from: from.as_str().to_owned(),
                holder: HolderForm::of(holder),
                fence: fence.0,
                reason: reason.clone(),
            }),
            EventBody::LeaseReleased { fence } => Self::Released(Released { fence: fence.0 }),
            EventBody::Succeeded { by } => Self::Succeeded(Succeeded { by: by.as_str().to_owned() }),
            EventBody::Retained { reason, by: who } => {
                Self::Retained(Retained { reason: reason.clone(), by: by(who) })
            }
            EventBody::RetentionEnded { by: who } => Self::RetentionEnded(RetentionEnded { by: by(who) }),
            EventBody::HandedOver { id, to, by: who, fence } => Self::HandedOver(HandedOver {
                handover: id.to_string(),
                to: to.clone(),
                by: by(who),
                fence: fence.0,
            }),
            EventBody::CheckpointCreated { id, reason, size } => Self::CheckpointCreated(CheckpointCreated {
                checkpoint: id.as_str().to_owned(),
                reason: reason.clone(),
                size: *size,
            }),
            EventBody::CheckpointRestored { id, is_record } => Self::CheckpointRestored(CheckpointRestored {
                checkpoint: id.as_str().to_owned(),
                record: *is_record,
            }),
            EventBody::Terminal(record) => Self::Terminal(Terminal::of(record)),
            EventBody::Request(request) => Self::Request(Asked { request: request.name().to_owned() }),
            EventBody::Given { json, .. } => return Err(json),
        })
    }
}

impl StateChanged {
    fn into_body(self) -> Result<EventBody, FlawKind> {
        let state = |text: &str| word("state", text, StateName::parse);
        Ok(EventBody::StateChanged {
            from: self.from.as_deref().map(state).transpose()?,
            to: state(&self.to)?,
            reason: self.reason,
            by: self.by.as_deref().map(actor).transpose()?,
        })
    }
}

impl Ended {
    fn of(message: &str, stats: Stats) -> Self {
        Self {
            message: message.to_owned(),
            took: Length(stats.duration),
            exit: stats.exit.map(ExitForm::of),
            output_bytes: stats.output_bytes,
            usage: UsageForm::of(stats.usage),
        }
    }

    fn into_parts(self) -> (String, Stats) {
        let stats = Stats {
            duration: self.took.0,
            exit: self.exit.map(ExitForm::into_exit),
            output_bytes: self.output_bytes,
            usage: self.usage.into_usage(),
        };
        (self.message, stats)
    }
}

impl ExitForm {
    const fn of(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self::Code(code),
            Exit::Signal(signal) => Self::Signal(signal),
        }
    }

    const fn into_exit(self) -> Exit {
        match self {
            Self::Code(code) => Exit::Code(code),
            Self::Signal(signal) => Exit::Signal(signal),
        }
    }
}

impl HolderForm {
    fn of(holder: &Holder) -> Self {
        Self {
            kind: holder.kind.name().to_owned(),
            id: holder.id.as_str().to_owned(),
            supervisor: holder.supervisor.as_ref().map(|id| id.as_str().to_owned()),
            place: holder
                .place
                .as_ref()
                .map(|at| PlaceForm { host: at.host.as_ref().to_owned(), pid: at.pid }),
        }
    }

    fn into_holder(self) -> Result<Holder, FlawKind> {
        Ok(Holder {
            kind: word("holder", &self.kind, HolderKind::parse)?,
            id: actor(&self.id)?,
            supervisor: self.supervisor.as_deref().map(actor).transpose()?,
            place: self.place.map(|place| Place { host: place.host.into(), pid: place.pid }),
        })
    }
}

impl Terminal {
    fn of(event: &TerminalEvent) -> Self {
        match event {
            TerminalEvent::Started { command, size } => {
                Self::Started { command: command.clone(), size: *size }
            }
            TerminalEvent::Output { stream, bytes } => {
                let stream = match stream {
                    Stream::Terminal => "terminal",
                    Stream::Stdout => "stdout",
                    Stream::Stderr => "stderr",
                };
                let (text, base64) = match std::str::from_utf8(bytes) {
                    Ok(text) => (Some(text.to_owned()), None),
                    Err(_) => (None, Some(STANDARD.encode(bytes))),
                };
                Self::Output { stream: stream.to_owned(), text, base64 }
            }
            TerminalEvent::Resized { cols, rows } => Self::Resized { size: (*cols, *rows) },
            TerminalEvent::Capped { limit } => Self::Capped { limit: *limit },
            TerminalEvent::Lost { bytes } => Self::Lost { bytes: *bytes },
            TerminalEvent::Exited(exit) => Self::Exited(ExitForm::of(*exit)),
        }
    }

    fn into_event(self) -> Result<TerminalEvent, FlawKind> {
        Ok(match self {
            Self::Started { command, size } => TerminalEvent::Started { command, size },
            Self::Output { stream, text, base64 } => {
                let stream = match stream.as_str() {
                    "terminal" => Stream::Terminal,
                    "stdout" => Stream::Stdout,
                    "stderr" => Stream::Stderr,
                    _ => return Err(wrong("its stream is not a known one")),
                };
                let bytes = match (text, base64) {
                    (Some(text), None) => text.into_bytes(),
                    (None, Some(base64)) => {
                        STANDARD.decode(base64).map_err(|why| wrong(format!("its output: {why}")))?
                    }
                    _ => return Err(wrong("output is either text or base64")),
                };
                TerminalEvent::Output { stream, bytes }
            }
            Self::Resized { size: (cols, rows) } => TerminalEvent::Resized { cols, rows },
            Self::Capped { limit } => TerminalEvent::Capped { limit },
            Self::Lost { bytes } => TerminalEvent::Lost { bytes },
            Self::Exited(exit) => TerminalEvent::Exited(exit.into_exit()),
        })
    }
}

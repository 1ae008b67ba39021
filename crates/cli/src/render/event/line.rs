//! Events as lines for people.

use serde_json::Value;
use tenure_core::escape::Escaped;
use tenure_core::event::{Event, EventBody, Stream, TerminalEvent};
use tenure_core::id::ActorId;
use tenure_core::session::{Exit, Stats, Usage};

use super::screen::Screen;
use crate::render::session::{command_line, used};
use crate::render::{Look, Tone};
use tenure_words::when::{instant, length};
use tenure_words::who;

/// Shows the events of one log, one after the other.
#[derive(Debug)]
pub(crate) struct Lines {
    look: Look,
    output: Screen,
    errors: Screen,
}

impl Lines {
    /// Nothing is shown yet.
    pub(crate) fn new(look: Look) -> Self {
        let output = Screen::new(look.paint(Tone::Dim, "  │ "));
        let errors = Screen::new(look.paint(Tone::Warn, "  ┊ "));
        Self { look, output, errors }
    }

    /// What to print for `event`.
    pub(crate) fn show(&mut self, event: &Event) -> String {
        let EventBody::Terminal(TerminalEvent::Output { stream, bytes }) = &event.data else {
            return format!("{}{}", self.close(), self.line(event));
        };
        let (own, other) = match stream {
            Stream::Terminal | Stream::Stdout => (&mut self.output, &mut self.errors),
            Stream::Stderr => (&mut self.errors, &mut self.output),
        };
        format!("{}{}", other.close(), own.write(bytes))
    }

    /// What to print after the last event.
    pub(crate) fn close(&mut self) -> String {
        format!("{}{}", self.output.close(), self.errors.close())
    }

    fn line(&self, event: &Event) -> String {
        let at = self.look.paint(Tone::Dim, &instant(event.at));
        let seq = self.look.paint(Tone::Dim, &format!("{:>5}", format!("#{}", event.seq)));
        let name = Escaped(event.data.type_name()).to_string();
        let (tone, words) = words(&event.data);
        let words = tone.map_or_else(|| words.clone(), |tone| self.look.paint(tone, &words));
        let line = format!("{at} {seq}  {}  {words}", self.look.paint(Tone::Strong, &format!("{name:<16}")));
        // Records of a terminal have none of a caller's: a server names those that it may be sent twice.
        let id = event.id.as_ref().filter(|_| !matches!(event.data, EventBody::Terminal(_)));
        let id = id.map(|id| self.look.paint(Tone::Dim, &format!("  ({id})"))).unwrap_or_default();
        format!("{}{id}\n", line.trim_end())
    }
}

/// What happened, and how it is to look.
fn words(data: &EventBody) -> (Option<Tone>, String) {
    match data {
        EventBody::StateChanged { from, to, reason, by } => {
            let from = from.map_or("nothing", |from| from.name());
            let by = by.as_ref().map_or_else(String::new, |by| format!(" (by {by})"));
            (None, format!("{from} → {}: {}{by}", to.name(), Escaped(reason)))
        }
        EventBody::Completion { message, stats } => (Some(Tone::Good), ended(message, *stats)),
        EventBody::Error { message, stats } => (Some(Tone::Bad), ended(message, *stats)),
        EventBody::Activity { text } => (None, Escaped(text).to_string()),
        EventBody::LeaseGranted { holder, fence, ttl } => {
            let ttl = ttl.map_or_else(String::new, |ttl| format!(", for {} after each renewal", length(ttl)));
            (None, format!("{} holds it under fence {fence}{ttl}", who(holder)))
        }
        EventBody::LeaseTakenOver { from, holder, fence, reason } => {
            let words =
                format!("{} took it over from {from}, fence {fence}: {}", who(holder), Escaped(reason));
            (Some(Tone::Warn), words)
        }
        EventBody::LeaseReleased { fence } => (None, format!("fence {fence} let go")),
        EventBody::Succeeded { by } => (None, format!("goes on as {by}")),
        EventBody::CheckpointCreated { id, reason, size } => {
            let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {}", Escaped(reason)));
            (None, format!("{id} ({size} bytes){reason}"))
        }
        EventBody::CheckpointRestored { id, .. } => (Some(Tone::Warn), id.to_string()),
        EventBody::Retained { reason, by } => {
            (Some(Tone::Warn), format!("everything is kept{}: {}", said_by(by.as_ref()), Escaped(reason)))
        }
        EventBody::RetentionEnded { by } => {
            (None, format!("need not be kept any more{}", said_by(by.as_ref())))
        }
        EventBody::HandedOver { to, by, fence, .. } => {
            let words = format!("goes on in {}{}, after fence {fence}", Escaped(to), said_by(by.as_ref()));
            (Some(Tone::Warn), words)
        }
        EventBody::Terminal(record) => terminal(record),
        EventBody::Request(request) => (Some(Tone::Warn), format!("asks the owner to {}", request.name())),
        EventBody::Given { json, .. } => (None, Escaped(&compact(json)).to_string()),
    }
}

fn said_by(by: Option<&ActorId>) -> String {
    by.map_or_else(String::new, |by| format!(" (by {by})"))
}

fn terminal(record: &TerminalEvent) -> (Option<Tone>, String) {
    match record {
        TerminalEvent::Started { command, size } => {
            let size = size.map_or_else(String::new, |(cols, rows)| format!("  ({cols}×{rows})"));
            (Some(Tone::Strong), format!("$ {}{size}", command_line(command)))
        }
        TerminalEvent::Output { .. } => (None, String::new()),
        TerminalEvent::Resized { cols, rows } => (Some(Tone::Dim), format!("resized to {cols}×{rows}")),
        TerminalEvent::Capped { limit } => {
            (Some(Tone::Warn), format!("the recording ends here: it reached its limit of {limit} bytes"))
        }
        TerminalEvent::Lost { bytes } => {
            (Some(Tone::Warn), format!("{bytes} bytes of output were not recorded here"))
        }
        TerminalEvent::Exited(Exit::Code(0)) => (Some(Tone::Good), "exited with code 0".to_owned()),
        TerminalEvent::Exited(exit) => (Some(Tone::Bad), how(*exit)),
    }
}

fn how(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exited with code {code}"),
        Exit::Signal(signal) => tenure_guard::Ended::Signal(signal).to_string(),
    }
}

fn ended(message: &str, stats: Stats) -> String {
    let took = length(stats.duration);
    let exit = stats.exit.map(how).filter(|exit| exit != message);
    let exit = exit.map_or_else(String::new, |exit| format!(", {exit}"));
    // What was driven by hand has no command that could have written anything.
    let output = match (stats.exit, stats.output_bytes) {
        (None, 0) => String::new(),
        (_, bytes) => format!(", {bytes} bytes of output"),
    };
    let usage =
        if stats.usage == Usage::default() { String::new() } else { format!(", {}", used(&stats.usage)) };
    format!("{} ({took}{output}{exit}{usage})", Escaped(message))
}

/// JSON without the white space that a caller wrote it with.
fn compact(json: &str) -> String {
    serde_json::from_str::<Value>(json).map_or_else(|_not_json| json.to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_marked_with_its_length() {
        let (tone, words) = terminal(&TerminalEvent::Lost { bytes: 7 });
        assert_eq!((tone, words.as_str()), (Some(Tone::Warn), "7 bytes of output were not recorded here"));
    }
}

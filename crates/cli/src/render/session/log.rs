//! What was done to a session's log, and what it tells.

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::id::{Fence, Seq, SessionId};
use tenure_core::session::{Replay, Session, Told};
use tenure_core::time::{Moment, millis};

use crate::render::{Look, Report, block};
use tenure_words::when::{ago, instant, length, rfc3339};
use tenure_words::who;

/// Many events were appended.
#[derive(Debug)]
pub(crate) struct AppendedMany {
    session: SessionId,
    fence: Option<Fence>,
    /// Lines that are durable.
    pub(crate) lines: u64,
    known: u64,
    first: Option<Seq>,
    /// The newest position of them.
    pub(crate) last: Option<Seq>,
}

impl AppendedMany {
    /// None so far.
    pub(crate) fn new(session: SessionId, fence: Option<Fence>) -> Self {
        Self { session, fence, lines: 0, known: 0, first: None, last: None }
    }

    /// So many lines more are durable, some of them new, between these positions.
    pub(crate) fn note(&mut self, lines: u64, new: u64, (first, last): (Seq, Seq)) {
        self.lines += lines;
        self.known += lines.saturating_sub(new);
        self.first = Some(self.first.map_or(first, |before| before.min(first)));
        self.last = Some(self.last.map_or(last, |before| before.max(last)));
    }
}

impl Report for AppendedMany {
    fn text(&self, _: &Look) -> String {
        let Some((first, last)) = self.first.zip(self.last) else {
            return format!("Nothing to append to session `{}`.\n", self.session);
        };
        let class = match self.fence {
            Some(fence) => format!("under fence {fence}"),
            None => "as messages".to_owned(),
        };
        let known = if self.known > 0 {
            format!(", {} of them were there already", self.known)
        } else {
            String::new()
        };
        let (count, session) = (self.lines, &self.session);
        format!("Appended {count} events to session `{session}` {class}: {first} to {last}{known}.\n")
    }

    fn json(&self) -> Value {
        let mut document = json!({
            "command": "append",
            "ok": true,
            "session": self.session.as_str(),
            "lines": self.lines,
            "known": self.known,
            "first_seq": self.first.map(|seq| seq.0),
            "last_seq": self.last.map(|seq| seq.0),
        });
        if let Some(fence) = self.fence {
            document["fence"] = fence.0.into();
        }
        document
    }
}

/// The beginning of a log was dropped, or would be.
#[derive(Debug)]
pub(crate) struct Compacted {
    pub(crate) session: SessionId,
    /// Where the log began before.
    pub(crate) from: Seq,
    /// Where it begins now.
    pub(crate) earliest: Seq,
    pub(crate) head: Seq,
    pub(crate) is_dry: bool,
}

impl Report for Compacted {
    fn text(&self, _: &Look) -> String {
        let (session, earliest) = (&self.session, self.earliest);
        let dropped = earliest.0.saturating_sub(self.from.0);
        match (dropped, self.is_dry) {
            (0, _) => {
                format!("The log of session `{session}` begins at {earliest}; there is nothing to drop.\n")
            }
            (_, true) => format!(
                "Would drop {dropped} events of session `{session}`; its log would begin at {earliest}.\n"
            ),
            (_, false) => {
                format!("Dropped {dropped} events of session `{session}`; its log begins at {earliest}.\n")
            }
        }
    }

    fn json(&self) -> Value {
        json!({
            "command": "compact",
            "ok": true,
            "session": self.session.as_str(),
            "dropped": self.earliest.0.saturating_sub(self.from.0),
            "earliest": self.earliest.0,
            "head_seq": self.head.0,
            "dry_run": self.is_dry,
        })
    }
}

/// A session as its log tells that it was.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) session: Session,
    pub(crate) replay: Replay,
    pub(crate) now: Moment,
}

/// What stands for what the log does not tell.
const UNTOLD: &str = "unknown: the log begins later";

impl Report for Replayed {
    fn text(&self, look: &Look) -> String {
        let (session, replay) = (&self.session, &self.replay);
        let mut rows = vec![("Session", format!("{} ({})", session.id, session.kind.name()))];
        rows.extend(session.key.iter().map(|key| ("Key", key.to_string())));
        let at =
            replay.at.map_or_else(String::new, |at| format!(", {} ({})", instant(at), ago(at, &self.now)));
        rows.push(("As of", format!("event {}{at}", replay.seq)));
        rows.push(("State", self.phase()));
        rows.push(("Holder", self.holder()));
        match &replay.activity {
            Told::This(saying) => {
                rows.push(("Activity", format!("{} ({})", Escaped(&saying.text), ago(saying.at, &self.now))));
            }
            Told::Untold => rows.push(("Activity", UNTOLD.to_owned())),
            Told::Nothing => {}
        }
        rows.extend(replay.successor.iter().map(|id| ("Went on as", id.to_string())));
        block(look, rows)
    }

    fn json(&self) -> Value {
        let (session, replay) = (&self.session, &self.replay);
        let mut document = json!({
            "id": session.id.as_str(),
            "namespace": session.namespace.as_str(),
            "kind": session.kind.name(),
            "key": session.key.as_ref().map(|key| key.as_str()),
            "as_of_seq": replay.seq.0,
            "as_of": replay.at.map(rfc3339),
        });
        match &replay.phase {
            Told::This(phase) => {
                document["state"] = phase.name.name().into();
                document["reason"] = phase.reason.as_str().into();
                document["state_since"] = phase.since.map(rfc3339).into();
            }
            Told::Untold | Told::Nothing => document["untold"] = json!(["state"]),
        }
        match &replay.tenancy {
            Told::This(tenancy) => {
                document["lease"] = json!({
                    "holder": tenure_api::Holder::of(&tenancy.holder),
                    "fence": tenancy.fence.0,
                    "since": rfc3339(tenancy.since),
                });
                if let Some(ttl) = tenancy.ttl {
                    document["lease"]["ttl_ms"] = millis(ttl).into();
                }
            }
            Told::Nothing => document["lease"] = Value::Null,
            Told::Untold => untold(&mut document, "lease"),
        }
        match &replay.activity {
            Told::This(saying) => {
                let actor = saying.actor.as_ref().map(|actor| actor.as_str());
                document["activity"] =
                    json!({ "text": saying.text, "actor_id": actor, "at": rfc3339(saying.at) });
            }
            Told::Nothing => {}
            Told::Untold => untold(&mut document, "activity"),
        }
        if let Some(successor) = &replay.successor {
            document["successor"] = successor.as_str().into();
        }
        document
    }
}

/// Notes that the log does not tell something.
fn untold(document: &mut Value, name: &str) {
    match document["untold"].as_array_mut() {
        Some(names) => names.push(name.into()),
        None => document["untold"] = json!([name]),
    }
}

impl Replayed {
    fn phase(&self) -> String {
        match &self.replay.phase {
            Told::This(phase) => {
                let since = phase.since.map_or_else(String::new, |at| format!(" since {}", instant(at)));
                let reason = if phase.reason.is_empty() {
                    String::new()
                } else {
                    format!(": {}", Escaped(&phase.reason))
                };
                format!("{}{since}{reason}", phase.name.name())
            }
            Told::Untold | Told::Nothing => UNTOLD.to_owned(),
        }
    }

    fn holder(&self) -> String {
        match &self.replay.tenancy {
            Told::This(tenancy) => {
                let (name, kind) = (who(&tenancy.holder), tenancy.holder.kind.name());
                let ttl = tenancy
                    .ttl
                    .map_or_else(String::new, |ttl| format!(", for {} after each renewal", length(ttl)));
                format!(
                    "{name} ({kind}) under fence {}, since {}{ttl}",
                    tenancy.fence,
                    instant(tenancy.since)
                )
            }
            Told::Nothing => "nobody".to_owned(),
            Told::Untold => UNTOLD.to_owned(),
        }
    }
}

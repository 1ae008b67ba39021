//! What became of sessions that were kept, moved or removed.

use std::path::PathBuf;

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::session::Session;
use tenure_core::time::Moment;
use tenure_engine::SessionsPruned;
use tenure_portable::End;
use tenure_store::payload::Hex;
use tenure_store::{Listed, Weight};
use tenure_store_sqlite::BackupSize;

use super::checkpoint::size;
use super::session::title;
use super::{Look, Report};
use tenure_words::shown;
use tenure_words::when::{ago, rfc3339};

/// A session was written to a file.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) session: Session,
    pub(crate) file: PathBuf,
    pub(crate) end: End,
    pub(crate) bytes: u64,
}

impl Report for Exported {
    fn text(&self, _: &Look) -> String {
        let (events, bytes) = (count(self.end.events, "event"), size(self.bytes));
        format!("Exported {} to {}: {events}, {bytes}.\n", title(&self.session), shown(&self.file))
    }

    fn json(&self) -> Value {
        json!({
            "command": "export",
            "ok": true,
            "session": self.session.id.as_str(),
            "file": self.file.to_string_lossy(),
            "events": self.end.events,
            "checkpoints": self.end.checkpoints,
            "lines": self.end.lines,
            "bytes": self.bytes,
            "sha256": Hex(&self.end.sha256).to_string(),
        })
    }
}

/// A session was taken in, or had been.
#[derive(Debug)]
pub(crate) struct TakenIn {
    pub(crate) listed: Listed,
    pub(crate) end: End,
    pub(crate) was_known: bool,
}

impl Report for TakenIn {
    fn text(&self, _: &Look) -> String {
        let Listed { session, .. } = &self.listed;
        if self.was_known {
            return format!(
                "{} was imported from this export before.\n",
                title(session).replacen('s', "S", 1)
            );
        }
        let (events, state) = (count(self.end.events, "event"), session.state.name().name());
        format!("Imported {}: {events}, {state}, held by nobody.\n", title(session))
    }

    fn json(&self) -> Value {
        let Listed { session, head, earliest, .. } = &self.listed;
        json!({
            "command": "import",
            "ok": true,
            "session_id": session.id.as_str(),
            "key": session.key.as_ref().map(|key| key.as_str()),
            "state": session.state.name().name(),
            "known": self.was_known,
            "events": self.end.events,
            "checkpoints": self.end.checkpoints,
            "earliest": earliest.0,
            "head_seq": head.0,
            "start_count": session.start_count,
            "revision": session.counters.revision.0,
            "fence": session.counters.fence.0,
            "sha256": Hex(&self.end.sha256).to_string(),
        })
    }
}

/// The store was copied.
#[derive(Debug)]
pub(crate) struct BackedUp {
    pub(crate) from: PathBuf,
    pub(crate) file: PathBuf,
    pub(crate) size: BackupSize,
}

impl Report for BackedUp {
    fn text(&self, _: &Look) -> String {
        let (sessions, bytes) = (count(self.size.sessions, "session"), size(self.size.bytes));
        let (from, file) = (shown(&self.from), shown(&self.file));
        format!("Copied {from} to {file}: {sessions}, {bytes}, checked.\n")
    }

    fn json(&self) -> Value {
        json!({
            "command": "backup",
            "ok": true,
            "db": self.from.to_string_lossy(),
            "file": self.file.to_string_lossy(),
            "sessions": self.size.sessions,
            "bytes": self.size.bytes,
        })
    }
}

/// A session goes, or would go.
#[derive(Debug)]
pub(crate) struct Going {
    pub(crate) session: Session,
    pub(crate) weight: Weight,
    pub(crate) is_dry: bool,
    pub(crate) now: Moment,
}

impl Report for Going {
    fn text(&self, _: &Look) -> String {
        let session = &self.session;
        let ended = session.state.completed_at().map_or_else(String::new, |at| ago(at, &self.now));
        let (events, bytes) = (count(self.weight.events, "event"), size(self.weight.bytes));
        let verb = if self.is_dry { "Would delete" } else { "Deleted" };
        format!("{verb} {}: {} {ended}, {events}, {bytes}\n", title(session), session.state.name().name())
    }

    fn json(&self) -> Value {
        json!({
            "session": self.session.id.as_str(),
            "key": self.session.key.as_ref().map(|key| key.as_str()),
            "kind": self.session.kind.name(),
            "state": self.session.state.name().name(),
            "completed_at": self.session.state.completed_at().map(rfc3339),
            "events": self.weight.events,
            "bytes": self.weight.bytes,
            "deleted": !self.is_dry,
        })
    }
}

/// All that was to go has gone, or was told.
#[derive(Debug)]
pub(crate) struct PrunedAll {
    pub(crate) pruned: SessionsPruned,
    pub(crate) is_dry: bool,
}

impl Report for PrunedAll {
    fn text(&self, _: &Look) -> String {
        let SessionsPruned { sessions, weight, needed } = self.pruned;
        let kept = match needed {
            0 => String::new(),
            1 => " 1 retained session stays.".to_owned(),
            more => format!(" {more} retained sessions stay."),
        };
        if sessions == 0 {
            return format!("Nothing to delete.{kept}\n");
        }
        let verb = if self.is_dry { "Would delete" } else { "Deleted" };
        let (events, bytes) = (count(weight.events, "event"), size(weight.bytes));
        format!("{verb} {}: {events}, {bytes}.{kept}\n", count(sessions, "session"))
    }

    fn json(&self) -> Value {
        let SessionsPruned { sessions, weight, needed } = self.pruned;
        json!({
            "command": "prune",
            "ok": true,
            "dry_run": self.is_dry,
            "sessions": sessions,
            "events": weight.events,
            "bytes": weight.bytes,
            "retained": needed,
        })
    }
}

/// A session is to be kept, or no longer.
#[derive(Debug)]
pub(crate) struct RetainedNow {
    pub(crate) session: Session,
}

impl Report for RetainedNow {
    fn text(&self, _: &Look) -> String {
        let title = title(&self.session);
        match &self.session.retained {
            Some(retained) => format!("Retained {title}: {}\n", Escaped(&retained.reason)),
            None => format!("Released {title}: policies may remove it again.\n"),
        }
    }

    fn json(&self) -> Value {
        let retained = self.session.retained.as_ref();
        json!({
            "command": "retain",
            "ok": true,
            "session": self.session.id.as_str(),
            "key": self.session.key.as_ref().map(|key| key.as_str()),
            "state": self.session.state.name().name(),
            "retained": retained.is_some(),
            "reason": retained.map(|retained| retained.reason.as_str()),
            "revision": self.session.counters.revision.0,
        })
    }
}

/// A session belongs to another store now.
#[derive(Debug)]
pub(crate) struct MovedAway {
    pub(crate) session: Session,
    pub(crate) before: &'static str,
    pub(crate) to: PathBuf,
    pub(crate) was_there: bool,
}

impl Report for MovedAway {
    fn text(&self, _: &Look) -> String {
        let (title, to) = (title(&self.session), shown(&self.to));
        if self.was_there {
            return format!("{} is in {to} already.\n", title.replacen('s', "S", 1));
        }
        let fence = self.session.handover.as_ref().map_or(0, |handover| handover.fence.0);
        format!("Moved {title} to {to}: {}, held by nobody, after fence {fence}.\n", self.before)
    }

    fn json(&self) -> Value {
        let handover = self.session.handover.as_ref();
        json!({
            "command": "move",
            "ok": true,
            "session": self.session.id.as_str(),
            "key": self.session.key.as_ref().map(|key| key.as_str()),
            "to": self.to.to_string_lossy(),
            "handover": handover.map(|handover| handover.id.to_string()),
            "fence": handover.map(|handover| handover.fence.0),
            "was_there": self.was_there,
        })
    }
}

fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

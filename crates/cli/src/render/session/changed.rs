//! What a verb did to one session.

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::event::Request;
use tenure_core::id::{Fence, Seq, SessionId};
use tenure_core::session::{Session, State, StateName};
use tenure_core::workspace::ActivityText;
use tenure_engine::Applied;

use super::title;
use crate::exit::Exit;
use crate::render::{Look, Report, Tone, hint};
use tenure_words::when::{instant, rfc3339};

/// Activity of a session was recorded.
#[derive(Debug)]
pub(crate) struct Noted {
    session: Session,
    fence: Fence,
    activity: Option<String>,
}

impl Noted {
    /// What `applied` did under `fence`.
    pub(crate) fn new(applied: &Applied, fence: Fence, activity: Option<&ActivityText>) -> Self {
        let session = applied.session.clone().expect("a note that is not refused leaves a session");
        Self { session, fence, activity: activity.map(|activity| activity.as_str().to_owned()) }
    }
}

impl Report for Noted {
    fn text(&self, _: &Look) -> String {
        let line = format!("Heartbeat recorded for {} (fence={}).\n", title(&self.session), self.fence);
        match &self.activity {
            Some(activity) => format!("{line}Activity: {}\n", Escaped(activity)),
            None => line,
        }
    }

    fn json(&self) -> Value {
        let at = rfc3339(self.session.last_activity_at);
        let mut document = json!({ "command": "heartbeat", "ok": true, "session": self.session.id.as_str() });
        document["fence"] = self.fence.0.into();
        if let Some(activity) = &self.activity {
            document["activity"] = activity.as_str().into();
        }
        document["last_activity_at"] = at.into();
        document
    }
}

/// A session was taken over. It keeps its id.
#[derive(Debug)]
pub(crate) struct TakenOver {
    before: Session,
    session: Session,
    reason: String,
}

impl TakenOver {
    /// What `applied` did, for this reason.
    pub(crate) fn new(applied: &Applied, reason: String) -> Self {
        let before = applied.before.clone().expect("what is taken over was there");
        let session = applied.session.clone().expect("a takeover that is not refused leaves a session");
        Self { before, session, reason }
    }

    fn line(&self) -> String {
        let name = |session: &Session| {
            session.lease.as_ref().map_or_else(|| "nobody".to_owned(), |lease| lease.holder.id.to_string())
        };
        let until = self.session.lease.as_ref().and_then(|lease| lease.term.expires_at());
        format!(
            "Session takeover recorded: `{}` replaced `{}` on {} (fence={}, lease_expires_at={}).\n",
            name(&self.session),
            name(&self.before),
            title(&self.session),
            self.session.counters.fence,
            until.map_or_else(|| "never".to_owned(), instant)
        )
    }
}

/// What can be done with a session that was taken over by hand: nobody renews its lease.
const END_IT: &str = "end it: tenure cancel <name>";
const RUN_IT: &str = "run it again, as soon as this lease is over: \
                      tenure run --key <key> --takeover <reason> --if-held wait -- <command>";

impl Report for TakenOver {
    fn text(&self, look: &Look) -> String {
        let hints = [Some(END_IT), self.session.key.as_ref().map(|_| RUN_IT)];
        self.line() + &hints.into_iter().flatten().map(|words| hint(look, words)).collect::<String>()
    }

    fn json(&self) -> Value {
        let id = |session: &Session| session.lease.as_ref().map(|lease| lease.holder.id.as_str().to_owned());
        let until = self.session.lease.as_ref().and_then(|lease| lease.term.expires_at());
        json!({
            "command": "takeover",
            "ok": true,
            "session": self.session.id.as_str(),
            "prior_actor_id": id(&self.before),
            "actor_id": id(&self.session),
            "fence": self.session.counters.fence.0,
            "revision": self.session.counters.revision.0,
            "lease_expires_at": until.map(rfc3339),
            "reason": self.reason,
        })
    }
}

/// A session was ended by somebody's wish.
#[derive(Debug)]
pub(crate) struct Cancelled {
    pub(crate) session: Session,
    pub(crate) reason: String,
}

impl Report for Cancelled {
    fn text(&self, _: &Look) -> String {
        format!("Cancelled {}: {}\n", title(&self.session), Escaped(&self.reason))
    }

    fn json(&self) -> Value {
        json!({
            "command": "cancel",
            "ok": true,
            "session": self.session.id.as_str(),
            "state": self.session.state.name().name(),
            "revision": self.session.counters.revision.0,
            "fence": self.session.counters.fence.0,
            "reason": self.reason,
        })
    }
}

/// An orchestration was asked to end.
#[derive(Debug)]
pub(crate) struct AskedToEnd {
    pub(crate) session: Session,
    pub(crate) reason: String,
    /// Whether a worker that is there holds it.
    pub(crate) is_held: bool,
}

impl Report for AskedToEnd {
    fn text(&self, _: &Look) -> String {
        let title = title(&self.session);
        let reason = Escaped(&self.reason);
        let rest = if self.is_held {
            "It may tidy up for a while; --now ends it at once."
        } else {
            "No worker has it: it is told once one does. --now ends it at once."
        };
        format!("Asked {title} to end: {reason}\n{rest}\n")
    }

    fn json(&self) -> Value {
        json!({
            "command": "cancel",
            "ok": true,
            "session": self.session.id.as_str(),
            "state": self.session.state.name().name(),
            "asked": true,
            "held": self.is_held,
            "reason": self.reason,
        })
    }
}

/// A session's owner did what it was asked to.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) session: Session,
    pub(crate) request: Request,
    pub(crate) seq: Seq,
}

impl Report for Asked {
    fn text(&self, _: &Look) -> String {
        let did = match self.request {
            Request::Pause => "Paused",
            Request::Resume => "Resumed",
            Request::Stop => "Stopped",
        };
        format!("{did} {}.\n", title(&self.session))
    }

    fn json(&self) -> Value {
        json!({
            "command": self.request.name(),
            "ok": true,
            "session": self.session.id.as_str(),
            "state": self.session.state.name().name(),
            "request_seq": self.seq.0,
        })
    }
}

/// A session's owner has shut down, has come to an end, or was asked to.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) session: Session,
    /// Where the request is; `None`: there was no need to ask.
    pub(crate) seq: Option<Seq>,
}

impl Report for Stopped {
    fn text(&self, _: &Look) -> String {
        let title = title(&self.session);
        match self.session.state.name() {
            StateName::Pending | StateName::Paused if self.session.lease.is_none() => {
                let did = if self.seq.is_some() { "Stopped" } else { "Already stopped:" };
                format!("{did} {title}; go on with `tenure resume <name>`.\n")
            }
            state if state.is_terminal() => {
                format!("The work of {title} came to its own end: {}.\n", state.name())
            }
            _ => format!("Asked the owner of {title} to stop.\n"),
        }
    }

    fn json(&self) -> Value {
        let mut document = json!({
            "command": "stop",
            "ok": true,
            "session": self.session.id.as_str(),
            "state": self.session.state.name().name(),
        });
        if let State::Paused { reason } = &self.session.state {
            document["reason"] = reason.as_str().into();
        }
        if let Some(seq) = self.seq {
            document["request_seq"] = seq.0.into();
        }
        document
    }
}

/// What became of what was to be run again.
#[derive(Debug)]
pub(crate) enum Recovery {
    /// It runs, as its process has reported.
    Runs(Value),
    /// It does not.
    Not {
        /// What its process has reported.
        said: Value,
        /// What it complained of.
        complaints: Vec<String>,
    },
}

impl Recovery {
    /// Whether somebody else was faster.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self, Self::Not { said, .. } if matches!(said["code"].as_str(), Some("HELD" | "NOT_SHUT_DOWN")))
    }
}

/// What a shutdown had paused runs again.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) recoveries: Vec<(Session, Recovery)>,
}

impl Recovered {
    /// How this process is to end.
    pub(crate) fn exit(&self) -> Exit {
        let runs = |(_, recovery): &(Session, Recovery)| matches!(recovery, Recovery::Runs(_));
        if self.recoveries.iter().all(runs) { Exit::Success } else { Exit::Failure }
    }
}

impl Report for Recovered {
    fn text(&self, look: &Look) -> String {
        if self.recoveries.is_empty() {
            return "Nothing was paused for a shutdown.\n".to_owned();
        }
        let line = |(session, recovery): &(Session, Recovery)| match recovery {
            Recovery::Runs(_) => format!("Resumed {}.\n", title(session)),
            Recovery::Not { said, complaints } => {
                let why = said["message"].as_str().map(|text| Escaped(text).to_string());
                let why = why.or_else(|| complaints.first().cloned()).unwrap_or_default();
                let not = look.paint(Tone::Bad, "Not resumed:");
                format!("{not} {}: {why}\n", title(session))
            }
        };
        self.recoveries.iter().map(line).collect()
    }

    fn json(&self) -> Value {
        let became = |(session, recovery): &(Session, Recovery)| {
            let mut document = json!({
                "session": session.id.as_str(),
                "namespace": session.namespace.as_str(),
                "key": session.key.as_ref().map(|key| key.as_str()),
                "resumed": matches!(recovery, Recovery::Runs(_)),
            });
            match recovery {
                Recovery::Runs(said) => document["fence"] = said["fence"].clone(),
                Recovery::Not { said, .. } => {
                    document["code"] = said["code"].clone();
                    document["message"] = said["message"].clone();
                }
            }
            document
        };
        let sessions: Vec<_> = self.recoveries.iter().map(became).collect();
        json!({ "command": "recover", "ok": self.exit() == Exit::Success, "sessions": sessions })
    }
}

/// An event was appended.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) verb: &'static str,
    /// It was there before, under its id.
    pub(crate) is_known: bool,
    pub(crate) session: SessionId,
    pub(crate) seq: Seq,
    pub(crate) fence: Option<Fence>,
}

impl Report for Appended {
    fn text(&self, _: &Look) -> String {
        let class = match self.fence {
            Some(fence) => format!("under fence {fence}"),
            None => "as a message".to_owned(),
        };
        if self.is_known {
            return format!("Session `{}` has it already, as event {}.\n", self.session, self.seq);
        }
        if self.verb == "send" {
            return format!("Sent to session `{}`, as event {} of its log.\n", self.session, self.seq);
        }
        format!("Appended event {} to session `{}` {class}.\n", self.seq, self.session)
    }

    fn json(&self) -> Value {
        let mut document =
            json!({ "command": self.verb, "ok": true, "session": self.session.as_str(), "seq": self.seq.0 });
        if self.is_known {
            document["known"] = true.into();
        }
        if let Some(fence) = self.fence {
            document["fence"] = fence.0.into();
        }
        document
    }
}

/// A fence is current, and its lease live.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) session: SessionId,
    pub(crate) fence: Fence,
}

impl Report for Checked {
    fn text(&self, _: &Look) -> String {
        format!("Fence {} is current for session `{}`, and its lease is live.\n", self.fence, self.session)
    }

    fn json(&self) -> Value {
        json!({ "command": "check", "ok": true, "session": self.session.as_str(), "fence": self.fence.0 })
    }
}

/// An earlier tool's record was brought in.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) session: Session,
}

impl Report for Imported {
    fn text(&self, _: &Look) -> String {
        let id = if self.session.anonymous {
            "a record without session_id; start opens a fresh session".to_owned()
        } else {
            format!("session `{}`", self.session.id)
        };
        let key = self.session.key.as_ref().map_or_else(String::new, ToString::to_string);
        format!("Imported {id} into `{key}` (revision={}).\n", self.session.counters.revision)
    }

    fn json(&self) -> Value {
        let id = (!self.session.anonymous).then(|| self.session.id.as_str());
        json!({
            "command": "import",
            "ok": true,
            "session_id": id,
            "key": self.session.key.as_ref().map(|key| key.as_str()),
            "start_count": self.session.start_count,
            "revision": self.session.counters.revision.0,
            "fence": self.session.counters.fence.0,
        })
    }
}

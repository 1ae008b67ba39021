//! What a verb did to one session.

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::event::Request;
use tenure_core::id::{Fence, Seq, SessionId};
use tenure_core::session::Session;
use tenure_core::workspace::ActivityText;
use tenure_engine::Applied;

use super::title;
use crate::render::when::{instant, rfc3339};
use crate::render::{Look, Report, hint};

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

//! What the verbs of agents, scripts and operators did to a session.

use serde_json::{Value, json};
use tenure_api::{Progress, Usage};
use tenure_core::escape::Escaped;
use tenure_core::lease::Lease;
use tenure_core::session::{Session, Step};
use tenure_core::time::millis;

use super::title;
use crate::render::{Look, Report};
use tenure_words::when::{instant, rfc3339};

/// A session was created, or had been.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) session: Session,
    pub(crate) is_new: bool,
}

impl Report for Created {
    fn text(&self, _: &Look) -> String {
        let (title, state) = (title(&self.session), self.session.state.name().name());
        if self.is_new {
            return format!("Created {title}.\n");
        }
        let title = title.replacen('s', "S", 1);
        format!("{title} was created before: it is {state}.\n")
    }

    fn json(&self) -> Value {
        let mut document = summary("create", &self.session);
        document["created"] = self.is_new.into();
        if let Some(parent) = &self.session.parent {
            document["parent"] = parent.id.as_str().into();
        }
        if let Some(at) = self.session.expires_at {
            document["expires_at"] = rfc3339(at).into();
        }
        document
    }
}

/// Somebody became the holder of a session.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) session: Session,
    pub(crate) verb: &'static str,
    /// Whether a shell is to take it over.
    pub(crate) export: bool,
}

impl Report for Claimed {
    fn text(&self, _: &Look) -> String {
        let (session, fence) = (&self.session, self.session.counters.fence);
        if self.export {
            let id = session.id.as_str().replace('\'', "'\\''");
            return format!("export TENURE_SESSION_ID='{id}'\nexport TENURE_FENCE={fence}\n");
        }
        let did = if self.verb == "start" { "Started" } else { "Acquired" };
        format!("{did} {}: {}.\n", title(session), holding(session))
    }

    fn json(&self) -> Value {
        let mut document = summary(self.verb, &self.session);
        document["start_count"] = self.session.start_count.into();
        if let Some(lease) = &self.session.lease {
            lease_facts(&mut document, lease);
        }
        document
    }
}

/// A lease was renewed.
#[derive(Debug)]
pub(crate) struct Renewed {
    pub(crate) session: Session,
}

impl Report for Renewed {
    fn text(&self, _: &Look) -> String {
        format!("Renewed {}: {}.\n", title(&self.session), holding(&self.session))
    }

    fn json(&self) -> Value {
        let mut document = summary("renew", &self.session);
        if let Some(lease) = &self.session.lease {
            lease_facts(&mut document, lease);
        }
        document
    }
}

/// A step of a session was taken.
#[derive(Debug)]
pub(crate) struct Driven {
    pub(crate) session: Session,
    pub(crate) step: Step,
}

impl Driven {
    const fn verb(&self) -> &'static str {
        match self.step {
            Step::Start => "start",
            Step::Pause { .. } => "pause",
            Step::Resume { .. } => "resume",
            Step::Complete { .. } => "complete",
            Step::Fail { .. } => "fail",
            Step::Release => "release",
            Step::Update(_) => "update",
            Step::Restore(_) => "checkpoint restore",
        }
    }
}

impl Report for Driven {
    fn text(&self, _: &Look) -> String {
        let title = title(&self.session);
        match &self.step {
            Step::Start => format!("Started {title}: {}.\n", holding(&self.session)),
            Step::Pause { reason } => format!("Paused {title}: {}\n", Escaped(reason)),
            Step::Resume { reason } => format!("Resumed {title}: {}\n", Escaped(reason)),
            Step::Complete { message, .. } => format!("Completed {title}: {}\n", Escaped(message)),
            Step::Fail { error, .. } => format!("Failed {title}: {}\n", Escaped(error)),
            Step::Release => {
                let state = self.session.state.name().name();
                format!("Released {title}: it is {state}, and nobody holds it.\n")
            }
            Step::Update(update) => match &update.error {
                Some(error) => format!("Failed {title}: {}\n", Escaped(error)),
                None => format!("Updated {title}.\n"),
            },
            Step::Restore(restore) => format!("Restored {title} from {}.\n", restore.id),
        }
    }

    fn json(&self) -> Value {
        let mut document = summary(self.verb(), &self.session);
        match &self.step {
            Step::Pause { reason } | Step::Resume { reason } => document["reason"] = reason.as_str().into(),
            Step::Complete { message, .. } => document["message"] = message.as_str().into(),
            Step::Fail { error, .. } => document["error"] = error.as_str().into(),
            Step::Update(update) => {
                if let Some(error) = &update.error {
                    document["error"] = error.as_str().into();
                }
                if let Some(progress) = &self.session.facts.progress {
                    document["progress"] = tenure_api::document(&Progress::of(progress));
                }
            }
            Step::Restore(restore) => document["checkpoint"] = restore.id.as_str().into(),
            Step::Start | Step::Release => {}
        }
        if let Step::Complete { .. } | Step::Fail { .. } | Step::Update(_) = self.step {
            document["usage"] = tenure_api::document(&Usage::of(&self.session.facts.usage));
        }
        document
    }
}

/// A session was deleted: this is what it was.
#[derive(Debug)]
pub(crate) struct Deleted {
    pub(crate) session: Session,
}

impl Report for Deleted {
    fn text(&self, _: &Look) -> String {
        format!("Deleted {}, which was {}.\n", title(&self.session), self.session.state.name().name())
    }

    fn json(&self) -> Value {
        summary("delete", &self.session)
    }
}

/// What every verb tells of the session.
fn summary(verb: &str, session: &Session) -> Value {
    json!({
        "command": verb,
        "ok": true,
        "session": session.id.as_str(),
        "key": session.key.as_ref().map(|key| key.as_str()),
        "state": session.state.name().name(),
        "revision": session.counters.revision.0,
        "fence": session.counters.fence.0,
    })
}

fn lease_facts(document: &mut Value, lease: &Lease) {
    document["actor_id"] = lease.holder.id.as_str().into();
    document["lease_ttl_ms"] = lease.term.ttl().map(|ttl| millis(ttl.length())).into();
    document["lease_expires_at"] = lease.term.expires_at().map(rfc3339).into();
}

/// Who holds it, under which fence, until when.
fn holding(session: &Session) -> String {
    let Some(lease) = &session.lease else {
        return "nobody holds it".to_owned();
    };
    let until = lease
        .term
        .expires_at()
        .map_or_else(|| "without end".to_owned(), |at| format!("until {}", instant(at)));
    format!("held by `{}` under fence {}, {until}", lease.holder.id, lease.fence)
}

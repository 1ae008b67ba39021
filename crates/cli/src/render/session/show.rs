//! One session, and how one ended.

use serde_json::{Value, json};
use tenure_api::{Pending, Seen};
use tenure_core::escape::Escaped;
use tenure_core::id::ActorId;
use tenure_core::session::{Facts, Session, State, Usage};
use tenure_core::time::Moment;
use tenure_store::{Listed, Page};

use super::{command_line, execution, state, title};
use crate::render::lease::LeaseNow;
use crate::render::{Look, Report, block, with};
use tenure_words::documents;
use tenure_words::when::{ago, instant, length};
use tenure_words::who;

/// One session.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) listed: Listed,
    /// The sessions that were created for it, newest first; not all where there are many.
    pub(crate) children: Page,
    pub(crate) now: Moment,
    /// Whether the holder's process is proven to be gone.
    pub(crate) is_gone: bool,
    /// What it waits for, if it is an open instance of an orchestration.
    pub(crate) waits_for: Option<Pending>,
}

impl Report for Shown {
    fn text(&self, look: &Look) -> String {
        let session = &self.listed.session;
        let mut rows = vec![
            ("Session", format!("{} ({})", session.id, session.kind.name())),
            ("State", self.state(look)),
        ];
        if let Some(key) = &session.key {
            rows.insert(1, ("Key", key.to_string()));
        }
        rows.extend(session.execution.iter().flat_map(|running| execution::runs(running)));
        rows.extend(self.waits_for.iter().flat_map(|pending| execution::waits(pending, &self.now)));
        rows.extend(self.holding(look));
        rows.extend(self.work());
        rows.extend(self.facts());
        rows.push(("Started", self.started()));
        rows.extend(session.duration(&self.now).map(|took| ("Duration", length(took))));
        rows.extend(session.expires_at.filter(|_| !session.is_terminal()).map(|at| ("Expires", instant(at))));
        rows.push(("Last active", ago(session.last_activity_at, &self.now)));
        rows.push(("Log", format!("{}, revision {}", self.log(), session.counters.revision)));
        rows.extend(self.keeping());
        rows.extend(self.family());
        rows.extend(session.predecessor.iter().map(|id| ("Went on from", id.to_string())));
        rows.extend(session.successor.iter().map(|id| ("Went on as", id.to_string())));
        block(look, rows)
    }

    fn json(&self) -> Value {
        let mut session = documents::session(&self.listed, self.is_gone, &self.now);
        // How long an open one goes on has its place behind the rest.
        let so_far = session.duration_ms.take_if(|_| !self.listed.session.is_terminal());
        let mut document = tenure_api::document(&session);
        if let Some(so_far) = so_far {
            document["duration_ms"] = so_far.into();
        }
        with(document, &documents::beside(&self.children, self.waits_for.clone()))
    }
}

impl Shown {
    /// How its lease stands, if it has one.
    pub(super) fn lease(&self) -> Option<LeaseNow<'_>> {
        LeaseNow::of(&self.listed.session, self.is_gone, &self.now)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let Facts { metadata, progress, timings, usage } = &self.listed.session.facts;
        let mut rows = Vec::new();
        if !metadata.is_empty() {
            let pairs = metadata.iter().map(|(name, json)| format!("{}={}", Escaped(name), Escaped(json)));
            rows.push(("Metadata", pairs.collect::<Vec<_>>().join("  ")));
        }
        rows.extend(progress.map(|progress| match progress.total {
            Some(total) => ("Progress", format!("{} of {total}", progress.current)),
            None => ("Progress", progress.current.to_string()),
        }));
        if !timings.is_empty() {
            let pairs = timings.iter().map(|(name, took)| format!("{}={}", Escaped(name), length(*took)));
            rows.push(("Timings", pairs.collect::<Vec<_>>().join("  ")));
        }
        if *usage != Usage::default() {
            rows.push(("Usage", used(usage)));
        }
        rows
    }

    fn keeping(&self) -> Vec<(&'static str, String)> {
        let session = &self.listed.session;
        let by = |by: &Option<ActorId>| by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        let retained = session.retained.iter().map(|retained| {
            let since = ago(retained.at, &self.now);
            ("Retained", format!("{} ({since}{})", Escaped(&retained.reason), by(&retained.by)))
        });
        let gone = session.handover.iter().map(|gone| {
            let since = ago(gone.at, &self.now);
            let on = if gone.has_arrived { "" } else { ", not arrived yet: tenure move <name> --to <db>" };
            ("Handed over", format!("to {} ({since}{}{on})", Escaped(&gone.to), by(&gone.by)))
        });
        retained.chain(gone).collect()
    }

    fn family(&self) -> Vec<(&'static str, String)> {
        let parent = self.listed.session.parent.iter().map(|parent| {
            let deleted = if parent.deleted { " (deleted)" } else { "" };
            ("Parent", format!("{}{deleted}", parent.id))
        });
        let mut rows: Vec<_> = parent.collect();
        if !self.children.sessions.is_empty() {
            let ids = self.children.sessions.iter().map(|listed| listed.session.id.to_string());
            let more = if self.children.next.is_some() { " and more" } else { "" };
            rows.push(("Children", format!("{}{more}", ids.collect::<Vec<_>>().join(", "))));
        }
        rows
    }

    fn log(&self) -> String {
        let (earliest, head) = (self.listed.earliest, self.listed.head);
        match (earliest.0, (head.0 + 1).saturating_sub(earliest.0)) {
            (1, count) => format!("{count} events"),
            (_, 0) => format!("no events any more, {head} were dropped"),
            (_, count) => format!("{count} events ({earliest} to {head}; what was before was dropped)"),
        }
    }

    fn state(&self, look: &Look) -> String {
        let session = &self.listed.session;
        let name = state(look, session);
        match &session.state {
            State::Pending | State::Paused { .. } if session.is_queued => {
                format!("{name}: it waits for a place in its group")
            }
            State::Pending if session.is_shut_down() => format!("{name}: it was shut down while it waited"),
            State::Pending | State::Active => name,
            State::Paused { .. } if session.is_shut_down() && !session.is_auto_resumed() => {
                format!("{name}: shutdown; it does not go on by itself")
            }
            State::Paused { reason } => format!("{name}: {}", Escaped(reason)),
            State::Completed { at } => format!("{name} {}", ago(*at, &self.now)),
            State::Failed { at, error: why }
            | State::Cancelled { at, reason: why }
            | State::Expired { at, reason: why } => {
                format!("{name} {}: {}", ago(*at, &self.now), Escaped(why))
            }
        }
    }

    fn holding(&self, look: &Look) -> Vec<(&'static str, String)> {
        let session = &self.listed.session;
        let (Some(lease), Some(stands)) = (&session.lease, self.lease()) else {
            return vec![(
                "Holder",
                format!("nobody; the highest fence given out is {}", session.counters.fence),
            )];
        };
        let supervisor = lease.holder.supervisor.iter().map(|id| ("Supervisor", id.to_string()));
        let mut rows = vec![("Holder", format!("{} ({})", who(&lease.holder), lease.holder.kind.name()))];
        rows.extend(supervisor);
        rows.push(("Lease", stands.words(look)));
        rows
    }

    fn work(&self) -> Vec<(&'static str, String)> {
        let session = &self.listed.session;
        let mut rows = Vec::new();
        if !session.command.is_empty() {
            rows.push(("Command", command_line(&session.command)));
        }
        rows.extend(session.directory.iter().map(|directory| ("Directory", Escaped(directory).to_string())));
        if let Some(activity) = &session.activity {
            let at = ago(activity.at, &self.now);
            rows.push(("Activity", format!("{} ({at})", Escaped(&activity.text))));
        }
        rows.extend(session.principal.iter().map(|principal| ("Principal", principal.to_string())));
        rows.extend(session.group.iter().map(|group| ("Group", group.to_string())));
        if !session.labels.is_empty() {
            rows.push(("Labels", labels(session)));
        }
        rows
    }

    fn started(&self) -> String {
        let session = &self.listed.session;
        let Some(started) = session.started_at else {
            return format!("not yet; created {}", ago(session.created_at, &self.now));
        };
        let first = format!("{} ({})", ago(started, &self.now), instant(started));
        match session.last_started_at.filter(|last| *last > started) {
            Some(last) => format!("{first}, last {} (start {})", ago(last, &self.now), session.start_count),
            None => first,
        }
    }
}

/// Only what was used.
pub(crate) fn used(usage: &Usage) -> String {
    let counts = [
        (usage.iterations, "iteration"),
        (usage.input_tokens, "input token"),
        (usage.output_tokens, "output token"),
        (usage.tool_calls, "tool call"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let plural = |count| if count == 1 { "" } else { "s" };
    let mut parts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}{}", plural(count))).collect();
    if usage.cost_micros > 0 {
        parts.push(format!("cost {}", usage.cost()));
    }
    parts.join(", ")
}

fn labels(session: &Session) -> String {
    let pairs = session.labels.iter().map(|(name, value)| format!("{}={}", Escaped(name), Escaped(value)));
    pairs.collect::<Vec<_>>().join("  ")
}

/// How a session ended, after somebody waited for it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) session: Session,
    pub(crate) now: Moment,
}

impl Ended {
    /// Whether it ended well.
    pub(crate) fn is_well(&self) -> bool {
        matches!(self.session.state, State::Completed { .. })
    }
}

impl Report for Ended {
    fn text(&self, look: &Look) -> String {
        let state = state(look, &self.session);
        let why = match &self.session.state {
            State::Failed { error: why, .. }
            | State::Cancelled { reason: why, .. }
            | State::Expired { reason: why, .. }
            | State::Paused { reason: why } => format!(": {}", Escaped(why)),
            State::Pending | State::Active | State::Completed { .. } => String::new(),
        };
        let title = title(&self.session).replacen('s', "S", 1);
        format!("{title} {state}{why}\n")
    }

    fn json(&self) -> Value {
        let mut session =
            tenure_api::Session::of(&self.session, Seen { now: &self.now, is_gone: false, log: None });
        // What was only paused has no length yet.
        session.duration_ms.take_if(|_| !self.session.is_terminal());
        json!({ "command": "wait", "ok": self.is_well(), "session": session })
    }
}

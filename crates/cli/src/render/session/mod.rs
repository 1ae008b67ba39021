//! Sessions as people and programs see them, and reports about one.

mod changed;
mod driven;
mod execution;
mod forked;
mod group;
mod list;
mod log;
mod show;

use serde_json::{Map, Value, json};
use tenure_core::escape::Escaped;
use tenure_core::id::Seq;
use tenure_core::kind::Kind;
use tenure_core::session::{Facts, Progress, Session, State, Usage};

pub(crate) use changed::{
    Appended, Asked, AskedToEnd, Cancelled, Checked, Imported, Noted, Recovered, Recovery, Stopped, TakenOver,
};
pub(crate) use driven::{Claimed, Created, Deleted, Driven, Renewed};
pub(crate) use forked::Forked;
pub(crate) use group::Group;
pub(crate) use list::Sessions;
pub(crate) use log::{AppendedMany, Compacted, Replayed};
pub(crate) use show::{Ended, Shown, used};

use super::lease::LeaseNow;
use super::{Look, Tone};
use tenure_words::when::rfc3339;

/// A session, for programs. `log`: the positions of its newest event and of the oldest that is kept.
fn session_json(session: &Session, lease: Option<LeaseNow<'_>>, log: Option<(Seq, Seq)>) -> Value {
    let mut document = json!({
        "id": session.id.as_str(),
        "namespace": session.namespace.as_str(),
        "kind": session.kind.name(),
        "key": session.key.as_ref().map(|key| key.as_str()),
        "state": session.state.name().name(),
    });
    let fields = document.as_object_mut().expect("an object was just made");
    about_state(fields, session);
    if session.kind == Kind::Workspace {
        fields.insert("mode".to_owned(), session.mode.name().into());
    }
    fields.insert("lease".to_owned(), lease.map_or(Value::Null, |lease| lease.json()));
    fields.insert("revision".to_owned(), session.counters.revision.0.into());
    fields.insert("fence".to_owned(), session.counters.fence.0.into());
    if let Some((head, earliest)) = log {
        fields.insert("head_seq".to_owned(), head.0.into());
        fields.insert("earliest_seq".to_owned(), earliest.0.into());
    }
    about_times(fields, session);
    about_work(fields, session);
    about_facts(fields, &session.facts);
    if let Some(running) = &session.execution {
        fields.insert("execution".to_owned(), execution::runs_json(running));
    }
    document
}

fn about_state(fields: &mut Map<String, Value>, session: &Session) {
    let (name, why) = match &session.state {
        State::Paused { reason } | State::Cancelled { reason, .. } | State::Expired { reason, .. } => {
            ("reason", reason)
        }
        State::Failed { error, .. } => ("error", error),
        State::Pending | State::Active | State::Completed { .. } => return,
    };
    fields.insert(name.to_owned(), why.as_str().into());
}

fn about_times(fields: &mut Map<String, Value>, session: &Session) {
    let times = [
        ("created_at", Some(session.created_at)),
        ("started_at", session.started_at),
        ("last_started_at", session.last_started_at),
        ("last_activity_at", Some(session.last_activity_at)),
        ("completed_at", session.state.completed_at()),
    ];
    fields.insert("start_count".to_owned(), session.start_count.into());
    // That of an open one grows while one looks.
    if let (Some(started), Some(ended)) = (session.started_at, session.state.completed_at()) {
        fields.insert("duration_ms".to_owned(), tenure_core::time::millis(ended.since(started)).into());
    }
    fields.extend(times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), rfc3339(at?).into()))));
}

fn about_work(fields: &mut Map<String, Value>, session: &Session) {
    if let Some(activity) = &session.activity {
        let document =
            json!({ "text": activity.text, "actor_id": activity.actor.as_str(), "at": rfc3339(activity.at) });
        fields.insert("activity".to_owned(), document);
    }
    if let Some(group) = &session.group {
        fields.insert("group".to_owned(), group.as_str().into());
    }
    if session.is_queued {
        fields.insert("waits_for_place".to_owned(), true.into());
    }
    fields.extend(session.principal.iter().map(|name| ("principal".to_owned(), name.as_str().into())));
    fields.insert("labels".to_owned(), json!(session.labels));
    if !session.command.is_empty() {
        fields.insert("command".to_owned(), json!(session.command));
    }
    if let Some(directory) = &session.directory {
        fields.insert("directory".to_owned(), directory.as_str().into());
    }
    if let Some(recipe) = &session.recipe {
        fields.insert("auto_resume".to_owned(), recipe.auto_resume.into());
    }
    if let Some(idle) = session.idle {
        fields.insert("idle_timeout_ms".to_owned(), tenure_core::time::millis(idle.after).into());
        fields.insert("idle_spares_held".to_owned(), idle.spares_held.into());
    }
    if let Some(length) = session.pending_timeout {
        fields.insert("pending_timeout_ms".to_owned(), tenure_core::time::millis(length).into());
    }
    if let Some(at) = session.expires_at {
        fields.insert("expires_at".to_owned(), rfc3339(at).into());
    }
    if let Some(parent) = &session.parent {
        let document = json!({ "id": parent.id.as_str(), "deleted": parent.deleted });
        fields.insert("parent".to_owned(), document);
    }
    if let Some(retained) = &session.retained {
        let by = retained.by.as_ref().map(|by| by.as_str());
        let document = json!({ "reason": retained.reason, "by": by, "at": rfc3339(retained.at) });
        fields.insert("retained".to_owned(), document);
    }
    if let Some(handover) = &session.handover {
        let document = json!({
            "to": handover.to,
            "id": handover.id.to_string(),
            "by": handover.by.as_ref().map(|by| by.as_str()),
            "at": rfc3339(handover.at),
            "has_arrived": handover.has_arrived,
        });
        fields.insert("handed_over".to_owned(), document);
    }
    let links = [("predecessor", &session.predecessor), ("successor", &session.successor)];
    fields.extend(
        links.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id.as_ref()?.as_str().into()))),
    );
}

/// What callers keep with it, where they keep anything.
fn about_facts(fields: &mut Map<String, Value>, facts: &Facts) {
    if !facts.metadata.is_empty() {
        let metadata = facts.metadata.iter().map(|(name, json)| (name.clone(), parsed(json)));
        fields.insert("metadata".to_owned(), Value::Object(metadata.collect()));
    }
    if let Some(progress) = &facts.progress {
        fields.insert("progress".to_owned(), progress_json(progress));
    }
    if !facts.timings.is_empty() {
        let timings = facts.timings.iter();
        let timings = timings.map(|(name, length)| (name.clone(), tenure_core::time::millis(*length).into()));
        fields.insert("timings_ms".to_owned(), Value::Object(timings.collect()));
    }
    if facts.usage != Usage::default() {
        fields.insert("usage".to_owned(), usage_json(&facts.usage));
    }
}

/// Checked when it came in. Should it not be JSON all the same, it is shown as the text it is.
fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_not_json| Value::String(json.to_owned()))
}

fn progress_json(progress: &Progress) -> Value {
    let mut document = json!({ "current": progress.current });
    if let Some(total) = progress.total {
        document["total"] = total.into();
    }
    document
}

fn usage_json(usage: &Usage) -> Value {
    json!({
        "iterations": usage.iterations,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "tool_calls": usage.tool_calls,
        "cost": cost(usage),
    })
}

/// What was paid, as a number.
pub(crate) fn cost(usage: &Usage) -> Value {
    serde_json::from_str(&usage.cost()).expect("a decimal number is JSON")
}

/// A session's name for people: its id, and its key if it has one.
pub(super) fn title(session: &Session) -> String {
    match &session.key {
        Some(key) => format!("session `{}` (key `{key}`)", session.id),
        None => format!("session `{}`", session.id),
    }
}

/// A state in the colour of what it means.
fn state(look: &Look, session: &Session) -> String {
    let tone = match session.state {
        State::Active => Tone::Good,
        State::Pending | State::Paused { .. } => Tone::Warn,
        State::Failed { .. } => Tone::Bad,
        State::Completed { .. } | State::Cancelled { .. } | State::Expired { .. } => Tone::Dim,
    };
    look.paint(tone, session.state.name().name())
}

/// A command as it could be typed, escaped.
pub(super) fn command_line(words: &[String]) -> String {
    let quoted = words.iter().map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", Escaped(word).to_string().replace('\'', "'\\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

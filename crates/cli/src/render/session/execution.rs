//! What drives an instance of an orchestration, and what it waits for.

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::orchestration::Execution;
use tenure_core::time::{Moment, WallTime};
use tenure_engine::{Pending, PendingActivity};

use crate::render::when::{instant, length, rfc3339};

/// Most things of one sort that people are shown.
const SHOWN_MAX: usize = 10;

/// Which code drives it.
pub(super) fn runs(execution: &Execution) -> Vec<(&'static str, String)> {
    let Execution { name, version, number, status, .. } = execution;
    let which = if *number > 1 { format!(", execution {number}") } else { String::new() };
    let mut rows = vec![("Runs", format!("{name} {version}{which}"))];
    rows.extend(status.iter().map(|status| ("Status", Escaped(status).to_string())));
    rows
}

/// What it waits for.
pub(super) fn waits(pending: &Pending, now: &Moment) -> Vec<(&'static str, String)> {
    let activities = pending.activities().values().map(|pending| ("Activity", activity(pending, now)));
    let timers =
        pending.timers().values().map(|at| ("Timer", format!("{} ({})", until(*at, now), instant(*at))));
    let children = pending.children.values().map(|id| ("Child", id.to_string()));
    let wish = pending.cancel.iter().map(|wish| {
        let by = wish.by.as_ref().map_or_else(String::new, |by| format!(", by {by}"));
        ("Is to end", format!("{}{by}", Escaped(&wish.reason)))
    });
    let mut rows: Vec<_> = wish.collect();
    rows.extend(few(activities));
    rows.extend(few(timers));
    rows.extend(few(children));
    if rows.is_empty() {
        rows.push(("Waits for", "a signal".to_owned()));
    }
    rows
}

/// The first of them, and how many more there are.
fn few(mut rows: impl Iterator<Item = (&'static str, String)>) -> Vec<(&'static str, String)> {
    let mut shown: Vec<_> = rows.by_ref().take(SHOWN_MAX).collect();
    match (rows.count(), shown.last().map(|(name, _)| *name)) {
        (more, Some(name)) if more > 0 => shown.push((name, format!("and {more} more"))),
        _ => {}
    }
    shown
}

fn activity(pending: &PendingActivity, now: &Moment) -> String {
    let attempts = pending.activity.retry.attempts_max;
    let attempt = match (pending.attempt, attempts) {
        (1, 1) => String::new(),
        (attempt, attempts) => format!(", attempt {attempt} of {}", attempts.max(attempt)),
    };
    let due = pending.due_at.map_or_else(String::new, |at| format!(", {}", until(at, now)));
    let failure = pending.failure.as_ref();
    let failure = failure.map_or_else(String::new, |why| format!("; before: {}", Escaped(&why.message)));
    format!("{}{attempt}{due}{failure}", pending.activity.name)
}

fn until(at: WallTime, now: &Moment) -> String {
    match now.wall.map(|now| at.since(now)).filter(|left| !left.is_zero()) {
        Some(left) => format!("in {}", length(left)),
        None => "due".to_owned(),
    }
}

/// The same for programs.
pub(super) fn runs_json(execution: &Execution) -> Value {
    json!({
        "orchestration": execution.name.as_str(),
        "version": execution.version.to_string(),
        "number": execution.number,
        "status": execution.status,
    })
}

/// The same for programs.
pub(super) fn waits_json(pending: &Pending) -> Value {
    let activities = pending.activities().values().map(|pending| {
        json!({
            "operation": pending.activity.op.0,
            "name": pending.activity.name.as_str(),
            "attempt": pending.attempt,
            "attempts_max": pending.activity.retry.attempts_max,
            "due_at": pending.due_at.map(rfc3339),
            "failure": pending.failure.as_ref().map(|failure| {
                json!({ "cause": failure.cause.name(), "message": failure.message })
            }),
        })
    });
    let timers =
        pending.timers().iter().map(|(op, at)| json!({ "operation": op.0, "fires_at": rfc3339(*at) }));
    let children =
        pending.children.iter().map(|(op, id)| json!({ "operation": op.0, "session": id.as_str() }));
    json!({
        "activities": activities.collect::<Vec<_>>(),
        "timers": timers.collect::<Vec<_>>(),
        "children": children.collect::<Vec<_>>(),
        "cancel_requested": pending.cancel.as_ref().map(|wish| wish.reason.as_str()),
    })
}

//! What drives an instance of an orchestration, and what it waits for.

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::orchestration::Execution;
use tenure_core::time::{Moment, WallTime};
use tenure_engine::{Pending, PendingActivity};
use tenure_store::Pin;

use tenure_words::when::{instant, length, rfc3339};

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
pub(super) fn waits(pending: &Pending, pins: &[Pin], now: &Moment) -> Vec<(&'static str, String)> {
    let activities = pending.activities().values().map(|pending| ("Activity", activity(pending, pins, now)));
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

/// Where an activity runs or waits, if not just where its instance is.
fn place(pending: &PendingActivity, pins: &[Pin]) -> String {
    let queue = pending.activity.queue.as_ref();
    let queue = queue.map_or_else(String::new, |queue| format!(", in queue {queue}"));
    let key = pending.activity.affinity.as_ref().map(|affinity| &affinity.key);
    let key =
        key.map_or_else(String::new, |key| match pins.iter().find(|pin| pin.key == *key && pin.is_live) {
            Some(pin) => format!(", on key {key}, which {} holds", pin.worker),
            None => format!(", on key {key}, which nobody holds"),
        });
    queue + &key
}

fn activity(pending: &PendingActivity, pins: &[Pin], now: &Moment) -> String {
    let attempts = pending.activity.retry.attempts_max;
    let attempt = match (pending.attempt, attempts) {
        (1, 1) => String::new(),
        (attempt, attempts) => format!(", attempt {attempt} of {}", attempts.max(attempt)),
    };
    let due = pending.due_at.map_or_else(String::new, |at| format!(", {}", until(at, now)));
    let failure = pending.failure.as_ref();
    let failure = failure.map_or_else(String::new, |why| format!("; before: {}", Escaped(&why.message)));
    let place = place(pending, pins);
    format!("{}{attempt}{place}{due}{failure}", pending.activity.name)
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
pub(super) fn waits_json(pending: &Pending, pins: &[Pin]) -> Value {
    let activities = pending.activities().values().map(|pending| {
        let key = pending.activity.affinity.as_ref().map(|affinity| &affinity.key);
        let holder = key.and_then(|key| pins.iter().find(|pin| pin.key == *key && pin.is_live));
        json!({
            "operation": pending.activity.op.0,
            "name": pending.activity.name.as_str(),
            "attempt": pending.attempt,
            "queue": pending.activity.queue.as_ref().map(|queue| queue.as_str()),
            "key": key.map(|key| key.as_str()),
            "worker": holder.map(|pin| pin.worker.as_str()),
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

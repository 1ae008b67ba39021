//! What drives an instance of an orchestration, and what it waits for.

use tenure_api::{Instant, Pending, PendingActivity};
use tenure_core::escape::Escaped;
use tenure_core::orchestration::Execution;
use tenure_core::time::{Moment, WallTime};

use tenure_words::when::{instant, length};

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
    let activities = pending.activities.iter().map(|pending| ("Activity", activity(pending, now)));
    let timers = pending.timers.iter().map(|timer| {
        let Instant(at) = timer.fires_at;
        ("Timer", format!("{} ({})", until(at, now), instant(at)))
    });
    let children = pending.children.iter().map(|child| ("Child", Escaped(&child.session).to_string()));
    let wish = pending.cancel_requested.iter().map(|reason| {
        let by = pending.cancel_requested_by.as_ref();
        let by = by.map_or_else(String::new, |by| format!(", by {}", Escaped(by)));
        ("Is to end", format!("{}{by}", Escaped(reason)))
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
fn place(pending: &PendingActivity) -> String {
    let text = |before: &str, name: &str, after: &str| format!("{before}{}{after}", Escaped(name));
    let queue = pending.queue.as_ref().map_or_else(String::new, |queue| text(", in queue ", queue, ""));
    let at = match (&pending.key, &pending.worker) {
        (Some(key), Some(worker)) => text(", on key ", key, &text(", which ", worker, " holds")),
        (Some(key), None) => text(", on key ", key, ", which nobody holds"),
        (None, Some(worker)) => text(", run by ", worker, ""),
        (None, None) => String::new(),
    };
    queue + &at
}

fn activity(pending: &PendingActivity, now: &Moment) -> String {
    let attempt = match (pending.attempt, pending.attempts_max) {
        (1, 1) => String::new(),
        (attempt, attempts) => format!(", attempt {attempt} of {}", attempts.max(attempt)),
    };
    let due = pending.due_at.map_or_else(String::new, |Instant(at)| format!(", {}", until(at, now)));
    let failure = pending.failure.as_ref();
    let failure = failure.map_or_else(String::new, |why| format!("; before: {}", Escaped(&why.message)));
    format!("{}{attempt}{}{due}{failure}", Escaped(&pending.name), place(pending))
}

fn until(at: WallTime, now: &Moment) -> String {
    match now.wall.map(|now| at.since(now)).filter(|left| !left.is_zero()) {
        Some(left) => format!("in {}", length(left)),
        None => "due".to_owned(),
    }
}

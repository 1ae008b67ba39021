//! What drives an instance of an orchestration, and what it waits for.

use tenure_core::escape::Escaped;
use tenure_core::orchestration::Execution;
use tenure_core::time::{Moment, WallTime};
use tenure_engine::{Pending, PendingActivity};
use tenure_store::{ListedTask, Pin};

use tenure_words::when::{instant, length};

/// Most things of one sort that people are shown.
const SHOWN_MAX: usize = 10;

/// Where the activities of an instance are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// Who holds the keys that they follow.
    pub(super) pins: &'a [Pin],
    /// Those that others run or are to run.
    pub(super) tasks: &'a [ListedTask],
}

/// Which code drives it.
pub(super) fn runs(execution: &Execution) -> Vec<(&'static str, String)> {
    let Execution { name, version, number, status, .. } = execution;
    let which = if *number > 1 { format!(", execution {number}") } else { String::new() };
    let mut rows = vec![("Runs", format!("{name} {version}{which}"))];
    rows.extend(status.iter().map(|status| ("Status", Escaped(status).to_string())));
    rows
}

/// What it waits for.
pub(super) fn waits(pending: &Pending, at: Places<'_>, now: &Moment) -> Vec<(&'static str, String)> {
    let activities = pending.activities().values().map(|pending| ("Activity", activity(pending, at, now)));
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
fn place(pending: &PendingActivity, Places { pins, tasks }: Places<'_>) -> String {
    let queue = pending.activity.queue.as_ref();
    let queue = queue.map_or_else(String::new, |queue| format!(", in queue {queue}"));
    let key = pending.activity.affinity.as_ref().map(|affinity| &affinity.key);
    let key =
        key.map_or_else(String::new, |key| match pins.iter().find(|pin| pin.key == *key && pin.is_live) {
            Some(pin) => format!(", on key {key}, which {} holds", pin.worker),
            None => format!(", on key {key}, which nobody holds"),
        });
    let runs = tasks.iter().find(|task| task.op == pending.activity.op);
    let runs = runs.and_then(|task| task.worker.as_ref());
    let runs = runs.map_or_else(String::new, |worker| format!(", run by {worker}"));
    queue + &key + &runs
}

fn activity(pending: &PendingActivity, at: Places<'_>, now: &Moment) -> String {
    let attempts = pending.activity.retry.attempts_max;
    let attempt = match (pending.attempt, attempts) {
        (1, 1) => String::new(),
        (attempt, attempts) => format!(", attempt {attempt} of {}", attempts.max(attempt)),
    };
    let due = pending.due_at.map_or_else(String::new, |at| format!(", {}", until(at, now)));
    let failure = pending.failure.as_ref();
    let failure = failure.map_or_else(String::new, |why| format!("; before: {}", Escaped(&why.message)));
    let place = place(pending, at);
    format!("{}{attempt}{place}{due}{failure}", pending.activity.name)
}

fn until(at: WallTime, now: &Moment) -> String {
    match now.wall.map(|now| at.since(now)).filter(|left| !left.is_zero()) {
        Some(left) => format!("in {}", length(left)),
        None => "due".to_owned(),
    }
}

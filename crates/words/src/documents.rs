//! What stores and the engine answer, in its JSON form.

use tenure_api::{
    Alert, Beside, Checkpoint, DamagedCheckpoint, DamagedFile, Failure, Figures, File, Group, GroupMember,
    Instant, LastDay, LastHour, ListedCheckpoint, ListedFile, Pending, PendingActivity, PendingChild,
    PendingTimer, Pin, PinSeen, Seen, Session, Skipped, Stuck, Tally, Weight, WorkerSeen,
};
use tenure_core::alert;
use tenure_core::checkpoint::Content;
use tenure_core::id::{GroupName, Namespace, Operation, SessionId};
use tenure_core::session::StateName;
use tenure_core::time::{Moment, millis};
use tenure_engine::{Overview, count, mean_length};
use tenure_store::{recent_events_since, recent_sessions_since};

/// A session that was read with the ends of its log. `is_gone`: its holder's process is proven to be gone.
#[must_use]
pub fn session(listed: &tenure_store::Listed, is_gone: bool, now: &Moment) -> Session {
    Session::of(&listed.session, Seen { now, is_gone, log: Some((listed.head, listed.earliest)) })
}

/// What is told of a session besides itself.
#[must_use]
pub fn beside(children: &tenure_store::Page, waits_for: Option<Pending>) -> Beside {
    let ids = children.sessions.iter().map(|listed| &listed.session.id);
    Beside::of(ids, children.next.is_some(), waits_for)
}

/// A checkpoint of a list.
#[must_use]
pub fn checkpoint(listed: &tenure_store::ListedCheckpoint) -> ListedCheckpoint {
    match listed {
        tenure_store::ListedCheckpoint::Readable(checkpoint) => {
            ListedCheckpoint::Readable(Checkpoint::of(checkpoint))
        }
        tenure_store::ListedCheckpoint::Damaged { id, seq, what } => {
            ListedCheckpoint::Damaged(DamagedCheckpoint::of(id, *seq, what))
        }
    }
}

/// A file of a list, in its newest version.
#[must_use]
pub fn file(listed: &tenure_store::ListedFile) -> ListedFile {
    let tenure_store::ListedFile { path, version } = listed;
    match version {
        tenure_store::ListedCheckpoint::Readable(checkpoint) => match &checkpoint.content {
            Content::File(version) => ListedFile::Readable(File::of(checkpoint, version)),
            Content::Record | Content::Given => {
                ListedFile::Damaged(DamagedFile::of(path, checkpoint.seq, "it is no version of a file"))
            }
        },
        tenure_store::ListedCheckpoint::Damaged { seq, what, .. } => {
            ListedFile::Damaged(DamagedFile::of(path, *seq, what))
        }
    }
}

/// What a session takes.
#[must_use]
pub const fn weight(weight: tenure_store::Weight) -> Weight {
    let tenure_store::Weight { events, bytes } = weight;
    Weight { events, bytes }
}

/// Checkpoints that were passed over.
#[must_use]
pub fn skipped(skipped: &[tenure_engine::Skipped]) -> Vec<Skipped> {
    skipped.iter().map(|skipped| Skipped::of(&skipped.id, &skipped.what)).collect()
}

/// A worker, as its form is made of it.
#[must_use]
pub fn worker(worker: &tenure_store::Worker) -> WorkerSeen<'_> {
    WorkerSeen {
        lease: &worker.lease,
        serving: &worker.serving,
        is_gone: worker.is_gone,
        is_draining: worker.is_draining,
        progressed_at: worker.progressed_at,
        instances: worker.instances,
        pins: worker.pins,
        tasks: worker.tasks,
    }
}

/// A key, and the worker that holds it.
#[must_use]
pub fn pin(pin: &tenure_store::Pin) -> Pin {
    Pin::of(&PinSeen {
        namespace: &pin.namespace,
        key: &pin.key,
        worker: &pin.worker,
        fence: pin.fence,
        is_live: pin.is_live,
        since: pin.since,
        last_used: pin.last_used,
        waiting: pin.waiting,
        running: pin.running,
    })
}

/// A group. Of each member: whether its holder is there.
#[must_use]
pub fn group(name: &GroupName, limit: Option<u32>, members: &[(bool, tenure_store::GroupMember)]) -> Group {
    let of = |waits: bool| {
        let those = members.iter().filter(move |(_, member)| member.ticket.is_some() == waits);
        those.map(|(is_there, member)| GroupMember::of(&member.session, *is_there)).collect()
    };
    Group { active: of(false), waiting: of(true), ..Group::of(name, limit) }
}

/// What an instance waits for, given who holds the keys that its activities follow, and who runs those that are tasks.
#[must_use]
pub fn pending(
    pending: &tenure_engine::Pending,
    pins: &[tenure_store::Pin],
    tasks: &[tenure_store::ListedTask],
) -> Pending {
    let timer = |(op, at): (&Operation, &_)| PendingTimer { operation: op.0, fires_at: Instant(*at) };
    let child = |(op, id): (&Operation, &SessionId)| PendingChild {
        operation: op.0,
        session: id.as_str().to_owned(),
    };
    Pending {
        activities: pending.activities().values().map(|pending| activity(pending, pins, tasks)).collect(),
        timers: pending.timers().iter().map(timer).collect(),
        children: pending.children.iter().map(child).collect(),
        cancel_requested: pending.cancel.as_ref().map(|wish| wish.reason.clone()),
        cancel_requested_by: pending.cancel.as_ref().and_then(|wish| Some(wish.by.as_ref()?.to_string())),
    }
}

fn activity(
    pending: &tenure_engine::PendingActivity,
    pins: &[tenure_store::Pin],
    tasks: &[tenure_store::ListedTask],
) -> PendingActivity {
    let activity = &pending.activity;
    let key = activity.affinity.as_ref().map(|affinity| &affinity.key);
    let holder = key.and_then(|key| pins.iter().find(|pin| pin.key == *key && pin.is_live));
    let runs = tasks.iter().find(|task| task.op == activity.op).and_then(|task| task.worker.as_ref());
    PendingActivity {
        operation: activity.op.0,
        name: activity.name.as_str().to_owned(),
        attempt: pending.attempt,
        queue: activity.queue.as_ref().map(|queue| queue.as_str().to_owned()),
        key: key.map(|key| key.as_str().to_owned()),
        worker: runs.or_else(|| holder.map(|pin| &pin.worker)).map(|worker| worker.as_str().to_owned()),
        attempts_max: activity.retry.attempts_max,
        due_at: pending.due_at.map(Instant),
        failure: pending.failure.as_ref().map(Failure::of),
    }
}

/// How a tenant's sessions are doing. `stuck_max`: how many of those that are stuck are named.
#[must_use]
pub fn figures(overview: &Overview, namespace: &Namespace, stuck_max: usize) -> Figures {
    let figures = &overview.figures;
    let (sessions, recent, ages) = (&figures.sessions, &figures.recent_sessions, &overview.ages);
    let stuck = figures.quiet.longest.iter().take(stuck_max);
    let events = figures.recent_events.iter().map(|count| (count.kind.clone(), count.count.into()));
    Figures {
        namespace: namespace.as_str().to_owned(),
        at: figures.at.map(Instant),
        total_sessions: overview.total(),
        open_sessions: overview.open(),
        active_sessions: overview.active(),
        oldest_session_age_ms: millis(ages.oldest),
        newest_session_age_ms: millis(ages.newest),
        avg_session_age_ms: millis(ages.mean),
        avg_duration_ms: millis(mean_length(sessions)),
        sessions: sessions.iter().map(tally).collect(),
        last_24h: LastDay {
            since: figures.at.map(recent_sessions_since).map(Instant),
            opened: count(recent, |_| true),
            states: StateName::ALL.into_iter().map(|state| in_state(state, recent)).collect(),
            avg_duration_ms: millis(mean_length(recent)),
            expiration_rate_percent: overview.expired_percent(),
        },
        last_hour: LastHour {
            since: figures.at.map(recent_events_since).map(Instant),
            events: events.collect(),
        },
        stuck: Stuck {
            after_ms: millis(overview.stuck_after),
            count: figures.quiet.count,
            without_events: overview.silent,
            sessions: stuck.map(|listed| listed.session.id.as_str().to_owned()).collect(),
        },
        alerts: overview.alerts.iter().map(|alert| alarm(alert, overview)).collect(),
    }
}

fn tally(tally: &tenure_store::Tally) -> Tally {
    Tally {
        kind: tally.kind.into(),
        state: tally.state.into(),
        count: tally.count,
        duration_ms: tally.state.is_terminal().then(|| millis(tally.lasted)),
    }
}

fn in_state(state: StateName, tallies: &[tenure_store::Tally]) -> (String, serde_json::Value) {
    (state.name().to_owned(), count(tallies, |other| other == state).into())
}

fn alarm(alert: &alert::Alert, overview: &Overview) -> Alert {
    match *alert {
        alert::Alert::ManyExpire { opened, expired } => {
            Alert::ExpirationRate { percent: overview.expired_percent(), opened, expired }
        }
        alert::Alert::Stuck { count } => Alert::Stuck { count },
        alert::Alert::Silent { count } => Alert::WithoutEvents { count },
    }
}

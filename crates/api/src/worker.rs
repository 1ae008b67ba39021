//! Workers, and the keys they hold.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tenure_core::id::{ActorId, AffinityKey, Fence, Incarnation, Namespace, QueueName, WorkerId};
use tenure_core::lease::{Holder, HolderKind, Lease, Place, Standing};
use tenure_core::time::{Moment, WallTime, millis};
use tenure_core::worker::{Queues, Serving, is_stalled};
use utoipa::ToSchema;

use crate::lease::read_term;
use crate::time::Instant;
use crate::unreadable::{Unreadable, name, optional, word};
use crate::word::{Named, Word};

/// How a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerState {
    /// It works.
    Live,
    /// It renews its lease, and its loop does not go on.
    Stalled,
    /// Somebody wishes it to let go of everything.
    Draining,
    /// Its lease is over.
    Over,
    /// Its process is gone for certain.
    Gone,
}

/// How a worker is, as it is read.
pub type WorkerStateWord = Named<WorkerState>;

impl Word for WorkerState {
    const TITLE: &'static str = "WorkerState";
    const ALL: &'static [Self] = &[Self::Live, Self::Stalled, Self::Draining, Self::Over, Self::Gone];

    fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stalled => "stalled",
            Self::Draining => "draining",
            Self::Over => "over",
            Self::Gone => "gone",
        }
    }
}

/// What a store knows of a worker.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSeen<'a> {
    /// Who, under which incarnation, until when.
    pub lease: &'a Lease,
    /// What it serves.
    pub serving: &'a Serving,
    /// Whether its process is gone for certain.
    pub is_gone: bool,
    /// Whether somebody wishes it to let go of everything.
    pub is_draining: bool,
    /// When its loop was last known to have gone on.
    pub progressed_at: WallTime,
    /// How many instances it holds.
    pub instances: u64,
    /// How many keys it holds, live or not.
    pub pins: u64,
    /// How many tasks of others it runs.
    pub tasks: u64,
}

impl WorkerSeen<'_> {
    /// How it is at `now`.
    #[must_use]
    pub fn state(&self, now: &Moment) -> WorkerState {
        let since = now.wall.map(|wall| wall.since(self.progressed_at)).unwrap_or_default();
        if self.is_gone {
            WorkerState::Gone
        } else if self.lease.term.standing(now) == Ok(Standing::Over) {
            WorkerState::Over
        } else if self.lease.term.ttl().is_some_and(|ttl| is_stalled(ttl, since)) {
            WorkerState::Stalled
        } else if self.is_draining {
            WorkerState::Draining
        } else {
            WorkerState::Live
        }
    }
}

/// A process that runs orchestrations and activities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Worker {
    /// Its name.
    pub worker: String,
    /// Which start of it, in hexadecimal.
    pub incarnation: String,
    /// How it is. Left out of one as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<WorkerStateWord>,
    /// Whether somebody wishes it to let go of everything.
    pub draining: bool,
    /// The machine that it runs on; `null` when that is not known.
    #[schema(required = true)]
    pub host: Option<String>,
    /// Its process there; `null` when that is not known.
    #[schema(required = true)]
    pub pid: Option<u32>,
    /// How long its lease holds after each renewal.
    #[schema(required = true)]
    pub ttl_ms: Option<u64>,
    /// When that was last granted or renewed.
    #[schema(required = true)]
    pub renewed_at: Option<Instant>,
    /// When its loop was last known to have gone on.
    pub progressed_at: Instant,
    /// The queues it serves: `*` is any, `(default)` is the one without a name.
    pub queues: Vec<String>,
    /// The only tenant whose activities it serves; left out where it serves all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// How many instances it holds.
    pub instances: u64,
    /// How many keys it holds, live or not.
    pub keys: u64,
    /// Of how many keys it runs activities at once.
    pub keys_busy_max: usize,
    /// How many keys it holds at most.
    pub keys_held_max: usize,
    /// How many tasks of others it runs.
    pub tasks: u64,
}

impl Worker {
    /// The form of a worker at `now`, or as it was.
    #[must_use]
    pub fn of(seen: &WorkerSeen<'_>, now: Option<&Moment>) -> Self {
        let Lease { holder, incarnation, term, .. } = seen.lease;
        let place = holder.place.as_ref();
        Self {
            worker: holder.id.as_str().to_owned(),
            incarnation: incarnation.to_string(),
            state: now.map(|now| seen.state(now).into()),
            draining: seen.is_draining,
            host: place.map(|place| place.host.to_string()),
            pid: place.map(|place| place.pid),
            ttl_ms: term.ttl().map(|ttl| millis(ttl.length())),
            renewed_at: term.renewed_at().map(Instant),
            progressed_at: seen.progressed_at.into(),
            queues: queues(&seen.serving.queues),
            namespace: seen.serving.namespace.as_ref().map(ToString::to_string),
            instances: seen.instances,
            keys: seen.pins,
            keys_busy_max: seen.serving.busy_max,
            keys_held_max: seen.serving.held_max,
            tasks: seen.tasks,
        }
    }

    /// Its lease. The fence is not told, and 0; which clock judges it is not told either: one of a worker that is gone
    /// or over is over for good, any other is judged by the wall clock.
    ///
    /// # Errors
    /// [`Unreadable`] when no worker can be called so, its incarnation is none, or the lease has no length.
    pub fn lease(&self) -> Result<Lease, Unreadable> {
        let is_over = match self.state.as_ref().and_then(Named::get) {
            Some(WorkerState::Over | WorkerState::Gone) => true,
            Some(WorkerState::Live | WorkerState::Stalled | WorkerState::Draining) | None => false,
        };
        let place = self.host.as_deref().zip(self.pid).map(|(host, pid)| Place { host: host.into(), pid });
        let id = name("worker", &self.worker, ActorId::parse)?;
        Ok(Lease {
            holder: Holder { kind: HolderKind::Worker, id, supervisor: None, place },
            incarnation: word("incarnation", &self.incarnation, Incarnation::parse)?,
            fence: Fence(0),
            term: read_term(self.ttl_ms, self.renewed_at, is_over)?,
        })
    }

    /// What it serves. How long a key stays its own, and whether it has one activity of each at a time, is not told, and
    /// as by default.
    ///
    /// # Errors
    /// [`Unreadable`] when no tenant or no queue can be called so.
    pub fn serving(&self) -> Result<Serving, Unreadable> {
        let queue = |text: &String| {
            let is_named = text != DEFAULT_QUEUE;
            is_named.then(|| name("queues", text, QueueName::parse)).transpose()
        };
        let queues = match self.queues.as_slice() {
            [all] if all == ALL_QUEUES => Queues::All,
            these => Queues::These(these.iter().map(queue).collect::<Result<BTreeSet<_>, _>>()?),
        };
        Ok(Serving {
            queues,
            namespace: optional("namespace", self.namespace.as_deref(), Namespace::parse)?,
            busy_max: self.keys_busy_max,
            held_max: self.keys_held_max,
            ..Serving::default()
        })
    }
}

/// What stands for every queue.
const ALL_QUEUES: &str = "*";
/// What stands for the queue without a name.
const DEFAULT_QUEUE: &str = "(default)";

fn queues(queues: &Queues) -> Vec<String> {
    let name = |queue: &Option<QueueName>| {
        queue.as_ref().map_or_else(|| DEFAULT_QUEUE.to_owned(), ToString::to_string)
    };
    match queues {
        Queues::All => vec![ALL_QUEUES.to_owned()],
        Queues::These(queues) => queues.iter().map(name).collect(),
    }
}

/// What a store knows of a key that a worker holds.
#[derive(Debug, Clone, Copy)]
pub struct PinSeen<'a> {
    /// The tenant.
    pub namespace: &'a Namespace,
    /// The key.
    pub key: &'a AffinityKey,
    /// The worker that holds it.
    pub worker: &'a WorkerId,
    /// Its fence.
    pub fence: Fence,
    /// Whether it keeps others away.
    pub is_live: bool,
    /// Since when the worker has it under this fence.
    pub since: WallTime,
    /// When an activity of it last began or ended.
    pub last_used: WallTime,
    /// How many tasks of it wait.
    pub waiting: u64,
    /// How many tasks of it are under way.
    pub running: u64,
}

/// A key, and the worker that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pin {
    /// The tenant.
    pub namespace: String,
    /// The key.
    pub key: String,
    /// The worker that holds it.
    pub worker: String,
    /// Its fence.
    pub fence: u64,
    /// Whether it keeps others away: its worker is live, and it is not idle.
    pub live: bool,
    /// Since when the worker has it under this fence.
    pub since: Instant,
    /// When an activity of it last began or ended.
    pub last_used_at: Instant,
    /// How many tasks of it wait.
    pub waiting: u64,
    /// How many tasks of it are under way.
    pub running: u64,
}

/// A key that was given to another worker, or to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PinMoved {
    /// Always true.
    pub accepted: bool,
    /// Its fence from now on.
    pub fence: u64,
}

impl Pin {
    /// The form of a pin.
    #[must_use]
    pub fn of(seen: &PinSeen<'_>) -> Self {
        Self {
            namespace: seen.namespace.as_str().to_owned(),
            key: seen.key.as_str().to_owned(),
            worker: seen.worker.as_str().to_owned(),
            fence: seen.fence.0,
            live: seen.is_live,
            since: seen.since.into(),
            last_used_at: seen.last_used.into(),
            waiting: seen.waiting,
            running: seen.running,
        }
    }
    /// The tenant and the key.
    ///
    /// # Errors
    /// [`Unreadable`] when no tenant or no key can be called so.
    pub fn key(&self) -> Result<(Namespace, AffinityKey), Unreadable> {
        let namespace = name("namespace", &self.namespace, Namespace::parse)?;
        Ok((namespace, name("key", &self.key, AffinityKey::parse)?))
    }

    /// The worker that holds it.
    ///
    /// # Errors
    /// [`Unreadable`] when no worker can be called so.
    pub fn worker(&self) -> Result<WorkerId, Unreadable> {
        name("worker", &self.worker, WorkerId::parse)
    }
}

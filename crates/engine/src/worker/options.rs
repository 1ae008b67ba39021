//! How a worker works.

use std::time::Duration;

use tenure_core::id::WorkerId;
use tenure_core::lease::{Place, Ttl};
use tenure_core::limits;
use tenure_core::worker::{Queues, Serving};

use super::news::Hook;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Its name; `None`: one of its own at every start.
    pub id: Option<WorkerId>,
    /// Whether it takes the place of a live worker of its name.
    pub replaces: bool,
    /// Where it runs, for people to find it.
    pub place: Option<Place>,
    /// How long its lease holds after each renewal.
    pub ttl: Ttl,
    /// Most activities that it runs at once.
    pub slots: usize,
    /// Of which queues it runs activities.
    pub queues: Queues,
    /// Of how many affinity keys it runs activities at once; `None`: as many as it has slots. 0: none that follow a key.
    pub pins_busy_max: Option<usize>,
    /// How many affinity keys it holds. For a new one at that limit the one is given up that was idle longest.
    pub pins_held_max: usize,
    /// How long an affinity key stays its own of which nothing runs or waits.
    pub pin_idle: Duration,
    /// Whom it tells what happens to it.
    pub hook: Option<Hook>,
    /// Most instances whose code it keeps in memory. Those that wait are put away first.
    pub instances_max: usize,
    /// How long an orchestration that is to be cancelled may go on.
    pub cancel_grace: Duration,
    /// How long activities may go on when the worker stops.
    pub stop_grace: Duration,
    /// Whether every instance is brought back from its history after every turn. For tests: both ways must agree.
    pub replays_always: bool,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            id: None,
            replaces: false,
            place: None,
            ttl: Ttl::run(limits::WORKER_TTL_DEFAULT).expect("the default is within its own limits"),
            slots: 256,
            queues: Queues::default_only(),
            pins_busy_max: None,
            pins_held_max: limits::PINS_HELD_MAX_DEFAULT,
            pin_idle: limits::PIN_IDLE_DEFAULT,
            hook: None,
            instances_max: 10_000,
            cancel_grace: limits::CANCEL_GRACE_DEFAULT,
            stop_grace: Duration::from_secs(10),
            replays_always: false,
        }
    }
}

impl WorkerOptions {
    /// What a worker that works like this serves. One without a name of its own runs the activities of each key one at
    /// a time: nobody else could know it again.
    #[must_use]
    pub fn serving(&self) -> Serving {
        Serving {
            queues: self.queues.clone(),
            namespace: None,
            busy_max: self.pins_busy_max.unwrap_or(self.slots),
            held_max: self.pins_held_max,
            idle_after: self.pin_idle,
            is_exclusive: self.id.is_none(),
        }
    }
}

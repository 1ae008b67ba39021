//! How a worker works.

use std::time::Duration;

use tenure_core::id::WorkerId;
use tenure_core::lease::{Place, Ttl};
use tenure_core::limits;

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
            instances_max: 10_000,
            cancel_grace: limits::CANCEL_GRACE_DEFAULT,
            stop_grace: Duration::from_secs(10),
            replays_always: false,
        }
    }
}

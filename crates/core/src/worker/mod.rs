//! What workers serve, which keys they hold, and when another one may have them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::id::{AffinityKey, Namespace, QueueName};
use crate::lease::{Ttl, renew_interval};
use crate::limits;
use crate::time::BootMoment;

#[cfg(test)]
mod tests;

/// Which key an activity follows: it runs on the worker that holds the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affinity {
    /// The key.
    pub key: AffinityKey,
    /// Whether activities of the key run one at a time, in order.
    pub is_exclusive: bool,
}

/// How a worker came to hold a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hold {
    /// It had it before.
    Held,
    /// It has it from now on; nothing of the key is in its memory.
    Claimed,
    /// An earlier start of it had it; what that had in memory is gone.
    Resumed,
}

/// Which queues a worker serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queues {
    /// Whatever there is.
    All,
    /// These; `None` stands for the default queue. No queue at all: it runs nothing that waits in one.
    These(BTreeSet<Option<QueueName>>),
}

impl Queues {
    /// The default queue alone.
    #[must_use]
    pub fn default_only() -> Self {
        Self::These(BTreeSet::from([None]))
    }

    /// Whether what waits there is for this worker.
    #[must_use]
    pub fn have(&self, queue: Option<&QueueName>) -> bool {
        match self {
            Self::All => true,
            Self::These(queues) => queues.contains(&queue.cloned()),
        }
    }
}

/// What a worker serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Which queues.
    pub queues: Queues,
    /// Only this tenant's activities; `None`: every tenant's.
    pub namespace: Option<Namespace>,
    /// Of how many keys it runs activities at once; 0: it runs nothing that has a key.
    pub busy_max: usize,
    /// How many keys it holds.
    pub held_max: usize,
    /// How long a key of which nothing runs or waits stays its own.
    pub idle_after: Duration,
    /// Whether it runs the activities of each key one at a time: a worker whose name is made up anew at every start.
    pub is_exclusive: bool,
}

/// Why what a worker is to serve makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServingRefusal {
    /// Keys would be idle before it is said that they are not.
    IdleTooShort {
        /// The shortest time that does.
        needed: Duration,
    },
    /// It would run more keys at once than it may hold.
    HeldBelowBusy,
}

impl Serving {
    /// Checks that keys at work are renewed at least twice before they count as idle, and that what is busy can be
    /// held.
    ///
    /// # Errors
    /// [`ServingRefusal`] says what would do.
    pub fn check(&self, ttl: Ttl) -> Result<(), ServingRefusal> {
        let needed = Self::idle_min(ttl);
        if self.idle_after < needed {
            return Err(ServingRefusal::IdleTooShort { needed });
        }
        if self.held_max < self.busy_max {
            return Err(ServingRefusal::HeldBelowBusy);
        }
        Ok(())
    }

    /// The shortest time for which a key may be idle: two renewals of the worker's lease.
    #[must_use]
    pub fn idle_min(ttl: Ttl) -> Duration {
        renew_interval(ttl).saturating_mul(2)
    }

    /// Whether a tenant's activities that wait in a queue are for this worker.
    #[must_use]
    pub fn serves(&self, namespace: &Namespace, queue: Option<&QueueName>) -> bool {
        self.serves_tenant(namespace) && self.queues.have(queue)
    }

    /// Whether anything of a tenant is for this worker.
    #[must_use]
    pub fn serves_tenant(&self, namespace: &Namespace) -> bool {
        self.namespace.as_ref().is_none_or(|only| only == namespace)
    }
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            queues: Queues::default_only(),
            namespace: None,
            busy_max: limits::PINS_BUSY_MAX_DEFAULT,
            held_max: limits::PINS_HELD_MAX_DEFAULT,
            idle_after: limits::PIN_IDLE_DEFAULT,
            is_exclusive: false,
        }
    }
}

/// How much older than its recorded use a pin may be taken to be: a use is recorded only where the record is older than
/// this part of the idle time, so that a busy key costs no write of its own.
const RECORDED_PARTS: u32 = 16;

/// Whether a use of a key is to be recorded, so long after the last one was.
#[must_use]
pub fn records_use(idle_after: Duration, since_recorded: Duration) -> bool {
    since_recorded >= idle_after / RECORDED_PARTS
}

/// Whether a key of which nothing waits or runs may be had by others, so long after its use was last recorded.
/// A key is idle at the earliest after the idle time, at the latest a sixteenth later.
#[must_use]
pub fn is_idle(idle_after: Duration, since_recorded: Duration) -> bool {
    since_recorded >= idle_length(idle_after)
}

/// How long after its use was last recorded a key is idle.
#[must_use]
pub fn idle_length(idle_after: Duration) -> Duration {
    idle_after.saturating_add(idle_after / RECORDED_PARTS)
}

/// Whether a worker holds so many keys more than its share that it leaves new ones to others: a tenth above the mean of
/// the live workers. Kinesis' client library rebalances from the same threshold on.
#[must_use]
pub fn is_above_share(held: u64, all_held: u64, live_workers: u64) -> bool {
    // One key is no imbalance.
    live_workers > 1
        && held.saturating_mul(live_workers).saturating_mul(10)
            > all_held.saturating_add(live_workers).saturating_mul(11)
}

/// Whether a key that waits has waited so long that whoever asks gets it, share or not.
#[must_use]
pub fn has_waited_for_share(waited: Duration) -> bool {
    waited >= limits::SHARE_PATIENCE
}

/// How far a worker's loop is known to have come, from what its renewals say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How often it went round.
    pub rounds: u64,
    /// When that was last known to have grown.
    pub grew_at: BootMoment,
}

impl Progress {
    /// As it is known after a renewal at `now` that says so.
    #[must_use]
    pub fn told(self, rounds: u64, now: BootMoment) -> Self {
        let has_grown = rounds > self.rounds || now.boot != self.grew_at.boot;
        if has_grown { Self { rounds: rounds.max(self.rounds), grew_at: now } } else { self }
    }

    /// How long its loop had stood still when the lease was last renewed.
    #[must_use]
    pub const fn still_for(&self, renewed: BootMoment) -> Duration {
        Duration::from_millis(renewed.ms.saturating_sub(self.grew_at.ms))
    }
}

/// How long a worker's loop has stood still, as the keeper of its lease sees it.
///
/// Of the time between two looks at most the time between two renewals counts: where the whole process was stopped for
/// longer than that, its loop is not to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stillness {
    /// What the last look saw, and when.
    seen: Option<(u64, Duration)>,
    length: Duration,
}

impl Stillness {
    /// Looks at how often the loop went round, at `now` on a clock that only goes forward. Returns whether it went on
    /// since the last look.
    pub fn look(&mut self, ttl: Ttl, rounds: u64, now: Duration) -> bool {
        let before = self.seen.replace((rounds, now)).filter(|(seen, _)| *seen == rounds);
        let passed = before.map(|(_, at)| now.saturating_sub(at).min(renew_interval(ttl)));
        self.length = passed.map_or(Duration::ZERO, |passed| self.length.saturating_add(passed));
        passed.is_none()
    }

    /// Whether the loop has stood still for so long that what its worker holds is to go to others.
    #[must_use]
    pub fn is_given_up(&self, ttl: Ttl) -> bool {
        self.length >= ttl.length().saturating_mul(limits::WORKER_STILL_TTLS_MAX)
    }
}

/// Whether a worker renews its lease while its loop does not go on: nothing happened in it for three renewals.
#[must_use]
pub fn is_stalled(ttl: Ttl, since_progress: Duration) -> bool {
    since_progress >= renew_interval(ttl).saturating_mul(3)
}

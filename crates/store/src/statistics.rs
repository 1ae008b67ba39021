//! Figures about a tenant's sessions.

use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::{Namespace, QueueName};
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_core::time::WallTime;

use crate::{Distribution, Listed, StoreError};

/// What figures are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiguresRequest {
    /// The tenant.
    pub namespace: Namespace,
    /// An active session is quiet when its last activity is longer ago than this.
    pub quiet_after: Duration,
    /// Show at most this many quiet sessions.
    pub quiet_max: usize,
}

/// Figures about a tenant's sessions, all of one moment. What is counted nowhere is 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// When, by the store's wall clock; `None` when that is unusable, and then nothing is recent or quiet.
    pub at: Option<WallTime>,
    /// Every session, by kind and state, in that order; none without a session.
    pub sessions: Vec<Tally>,
    /// The same of those opened since [`recent_sessions_since`].
    pub recent_sessions: Vec<Tally>,
    /// When the open sessions were opened; `None` when none is.
    pub open: Option<OpenTimes>,
    /// The events since [`recent_events_since`], by type.
    pub recent_events: Vec<EventCount>,
    /// Every event that was counted so far, by type. Events that a store held before it counted are left out.
    pub events: Vec<EventCount>,
    /// Active sessions without activity for too long.
    pub quiet: Quiet,
}

/// The sessions of one kind in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The kind.
    pub kind: Kind,
    /// The state.
    pub state: StateName,
    /// How many.
    pub count: u64,
    /// How long they took together, from opening to end; zero for those that are open. One session counts
    /// for at most [`LENGTH_COUNTED_MAX`].
    pub lasted: Duration,
}

/// When open sessions were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTimes {
    /// The first of them.
    pub first: WallTime,
    /// The last of them.
    pub last: WallTime,
    /// In the mean, in whole milliseconds.
    pub mean: WallTime,
}

/// The events of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCount {
    /// The type's name.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// Active sessions without activity for too long.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quiet {
    /// How many.
    pub count: u64,
    /// Those that have been quiet for longest, in that order.
    pub longest: Vec<Listed>,
}

/// The tasks that wait in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCount {
    /// The queue; `None`: the default one.
    pub queue: Option<QueueName>,
    /// How many.
    pub count: u64,
}

/// What this process has written since it opened the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Writes {
    /// How many requests each transaction carried out.
    pub sizes: Distribution,
    /// How long each transaction took until it was durable, in microseconds.
    pub lengths: Distribution,
}

/// The longest time that one session adds to a sum of times.
pub const LENGTH_COUNTED_MAX: Duration = Duration::from_millis(1 << 40);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// Since when sessions are recent: the beginning of the hour 24 hours ago.
#[must_use]
pub fn recent_sessions_since(now: WallTime) -> WallTime {
    beginning(now, DAY, HOUR)
}

/// Since when events are recent: the beginning of the minute one hour ago.
#[must_use]
pub fn recent_events_since(now: WallTime) -> WallTime {
    beginning(now, HOUR, MINUTE)
}

/// The beginning of the step of time that was `ago`.
fn beginning(now: WallTime, ago: Duration, step: Duration) -> WallTime {
    let (ago, step) = (tenure_core::time::millis(ago), tenure_core::time::millis(step));
    let then = now.epoch_ms().saturating_sub(ago);
    WallTime::from_epoch_ms(then - then % step)
}

/// Counts sessions and events.
#[async_trait]
pub trait Statistics: Send + Sync {
    /// Figures about a tenant's sessions.
    ///
    /// *Effect:* none. They agree with every acknowledged write, also of other processes. The cost grows
    /// with open sessions and with the hours in which any were opened, not with logs or with what has ended.
    async fn figures(&self, request: FiguresRequest) -> Result<Figures, StoreError>;

    /// The tasks of a tenant that were given to no worker, also those that wait for their time or for another one of
    /// their key: by queue, the default one first, then by name; none without a task.
    ///
    /// *Effect:* none. The cost grows with the tasks there are.
    async fn queues(&self, namespace: Namespace) -> Result<Vec<QueueCount>, StoreError>;

    /// What this process has written; nothing where a store does not count that.
    ///
    /// *Effect:* none, and the store is not asked.
    fn writes(&self) -> Writes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recent_begins_with_a_whole_hour_or_minute() {
        let now = WallTime::from_epoch_ms(1_700_000_123_456);
        assert_eq!(recent_sessions_since(now).epoch_ms() % 3_600_000, 0);
        assert_eq!(recent_events_since(now).epoch_ms() % 60_000, 0);
        assert!((DAY..DAY + HOUR).contains(&now.since(recent_sessions_since(now))));
        assert!((HOUR..HOUR + MINUTE).contains(&now.since(recent_events_since(now))));
        assert_eq!(recent_sessions_since(WallTime::from_epoch_ms(5)), WallTime::from_epoch_ms(0));
    }
}

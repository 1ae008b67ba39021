//! How long leases are, when they are renewed, and how long a holder trusts itself.

use std::time::Duration;

use crate::limits;

/// How long a lease holds after each renewal. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(Duration);

impl Ttl {
    /// A workspace's ttl: whole seconds, one second to a day.
    #[must_use]
    pub fn workspace(length: Duration) -> Option<Self> {
        let whole = length.subsec_nanos() == 0;
        let fits = (limits::WORKSPACE_TTL_MIN..=limits::WORKSPACE_TTL_MAX).contains(&length);
        (whole && fits).then_some(Self(length))
    }

    /// A worker's or a run's ttl: one second to ten minutes, in whole milliseconds.
    #[must_use]
    pub fn run(length: Duration) -> Option<Self> {
        let whole = length.subsec_nanos().is_multiple_of(1_000_000);
        let fits = (limits::RUN_TTL_MIN..=limits::RUN_TTL_MAX).contains(&length);
        (whole && fits).then_some(Self(length))
    }

    /// A ttl that was accepted before and stored.
    #[must_use]
    pub fn stored(length: Duration) -> Option<Self> {
        (!length.is_zero()).then_some(Self(length))
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> Duration {
        self.0
    }
}

/// How much earlier than the store a holder must consider its lease over: two seconds, or a tenth.
///
/// The trust window is anchored to when the renewal *attempt* started, as in River's leader election: the
/// store cannot have granted anything earlier than that.
#[must_use]
pub fn margin(ttl: Ttl) -> Duration {
    (ttl.0 / 10).min(Duration::from_secs(2))
}

/// Time from one renewal to the next: a third of the ttl, as etcd's clients do.
#[must_use]
pub fn renew_interval(ttl: Ttl) -> Duration {
    ttl.0 / 3
}

/// Time from a failed renewal to the next attempt.
#[must_use]
pub fn retry_interval(ttl: Ttl) -> Duration {
    (ttl.0 / 15).min(Duration::from_secs(1))
}

/// The times of `tenure run`, known to fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTimes {
    ttl: Ttl,
    grace: Duration,
}

/// Why the times of a run do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunTimesRefusal {
    /// The ttl is outside what a run may ask for, or has a fraction of a millisecond.
    Ttl {
        /// What was asked for.
        given: Duration,
    },
    /// No ttl that a run may ask for leaves room for this grace.
    Grace {
        /// What was asked for.
        given: Duration,
        /// The longest that some ttl has room for.
        max: Duration,
    },
    /// The ttl leaves no room for the grace, the margin and two renewals.
    TooShort {
        /// What was asked for.
        given: Duration,
        /// The shortest ttl that fits the grace.
        needed: Duration,
    },
}

impl RunTimes {
    /// Checks that a command can be ended in time after a renewal was missed.
    ///
    /// The ttl must hold the grace, the margin and two renewal intervals: one renewal may fail, and the
    /// next one still comes before the command has to be stopped.
    ///
    /// # Errors
    /// [`RunTimesRefusal`] with the ttl that would do.
    pub fn new(ttl: Duration, grace: Duration) -> Result<Self, RunTimesRefusal> {
        let accepted = Ttl::run(ttl).ok_or(RunTimesRefusal::Ttl { given: ttl })?;
        let times = Self { ttl: accepted, grace };
        if times.fits() {
            return Ok(times);
        }
        let max = longest_grace();
        if grace > max {
            return Err(RunTimesRefusal::Grace { given: grace, max });
        }
        Err(RunTimesRefusal::TooShort { given: ttl, needed: shortest_ttl(grace) })
    }

    fn fits(&self) -> bool {
        let needed = self.grace.saturating_add(margin(self.ttl)).saturating_add(renew_interval(self.ttl) * 2);
        self.ttl.0 >= needed
    }

    /// The lease's ttl.
    #[must_use]
    pub const fn ttl(&self) -> Ttl {
        self.ttl
    }

    /// Time between asking the command to end and ending it.
    #[must_use]
    pub const fn grace(&self) -> Duration {
        self.grace
    }

    /// How long after the *start* of a successful renewal attempt the command must be asked to end.
    #[must_use]
    pub fn trusted_for(&self) -> Duration {
        self.ttl.0.saturating_sub(margin(self.ttl)).saturating_sub(self.grace)
    }
}

/// The longest grace that the longest ttl of a run has room for.
fn longest_grace() -> Duration {
    let longest = Ttl(limits::RUN_TTL_MAX);
    longest.0.saturating_sub(margin(longest)).saturating_sub(renew_interval(longest) * 2)
}

/// The shortest whole-second ttl that holds `grace`, its own margin and two renewal intervals.
fn shortest_ttl(grace: Duration) -> Duration {
    let by_tenth = grace.saturating_mul(30) / 7;
    let by_two_seconds = grace.saturating_add(Duration::from_secs(2)).saturating_mul(3);
    let exact = by_tenth.min(by_two_seconds).max(limits::RUN_TTL_MIN);
    let rounded = if exact.subsec_nanos() == 0 { exact.as_secs() } else { exact.as_secs().saturating_add(1) };
    Duration::from_secs(rounded)
}

//! When the tree is ended, decided from instants alone.

use std::time::Duration;

use crate::BootTime;

/// The deadline, the grace, and how far the end has come. An end once begun is not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    deadline: BootTime,
    grace: Duration,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The command may live until the deadline.
    Living,
    /// SIGTERM was sent.
    Terminating { kill_at: BootTime },
    /// SIGKILL is sent again and again until nothing is left.
    Killing,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Send SIGTERM, because the deadline has passed.
    TerminateOverdue,
    /// Send SIGTERM, because it was asked for.
    Terminate,
    /// Begin to send SIGKILL.
    Kill,
}

impl Ending {
    pub(super) fn new(deadline: BootTime, grace: Duration) -> Self {
        Self { deadline, grace, phase: Phase::Living }
    }

    /// A later deadline counts, an earlier one does not: frames of two writers may cross.
    pub(super) fn extend(&mut self, deadline: BootTime) {
        self.deadline = self.deadline.max(deadline);
    }

    /// Ends the tree from now on, unless that has begun. SIGKILL is never later than deadline and grace.
    pub(super) fn begin(&mut self, now: BootTime) -> Option<Order> {
        if self.phase != Phase::Living {
            return None;
        }
        let kill_at = now.min(self.deadline).saturating_add(self.grace);
        self.phase = Phase::Terminating { kill_at };
        Some(Order::Terminate)
    }

    /// What has become due; ask again until nothing is.
    pub(super) fn due(&mut self, now: BootTime) -> Option<Order> {
        match self.phase {
            Phase::Living if now >= self.deadline => {
                let kill_at = self.deadline.saturating_add(self.grace);
                self.phase = Phase::Terminating { kill_at };
                Some(Order::TerminateOverdue)
            }
            Phase::Terminating { kill_at } if now >= kill_at => {
                self.phase = Phase::Killing;
                Some(Order::Kill)
            }
            Phase::Living | Phase::Terminating { .. } | Phase::Killing => None,
        }
    }

    /// When [`Self::due`] will next have something to say by itself.
    pub(super) fn wake_at(&self) -> BootTime {
        match self.phase {
            Phase::Living => self.deadline,
            Phase::Terminating { kill_at } => kill_at,
            Phase::Killing => BootTime::NEVER,
        }
    }

    pub(super) fn is_living(&self) -> bool {
        self.phase == Phase::Living
    }

    pub(super) fn is_killing(&self) -> bool {
        self.phase == Phase::Killing
    }
}

#[cfg(test)]
mod tests;

//! Where a session is in its life, with exactly what is true there.

use std::time::Duration;

use super::Usage;
use crate::time::WallTime;

/// A state's name, without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateName {
    /// Created, not started.
    Pending,
    /// At work.
    Active,
    /// Stopped for now.
    Paused,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended by somebody's wish.
    Cancelled,
    /// Ended because nobody cared for it, or something took its place.
    Expired,
}

impl StateName {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Active,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// Its name on the wire and in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing leaves it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Pending | Self::Active | Self::Paused => false,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Expired => true,
        }
    }
}

/// Where a session is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Created, not started.
    Pending,
    /// At work.
    Active,
    /// Stopped for now.
    Paused {
        /// Why.
        reason: String,
    },
    /// Ended well.
    Completed {
        /// When.
        at: WallTime,
    },
    /// Ended badly.
    Failed {
        /// When.
        at: WallTime,
        /// What went wrong.
        error: String,
    },
    /// Ended by somebody's wish.
    Cancelled {
        /// When.
        at: WallTime,
        /// Why.
        reason: String,
    },
    /// Ended because nobody cared for it, or something took its place.
    Expired {
        /// When.
        at: WallTime,
        /// Why.
        reason: String,
    },
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> StateName {
        match self {
            Self::Pending => StateName::Pending,
            Self::Active => StateName::Active,
            Self::Paused { .. } => StateName::Paused,
            Self::Completed { .. } => StateName::Completed,
            Self::Failed { .. } => StateName::Failed,
            Self::Cancelled { .. } => StateName::Cancelled,
            Self::Expired { .. } => StateName::Expired,
        }
    }

    /// When the session ended, if it has.
    #[must_use]
    pub const fn completed_at(&self) -> Option<WallTime> {
        match self {
            Self::Pending | Self::Active | Self::Paused { .. } => None,
            Self::Completed { at }
            | Self::Failed { at, .. }
            | Self::Cancelled { at, .. }
            | Self::Expired { at, .. } => Some(*at),
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether it ended well.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

/// What a session took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// How long the work ran.
    pub duration: Duration,
    /// How the command ended, when there was one.
    pub exit: Option<Exit>,
    /// Bytes that it wrote to its terminal or pipes.
    pub output_bytes: u64,
    /// What else it used. In a command: since the last report.
    pub usage: Usage,
}

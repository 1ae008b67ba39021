//! Why an activity, a child or an orchestration did not end well.

use std::any::Any;

use super::Payload;
use crate::panic_words;

/// Why something did not end well, as data that the waiting code can look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure it is.
    pub cause: Cause,
    /// What went wrong, in words for people.
    pub message: String,
    /// What else the failing code wanted to say.
    pub details: Option<Payload>,
}

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The code said so, and trying again may help.
    Failed,
    /// The code said so, and trying again is no use.
    Rejected,
    /// It panicked.
    Panicked,
    /// It took longer than it may.
    TimedOut,
    /// It was tried too often without an answer: whatever tries it dies.
    Poisoned,
    /// Somebody wished it to end.
    Cancelled,
    /// What was asked for does not exist or is in use.
    Unavailable,
    /// What was given or returned cannot be read.
    Unreadable,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Failed,
        Self::Rejected,
        Self::Panicked,
        Self::TimedOut,
        Self::Poisoned,
        Self::Cancelled,
        Self::Unavailable,
        Self::Unreadable,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Poisoned => "poisoned",
            Self::Cancelled => "cancelled",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether another attempt could end otherwise.
    #[must_use]
    pub const fn may_be_retried(self) -> bool {
        match self {
            Self::Failed | Self::Panicked | Self::TimedOut => true,
            Self::Rejected | Self::Poisoned | Self::Cancelled | Self::Unavailable | Self::Unreadable => false,
        }
    }
}

impl Failure {
    /// What a panic said.
    #[must_use]
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        Self::new(Cause::Panicked, format!("panicked: {}", panic_words(panic)))
    }

    /// A failure with nothing more to say.
    #[must_use]
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), details: None }
    }
}

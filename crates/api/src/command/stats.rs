//! What work took, in a command.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure_core::session;
use tenure_core::time::millis;
use utoipa::ToSchema;

use crate::requests::Used;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// The form of `exit`.
    #[must_use]
    pub const fn of(exit: session::Exit) -> Self {
        match exit {
            session::Exit::Code(code) => Self::Code(code),
            session::Exit::Signal(signal) => Self::Signal(signal),
        }
    }

    /// The end that it is the form of.
    #[must_use]
    pub const fn read(self) -> session::Exit {
        match self {
            Self::Code(code) => session::Exit::Code(code),
            Self::Signal(signal) => session::Exit::Signal(signal),
        }
    }
}

/// What work took, of which the last step's usage is added to what was reported before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CommandStats)]
pub struct Stats {
    /// How long it ran.
    pub duration_ms: u64,
    /// How its command ended, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// Bytes that its command wrote.
    pub output_bytes: u64,
    /// What was used since the last report.
    #[serde(skip_serializing_if = "is_nothing")]
    pub usage: Used,
}

impl Stats {
    /// The form of `stats`.
    #[must_use]
    pub fn of(stats: session::Stats) -> Self {
        Self {
            duration_ms: millis(stats.duration),
            exit: stats.exit.map(Exit::of),
            output_bytes: stats.output_bytes,
            usage: Used::of(stats.usage),
        }
    }

    /// What it is the form of.
    #[must_use]
    pub fn read(self) -> session::Stats {
        session::Stats {
            duration: Duration::from_millis(self.duration_ms),
            exit: self.exit.map(Exit::read),
            output_bytes: self.output_bytes,
            usage: self.usage.read(),
        }
    }
}

impl Used {
    /// The form of `usage`.
    #[must_use]
    pub const fn of(usage: session::Usage) -> Self {
        let session::Usage { iterations, input_tokens, output_tokens, tool_calls, cost_micros } = usage;
        Self { iterations, input_tokens, output_tokens, tool_calls, cost_micros }
    }

    /// The usage that it is the form of.
    #[must_use]
    pub const fn read(self) -> session::Usage {
        let Self { iterations, input_tokens, output_tokens, tool_calls, cost_micros } = self;
        session::Usage { iterations, input_tokens, output_tokens, tool_calls, cost_micros }
    }
}

/// Whether nothing was used.
pub(super) fn is_nothing(usage: &Used) -> bool {
    *usage == Used::default()
}

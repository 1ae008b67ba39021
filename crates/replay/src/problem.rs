//! Why a turn could not be run.

use tenure_core::orchestration::HistoryEvent;

/// Why a turn could not be run. Nothing of it is to be kept; the history stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The code asked for something else than it did before.
    Differs(Box<Mismatch>),
    /// The code waits, but for nothing that is durable: nothing would ever make it go on.
    WaitsForNothing {
        /// Which turn, from 1.
        turn: u64,
    },
    /// The history is none: it does not begin with how the execution began, or something follows its end.
    Malformed {
        /// What is wrong with it.
        what: &'static str,
    },
}

/// What code asked for, and what its history says that it had asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which turn, from 1.
    pub turn: u64,
    /// Which of the things that the turn asked for, from 1.
    pub action: u64,
    /// What the history says; `None`: nothing more.
    pub expected: Option<HistoryEvent>,
    /// What the code asked for now; `None`: nothing more.
    pub found: Option<HistoryEvent>,
}

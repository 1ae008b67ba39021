//! Whether code asks for the same as before.

use tenure_core::orchestration::HistoryEvent;

use crate::problem::{Mismatch, Problem};

/// Whether what is told to the code, rather than asked for by it.
pub(crate) const fn is_told(event: &HistoryEvent) -> bool {
    use HistoryEvent as E;
    match event {
        E::TaskCompleted { .. }
        | E::TaskFailed { .. }
        | E::TimerFired { .. }
        | E::EventRaised(_)
        | E::SubOrchestrationCompleted { .. }
        | E::SubOrchestrationFailed { .. }
        | E::CancelRequested { .. } => true,
        E::ExecutionStarted(_)
        | E::TurnStarted { .. }
        | E::ExecutionRescued
        | E::TurnAttempted
        | E::TaskScheduled(_)
        | E::TaskRetried { .. }
        | E::TaskHeartbeat { .. }
        | E::TaskStarted { .. }
        | E::TaskCancelled { .. }
        | E::TimerCreated { .. }
        | E::TimerCancelled { .. }
        | E::EventSent { .. }
        | E::SubOrchestrationCreated { .. }
        | E::SubOrchestrationCancelled { .. }
        | E::OrchestrationStarted(_)
        | E::StatusSet { .. }
        | E::ContinuedAsNew { .. }
        | E::ExecutionCompleted { .. }
        | E::ExecutionFailed { .. }
        | E::ExecutionTerminated { .. } => false,
    }
}

/// Whether it says that the execution is over.
pub(crate) const fn is_end(event: &HistoryEvent) -> bool {
    matches!(
        event,
        HistoryEvent::ContinuedAsNew { .. }
            | HistoryEvent::ExecutionCompleted { .. }
            | HistoryEvent::ExecutionFailed { .. }
            | HistoryEvent::ExecutionTerminated { .. }
    )
}

/// Compares what a turn asked for with what it had asked for.
pub(crate) fn compare(turn: u64, expected: &[HistoryEvent], found: &[HistoryEvent]) -> Result<(), Problem> {
    // An execution that was ended from outside ended wherever it stood.
    let (expected, found) = match (expected, found) {
        (
            [before @ .., HistoryEvent::ExecutionTerminated { .. }],
            [found @ .., HistoryEvent::ExecutionTerminated { .. }] | found,
        ) => (before, found),
        both => both,
    };
    let longest = expected.len().max(found.len());
    let differs = (0..longest).find(|at| match (expected.get(*at), found.get(*at)) {
        (Some(expected), Some(found)) => !is_same(expected, found),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    });
    let Some(at) = differs else { return Ok(()) };
    Err(Problem::Differs(Box::new(Mismatch {
        turn,
        action: at as u64 + 1,
        expected: expected.get(at).cloned(),
        found: found.get(at).cloned(),
    })))
}

/// Whether both ask for the same. Inputs, lengths of time and policies may differ: code may say the same thing in
/// other words (a map in another order, a longer time-out), and what was recorded is what counts.
fn is_same(expected: &HistoryEvent, found: &HistoryEvent) -> bool {
    use HistoryEvent as E;
    match (expected, found) {
        (E::TaskScheduled(one), E::TaskScheduled(other)) => {
            // Where an activity runs is a part of what it does: what it finds there depends on it.
            one.op == other.op
                && one.name == other.name
                && one.queue == other.queue
                && one.affinity == other.affinity
        }
        (E::TimerCreated { op: one, .. }, E::TimerCreated { op: other, .. }) => one == other,
        (
            E::SubOrchestrationCreated { op: one, child },
            E::SubOrchestrationCreated { op: other, child: found },
        ) => one == other && child.name == found.name && child.id == found.id,
        (E::OrchestrationStarted(one), E::OrchestrationStarted(other)) => {
            one.name == other.name && one.id == other.id
        }
        (E::EventSent { to: one, signal: sent }, E::EventSent { to: other, signal: found }) => {
            one == other && sent.name == found.name
        }
        (E::StatusSet { .. }, E::StatusSet { .. })
        | (E::ContinuedAsNew { .. }, E::ContinuedAsNew { .. })
        | (E::ExecutionCompleted { .. }, E::ExecutionCompleted { .. })
        | (E::ExecutionFailed { .. }, E::ExecutionFailed { .. }) => true,
        (one, other) => one == other,
    }
}

//! How many workers an execution has cost.

use tenure_core::orchestration::HistoryEvent;

/// How many workers did not survive an execution since its code last came to the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Workers that are gone and held it, whatever they were at.
    pub rescues: u32,
    /// Those of them that were about to run its code, as they had recorded.
    pub attempts: u32,
    /// Whether it is recorded that somebody is about to run its code, and not what became of that.
    pub is_attempted: bool,
}

impl Losses {
    /// What an execution with this history has cost.
    #[must_use]
    pub fn of(history: &[Vec<HistoryEvent>]) -> Self {
        let mut losses = Self::default();
        history.iter().flatten().for_each(|event| losses.apply(event));
        losses
    }

    fn apply(&mut self, event: &HistoryEvent) {
        if matches!(event, HistoryEvent::TurnStarted { .. }) {
            *self = Self::default();
        } else if matches!(event, HistoryEvent::TurnAttempted) {
            self.is_attempted = true;
        } else if matches!(event, HistoryEvent::TaskStarted { .. }) {
            // None begins between the record and the turn: the code was given back.
            self.is_attempted = false;
        } else if matches!(event, HistoryEvent::ExecutionRescued) {
            let is_attempted = std::mem::take(&mut self.is_attempted);
            self.rescues = self.rescues.saturating_add(1);
            self.attempts = self.attempts.saturating_add(u32::from(is_attempted));
        }
    }
}

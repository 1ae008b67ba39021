//! How a tenant's sessions are doing, in figures.

use std::time::Duration;

use tenure_core::alert::{Alert, Vitals, alerts, is_silent};
use tenure_core::id::Namespace;
use tenure_core::limits;
use tenure_core::session::StateName;
use tenure_store::{Figures, FiguresRequest, StoreError, Tally};

use crate::Engine;

/// How a tenant's sessions are doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// What was counted.
    pub figures: Figures,
    /// How old the open sessions are; zeros when none is.
    pub ages: Ages,
    /// For how long without activity a session counts as stuck.
    pub stuck_after: Duration,
    /// Stuck sessions whose owner has done nothing at all since they started, among the
    /// [`limits::STUCK_LOOKED_AT_MAX`] that have been stuck for longest.
    pub silent: u64,
    /// What is worth a look.
    pub alerts: Vec<Alert>,
}

/// How old open sessions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ages {
    /// The oldest.
    pub oldest: Duration,
    /// The newest.
    pub newest: Duration,
    /// In the mean.
    pub mean: Duration,
}

impl Overview {
    fn of(figures: Figures, stuck_after: Duration) -> Self {
        let silent = figures.quiet.longest.iter().filter(|listed| is_silent(&listed.session)).count() as u64;
        let vitals = Vitals {
            opened: count(&figures.recent_sessions, |_| true),
            expired: count(&figures.recent_sessions, |state| state == StateName::Expired),
            stuck: figures.quiet.count,
            silent,
        };
        Self { ages: Ages::of(&figures), alerts: alerts(&vitals), figures, stuck_after, silent }
    }

    /// Every session.
    #[must_use]
    pub fn total(&self) -> u64 {
        count(&self.figures.sessions, |_| true)
    }

    /// Those in state active.
    #[must_use]
    pub fn active(&self) -> u64 {
        count(&self.figures.sessions, |state| state == StateName::Active)
    }

    /// Those that have not ended.
    #[must_use]
    pub fn open(&self) -> u64 {
        count(&self.figures.sessions, |state| !state.is_terminal())
    }

    /// Which part of the sessions that were opened lately has expired, in percent. 0 when none was opened.
    #[must_use]
    pub fn expired_percent(&self) -> f64 {
        let recent = &self.figures.recent_sessions;
        let opened = count(recent, |_| true).max(1);
        count(recent, |state| state == StateName::Expired) as f64 * 100.0 / opened as f64
    }
}

impl Ages {
    fn of(figures: &Figures) -> Self {
        let ages = figures.at.zip(figures.open).map(|(now, open)| Self {
            oldest: now.since(open.first),
            newest: now.since(open.last),
            mean: now.since(open.mean),
        });
        ages.unwrap_or_default()
    }
}

/// How many sessions are in such states.
#[must_use]
pub fn count(tallies: &[Tally], is_one: impl Fn(StateName) -> bool) -> u64 {
    let those = tallies.iter().filter(|tally| is_one(tally.state));
    those.fold(0, |sum, tally| sum.saturating_add(tally.count))
}

/// How long sessions that completed or failed took, in the mean; zero when there are none.
#[must_use]
pub fn mean_length(tallies: &[Tally]) -> Duration {
    let is_one = |state| matches!(state, StateName::Completed | StateName::Failed);
    let those = tallies.iter().filter(|tally| is_one(tally.state));
    let lasted = those.fold(Duration::ZERO, |sum, tally| sum.saturating_add(tally.lasted));
    let count = u128::from(count(tallies, is_one).max(1));
    Duration::from_millis(u64::try_from(lasted.as_millis() / count).unwrap_or(u64::MAX))
}

impl Engine {
    /// How a tenant's sessions are doing. A session without activity for longer than `stuck_after` is stuck.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn overview(
        &self,
        namespace: Namespace,
        stuck_after: Duration,
    ) -> Result<Overview, StoreError> {
        let quiet_max = limits::STUCK_LOOKED_AT_MAX;
        let request = FiguresRequest { namespace, quiet_after: stuck_after, quiet_max };
        Ok(Overview::of(self.store.figures(request).await?, stuck_after))
    }
}

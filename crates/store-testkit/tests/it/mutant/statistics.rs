//! Flaws in figures.

use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::Namespace;
use tenure_core::session::StateName;
use tenure_store::{EventCount, Figures, FiguresRequest, QueueCount, Statistics, StoreError, Tally, Writes};
use tenure_store_testkit::list_all;

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl Statistics for MutantStore {
    async fn figures(&self, mut request: FiguresRequest) -> Result<Figures, StoreError> {
        match self.flaw {
            Flaw::FindsAllQuiet => request.quiet_after = Duration::ZERO,
            Flaw::ShowsAllQuiet => request.quiet_max = usize::MAX,
            Flaw::CountsOneNamespace => request.namespace = Namespace::default_name(),
            _ => {}
        }
        let namespace = request.namespace.clone();
        let mut figures = self.inner.figures(request).await?;
        match self.flaw {
            Flaw::CountsEndedAsActive => figures.sessions.iter_mut().for_each(reopen),
            Flaw::ForgetsLengths => {
                figures.sessions.iter_mut().for_each(|tally| tally.lasted = Duration::ZERO)
            }
            Flaw::CountsOldSessions => figures.recent_sessions.clone_from(&figures.sessions),
            Flaw::CountsOldEvents => figures.recent_events.clone_from(&figures.events),
            Flaw::CountsNoAppends => figures.events.retain(is_no_note),
            Flaw::ShowsShortestQuiet => figures.quiet.longest.reverse(),
            Flaw::TellsWrongMean => figures.open.iter_mut().for_each(|open| open.mean = open.first),
            Flaw::AgesEnded => {
                let all = list_all(self.memory.as_ref(), &namespace).await;
                let first = all.iter().map(|listed| listed.session.created_at).min();
                figures.open.iter_mut().for_each(|open| open.first = first.unwrap_or(open.first));
            }
            _ => {}
        }
        Ok(figures)
    }

    async fn queues(&self, namespace: Namespace) -> Result<Vec<QueueCount>, StoreError> {
        let mut queues = self.inner.queues(namespace).await?;
        if self.flaw == Flaw::CountsNoQueues {
            queues.iter_mut().for_each(|count| count.queue = None);
        }
        Ok(queues)
    }

    fn writes(&self) -> Writes {
        self.inner.writes()
    }
}

fn reopen(tally: &mut Tally) {
    if tally.state.is_terminal() {
        tally.state = StateName::Active;
    }
}

fn is_no_note(count: &EventCount) -> bool {
    count.kind != "note"
}

//! The model counts by looking at everything.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::event::Event;
use tenure_core::id::Namespace;
use tenure_core::kind::Kind;
use tenure_core::session::{Session, StateName};
use tenure_core::time::WallTime;
use tenure_store::{
    EventCount, Figures, FiguresRequest, LENGTH_COUNTED_MAX, OpenTimes, QueueCount, Quiet, Statistics,
    StoreError, Tally, Writes, recent_events_since, recent_sessions_since,
};

use super::MemoryStore;
use super::tables::{Stored, Tables};
use super::task::Task;

#[async_trait]
impl Statistics for MemoryStore {
    async fn figures(&self, request: FiguresRequest) -> Result<Figures, StoreError> {
        Ok(self.lock().figures(&request, self.clock.now().wall))
    }

    async fn queues(&self, namespace: Namespace) -> Result<Vec<QueueCount>, StoreError> {
        Ok(self.lock().queues(&namespace))
    }

    fn writes(&self) -> Writes {
        Writes::default()
    }
}

impl Tables {
    fn queues(&self, namespace: &Namespace) -> Vec<QueueCount> {
        let is_its = |task: &&Task| task.namespace == *namespace && task.run.is_none();
        let mut counts = BTreeMap::<_, u64>::new();
        for task in self.tasks.all.values().filter(is_its) {
            *counts.entry(task.queue.clone()).or_default() += 1;
        }
        counts.into_iter().map(|(queue, count)| QueueCount { queue, count }).collect()
    }

    fn figures(&self, request: &FiguresRequest, now: Option<WallTime>) -> Figures {
        let stored: Vec<_> = self.of(&request.namespace).collect();
        let sessions = || stored.iter().map(|stored| &stored.session);
        let dropped = || self.dropped.iter().filter(|(namespace, _)| *namespace == request.namespace);
        let events =
            || stored.iter().flat_map(|stored| stored.own()).chain(dropped().map(|(_, event)| event));
        let Some(now) = now else {
            return Figures {
                sessions: tallies(sessions()),
                open: open_times(sessions()),
                events: event_counts(events()),
                ..Figures::default()
            };
        };
        let is_recent = |session: &&Session| session.created_at >= recent_sessions_since(now);
        let has_happened_recently = |event: &&Event| event.at >= recent_events_since(now);
        Figures {
            at: Some(now),
            sessions: tallies(sessions()),
            recent_sessions: tallies(sessions().filter(is_recent)),
            open: open_times(sessions()),
            recent_events: event_counts(events().filter(has_happened_recently)),
            events: event_counts(events()),
            quiet: self.quiet(request, now),
        }
    }

    fn of<'a>(&'a self, namespace: &'a Namespace) -> impl Iterator<Item = &'a Stored> {
        self.sessions.values().filter(move |stored| stored.session.namespace == *namespace)
    }

    fn quiet(&self, request: &FiguresRequest, now: WallTime) -> Quiet {
        let active = self.sessions.iter().filter(|(_, stored)| {
            stored.session.namespace == request.namespace && stored.session.state.name() == StateName::Active
        });
        let quiet =
            active.filter(|(_, stored)| now.since(stored.session.last_activity_at) > request.quiet_after);
        let mut quiet: Vec<_> = quiet.collect();
        quiet.sort_by_key(|(handle, stored)| (stored.session.last_activity_at, **handle));
        let longest = quiet.iter().take(request.quiet_max).filter_map(|(handle, _)| self.listed(**handle));
        Quiet { count: quiet.len() as u64, longest: longest.collect() }
    }
}

/// How many sessions there are of each kind in each state, and how long those that have ended took.
pub(crate) fn tallies<'a>(sessions: impl Iterator<Item = &'a Session>) -> Vec<Tally> {
    let sessions: Vec<_> = sessions.collect();
    let mut tallies = Vec::new();
    for kind in Kind::ALL {
        for state in StateName::ALL {
            let these =
                sessions.iter().filter(|session| session.kind == kind && session.state.name() == state);
            let lengths: Vec<_> = these.map(|session| length(session)).collect();
            if !lengths.is_empty() {
                tallies.push(Tally {
                    kind,
                    state,
                    count: lengths.len() as u64,
                    lasted: lengths.into_iter().sum(),
                });
            }
        }
    }
    tallies
}

fn length(session: &Session) -> Duration {
    let ended = session.state.completed_at();
    ended.map_or(Duration::ZERO, |ended| ended.since(session.created_at).min(LENGTH_COUNTED_MAX))
}

/// When those that are open were opened.
pub(crate) fn open_times<'a>(sessions: impl Iterator<Item = &'a Session>) -> Option<OpenTimes> {
    let open = sessions.filter(|session| !session.is_terminal());
    let mut times: Vec<_> = open.map(|session| session.created_at).collect();
    times.sort_unstable();
    let sum: u128 = times.iter().map(|at| u128::from(at.epoch_ms())).sum();
    let mean = sum / u128::try_from(times.len()).unwrap_or(u128::MAX).max(1);
    let mean = WallTime::from_epoch_ms(u64::try_from(mean).unwrap_or(u64::MAX));
    Some(OpenTimes { first: *times.first()?, last: *times.last()?, mean })
}

/// How many events there are of each type.
pub(crate) fn event_counts<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<EventCount> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event.data.type_name().to_owned()).or_insert(0) += 1;
    }
    counts.into_iter().map(|(kind, count)| EventCount { kind, count }).collect()
}

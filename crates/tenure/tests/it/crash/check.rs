//! What histories and traces say after the kills.

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::id::{Namespace, Operation, SessionId};
use tenure_core::orchestration::HistoryEvent;
use tenure_store::{Find, HistoryRequest, InstanceStore as _, SessionStore as _};
use tenure_store_sqlite::{Depth, SqliteStore};

use super::workload::{Place, Work};
use crate::many::store_at;

/// How much of everything there was.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) instances: u64,
    /// Activities whose results are recorded.
    pub(super) results: u64,
    /// How often activities did their work.
    pub(super) runs: u64,
    /// How often somebody else went on with an instance whose activities were under way.
    pub(super) rescues: u64,
}

impl Seen {
    pub(super) const fn add(&mut self, other: &Self) {
        self.instances += other.instances;
        self.results += other.results;
        self.runs += other.runs;
        self.rescues += other.rescues;
    }
}

/// Looks at every instance that was started, when all have ended.
pub(super) async fn check(place: &Place, started: &BTreeSet<u64>) -> Seen {
    let store = store_at(place.store());
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    assert_eq!(store.next_wake().await.unwrap(), None, "nothing is left to be done");
    let trace = std::fs::read_to_string(place.trace()).unwrap();
    let mut runs = BTreeMap::new();
    for line in trace.lines() {
        let (key, _attempt) = line.split_once(' ').unwrap();
        *runs.entry(key.to_owned()).or_insert(0) += 1;
    }
    let mut seen = Seen { runs: runs.values().sum(), ..Seen::default() };
    for number in started {
        let id = Work::id(*number);
        let history = history(&store, &id).await;
        let told = look(&id, &history);
        let undone = ["refund", "release"].map(|name| told.completed.values().any(|done| *done == name));
        let shipped = told.completed.values().any(|done| *done == "ship");
        match Work::of(*number) {
            Work::Order("book") => assert_eq!((undone, shipped), ([false, false], true), "{id}"),
            Work::Order(_) => assert_eq!((undone, shipped), ([true, true], false), "{id}"),
            Work::Approval(..) | Work::Report => {}
        }
        for op in told.completed.keys() {
            assert!(runs.contains_key(&format!("{id}/1/{op}")), "{id}: {op} is recorded and was never done");
        }
        seen.instances += 1;
        seen.results += told.completed.len() as u64;
        seen.rescues += told.rescues;
    }
    seen
}

pub(crate) async fn history(store: &SqliteStore, id: &str) -> Vec<HistoryEvent> {
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse(id).unwrap() };
    let handle = store.find(find).await.unwrap().handle.unwrap_or_else(|| panic!("{id} is gone"));
    let page = store.history(HistoryRequest { handle, execution: None }).await.unwrap();
    page.turns.into_iter().flatten().collect()
}

/// What a history says.
#[derive(Debug, Default)]
pub(crate) struct Recorded<'a> {
    pub(crate) completed: BTreeMap<Operation, &'a str>,
    rescues: u64,
}

/// Each thing is there once: the beginning, each request, each result, the end.
pub(crate) fn look<'a>(id: &str, history: &'a [HistoryEvent]) -> Recorded<'a> {
    use HistoryEvent as E;
    let (mut recorded, mut scheduled, mut over) = (Recorded::default(), BTreeMap::new(), BTreeSet::new());
    let (mut tries, mut timers, mut fired) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let is_end = |event: &HistoryEvent| {
        matches!(
            event,
            E::ExecutionCompleted { .. } | E::ExecutionFailed { .. } | E::ExecutionTerminated { .. }
        )
    };
    assert!(matches!(history.first(), Some(E::ExecutionStarted(_))), "{id}: {history:?}");
    assert!(history.last().is_some_and(is_end), "{id}: {history:?}");
    assert_eq!(history.iter().filter(|event| is_end(event)).count(), 1, "{id}: {history:?}");
    for event in history {
        let once = match event {
            E::TaskScheduled(task) => scheduled.insert(task.op, task.name.as_str()).is_none(),
            E::TaskCompleted { op, .. } => {
                recorded.completed.insert(*op, scheduled.get(op).copied().unwrap_or_default());
                scheduled.contains_key(op) && over.insert(*op)
            }
            E::TaskFailed { op, .. } => scheduled.contains_key(op) && over.insert(*op),
            E::TaskRetried { op, attempt, .. } => !over.contains(op) && tries.insert((*op, *attempt)),
            E::TimerCreated { op, .. } => timers.insert(*op),
            E::TimerFired { op } => timers.contains(op) && fired.insert(*op),
            E::ExecutionRescued => {
                recorded.rescues += 1;
                true
            }
            _ => true,
        };
        assert!(once, "{id}: {event:?} is there twice, or nobody asked for it: {history:?}");
    }
    recorded
}

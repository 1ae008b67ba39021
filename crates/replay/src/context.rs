//! What an orchestration's code can ask for.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::fnv::Fnv;
use tenure_core::id::{CodeName, QueueName, SessionId, SignalName};
use tenure_core::orchestration::{
    Activity, Child, HistoryEvent, ParentLink, Payload, RetryPolicy, Signal, Version,
};
use tenure_core::time::WallTime;
use tenure_core::worker::Affinity;

use crate::shared::{Shared, Sort, State};
use crate::wait::{Cancelled, Wait};

/// An activity that code wants to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which code.
    pub name: CodeName,
    /// What it is given.
    pub input: Payload,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How long one attempt may be silent before it counts as gone.
    pub heartbeat_timeout: Option<Duration>,
    /// Where it waits for a worker; `None`: the default queue.
    pub queue: Option<QueueName>,
    /// Which key it follows.
    pub affinity: Option<Affinity>,
}

/// What an orchestration's code sees of the world. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Context {
    shared: Shared,
    id: SessionId,
}

impl Context {
    pub(crate) const fn new(shared: Shared, id: SessionId) -> Self {
        Self { shared, id }
    }

    /// The instance's id.
    #[must_use]
    pub const fn id(&self) -> &SessionId {
        &self.id
    }

    /// The version of the code that this execution keeps.
    #[must_use]
    pub fn version(&self) -> Version {
        self.shared.state().start.version
    }

    /// Which execution of the instance this is, from 1.
    #[must_use]
    pub fn execution(&self) -> u64 {
        self.shared.state().start.execution
    }

    /// Who waits for its end.
    #[must_use]
    pub fn parent(&self) -> Option<ParentLink> {
        self.shared.state().start.parent.clone()
    }

    /// The time, which stands still within a turn, and is the same at every replay.
    #[must_use]
    pub fn now(&self) -> WallTime {
        self.shared.state().at
    }

    /// A number that nobody can guess from the outside, and that is the same at every replay.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.shared.state().random()
    }

    /// Whether the code runs again what it ran before, so that what it says was said already.
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.shared.state().is_replaying
    }

    /// Runs an activity.
    pub fn activity(&self, wanted: Wanted) -> Wait {
        Wait::new(self.shared.clone(), move |state, op| {
            let Wanted { name, input, retry, timeout, heartbeat_timeout, queue, affinity } = wanted;
            let trace = state.start.trace;
            let activity =
                Activity { op, name, input, retry, timeout, heartbeat_timeout, queue, affinity, trace };
            (Some(HistoryEvent::TaskScheduled(Arc::new(activity))), Sort::Task)
        })
    }

    /// Waits for so long, also through restarts. The time is fixed when this is first polled.
    pub fn timer(&self, length: Duration) -> Wait {
        Wait::new(self.shared.clone(), move |state, op| {
            let fire_at = state.at.after(length);
            (Some(HistoryEvent::TimerCreated { op, fire_at }), Sort::Timer)
        })
    }

    /// Waits until an instant, also through restarts.
    pub fn timer_at(&self, fire_at: WallTime) -> Wait {
        Wait::new(self.shared.clone(), move |_, op| {
            (Some(HistoryEvent::TimerCreated { op, fire_at }), Sort::Timer)
        })
    }

    /// Waits for the next signal of a name: the oldest that nobody has taken, whenever it came.
    pub fn signal(&self, name: SignalName) -> Wait {
        Wait::new(self.shared.clone(), move |_, _| (None, Sort::Signal(name)))
    }

    /// Runs another orchestration and waits for its end. Without an id, it gets one that follows from this
    /// instance's.
    pub fn child(
        &self,
        id: Option<SessionId>,
        (name, version): (CodeName, Option<Version>),
        input: Payload,
    ) -> Wait {
        let parent = self.id.clone();
        Wait::new(self.shared.clone(), move |state, op| {
            let id = id.unwrap_or_else(|| child_id(&parent, state, &op.to_string()));
            let sort = Sort::Child(id.clone());
            let child = Box::new(Child { id, name, version, input });
            (Some(HistoryEvent::SubOrchestrationCreated { op, child }), sort)
        })
    }

    /// Starts another orchestration, of whose end nobody here is told. Returns its id.
    pub fn start(
        &self,
        id: Option<SessionId>,
        (name, version): (CodeName, Option<Version>),
        input: Payload,
    ) -> SessionId {
        let mut state = self.shared.state();
        let op = state.next_op();
        let id = id.unwrap_or_else(|| child_id(&self.id, &state, &format!("d{op}")));
        let child = Box::new(Child { id: id.clone(), name, version, input });
        state.ask(HistoryEvent::OrchestrationStarted(child));
        id
    }

    /// Sends a signal to another instance. What has ended, or never was, does not get it.
    pub fn send(&self, to: SessionId, signal: Signal) {
        self.shared.state().ask(HistoryEvent::EventSent { to, signal });
    }

    /// Says how the work stands, for people and for those who ask.
    pub fn set_status(&self, status: Option<String>) {
        self.shared.state().ask(HistoryEvent::StatusSet { status });
    }

    /// Whether somebody wishes the instance to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.state().cancel.is_some()
    }

    /// Waits until somebody wishes the instance to end, and says why.
    pub fn cancelled(&self) -> Cancelled {
        Cancelled(self.shared.clone())
    }
}

/// The id of what an instance starts. An instance deep in a tree has a long one: then a short one is made up, which
/// is the same at every replay because the parent's id and its place are.
fn child_id(parent: &SessionId, state: &State, place: &str) -> SessionId {
    let long = format!("{parent}.{}.{place}", state.start.execution);
    SessionId::parse(&long).unwrap_or_else(|_too_long| {
        let mut hash = Fnv::default();
        hash.bytes(long.as_bytes());
        let short = format!("{}{:032x}", SessionId::PREFIX, hash.value());
        SessionId::parse(&short).expect("a prefix and 32 digits are visible ASCII of bounded length")
    })
}

//! Code, and what it is told.

use std::future::Future;
use std::sync::Arc;

use tenure_core::id::{CodeName, Operation, SessionId, SignalName};
use tenure_core::orchestration::{
    Activity, Failure, HistoryEvent, Payload, RetryPolicy, Signal, Start, Version,
};
use tenure_core::time::WallTime;
use tenure_replay::{Code, Context, Ending, Instance, Turn, Wait, Wanted};

pub(crate) fn name(text: &str) -> CodeName {
    CodeName::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> Payload {
    Payload(text.as_bytes().to_vec())
}

pub(crate) fn at(ms: u64) -> WallTime {
    WallTime::from_epoch_ms(ms)
}

pub(crate) fn id() -> SessionId {
    SessionId::parse("one").unwrap()
}

pub(crate) fn signal(name: &str, data: &str) -> HistoryEvent {
    HistoryEvent::EventRaised(Signal { name: SignalName::parse(name).unwrap(), data: text(data) })
}

pub(crate) fn completed(op: u64, result: &str) -> HistoryEvent {
    HistoryEvent::TaskCompleted { op: Operation(op), result: text(result) }
}

pub(crate) fn scheduled(op: u64, activity: &str) -> HistoryEvent {
    let Wanted { name, input, retry, timeout, heartbeat_timeout, queue, affinity } = wanted(activity);
    let op = Operation(op);
    let activity =
        Activity { op, name, input, retry, timeout, heartbeat_timeout, queue, affinity, trace: None };
    HistoryEvent::TaskScheduled(Arc::new(activity))
}

pub(crate) fn wanted(activity: &str) -> Wanted {
    Wanted {
        name: name(activity),
        input: Payload::default(),
        retry: RetryPolicy::ONCE,
        timeout: None,
        heartbeat_timeout: None,
        queue: None,
        affinity: None,
    }
}

pub(crate) trait Runs {
    fn runs(&self, activity: &str) -> Wait;
}

impl Runs for Context {
    fn runs(&self, activity: &str) -> Wait {
        self.activity(wanted(activity))
    }
}

/// Code that returns text or fails.
pub(crate) fn code<F, Fut>(function: F) -> Code
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Payload, Failure>> + Send + 'static,
{
    let function = Arc::new(function);
    Arc::new(move |context, _| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            match function(context).await {
                Ok(output) => Ending::Completed(output),
                Err(failure) => Ending::Failed(failure),
            }
        })
    })
}

pub(crate) fn start() -> Start {
    Start {
        name: name("code"),
        version: Version::FIRST,
        execution: 1,
        input: Payload::default(),
        seed: 7,
        parent: None,
        carried: Vec::new(),
        trace: None,
    }
}

/// An instance, and everything that was recorded of it.
pub(crate) struct Recorded {
    pub(crate) instance: Instance,
    pub(crate) history: Vec<Vec<HistoryEvent>>,
    turns: u64,
}

impl Recorded {
    pub(crate) fn begin(code: &Code) -> Self {
        let history = vec![vec![HistoryEvent::ExecutionStarted(Box::new(start()))]];
        Self { instance: Instance::begin(id(), code, start()), history, turns: 0 }
    }

    /// Runs a turn, and gives what it asked for.
    pub(crate) fn turn(&mut self, told: Vec<HistoryEvent>) -> Vec<HistoryEvent> {
        self.turns += 1;
        let Turn { events, asked_from, .. } = self.instance.turn(at(self.turns * 1000), told).unwrap();
        let asked = events[asked_from..].to_vec();
        self.history.push(events);
        asked
    }
}

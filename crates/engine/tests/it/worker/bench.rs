//! A worker over a faulty model store, with a clock that a test moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure_core::id::{AffinityKey, CodeName, Namespace, QueueName, SessionId, WorkerId};
use tenure_core::orchestration::{Failure, Payload, RetryPolicy, Version};
use tenure_core::worker::Affinity;
use tenure_engine::{
    Engine, Hook, IfThere, NoWitness, Orchestrations, Outcome, Registry, Starting, Steady, Worker,
    WorkerNews, WorkerOptions,
};
use tenure_replay::{Context, Ending, Wanted};
use tenure_store::{Clock as _, Store, Worker as Listed, WorkerStore as _};
use tenure_store_testkit::{Faults, FaultyStore, ManualClock, MemoryStore};
use tokio::sync::watch;

use crate::bench::CountedIds;

/// A clock that goes on when a test says so.
#[derive(Debug, Clone)]
pub(super) struct Stepped {
    pub(super) clock: ManualClock,
    steps: Arc<watch::Sender<()>>,
}

#[async_trait::async_trait]
impl Steady for Stepped {
    fn now(&self) -> Duration {
        Duration::from_millis(self.clock.now().boot.ms)
    }

    async fn sleep(&self, length: Duration) {
        let until = self.now().saturating_add(length);
        let mut steps = self.steps.subscribe();
        while self.now() < until {
            if steps.changed().await.is_err() {
                return;
            }
        }
    }
}

pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) memory: Arc<MemoryStore>,
    pub(super) faults: Faults,
    pub(super) clock: Stepped,
    pub(super) news: Arc<Mutex<Vec<WorkerNews>>>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let (memory, clock) = MemoryStore::manual();
        let faults = Faults::default();
        let store: Arc<dyn Store> = Arc::new(FaultyStore::new(Arc::clone(&memory) as _, faults.clone()));
        let engine = Engine::new(store, Arc::new(CountedIds::default()), Arc::new(NoWitness));
        let clock = Stepped { clock, steps: Arc::default() };
        Self { engine, memory, faults, clock, news: Arc::default() }
    }

    pub(super) fn options(&self, name: &str) -> WorkerOptions {
        let news = Arc::clone(&self.news);
        WorkerOptions {
            id: Some(WorkerId::parse(name).unwrap()),
            hook: Some(Hook::new(move |told| news.lock().unwrap().push(told))),
            ..WorkerOptions::default()
        }
    }

    pub(super) async fn start(&self, registry: Registry, options: WorkerOptions) -> (Worker, Orchestrations) {
        let steady: Arc<dyn Steady> = Arc::new(self.clock.clone());
        let worker = self.engine.start_worker(registry, options, Arc::clone(&steady)).await.unwrap();
        let orchestrations = Orchestrations::new(self.engine.clone(), steady, Some(worker.clone()));
        (worker, orchestrations)
    }

    /// Time passes, a little at a time, and everybody does what there is to do.
    pub(super) async fn pass(&self, length: Duration) {
        let step = Duration::from_millis(100);
        let mut left = length;
        while !left.is_zero() {
            let part = left.min(step);
            self.clock.clock.advance(part);
            self.clock.steps.send_replace(());
            settle().await;
            left -= part;
        }
    }

    /// Lets time pass until something is so.
    pub(super) async fn until(&self, mut is_so: impl AsyncFnMut() -> bool) {
        for _ in 0..2000 {
            settle().await;
            if is_so().await {
                return;
            }
            self.pass(Duration::from_millis(100)).await;
        }
        panic!("it never was so");
    }

    /// The end of an instance, while time passes.
    pub(super) async fn ended(
        &self,
        orchestrations: &Orchestrations,
        outcome: Outcome,
    ) -> tenure_engine::Ended {
        let mut ended = std::pin::pin!(orchestrations.ended(outcome));
        for _ in 0..2000 {
            tokio::select! {
                biased;
                ended = &mut ended => return ended.unwrap(),
                () = self.pass(Duration::from_millis(100)) => {}
            }
        }
        panic!("it does not end");
    }

    /// Stops a worker, while time passes.
    pub(super) async fn stop(&self, worker: Worker) {
        let mut stopped = std::pin::pin!(worker.stop());
        for _ in 0..2000 {
            tokio::select! {
                biased;
                () = &mut stopped => return,
                () = self.pass(Duration::from_millis(100)) => {}
            }
        }
        panic!("it does not stop");
    }

    pub(super) async fn listed(&self, name: &str) -> Option<Listed> {
        let all = self.memory.workers().await.unwrap();
        all.into_iter().find(|worker| worker.lease.holder.id.as_str() == name)
    }

    pub(super) fn told(&self) -> Vec<WorkerNews> {
        self.news.lock().unwrap().clone()
    }
}

/// Lets everybody do what there is to do now.
pub(super) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn name(name: &str) -> CodeName {
    CodeName::parse(name).unwrap()
}

/// The activity `work`, tried once.
pub(super) fn work(queue: Option<&str>, key: Option<&str>) -> Wanted {
    Wanted {
        name: name("work"),
        input: Payload(Vec::new()),
        retry: RetryPolicy::ONCE,
        timeout: None,
        heartbeat_timeout: None,
        queue: queue.map(|queue| QueueName::parse(queue).unwrap()),
        affinity: key.map(|key| Affinity { key: AffinityKey::parse(key).unwrap(), is_exclusive: false }),
    }
}

/// An orchestration `code` that runs one activity.
pub(super) fn one_activity(wanted: Wanted) -> Registry {
    let mut registry = Registry::default();
    let code = move |context: Context, _| -> tenure_replay::CodeFuture {
        let wanted = wanted.clone();
        Box::pin(async move {
            match context.activity(wanted).await {
                Ok(output) => Ending::Completed(output),
                Err(failure) => Ending::Failed(failure),
            }
        })
    };
    registry.add_orchestration(name("code"), Version::FIRST, Arc::new(code));
    registry
}

/// With the activity `work`, which counts its attempts and ends once it is let go of.
pub(super) fn with_work(
    mut registry: Registry,
    began: &watch::Sender<u32>,
    go: &watch::Sender<bool>,
) -> Registry {
    let (began, go) = (began.clone(), go.clone());
    registry.add_activity(
        name("work"),
        Arc::new(move |attempt, input| {
            let (began, mut go) = (began.clone(), go.subscribe());
            Box::pin(async move {
                began.send_modify(|began| *began += 1);
                tokio::select! {
                    went = go.wait_for(|go| *go) => drop(went),
                    () = attempt.cancelled() => {}
                }
                Ok::<Payload, Failure>(input)
            })
        }),
    );
    registry
}

pub(super) fn starting(id: &str) -> Starting {
    Starting {
        id: Some(SessionId::parse(id).unwrap()),
        namespace: Namespace::default_name(),
        principal: None,
        name: name("code"),
        version: None,
        input: Payload(Vec::new()),
        labels: std::collections::BTreeMap::new(),
        trace: None,
        if_there: IfThere::Give,
    }
}

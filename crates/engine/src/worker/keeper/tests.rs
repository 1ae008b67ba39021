//! A loop that stands still, with a clock that a test moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure_core::lease::{Standing, Term};
use tenure_core::limits;
use tenure_core::worker::Stillness;
use tenure_store::{Clock as _, WorkerStore as _};
use tenure_store_testkit::fixture::{TTL, registered, ttl, worker};
use tenure_store_testkit::{ManualClock, MemoryStore};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::LeaseLane;
use crate::worker::news::{Hook, WorkerNews};
use crate::worker::order::{Input, LeaseNews};
use crate::worker::pulse::{Granted, Pulse};
use crate::{Engine, NoWitness, Steady, SystemIds};

/// A clock that goes on when a test says so.
#[derive(Debug, Clone)]
struct Stepped {
    clock: ManualClock,
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

/// The keeper of a lease, and a loop that goes round when the test says so.
struct Bench {
    memory: Arc<MemoryStore>,
    clock: Stepped,
    pulse: Arc<Pulse>,
    inputs: mpsc::UnboundedReceiver<Input>,
    news: Arc<Mutex<Vec<WorkerNews>>>,
    _granted: watch::Sender<Granted>,
    _kept: JoinSet<()>,
}

impl Bench {
    async fn start() -> Self {
        let (memory, clock) = MemoryStore::manual();
        let clock = Stepped { clock, steps: Arc::default() };
        let engine = Engine::new(Arc::clone(&memory) as _, Arc::new(SystemIds), Arc::new(NoWitness));
        let worker = registered(memory.as_ref(), worker("one", 1)).await;
        let (granting, granted) = watch::channel(Granted { worker, asked_at: clock.now() });
        let (sender, inputs) = mpsc::unbounded_channel();
        let (pulse, news) = (Arc::new(Pulse::default()), Arc::<Mutex<Vec<WorkerNews>>>::default());
        let told = Arc::clone(&news);
        let lane = LeaseLane {
            engine,
            clock: Arc::new(clock.clone()),
            ttl: ttl(TTL),
            pulse: Arc::clone(&pulse),
            hook: Some(Hook::new(move |news| told.lock().unwrap().push(news))),
            inputs: sender,
            granted,
            stillness: Stillness::default(),
        };
        let kept = JoinSet::from_iter([lane.run()]);
        Self { memory, clock, pulse, inputs, news, _granted: granting, _kept: kept }
    }

    /// The loop hears what it was told. Returns how often it is to go round for a renewal.
    fn hear(&mut self) -> usize {
        let mut due = 0;
        while let Ok(input) = self.inputs.try_recv() {
            self.pulse.went_round();
            due += usize::from(matches!(input, Input::Lease(LeaseNews::Due)));
        }
        due
    }

    /// Time passes, while the loop goes on or stands still.
    async fn pass(&mut self, length: Duration, goes_on: bool) {
        let step = Duration::from_millis(100);
        for _ in 0..length.as_millis() / step.as_millis() {
            self.clock.clock.advance(step);
            self.clock.steps.send_replace(());
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            if goes_on {
                self.hear();
            }
        }
    }

    async fn term(&self) -> Term {
        self.memory.workers().await.unwrap()[0].lease.term
    }

    async fn standing(&self) -> Standing {
        self.term().await.standing(&self.clock.clock.now()).unwrap()
    }

    fn told(&self) -> Vec<WorkerNews> {
        self.news.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_loop_that_stands_still_for_too_long_is_not_renewed_for_until_it_goes_on() {
    let mut bench = Bench::start().await;
    let limit = TTL * limits::WORKER_STILL_TTLS_MAX;
    bench.pass(limit * 2, true).await;
    assert_eq!(bench.standing().await, Standing::Live);
    bench.pass(TTL * (limits::WORKER_STILL_TTLS_MAX - 1), false).await;
    assert_eq!((bench.standing().await, bench.told()), (Standing::Live, Vec::new()));
    bench.pass(TTL * 3, false).await;
    assert_eq!((bench.standing().await, bench.told()), (Standing::Over, vec![WorkerNews::Jeopardy]));
    let given_up = bench.term().await;
    bench.pass(TTL * 10, false).await;
    assert_eq!(bench.term().await, given_up);
    assert_eq!(bench.hear(), 1, "what it has not heard yet is said once");
    bench.pass(Duration::from_secs(2), true).await;
    assert_eq!(bench.standing().await, Standing::Live);
    assert_eq!(bench.told(), [WorkerNews::Jeopardy, WorkerNews::Safe]);
}

/// A process that was stopped as a whole is renewed for at once: its loop has its chance first.
#[tokio::test]
async fn a_process_that_was_stopped_for_long_is_renewed_for_at_once() {
    let mut bench = Bench::start().await;
    bench.pass(TTL, true).await;
    bench.clock.clock.advance(TTL * 1000);
    bench.pass(Duration::from_secs(2), true).await;
    assert_eq!(bench.standing().await, Standing::Live);
}

//! One store for several workers, and an activity that says where it ran.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure::{Activity, ActivityCall, Builder, Failure, Hold, Orchestration, Tenure};
use tenure_engine::{Engine, NoWitness, Steady, SystemIds};
use tenure_store::Clock as _;
use tenure_store_sqlite::SystemClock;
use tenure_store_testkit::MemoryStore;
use tokio::sync::watch;

use crate::fixture::Home;

/// Waits in real time.
#[derive(Debug)]
struct Real(SystemClock);

#[async_trait::async_trait]
impl Steady for Real {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now().boot.ms)
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// One store for several workers.
pub(super) struct World {
    pub(super) home: Home,
    memory: Option<Arc<MemoryStore>>,
    pub(super) seen: Seen,
}

impl World {
    fn new(in_memory: bool, replays_always: bool) -> Self {
        let memory = in_memory.then(|| Arc::new(MemoryStore::new(Arc::new(SystemClock::new()))));
        Self { home: Home::new(replays_always), memory, seen: Seen::default() }
    }

    /// A file, and code that stays in memory.
    pub(super) fn on_file() -> Self {
        Self::new(false, false)
    }

    fn bare(&self) -> Builder {
        match &self.memory {
            None => self.home.tenure(),
            Some(memory) => {
                let engine = Engine::new(Arc::clone(memory) as _, Arc::new(SystemIds), Arc::new(NoWitness));
                Tenure::over(engine, Arc::new(Real(SystemClock::new()))).options(self.home.options())
            }
        }
    }

    /// A worker without a name of its own that has the activity `work`.
    pub(super) fn nameless(&self) -> Builder {
        self.seen.work(self.bare(), "nameless")
    }

    /// A worker of that name that has the activity `work`.
    pub(super) fn worker(&self, name: &'static str) -> Builder {
        self.seen.work(self.bare().worker_id(name), name)
    }

    /// A worker that has no activity.
    pub(super) fn idle(&self, name: &str) -> Builder {
        self.bare().worker_id(name)
    }
}

/// Runs a test over each store, with code that stays in memory and with code that is brought back after every turn.
pub(super) async fn each_store<F, Fut>(test: F)
where
    F: Fn(World) -> Fut,
    Fut: Future<Output = ()>,
{
    for (in_memory, replays_always) in [(true, false), (true, true), (false, false), (false, true)] {
        let limit = Duration::from_secs(60);
        let ran = tokio::time::timeout(limit, test(World::new(in_memory, replays_always))).await;
        assert!(ran.is_ok(), "it did not end (in memory: {in_memory}, replays always: {replays_always})");
    }
}

/// One run of `work`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) worker: &'static str,
    pub(super) key: Option<String>,
    pub(super) text: String,
    pub(super) fence: Option<u64>,
    pub(super) hold: Option<Hold>,
}

/// What `work` is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Work {
    pub(super) text: String,
    /// How many others have to be under way at the same time before it ends.
    pub(super) meets: usize,
    /// Whether it ends only once it is let go of.
    pub(super) waits: bool,
    /// Before which attempt it fails.
    pub(super) fails_before: u32,
}

/// A piece of work that just says so.
pub(super) fn say(text: &str) -> Work {
    Work { text: text.to_owned(), ..Work::default() }
}

/// What ran where.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    began: watch::Sender<Vec<Ran>>,
    ended: Arc<Mutex<Vec<String>>>,
    now: watch::Sender<usize>,
    peak: Arc<AtomicUsize>,
    released: watch::Sender<bool>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            began: watch::Sender::default(),
            ended: Arc::default(),
            now: watch::Sender::new(0),
            peak: Arc::default(),
            released: watch::Sender::new(false),
        }
    }
}

/// How long nothing may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

impl Seen {
    fn work(&self, builder: Builder, worker: &'static str) -> Builder {
        let seen = self.clone();
        builder.activity("work", move |activity, work| seen.clone().run(worker, activity, work))
    }

    async fn run(self, worker: &'static str, activity: Activity, work: Work) -> Result<String, Failure> {
        let pin = activity.pin();
        let ran = Ran {
            worker,
            key: pin.map(|pin| pin.key().to_owned()),
            text: work.text.clone(),
            fence: pin.map(|pin| pin.fence()),
            hold: pin.map(|pin| pin.hold()),
        };
        self.began.send_modify(|began| began.push(ran));
        self.now.send_modify(|now| *now += 1);
        self.peak.fetch_max(*self.now.borrow(), Ordering::SeqCst);
        if work.meets > 0 {
            let met = self.now.subscribe().wait_for(|now| *now > work.meets).await.map(drop);
            met.map_err(|_gone| Failure::rejected("the test is over"))?;
            // Whoever comes last has met everybody, and they it.
            self.released.send_replace(true);
        }
        if work.waits || work.meets > 0 {
            let waited = tokio::select! {
                waited = self.wait_for_release() => waited,
                () = activity.cancelled() => Ok(()),
            };
            waited?;
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.now.send_modify(|now| *now -= 1);
        if activity.attempt() < work.fails_before {
            return Err(Failure::new(format!("attempt {} failed", activity.attempt())));
        }
        self.ended.lock().unwrap().push(work.text.clone());
        Ok(match pin {
            Some(pin) => format!("{} on {}", work.text, pin.key()),
            None => work.text,
        })
    }

    async fn wait_for_release(&self) -> Result<(), Failure> {
        let waited = self.released.subscribe().wait_for(|released| *released).await.map(drop);
        waited.map_err(|_gone| Failure::rejected("the test is over"))
    }

    /// What began, in order.
    pub(super) fn began(&self) -> Vec<Ran> {
        self.began.borrow().clone()
    }

    /// Waits until so many have begun.
    pub(super) async fn until_began(&self, count: usize) -> Vec<Ran> {
        let mut began = self.began.subscribe();
        let waited = tokio::time::timeout(PATIENCE, began.wait_for(|began| began.len() >= count)).await;
        waited.expect("so many begin").unwrap().clone()
    }

    /// Waits until nothing is under way.
    pub(super) async fn until_idle(&self) {
        let mut now = self.now.subscribe();
        let waited = tokio::time::timeout(PATIENCE, now.wait_for(|now| *now == 0)).await;
        drop(waited.expect("everything ends"));
    }

    /// The texts of what ended well, in order.
    pub(super) fn ended(&self) -> Vec<String> {
        self.ended.lock().unwrap().clone()
    }

    /// How many were under way at once, at most.
    pub(super) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    /// Lets go of everything that waits.
    pub(super) fn release(&self) {
        self.released.send_replace(true);
    }

    /// The workers on which activities of each key ran.
    pub(super) fn homes(&self) -> BTreeMap<String, BTreeSet<&'static str>> {
        let mut homes = BTreeMap::<_, BTreeSet<_>>::new();
        for ran in self.began() {
            if let Some(key) = ran.key {
                homes.entry(key).or_default().insert(ran.worker);
            }
        }
        homes
    }
}

/// `work` on a key.
pub(super) fn on(ctx: &Orchestration, key: &str, work: &Work) -> ActivityCall<String> {
    ctx.activity("work", work).on_session(key)
}

/// `work` on no key.
pub(super) fn plain(ctx: &Orchestration, text: &str) -> ActivityCall<String> {
    ctx.activity("work", &say(text))
}

/// Those that ended well, or the first that did not.
pub(super) fn all(results: Vec<Result<String, Failure>>) -> Result<Vec<String>, Failure> {
    results.into_iter().collect()
}

//! An engine over a faulty model store, and short ways to arrange things.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenure_core::id::{ActorId, Incarnation, Key, Namespace, SessionId};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Lease, Place, RunTimes};
use tenure_core::limits;
use tenure_core::session::{Claimant, Command, Session, StartRun};
use tenure_engine::{Engine, Ids, Kept, Steady, Target, Witness};
use tenure_store::{Slot, Store};
use tenure_store_testkit::{Faults, FaultyStore, ManualClock, MemoryStore};

/// Names in order: 1, 2, 3…
#[derive(Debug, Default)]
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn random(&self) -> [u8; 16] {
        (u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1).to_be_bytes()
    }
}

/// Knows of the deaths that a test tells it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<std::sync::Mutex<Option<Incarnation>>>);

impl Told {
    pub(crate) fn dies(&self, incarnation: Incarnation) {
        *self.0.lock().unwrap() = Some(incarnation);
    }
}

impl Witness for Told {
    fn is_gone(&self, lease: &Lease) -> bool {
        *self.0.lock().unwrap() == Some(lease.incarnation)
    }
}

/// A steady clock that moves with the store's when somebody waits on it: waiting takes no real time.
#[derive(Debug, Clone)]
pub(crate) struct Passing {
    clock: ManualClock,
}

#[async_trait::async_trait]
impl Steady for Passing {
    fn now(&self) -> Duration {
        Duration::from_millis(tenure_store::Clock::now(&self.clock).boot.ms)
    }

    async fn sleep(&self, length: Duration) {
        self.clock.advance(length);
        tokio::task::yield_now().await;
    }
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    /// What is stored, beside every fault.
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) clock: ManualClock,
    pub(crate) faults: Faults,
    pub(crate) told: Told,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let (store, clock) = MemoryStore::manual();
        let faults = Faults::default();
        let memory = Arc::clone(&store);
        let store: Arc<dyn Store> = Arc::new(FaultyStore::new(store, faults.clone()));
        let told = Told::default();
        let engine = Engine::new(store, Arc::new(CountedIds::default()), Arc::new(told.clone()));
        Self { engine, memory, clock, faults, told }
    }

    pub(crate) fn steady(&self) -> Arc<Passing> {
        Arc::new(Passing { clock: self.clock.clone() })
    }

    /// Starts a run in `key` as `actor` and says what is kept.
    pub(crate) async fn hold(&self, key: &str, actor: &str) -> (Session, Kept) {
        let applied = self.engine.apply(&slot(key), &start(key, actor, None)).await.unwrap();
        let session = applied.session.unwrap();
        let times = RunTimes::new(limits::RUN_TTL_DEFAULT, limits::RUN_GRACE_DEFAULT).unwrap();
        let kept = Kept { handle: applied.committed.unwrap().handle, fence: session.counters.fence, times };
        (session, kept)
    }
}

pub(crate) fn slot(key: &str) -> Target {
    let key = Key::parse(key).unwrap();
    Target::Slot(Slot { namespace: Namespace::default_name(), kind: Kind::Agent, key })
}

pub(crate) fn start(key: &str, actor: &str, takeover: Option<&str>) -> Command {
    Command::StartRun(Box::new(StartRun {
        id: SessionId::parse(&format!("ses_{key}_{actor}")).unwrap(),
        namespace: Namespace::default_name(),
        key: Some(Key::parse(key).unwrap()),
        claimant: claimant(actor),
        ttl: RunTimes::new(limits::RUN_TTL_DEFAULT, limits::RUN_GRACE_DEFAULT).unwrap().ttl(),
        labels: std::collections::BTreeMap::new(),
        command: vec!["make".to_owned()],
        directory: None,
        idle: Some(IdleRule { after: limits::AGENT_IDLE_AFTER, spares_held: true }),
        recipe: None,
        group: None,
        waits: false,
        takeover: takeover.map(str::to_owned),
        is_fresh: false,
        principal: None,
    }))
}

pub(crate) fn claimant(actor: &str) -> Claimant {
    let mut incarnation = [0; 16];
    incarnation[..actor.len().min(16)].copy_from_slice(&actor.as_bytes()[..actor.len().min(16)]);
    Claimant {
        holder: Holder {
            kind: HolderKind::Run,
            id: ActorId::parse(actor).unwrap(),
            supervisor: None,
            place: Some(Place { host: "box".into(), pid: 7 }),
        },
        incarnation: Incarnation(incarnation),
    }
}

pub(crate) fn takeover(actor: &str) -> Command {
    Command::Takeover { claimant: claimant(actor), ttl: None, reason: "runner died".to_owned() }
}

pub(crate) fn cancel() -> Command {
    Command::Cancel { by: None, reason: "enough".to_owned() }
}

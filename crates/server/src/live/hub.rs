//! What streams across sessions read from: each event once, the newest kept.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_core::session::Session;
use tenure_engine::Engine;
use tenure_store::{Changed, Changes, Find, Handle, Head, ReadOutcome, ReadRequest};
use tokio::sync::watch;

use crate::answer::{Answer, Failure};
use crate::setup::Served;
use crate::spawn::spawn;

/// Most bytes, and most entries, that are kept for whoever is behind.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
const KEPT_MAX: usize = 65_536;
/// How many logs' heads are read at once.
const HEADS_PER_READ: usize = 10_000;
/// How long it goes on after the last stream has ended, for one that comes back.
const LINGERS: Duration = Duration::from_secs(60);
/// What an entry, and a session, is counted as besides its texts.
const ENTRY_BYTES: usize = 128;
const SESSION_BYTES: usize = 1024;

/// The hub of a server, while there is one.
#[derive(Debug, Default)]
pub(crate) struct Hubs(tokio::sync::Mutex<Begun>);

#[derive(Debug, Default)]
struct Begun {
    hub: Weak<Hub>,
    /// How many were begun: numbers of one mean nothing to the next.
    count: u64,
}

/// The newest events of all sessions, by number.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Which of its server's hubs it is.
    pub(crate) begun: u64,
    ring: Mutex<Ring>,
    /// The number of the newest entry.
    newest: watch::Sender<u64>,
}

/// A hub that somebody listens to: it goes on while this is there.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) hub: Arc<Hub>,
    /// The number of the newest entry, now and whenever there is another.
    pub(crate) newest: watch::Receiver<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// The number of the newest entry that is not kept any more.
    dropped: u64,
    bytes: usize,
    /// Why nothing more comes.
    failed: Option<Arc<tenure_api::Problem>>,
}

/// One thing that happened to a session.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The session right after it.
    pub(crate) session: Arc<Session>,
    pub(crate) said: Said,
    bytes: usize,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Said {
    /// An event, as its document.
    Event { kind: String, json: String },
    /// Events were dropped before they were read: the log begins here.
    Compacted { earliest: Seq },
}

/// What comes after a number.
#[derive(Debug)]
pub(crate) enum Later {
    /// These, the first one with the next number. None: not yet.
    Entries(Vec<Arc<Entry>>),
    /// Some of it is not kept any more.
    Lost,
    /// The hub has failed, and all it had was told.
    Failed(Arc<tenure_api::Problem>),
}

impl Hubs {
    /// The hub that is there, if it is that one and has all that came after a number.
    pub(crate) async fn there(&self, (begun, number): (u64, u64)) -> Option<Listening> {
        let now = self.0.lock().await;
        let hub = now.hub.upgrade().filter(|hub| hub.begun == begun && hub.reaches(number))?;
        Some(Listening::to(hub))
    }

    /// The hub, which knows of everything that happens from now on.
    pub(crate) async fn hub(&self, served: &Arc<Served>) -> Answer<Listening> {
        let mut now = self.0.lock().await;
        if let Some(hub) = now.hub.upgrade().filter(|hub| !hub.has_failed()) {
            return Ok(Listening::to(hub));
        }
        let reader = Reader::begin(served.setup.engine.clone()).await?;
        now.count += 1;
        let hub = Arc::new(Hub { begun: now.count, ring: Mutex::default(), newest: watch::Sender::new(0) });
        now.hub = Arc::downgrade(&hub);
        spawn(keep(Arc::clone(served), Arc::clone(&hub), reader));
        Ok(Listening::to(hub))
    }

    /// Ends a hub, unless somebody listens to it. Nobody is given it meanwhile.
    async fn end(&self, hub: &Hub) -> bool {
        let mut now = self.0.lock().await;
        let is_over = hub.newest.is_closed();
        if is_over {
            now.hub = Weak::new();
        }
        is_over
    }
}

impl Listening {
    fn to(hub: Arc<Hub>) -> Self {
        Self { newest: hub.newest.subscribe(), hub }
    }
}

/// Fills a hub until nobody has listened for a while, or the server is to stop.
async fn keep(served: Arc<Served>, hub: Arc<Hub>, mut reader: Reader) {
    let deserted = async {
        loop {
            hub.newest.closed().await;
            served.setup.clock.sleep(LINGERS).await;
            if served.hubs.end(&hub).await {
                return;
            }
        }
    };
    tokio::select! {
        failure = reader.read(&hub) => hub.fail(&failure),
        () = deserted => {}
        () = served.stopping() => {}
    }
}

impl Hub {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes after a number, at most so many.
    pub(crate) fn after(&self, number: u64, limit: usize) -> Later {
        let ring = self.ring();
        let Some(passed) = number.checked_sub(ring.dropped).and_then(|passed| usize::try_from(passed).ok())
        else {
            return Later::Lost;
        };
        let entries: Vec<_> = ring.entries.iter().skip(passed).take(limit).cloned().collect();
        match &ring.failed {
            Some(failed) if entries.is_empty() => Later::Failed(Arc::clone(failed)),
            _ => Later::Entries(entries),
        }
    }

    /// Whether a number was given out and all that came after it is kept.
    fn reaches(&self, number: u64) -> bool {
        let ring = self.ring();
        ring.dropped <= number && number <= ring.dropped + ring.entries.len() as u64
    }

    fn has_failed(&self) -> bool {
        self.ring().failed.is_some()
    }

    fn push(&self, entries: Vec<Entry>) {
        let mut ring = self.ring();
        for entry in entries {
            ring.bytes += entry.bytes;
            ring.entries.push_back(Arc::new(entry));
            // The newest is kept, however large it is.
            while ring.entries.len() > 1 && (ring.bytes > KEPT_BYTES_MAX || ring.entries.len() > KEPT_MAX) {
                let oldest = ring.entries.pop_front().expect("there is more than one");
                ring.bytes -= oldest.bytes;
                ring.dropped += 1;
            }
        }
        let newest = ring.dropped + ring.entries.len() as u64;
        drop(ring);
        self.newest.send_replace(newest);
    }

    fn fail(&self, failure: &Failure) {
        self.ring().failed = Some(Arc::new(failure.document()));
        self.newest.send_modify(|_same| {});
    }
}

/// Reads what is new in all logs.
struct Reader {
    engine: Engine,
    changes: Changes,
    /// How far each log was read. What is not in here was opened since.
    read_to: HashMap<Handle, Seq>,
}

impl Reader {
    /// Everything from now on is new.
    async fn begin(engine: Engine) -> Answer<Self> {
        let changes = engine.store().changes().await?;
        let mut reader = Self { engine, changes, read_to: HashMap::new() };
        reader.read_to = reader.heads().await?.into_iter().map(|head| (head.handle, head.seq)).collect();
        Ok(reader)
    }

    async fn heads(&self) -> Answer<Vec<Head>> {
        let mut heads: Vec<Head> = Vec::new();
        loop {
            let after = heads.last().map_or(Handle(0), |head| head.handle);
            let page = self.engine.store().heads(after, HEADS_PER_READ).await?;
            let is_last = page.len() < HEADS_PER_READ;
            heads.extend(page);
            if is_last {
                return Ok(heads);
            }
        }
    }

    /// Reads for as long as it can.
    async fn read(&mut self, hub: &Hub) -> Failure {
        loop {
            if let Err(failure) = self.step(hub).await {
                return failure;
            }
        }
    }

    async fn step(&mut self, hub: &Hub) -> Answer<()> {
        match self.changes.next().await? {
            Changed::These(these) => {
                for handle in these {
                    self.look(hub, handle).await?;
                }
            }
            Changed::Any => {
                let heads = self.heads().await?;
                let there: HashSet<Handle> = heads.iter().map(|head| head.handle).collect();
                self.read_to.retain(|handle, _| there.contains(handle));
                for head in heads {
                    if self.read_to.get(&head.handle) != Some(&head.seq) {
                        self.look(hub, head.handle).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads what is new in a session's log.
    async fn look(&mut self, hub: &Hub, handle: Handle) -> Answer<()> {
        let found = self.engine.store().find(Find::Handle(handle)).await?;
        let Some(session) = found.current.session else {
            self.read_to.remove(&handle);
            return Ok(());
        };
        let session = Arc::new(session);
        let mut after = match self.read_to.get(&handle) {
            Some(seq) => *seq,
            None => self.begins(handle).await?,
        };
        // What came after this is looked at with the session as it is then.
        while after < found.head {
            after = self.page(hub, (handle, &session), (after, found.head)).await?;
        }
        self.read_to.insert(handle, after);
        Ok(())
    }

    /// After which position the log of a session that was opened just now is its own.
    async fn begins(&self, handle: Handle) -> Answer<Seq> {
        let heads = self.engine.store().heads(Handle(handle.0.saturating_sub(1)), 1).await?;
        Ok(heads.first().filter(|head| head.handle == handle).map_or(Seq(0), |head| head.shared))
    }

    /// Reads on; returns up to where.
    async fn page(
        &self,
        hub: &Hub,
        (handle, session): (Handle, &Arc<Session>),
        (after, head): (Seq, Seq),
    ) -> Answer<Seq> {
        let limit = limits::EVENTS_PER_READ_MAX;
        let request = ReadRequest { handle, after, limit, types: Vec::new() };
        match self.engine.store().read(request).await? {
            ReadOutcome::Page(page) => {
                let events = page.events.iter().filter(|event| event.seq <= head);
                let mut entries: Vec<_> = events.map(|event| Entry::of(session, event)).collect();
                // The last one to go takes the session with it.
                if let Some(last) = entries.last_mut() {
                    last.bytes += weight(session);
                }
                hub.push(entries);
                // Where nothing came it was purged meanwhile, which is told as well.
                Ok(if page.read_to > after { page.read_to.min(head) } else { head })
            }
            ReadOutcome::Compacted { earliest } => {
                if after > Seq(0) {
                    let said = Said::Compacted { earliest };
                    hub.push(vec![Entry { session: Arc::clone(session), said, bytes: weight(session) }]);
                }
                Ok(Seq(earliest.0.saturating_sub(1)).min(head))
            }
        }
    }
}

impl Entry {
    fn of(session: &Arc<Session>, event: &Event) -> Self {
        let document = tenure_api::Event::of(&session.id, event);
        let json = serde_json::to_string(&document).expect("a document can be written as JSON");
        let bytes = ENTRY_BYTES + json.len();
        Self {
            session: Arc::clone(session),
            said: Said::Event { kind: event.data.type_name().to_owned(), json },
            bytes,
        }
    }
}

/// About how much a session takes.
fn weight(session: &Session) -> usize {
    let texts = |map: &BTreeMap<String, String>| {
        map.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    };
    SESSION_BYTES
        + texts(&session.labels)
        + texts(&session.facts.metadata)
        + session.command.iter().map(String::len).sum::<usize>()
}

//! Everything a store shows, read through the contract, for comparing before and after.

use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;
use tenure_core::id::{Namespace, Seq, SessionId};
use tenure_core::kind::Kind;
use tenure_core::limits;
use tenure_core::session::{Counters, Session};
use tenure_store::{
    CheckpointRequest, CheckpointsRequest, Find, Handle, HistoryPage, HistoryRequest, ListRequest, Listed,
    ListedCheckpoint, PayloadOutcome, ReadOutcome, ReadRequest, Slot, Store,
};

/// Everything in some namespaces, newest sessions first. Handles are left out: each store gives its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// The sessions, with their logs and counters.
    pub sessions: Vec<Dumped>,
}

/// Everything about one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dumped {
    /// The session, as listed and as found.
    pub session: Session,
    /// The counters that guard it.
    pub counters: Counters,
    /// The session that its slot holds.
    pub in_slot: Option<SessionId>,
    /// Where its log begins.
    pub earliest: Seq,
    /// Its log.
    pub events: Vec<Event>,
    /// The newest history, if it is an instance.
    pub history: HistoryPage,
    /// Its checkpoints, newest first, and what is read of each.
    pub checkpoints: Vec<(ListedCheckpoint, PayloadOutcome)>,
}

/// Reads everything in `namespaces`, and checks on the way that the store agrees with itself.
///
/// # Panics
/// When the store fails, or two verbs tell different things about one session.
pub async fn dump(store: &dyn Store, namespaces: &[Namespace]) -> Dump {
    let mut sessions = Vec::new();
    for namespace in namespaces {
        for listed in list_all(store, namespace).await {
            sessions.push(dump_one(store, listed).await);
        }
    }
    Dump { sessions }
}

/// Every session of a namespace, newest first, page by page.
///
/// # Panics
/// When the store fails.
pub async fn list_all(store: &dyn Store, namespace: &Namespace) -> Vec<Listed> {
    let mut all = Vec::new();
    let mut past = None;
    loop {
        let request = ListRequest { past, ..ListRequest::newest(namespace.clone(), limits::LIST_MAX) };
        let page = store.list(request).await.expect("a list");
        all.extend(page.sessions);
        match page.next {
            Some(next) => {
                assert!(past.is_none_or(|past| next < past), "each page is older than the one before");
                past = Some(next);
            }
            None => return all,
        }
    }
}

/// Every event of a session that is kept, page by page.
///
/// # Panics
/// When the store fails, or reading makes no way.
pub async fn read_all(store: &dyn Store, handle: Handle) -> Vec<Event> {
    let mut events = Vec::new();
    let mut after = Seq(0);
    loop {
        let request = ReadRequest { handle, after, limit: limits::EVENTS_PER_READ_MAX, types: Vec::new() };
        let read = match store.read(request).await.expect("a page of events") {
            ReadOutcome::Page(read) => read,
            ReadOutcome::Compacted { earliest } => {
                assert!(events.is_empty() && earliest > after.next(), "what was there at first is gone");
                after = Seq(earliest.0 - 1);
                continue;
            }
        };
        assert!(read.read_to > after || read.read_to >= read.head, "reading goes on: {read:?}");
        after = read.read_to;
        events.extend(read.events);
        if after >= read.head {
            return events;
        }
    }
}

async fn dump_one(store: &dyn Store, listed: Listed) -> Dumped {
    let Listed { handle, session, head, earliest } = listed;
    let by_handle = store.find(Find::Handle(handle)).await.expect("what a handle names");
    let (namespace, id) = (session.namespace.clone(), session.id.clone());
    let by_id = store.find(Find::Id { namespace, id }).await.expect("what an id names");
    assert_eq!(by_handle, by_id, "a session is the same by its id and by its handle");
    assert_eq!(by_handle.current.session.as_ref(), Some(&session), "found as listed");
    assert_eq!((by_handle.handle, by_handle.head), (Some(handle), head), "found as listed");
    assert_eq!(by_handle.earliest, earliest, "found as listed");
    let counters = by_handle.current.counters;
    let in_slot = in_slot(store, &session, counters).await;
    let events = read_all(store, handle).await;
    let positions: Vec<_> = events.iter().map(|event| event.seq.0).collect();
    assert_eq!(positions, (earliest.0..=head.0).collect::<Vec<_>>(), "a log has no gap");
    let history = match session.kind {
        Kind::Workflow => newest_history(store, handle).await,
        Kind::Agent | Kind::Workspace => HistoryPage::default(),
    };
    let checkpoints = checkpoints(store, handle).await;
    Dumped { session, counters, in_slot, earliest, events, history, checkpoints }
}

async fn newest_history(store: &dyn Store, handle: Handle) -> HistoryPage {
    store.history(HistoryRequest { handle, execution: None }).await.expect("a history")
}

async fn checkpoints(store: &dyn Store, handle: Handle) -> Vec<(ListedCheckpoint, PayloadOutcome)> {
    let request =
        CheckpointsRequest { handle, before: None, limit: limits::CHECKPOINTS_LISTED_MAX, with_files: false };
    let mut all = Vec::new();
    for listed in store.list_checkpoints(request).await.expect("a list of checkpoints") {
        let (ListedCheckpoint::Readable(Checkpoint { id, .. }) | ListedCheckpoint::Damaged { id, .. }) =
            &listed;
        let request = CheckpointRequest { handle, id: id.clone() };
        let found = store.find_checkpoint(request.clone()).await.expect("what an id names");
        assert_eq!(found.as_ref(), Some(&listed), "found as listed");
        let read = store.read_payload(request).await.expect("what became of a payload");
        all.push((listed, read));
    }
    all
}

async fn in_slot(store: &dyn Store, session: &Session, counters: Counters) -> Option<SessionId> {
    let key = session.key.clone()?;
    let slot = Slot { namespace: session.namespace.clone(), kind: session.kind, key };
    let held = store.find(Find::Slot(slot)).await.expect("what a slot holds").current;
    assert_eq!(held.counters, counters, "a session in a slot is guarded by the slot's counters");
    held.session.map(|session| session.id)
}

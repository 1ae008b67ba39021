//! What is brought in, in the file: unseen, swept up, and entered where lists look.

use std::sync::Arc;

use tenure_core::event::{Event, EventBody};
use tenure_core::id::{EventId, EventType, Namespace, Seq};
use tenure_core::limits;
use tenure_core::session::Session;
use tenure_core::time::WallTime;
use tenure_store::{
    AdmitOutcome, AdmitRequest, ArrivalStore as _, ArriveOutcome, ArriveRequest, BringOutcome, BringRequest,
    Filter, Handle, Inspect as _, ListRequest, Origin, PurgeStore as _, Slot,
};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{commit_id, prepare, run, session_id, slot, start};
use tenure_store_testkit::{list_all, read_all};

use crate::support::{Home, hold, note};

fn event(seq: u64) -> Event {
    let id = seq.is_multiple_of(5).then(|| EventId::parse(&format!("e{seq}")).unwrap());
    let (kind, json) = (EventType::parse("note").unwrap(), format!("{{\"n\":{seq}}}"));
    let at = WallTime::from_epoch_ms(1_767_225_600_000 + seq / 3);
    Event { seq: Seq(seq), at, fence: None, id, data: EventBody::Given { kind, json } }
}

async fn coming(store: &SqliteStore, key: &str) -> Session {
    let request = prepare(store, slot(key), &start(run("ses_coming", Some(key), 1))).await;
    let session = request.decision.session().unwrap().clone();
    let labels = [("from".to_owned(), "elsewhere".to_owned())].into();
    Session { id: session_id(&format!("ses_{key}")), lease: None, labels, ..session }
}

async fn begin(store: &SqliteStore, session: &Session, earliest: u64) -> Handle {
    let (namespace, id, slot) = (session.namespace.clone(), session.id.clone(), Slot::of(session));
    let request = ArriveRequest { namespace, id, slot, earliest: Seq(earliest) };
    match store.arrive(request).await.unwrap() {
        ArriveOutcome::Begun(handle) => handle,
        other => panic!("{other:?}"),
    }
}

async fn bring(store: &SqliteStore, arrival: Handle, from: u64, to: u64) {
    let events = (from..=to).map(event).collect();
    assert_eq!(store.bring(BringRequest { arrival, events }).await.unwrap(), BringOutcome::Brought);
}

async fn admit(store: &SqliteStore, arrival: Handle, session: &Session, head: u64) {
    let request = AdmitRequest {
        commit_id: commit_id(),
        arrival,
        session: session.clone(),
        counters: session.counters,
        head: Seq(head),
        origin: Origin([1; 32]),
    };
    assert_eq!(store.admit(request).await.unwrap(), AdmitOutcome::Admitted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_late_is_found_by_lists_among_those_that_were_opened_meanwhile() {
    let home = Home::new();
    let store = Arc::new(home.open());
    let session = coming(&store, "late").await;
    let arrival = begin(&store, &session, 1).await;
    bring(&store, arrival, 1, 7).await;
    // The catalog goes on beyond it before it is there.
    for number in 0..600 {
        hold(store.as_ref(), &format!("k{number}")).await;
    }
    assert!(home.number("SELECT sid FROM folded") > arrival.0);
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    admit(&store, arrival, &session, 7).await;
    let labels = vec![("from".to_owned(), "elsewhere".to_owned())];
    let filter = Filter { labels, ..Filter::default() };
    let request = ListRequest { filter, ..ListRequest::newest(Namespace::default_name(), 10) };
    let found: Vec<_> = store.list(request).await.unwrap().sessions.iter().map(|row| row.handle).collect();
    assert_eq!(found, [arrival]);
    assert_eq!(list_all(store.as_ref(), &Namespace::default_name()).await.len(), 601);
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_log_that_arrived_is_folded_dropped_and_purged_like_any_other() {
    let home = Home::new();
    let store = home.folding();
    let session = coming(&store, "a").await;
    let arrival = begin(&store, &session, 11).await;
    for part in 0..20 {
        bring(&store, arrival, 11 + part * 100, 110 + part * 100).await;
    }
    assert_eq!(store.verify(Depth::Deep).unwrap(), [], "while it is brought");
    admit(&store, arrival, &session, 2010).await;
    for _ in 0..40 {
        note(&store, arrival).await.unwrap();
    }
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    let events = read_all(&store, arrival).await;
    assert_eq!(events[..2000], (11..=2010).map(event).collect::<Vec<_>>());
    assert_eq!(events.len(), 2040);
    let earliest = tenure_store_testkit::fixture::compact(&store, arrival, 1000).await;
    assert_eq!(earliest, Seq(1000));
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let weight = store.weigh(arrival).await.unwrap();
    assert!(weight.events == 1051 && weight.bytes > 1000, "{weight:?}");
}

#[tokio::test]
async fn what_is_given_up_gives_its_room_back_in_bounded_turns() {
    let home = Home::new();
    let store = home.folding();
    hold(&store, "neighbour").await;
    let session = coming(&store, "a").await;
    let arrival = begin(&store, &session, 1).await;
    for part in 0..40 {
        bring(&store, arrival, 1 + part * 100, 100 + part * 100).await;
    }
    assert!(home.number("SELECT count(*) FROM chunk") > 64);
    home.clock.advance(limits::ARRIVAL_IDLE_MAX);
    let mut turns = 0;
    while store.reclaim().await.unwrap() {
        turns += 1;
        assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    }
    assert!(turns > 4, "{turns} turns");
    for table in ["arrival", "chunk", "event_id", "purge"] {
        assert_eq!(home.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[tokio::test]
async fn a_backup_has_what_was_acknowledged_before_it_began_and_knows_of_no_listener() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let _watch = tenure_store::LogStore::watch(&store, held.handle).await.unwrap();
    for _ in 0..10 {
        note(&store, held.handle).await.unwrap();
    }
    let path = home.directory.path().join("copy.db");
    std::fs::write(&path, "").unwrap();
    let mut told = Vec::new();
    let size = store.back_up(&path, &mut |copied| told.push((copied.pages, copied.of))).unwrap();
    assert_eq!((size.sessions, size.bytes), (1, path.metadata().unwrap().len()));
    assert!(told.last().is_some_and(|(pages, of)| pages == of && *of > 0), "{told:?}");
    let copy = rusqlite::Connection::open(&path).unwrap();
    for table in ["process", "watch"] {
        let count: i64 =
            copy.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{table}");
    }
    drop(copy);
    let mut options = home.options();
    options.path = path;
    let copy = SqliteStore::open_existing(options).unwrap().unwrap();
    assert_eq!(read_all(&copy, held.handle).await, read_all(&store, held.handle).await);
    assert_eq!(copy.health().unwrap().journal_mode, "wal");
}

#[tokio::test]
async fn a_copy_of_a_damaged_store_is_refused() {
    let home = Home::new();
    let store = home.open();
    hold(&store, "a").await;
    let damage = "UPDATE head SET seq = seq + 5";
    rusqlite::Connection::open(home.db()).unwrap().execute_batch(damage).unwrap();
    let path = home.directory.path().join("copy.db");
    std::fs::write(&path, "").unwrap();
    let refused = store.back_up(&path, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, tenure_store::StoreError::Corrupt { .. }), "{refused:?}");
}

//! Lists of more sessions than a block has, and their catalog.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tenure_core::id::{Namespace, SessionId};
use tenure_core::session::{Session, StateName};
use tenure_core::time::WallTime;
use tenure_store::{
    CommitRequest, FiguresRequest, Filter, Handle, Inspect as _, ListRequest, Listed, Order, Period, Slot,
    Statistics as _, Store,
};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{
    Target, actor, cancel, key, other_namespace, prepare, principal, run, session_id, start, storing,
};
use tenure_store_testkit::list_all;
use tokio::task::JoinSet;

use crate::support::{Home, hold};

/// More than one block.
const SESSIONS: u64 = 4500;
const MINUTE_MS: u64 = 60_000;

async fn store_all(store: &Arc<SqliteStore>, requests: impl Iterator<Item = CommitRequest>) {
    let mut commits = JoinSet::new();
    for request in requests {
        let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(store);
        commits.spawn(async move { store.commit(request).await.unwrap() });
    }
    commits.join_all().await;
}

async fn template(store: &SqliteStore) -> Session {
    let request = prepare(store, Target::New, &start(run("ses_template", None, 1))).await;
    request.decision.session().unwrap().clone()
}

/// Sessions of two tenants whose times go up with their numbers, but not in step.
fn session(template: &Session, number: u64) -> CommitRequest {
    let minutes = number ^ 5;
    let at = WallTime::from_epoch_ms(template.created_at.epoch_ms() + minutes * MINUTE_MS);
    let session = Session {
        id: session_id(&format!("ses_{number}")),
        namespace: if number % 7 == 6 { other_namespace() } else { Namespace::default_name() },
        key: Some(key(&format!("{}-{number}", if number.is_multiple_of(500) { "rare" } else { "job" }))),
        created_at: at,
        started_at: Some(at).filter(|_| !number.is_multiple_of(10)),
        principal: (number % 4 < 2).then(|| principal(&format!("p{}", number % 4))),
        labels: [("fifth".to_owned(), (number % 5).to_string())].into(),
        command: vec![format!("w{}", number % 300)],
        ..template.clone()
    };
    CommitRequest { slot: Slot::of(&session), ..storing(session) }
}

async fn filled(home: &Home) -> Arc<SqliteStore> {
    let store = Arc::new(home.open());
    let template = template(&store).await;
    store_all(&store, (0..SESSIONS).map(|number| session(&template, number))).await;
    let listed = list_all(store.as_ref(), &Namespace::default_name()).await;
    let mut requests = Vec::new();
    for Listed { handle, .. } in listed.into_iter().step_by(3) {
        requests.push(prepare(store.as_ref(), handle, &cancel()).await);
    }
    store_all(&store, requests.into_iter()).await;
    store
}

fn filters(begun: WallTime) -> Vec<Filter> {
    let base = Filter::default;
    let minute = |minute: u64| Some(WallTime::from_epoch_ms(begun.epoch_ms() + minute * MINUTE_MS));
    let terms = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect();
    let fifth = |number: u64| vec![("fifth".to_owned(), number.to_string())];
    vec![
        base(),
        Filter { states: vec![StateName::Cancelled], ..base() },
        Filter { states: vec![StateName::Paused], ..base() },
        Filter { labels: fifth(3), ..base() },
        Filter { principals: vec![principal("p0")], ..base() },
        Filter { principals: vec![principal("p1"), principal("p9")], labels: fifth(2), ..base() },
        Filter { principals: vec![principal("p9")], ..base() },
        Filter { labels: fifth(9), ..base() },
        Filter { labels: fifth(0), states: vec![StateName::Active], ..base() },
        Filter { key_prefix: Some("rare".to_owned()), ..base() },
        Filter { key_prefix: Some("job-12".to_owned()), ..base() },
        Filter { parent: Some(SessionId::parse("ses_none").unwrap()), ..base() },
        Filter { holder: Some(actor("runner-1")), labels: fifth(1), ..base() },
        Filter { directory: Some("work".to_owned()), states: vec![StateName::Cancelled], ..base() },
        Filter { created: Period { from: minute(100), to: minute(1100) }, ..base() },
        Filter { started: Period { from: None, to: minute(1030) }, labels: fifth(2), ..base() },
        Filter { created: Period { from: minute(5000), to: None }, ..base() },
        Filter { terms: terms(&["w299"]), ..base() },
        Filter { terms: terms(&["w2", "job"]), ..base() },
        Filter { terms: terms(&["ses_12"]), ..base() },
        Filter { terms: terms(&["ses_1"]), ..base() },
        Filter { terms: terms(&["ses", "w7"]), states: vec![StateName::Active], ..base() },
        Filter { terms: terms(&["12", "fifth"]), labels: fifth(4), ..base() },
        Filter { terms: terms(&["nothing"]), ..base() },
    ]
}

async fn pages(store: &SqliteStore, mut request: ListRequest) -> Vec<Handle> {
    let mut seen = Vec::new();
    loop {
        let page = store.list(request.clone()).await.unwrap();
        seen.extend(page.sessions.iter().map(|listed| listed.handle));
        match page.next {
            Some(next) => request.past = Some(next),
            None => return seen,
        }
    }
}

async fn shows_what_fits(store: &SqliteStore, begun: WallTime) {
    for namespace in [Namespace::default_name(), other_namespace()] {
        let everything = list_all(store, &namespace).await;
        for filter in filters(begun) {
            let fitting = everything.iter().filter(|listed| filter.admits(&listed.session));
            let mut expected: Vec<_> = fitting.map(|listed| listed.handle).collect();
            for (order, limit) in [(Order::Newest, 100), (Order::Oldest, 1000)] {
                let filter = filter.clone();
                let request = ListRequest { filter, order, ..ListRequest::newest(namespace.clone(), limit) };
                assert_eq!(pages(store, request.clone()).await, expected, "{request:?}");
                expected.reverse();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_shows_what_fits_across_blocks_and_tenants() {
    let home = Home::new();
    let store = filled(&home).await;
    let begun = template(&store).await.created_at;
    shows_what_fits(&store, begun).await;
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_from_before_the_catalog_gets_one_when_it_is_opened() {
    let home = Home::new();
    let begun = {
        let store = filled(&home).await;
        template(&store).await.created_at
    };
    as_before_the_catalog(&home);
    let store = home.open();
    shows_what_fits(&store, begun).await;
    let request =
        FiguresRequest { namespace: other_namespace(), quiet_after: Duration::from_secs(1), quiet_max: 1 };
    let figures = store.figures(request).await.unwrap();
    let count: u64 = figures.sessions.iter().map(|tally| tally.count).sum();
    assert_eq!(count, SESSIONS / 7, "those that were there before are counted");
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

/// Makes the store one of the version before.
fn as_before_the_catalog(home: &Home) {
    let undo = "DROP TABLE posting; DROP TABLE zone; DROP TABLE folded; DROP TABLE tally; DROP TABLE volume;
        DROP TABLE fork; DROP TABLE trunk; DROP TABLE checkpoint; DROP TABLE payload; DROP TABLE piece;
        DROP TABLE arrival; DROP TABLE origin;
        DROP TABLE session_group; DROP TABLE group_member;
        DROP VIEW stored; DROP TABLE worker; DROP TABLE instance; DROP TABLE history; DROP TABLE message;
        DROP TABLE worker_name; DROP TABLE pin; DROP TABLE pin_floor; DROP TABLE queue; DROP TABLE task; DROP TABLE notice;
        DROP TABLE token; DROP TABLE answer; DROP TABLE boot;
        ALTER TABLE session DROP COLUMN history; ALTER TABLE purge DROP COLUMN history;
        CREATE VIEW stored AS SELECT * FROM session;
        CREATE TRIGGER session_grows BEFORE UPDATE ON session BEGIN SELECT 1; END;
        CREATE TRIGGER session_ends_once BEFORE UPDATE ON session BEGIN SELECT 1; END;
        CREATE TRIGGER head_grows BEFORE UPDATE ON head BEGIN SELECT 1; END;
        CREATE INDEX session_listed ON session (ns, kind, state); PRAGMA user_version = 1";
    Connection::open(home.db()).unwrap().execute_batch(undo).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_bounded_though_nothing_fits_and_the_next_goes_on() {
    let home = Home::new();
    let store = Arc::new(home.open());
    let template = template(&store).await;
    // Labels that are one in the catalog, so that only the sessions themselves tell them apart.
    let long = "x".repeat(100);
    let labelled = |number: u64| {
        let id = session_id(&format!("ses_{number}"));
        let labels = [("long".to_owned(), format!("{long}{}", number == 0))].into();
        storing(Session { id, labels, ..template.clone() })
    };
    store_all(&store, std::iter::once(labelled(0))).await;
    store_all(&store, (1..5000).map(labelled)).await;
    let filter = Filter { labels: vec![("long".to_owned(), format!("{long}true"))], ..Filter::default() };
    let request = ListRequest { filter, ..ListRequest::newest(Namespace::default_name(), 10) };
    let first = store.list(request.clone()).await.unwrap();
    assert_eq!(first.sessions, []);
    let next = first.next.unwrap();
    assert!((500..4500).contains(&next.0), "a page looks at much, and not at everything: {next:?}");
    assert_eq!(pages(&store, request).await.len(), 1, "whoever goes on finds it");
}

#[tokio::test]
async fn a_tally_that_is_wrong_is_found() {
    let home = Home::new();
    let store = home.open();
    hold(&store, "a").await;
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    for damage in
        ["UPDATE tally SET count = 2", "UPDATE tally SET count = 1, hour = hour + 1", "DELETE FROM tally"]
    {
        Connection::open(home.db()).unwrap().execute_batch(damage).unwrap();
        assert_ne!(store.verify(Depth::Deep).unwrap(), [], "{damage}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_posting_that_tells_something_else_is_found() {
    let home = Home::new();
    let store = filled(&home).await;
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let damages = [
        "DELETE FROM posting WHERE term = 'lfifth=3' AND block = 1",
        "DELETE FROM posting WHERE term LIKE 's%' AND block = 0",
        "UPDATE zone SET created_max = created_min WHERE level = 1 AND number = 1",
    ];
    let mut known = 0;
    for damage in damages {
        Connection::open(home.db()).unwrap().execute_batch(damage).unwrap();
        let found = store.verify(Depth::Deep).unwrap();
        assert!(found.len() > known, "{damage}: {found:?}");
        known = found.len();
    }
}

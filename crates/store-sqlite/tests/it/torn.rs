//! Sessions with damaged logs can be removed; their forks keep what they could read.

use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::{
    AppendOutcome, AppendRequest, Handle, LogStore as _, PurgeOutcome, PurgeStore as _, ReadOutcome,
    ReadRequest, SessionStore as _,
};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{append, cancel, commit_id, committed, named, prepare};
use tenure_store_testkit::read_all;

use crate::support::{Home, fork, hold};

/// A store that folds nothing by itself.
fn unfolding(home: &Home) -> SqliteStore {
    let mut options = home.options();
    options.limits.fold_rows = u64::MAX;
    SqliteStore::open(options).unwrap()
}

/// What a damaged tail has: events of one row each, some of them with ids.
async fn ended(home: &Home, store: &SqliteStore, is_forked: bool) -> (Handle, Option<Handle>) {
    let held = hold(store, "a").await;
    for number in 0..20 {
        let events = vec![named(&format!("e{number}"), &number.to_string())];
        store
            .append(AppendRequest { commit_id: commit_id(), events, ..append(held.handle, None, 1) })
            .await
            .unwrap();
    }
    let child = if is_forked { Some(fork(store, held.handle, 18, "ses_fork").await) } else { None };
    committed(store.commit(prepare(store, held.handle, &cancel()).await).await.unwrap());
    assert_eq!(home.number("SELECT folded FROM head WHERE sid = 1"), 0);
    (held.handle, child)
}

fn change(home: &Home, sql: &str) {
    let conn = rusqlite::Connection::open(home.db()).unwrap();
    assert_eq!(conn.execute(sql, []).unwrap(), 1, "{sql}");
}

/// The events that can be read one by one.
async fn readable(store: &SqliteStore, handle: Handle) -> Vec<Event> {
    let mut events = Vec::new();
    for after in 0..30 {
        let request = ReadRequest { handle, after: Seq(after), limit: 1, types: Vec::new() };
        if let Ok(ReadOutcome::Page(page)) = store.read(request).await {
            events.extend(page.events);
        }
    }
    events
}

const DAMAGES: [(&str, &str); 4] = [
    ("a row that is gone", "DELETE FROM log WHERE sid = 1 AND first_seq = 9"),
    ("a row of somebody else", "UPDATE log SET sid = 77 WHERE sid = 1 AND first_seq = 9"),
    ("a row that leads elsewhere", "UPDATE log SET prev = 1, jump = 1 WHERE sid = 1 AND first_seq = 10"),
    ("a payload that is not one", "UPDATE log SET payload = x'ffffff' WHERE sid = 1 AND first_seq = 9"),
];

#[tokio::test]
async fn a_session_with_a_damaged_tail_is_purged_and_nothing_of_it_stays() {
    for (what, damage) in DAMAGES {
        let home = Home::new();
        let store = unfolding(&home);
        let (handle, _) = ended(&home, &store, false).await;
        change(&home, damage);
        assert_eq!(store.purge(handle).await.unwrap(), PurgeOutcome::Purged, "{what}");
        while store.reclaim().await.unwrap() {}
        for table in ["log", "chunk", "event_id", "purge"] {
            assert_eq!(
                home.number(&format!("SELECT count(*) FROM {table} WHERE sid = 1")),
                0,
                "{what}: {table}"
            );
        }
    }
}

#[tokio::test]
async fn what_can_be_read_of_a_damaged_tail_is_handed_on_and_what_cannot_is_told() {
    for (what, damage) in DAMAGES {
        let home = Home::new();
        let store = unfolding(&home);
        let (handle, child) = ended(&home, &store, true).await;
        let child = child.unwrap();
        let whole = read_all(&store, child).await;
        change(&home, damage);
        assert_eq!(store.purge(handle).await.unwrap(), PurgeOutcome::Purged, "{what}");
        while store.reclaim().await.unwrap() {}
        let left = readable(&store, child).await;
        let is_whole = what == "a row that leads elsewhere";
        let expected: Vec<_> =
            whole.iter().filter(|event| is_whole || event.seq != Seq(9)).cloned().collect();
        assert_eq!(left, expected, "{what}");
        let told = store.health().unwrap().troubles;
        let is_lost = what.starts_with("a row") && !is_whole;
        assert_eq!(told.len(), usize::from(is_lost), "{what}: {told:?}");
        assert!(!is_lost || told[0].contains("the events from 9 to 9"), "{told:?}");
        assert_eq!(
            store.verify(Depth::Deep).unwrap().is_empty(),
            is_whole,
            "{what}: the damage is still found"
        );
        // What it knew by id it still knows.
        let events = vec![named("e3", "3")];
        let again = AppendRequest { commit_id: commit_id(), events, ..append(child, None, 1) };
        let answer = store.append(again).await.unwrap();
        assert!(matches!(answer, AppendOutcome::Known { new: 0, .. }), "{what}: {answer:?}");
        assert_eq!(home.number("SELECT count(*) FROM head WHERE sid = 1"), 0);
    }
}

#[tokio::test]
async fn a_damaged_chunk_is_handed_on_as_it_is() {
    let home = Home::new();
    let store = home.folding();
    let handle = hold(&store, "a").await.handle;
    for number in 0..40 {
        let events = vec![named(&format!("e{number}"), &format!("\"{}\"", "x".repeat(100)))];
        let request = AppendRequest { commit_id: commit_id(), events, ..append(handle, None, 1) };
        store.append(request).await.unwrap();
    }
    home.until("SELECT seq - folded FROM head WHERE sid = 1", |unfolded| unfolded < 8);
    let child = fork(&store, handle, 18, "ses_fork").await;
    change(
        &home,
        "UPDATE chunk SET payload = x'ffffff' WHERE sid = 1 AND first_seq <= 18 AND first_seq + count > 18",
    );
    let before = readable(&store, child).await;
    assert!(!before.is_empty() && before.len() < 19);
    committed(store.commit(prepare(&store, handle, &cancel()).await).await.unwrap());
    assert_eq!(store.purge(handle).await.unwrap(), PurgeOutcome::Purged);
    while store.reclaim().await.unwrap() {}
    assert_eq!(readable(&store, child).await, before);
    store.append(append(child, None, 1)).await.unwrap();
}

//! Reading any part of a log of any length finds exactly what was appended.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::{AppendRequest, LogPage, LogStore as _, ReadRequest, Store};
use tenure_store_sqlite::SqliteStore;
use tenure_store_testkit::fixture::{Held, append, given, page};
use tenure_store_testkit::read_all;
use tokio::task::JoinSet;

use crate::support::{Home, hold};

async fn read(store: &SqliteStore, held: Held, after: u64, limit: usize) -> LogPage {
    page(store, ReadRequest { handle: held.handle, after: Seq(after), limit, types: Vec::new() }).await
}

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

#[tokio::test]
async fn every_position_is_found_in_logs_of_every_length() {
    let home = Home::new();
    let store = home.open();
    let (one, other) = (hold(&store, "a").await, hold(&store, "b").await);
    for length in 3..=70 {
        store.append(append(one.handle, None, 1)).await.unwrap();
        store.append(append(other.handle, None, 2)).await.unwrap();
        for after in 0..length {
            let page = read(&store, one, after, 1).await;
            assert_eq!(
                (seqs(&page.events), page.read_to, page.head),
                (vec![after + 1], Seq(after + 1), Seq(length))
            );
        }
        assert_eq!(seqs(&read(&store, one, 0, 1000).await.events), (1..=length).collect::<Vec<_>>());
        assert!(read(&store, one, length, 10).await.events.is_empty());
    }
}

#[test]
fn pages_agree_with_the_whole_log_however_it_was_written() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let batches = prop::collection::vec((0..3_usize, 1..12_usize), 1..120);
    let pages = prop::collection::vec((0..700_u64, 1..300_usize), 1..20);
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let agree = |(batches, pages): (Vec<Appended>, Vec<Paged>)| {
        runtime.block_on(async {
            let home = Home::new();
            let store = home.open();
            let mut sessions = Vec::new();
            for key in ["a", "b", "c"] {
                sessions.push(hold(&store, key).await);
            }
            for (session, count) in batches {
                store.append(append(sessions[session].handle, None, count)).await.unwrap();
            }
            for held in sessions {
                check_pages(&store, held, &pages).await;
            }
        });
        Ok(())
    };
    runner.run(&(batches, pages), agree).unwrap();
}

/// To which of the sessions, and how many events.
type Appended = (usize, usize);

/// After which position, and how many events at most.
type Paged = (u64, usize);

async fn check_pages(store: &SqliteStore, held: Held, pages: &[Paged]) {
    let whole = read_all(store, held.handle).await;
    for (after, limit) in pages {
        let page = read(store, held, *after, *limit).await;
        let naive: Vec<_> = whole.iter().filter(|event| event.seq.0 > *after).take(*limit).cloned().collect();
        assert_eq!(page.events, naive, "after {after}, at most {limit}");
    }
}

#[tokio::test]
async fn a_page_of_large_events_is_short_and_says_where_to_go_on() {
    let home = Home::new();
    let store = home.open();
    let held = hold(&store, "a").await;
    let large = "x".repeat(1 << 20);
    for _ in 0..20 {
        let events = vec![given("note", &large).into()];
        let request = AppendRequest { events, ..append(held.handle, None, 1) };
        store.append(request).await.unwrap();
    }
    let page = read(&store, held, 0, 1000).await;
    assert!((1..22).contains(&page.events.len()), "{} events", page.events.len());
    assert_eq!(page.read_to, page.events.last().unwrap().seq);
    assert_eq!(read_all(&store, held.handle).await.len(), 22);
}

#[tokio::test]
async fn appends_after_reopening_go_on_where_the_log_ended() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    for length in 3..40 {
        let store = home.open();
        store.append(append(held.handle, None, 1)).await.unwrap();
        assert_eq!(seqs(&read_all(&store, held.handle).await), (1..=length).collect::<Vec<_>>());
        assert_eq!(store.verify(tenure_store_sqlite::Depth::Deep).unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_beside_a_writer_never_see_a_gap() {
    let home = Home::new();
    let store: Arc<dyn Store> = Arc::new(home.open());
    let held = hold(store.as_ref(), "a").await;
    let writer = Arc::clone(&store);
    let mut writing = JoinSet::new();
    writing.spawn(async move {
        for _ in 0..300 {
            writer.append(append(held.handle, None, 3)).await.unwrap();
        }
    });
    while writing.try_join_next().is_none() {
        let whole = read_all(store.as_ref(), held.handle).await;
        assert_eq!(seqs(&whole), (1..=whole.len() as u64).collect::<Vec<_>>());
    }
    assert_eq!(read_all(store.as_ref(), held.handle).await.len(), 902);
}

#[tokio::test]
async fn what_is_appended_here_is_heard_without_reading_until_another_process_writes() {
    let home = Home::new();
    let (store, other) = (home.open(), home.open());
    let held = hold(&store, "a").await;
    let mut watch = store.watch(held.handle).await.unwrap();
    // Where the machine is slow, the net's first look comes in between, and what was heard is forgotten.
    let newest = loop {
        let whole = read_all(&store, held.handle).await;
        let after = whole.last().unwrap().seq;
        assert_eq!(watch.heard(after).unwrap_or_default(), []);
        store.append(append(held.handle, None, 2)).await.unwrap();
        store.append(append(held.handle, None, 1)).await.unwrap();
        let heard = watch.heard(after).unwrap_or_default();
        if let Some(newest) = heard.last().map(|event| event.seq)
            && watch.heard(newest) == Some(Vec::new())
        {
            assert_eq!([whole, heard].concat(), read_all(&store, held.handle).await);
            break newest;
        }
    };
    watch.changed().await.unwrap();
    other.append(append(held.handle, None, 1)).await.unwrap();
    watch.changed().await.unwrap();
    assert_eq!(watch.heard(newest), None, "it has to be read");
    store.append(append(held.handle, None, 1)).await.unwrap();
    assert_eq!(watch.heard(newest), None, "there is a gap");
}

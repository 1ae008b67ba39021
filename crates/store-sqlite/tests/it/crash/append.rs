//! A writer is killed at any moment; what it was told is there.

use std::collections::BTreeMap;

use tenure_core::event::EventBody;
use tenure_core::id::Namespace;
use tenure_store::{Find, SessionStore as _};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{compact, session_id};
use tenure_store_testkit::read_all;

use crate::support::{Home, hold};

/// How often a writer is killed.
const KILLS: u64 = 200;

/// What a killed writer had been told.
#[derive(Debug, Default)]
struct Told {
    appended: BTreeMap<u64, String>,
    opened: Vec<String>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("appended"), Some(seq), Some(json)) => {
                assert_eq!(self.appended.insert(seq.parse().unwrap(), json.to_owned()), None, "{line}");
            }
            (Some("opened"), Some(id), None) => self.opened.push(id.to_owned()),
            // The last line of a killed process may be cut off.
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_acknowledged_write_survives_the_writers_death() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut told = Told::default();
    // Any numbers do, as long as they are not regular.
    let mut lines = 7_u64;
    for round in 0..KILLS {
        lines = lines.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut writer = home.probe("write", &["a", &round.to_string()]);
        for _ in 0..=(lines >> 58) {
            told.hear(&writer.says().expect("it writes until it is killed"));
        }
        writer.kill();
        let rest = writer.says_all();
        rest.iter().for_each(|line| told.hear(line));
        if round % 20 == 0 {
            check(&home.open(), held.handle, &told).await;
        }
    }
    check(&home.open(), held.handle, &told).await;
    assert!(told.appended.len() > 200, "{} appends", told.appended.len());
}

#[tokio::test]
async fn a_writer_killed_while_it_folds_leaves_the_old_form_or_the_new() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let (mut told, mut lines, mut dropped) = (Told::default(), 11_u64, 1);
    for round in 0..KILLS {
        lines = lines.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut writer = home.probe("fold", &["a", &round.to_string(), "1000000"]);
        for _ in 0..=(lines >> 58) {
            told.hear(&writer.says().expect("it writes until it is killed"));
        }
        writer.kill();
        let rest = writer.says_all();
        rest.iter().for_each(|line| told.hear(line));
        if round % 20 == 0 {
            let store = home.open();
            check_from(&store, held.handle, (&told, dropped)).await;
            let head = store.find(Find::Handle(held.handle)).await.unwrap().head.0;
            dropped = head.saturating_sub(lines >> 57).max(dropped);
            assert_eq!(compact(&store, held.handle, dropped).await.0, dropped);
        }
    }
    let store = home.open();
    check_from(&store, held.handle, (&told, dropped)).await;
    assert!(told.appended.len() > 200, "{} appends", told.appended.len());
    assert!(home.number("SELECT folded FROM head") > 200, "it folded");
}

async fn check(store: &SqliteStore, handle: tenure_store::Handle, told: &Told) {
    check_from(store, handle, (told, 1)).await;
}

/// The same of a log that begins later.
async fn check_from(store: &SqliteStore, handle: tenure_store::Handle, (told, earliest): (&Told, u64)) {
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let log = read_all(store, handle).await;
    let positions: Vec<u64> = log.iter().map(|event| event.seq.0).collect();
    let head = earliest + log.len() as u64 - 1;
    assert_eq!(positions, (earliest..=head).collect::<Vec<_>>(), "no gap");
    let mut seen = std::collections::BTreeSet::new();
    for event in &log {
        let EventBody::Given { json, .. } = &event.data else { continue };
        assert!(seen.insert(json), "{json} is there twice");
        let acknowledged = told.appended.get(&event.seq.0);
        assert!(acknowledged.is_none_or(|told| told == json), "{event:?} is not {acknowledged:?}");
    }
    assert!(told.appended.keys().all(|seq| *seq <= head), "an acknowledged event is gone");
    for id in &told.opened {
        let find = Find::Id { namespace: Namespace::default_name(), id: session_id(id) };
        let found = store.find(find).await.unwrap();
        assert!(found.current.session.is_some(), "{id} is gone");
    }
}

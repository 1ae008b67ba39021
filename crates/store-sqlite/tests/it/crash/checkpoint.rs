//! A saver is killed at any moment; what it was told is there, and whole.

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::event::{Event, EventBody};
use tenure_core::id::{Namespace, Seq};
use tenure_store::{
    CheckpointRequest, CheckpointStore as _, Find, Handle, PayloadOutcome, SessionStore as _,
};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{checkpoint_id, session_id};
use tenure_store_testkit::read_all;

use crate::support::{Home, hold};

/// How often a saver of checkpoints is killed.
const KILLS: u64 = 100;

/// What a killed saver had been told.
#[derive(Debug, Default)]
struct Saved {
    saved: BTreeMap<String, usize>,
    forked: BTreeMap<String, u64>,
    removing: BTreeSet<String>,
}

impl Saved {
    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["saved", id, length] => drop(self.saved.insert(id.to_owned(), length.parse().unwrap())),
            ["forked", id, at] => drop(self.forked.insert(id.to_owned(), at.parse().unwrap())),
            ["removing", id] => drop(self.removing.insert(id.to_owned())),
            // The last line of a killed process may be cut off.
            _ => {}
        }
    }
}

#[tokio::test]
async fn no_checkpoint_is_half_and_none_is_lost_when_its_maker_is_killed() {
    let home = Home::new();
    // By the saver's clock this lease is of another boot: nobody holds the session.
    let held = hold(&home.open(), "a").await;
    let mut told = Saved::default();
    let mut random = 11_u64;
    for round in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut saver = home.probe("save", &["a", &round.to_string()]);
        for _ in 0..=(random >> 61) {
            told.hear(&saver.says().expect("it saves until it is killed"));
        }
        // Any moment of what comes next: small and large payloads, forks, removals.
        for _ in 0..(random >> 40) % 200_000 {
            std::hint::spin_loop();
        }
        saver.kill();
        saver.says_all().iter().for_each(|line| told.hear(line));
        if round % 10 == 0 {
            check_saved(&home.open(), held.handle, &told).await;
        }
    }
    check_saved(&home.open(), held.handle, &told).await;
    assert!(told.saved.len() > 200 && told.forked.len() > 20, "{} saved", told.saved.len());
}

async fn check_saved(store: &SqliteStore, handle: Handle, told: &Saved) {
    // Every payload that is shown is what was saved, and nothing is shown that is not whole.
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let log = everything(store, handle, told).await;
    let created: BTreeMap<_, _> = log
        .iter()
        .filter_map(|event| match &event.data {
            EventBody::CheckpointCreated { id, size, .. } => Some((id.as_str().to_owned(), *size)),
            _ => None,
        })
        .collect();
    for (id, length) in &told.saved {
        assert_eq!(created.get(id), Some(&(*length as u64)), "{id} is gone");
    }
    for (id, size) in &created {
        let request = CheckpointRequest { handle, id: checkpoint_id(id) };
        match store.read_payload(request).await.unwrap() {
            PayloadOutcome::Payload { bytes, .. } => assert_eq!(bytes.len() as u64, *size, "{id}"),
            PayloadOutcome::NotFound => assert!(told.removing.contains(id), "{id} is gone"),
            PayloadOutcome::Damaged { what } => panic!("{id}: {what}"),
        }
    }
}

/// The session's log from its first event on. What was dropped of it is in its forks.
async fn everything(store: &SqliteStore, handle: Handle, told: &Saved) -> Vec<Event> {
    let mut all: BTreeMap<Seq, Event> =
        read_all(store, handle).await.into_iter().map(|event| (event.seq, event)).collect();
    for (id, at) in &told.forked {
        let find = Find::Id { namespace: Namespace::default_name(), id: session_id(id) };
        let fork = store.find(find).await.unwrap().handle.unwrap_or_else(|| panic!("{id} is gone"));
        let mut own = read_all(store, fork).await;
        assert_eq!(own.last().map(|event| event.seq), Some(Seq(at + 1)), "{id}");
        own.pop();
        let positions: Vec<_> = own.iter().map(|event| event.seq.0).collect();
        assert_eq!(positions, (positions[0]..=*at).collect::<Vec<_>>(), "{id} has no gap");
        for event in own {
            let same = all.entry(event.seq).or_insert_with(|| event.clone());
            assert_eq!(*same, event, "{id}");
        }
    }
    let positions: Vec<_> = all.keys().map(|seq| seq.0).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>(), "each event is somewhere");
    all.into_values().collect()
}

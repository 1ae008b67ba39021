//! A process that purges is killed at any moment; each session is whole or gone.

use std::collections::BTreeSet;

use tenure_core::id::{Namespace, SessionId};
use tenure_store::{Find, PurgeStore as _, SessionStore as _};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::session_id;
use tenure_store_testkit::{dump, list_all};

use crate::support::{Home, hold};

/// How often a purging process is killed.
const KILLS: u64 = 60;

#[tokio::test]
async fn a_purgers_death_leaves_each_session_whole_or_gone() {
    let home = Home::new();
    let neighbour = hold(&home.open(), "stays").await;
    let (mut ended, mut purged) = (BTreeSet::new(), BTreeSet::new());
    let mut lines = 11_u64;
    for round in 0..KILLS {
        lines = lines.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut purger = home.probe("purge", &[&round.to_string()]);
        for _ in 0..=(lines >> 61) {
            hear(&purger.says().expect("it goes on until it is killed"), &mut ended, &mut purged);
        }
        purger.kill();
        purger.says_all().iter().for_each(|line| hear(line, &mut ended, &mut purged));
        if round % 10 == 9 {
            check(&home.open(), &ended, &purged).await;
        }
    }
    let store = home.open();
    while store.reclaim().await.unwrap() {}
    check(&store, &ended, &purged).await;
    assert!(purged.len() > 30, "{} were purged", purged.len());
    assert!(store.find(Find::Handle(neighbour.handle)).await.unwrap().handle.is_some());
}

fn hear(line: &str, ended: &mut BTreeSet<SessionId>, purged: &mut BTreeSet<SessionId>) {
    // The last line of a killed process may be cut off.
    match line.split_once(' ') {
        Some(("ended", id)) if id.matches('_').count() == 2 => drop(ended.insert(session_id(id))),
        Some(("purged", id)) if ended.contains(&session_id(id)) => drop(purged.insert(session_id(id))),
        _ => {}
    }
}

async fn check(store: &SqliteStore, ended: &BTreeSet<SessionId>, purged: &BTreeSet<SessionId>) {
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let namespace = Namespace::default_name();
    for listed in list_all(store, &namespace).await {
        assert!(!purged.contains(&listed.session.id), "{} is back", listed.session.id);
        let is_told = ended.contains(&listed.session.id);
        assert!(!is_told || listed.session.is_terminal(), "{} is open again", listed.session.id);
    }
    // Every log that is shown is whole.
    dump(store, &[namespace]).await;
}

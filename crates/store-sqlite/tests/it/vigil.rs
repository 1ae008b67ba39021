//! Workers of one process are woken the moment another one with workers dies.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Incarnation;
use tenure_store::{Attention, ClaimRequest, InstanceStore as _, Store, WorkerHandle, WorkerStore as _};
use tenure_store_sqlite::{Depth, SqliteOptions, SqliteStore, SystemClock};
use tenure_store_testkit::fixture::{registered, worker};

use crate::support::{Home, Probe};

/// A store that goes by the same clock as other processes.
fn open(home: &Home, number: u8) -> SqliteStore {
    let clock = Arc::new(SystemClock::new());
    SqliteStore::open(SqliteOptions::new(home.db(), Incarnation([number; 16]), clock)).unwrap()
}

/// Starts a process that has a worker.
fn working(home: &Home, name: &str) -> Probe {
    let mut probe = home.probe("work", &[name]);
    while probe.says().unwrap() != "working" {}
    probe
}

async fn gone(store: &dyn Store) -> usize {
    store.workers().await.unwrap().iter().filter(|worker| worker.is_gone).count()
}

/// Waits until so many workers are gone, looking only when woken.
async fn until_gone(store: &dyn Store, attention: &mut Attention, count: usize) {
    let woken = async {
        loop {
            attention.wanted().await.unwrap();
            if gone(store).await == count {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), woken).await.expect("it is woken when the other one dies");
}

/// Waits until another process sees so many workers gone.
fn until_seen(probe: &mut Probe, count: usize) {
    while probe.says().unwrap() != format!("woken, {count} gone") {}
}

async fn claim(store: &dyn Store, worker: WorkerHandle) {
    assert_eq!(store.claim(ClaimRequest { worker, limit: 1 }).await.unwrap(), []);
}

#[tokio::test]
async fn who_came_first_sees_the_death_of_who_came_later() {
    let home = Home::new();
    let store = open(&home, 1);
    let mut attention = store.attend().await.unwrap();
    let me = registered(&store, worker("here", 1)).await;
    for _ in 0..2 {
        let mut other = working(&home, "there");
        other.kill();
        until_gone(&store, &mut attention, 1).await;
        claim(&store, me).await;
        assert_eq!(store.workers().await.unwrap().len(), 1);
    }
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn who_came_later_sees_the_death_of_who_came_first() {
    let home = Home::new();
    let mut other = working(&home, "there");
    let store = open(&home, 1);
    let mut attention = store.attend().await.unwrap();
    registered(&store, worker("here", 1)).await;
    other.kill();
    until_gone(&store, &mut attention, 1).await;
}

/// Of three each is seen by one, and who is left sees whoever is left.
#[tokio::test]
async fn every_death_is_seen_by_somebody() {
    let home = Home::new();
    let store = open(&home, 1);
    let mut attention = store.attend().await.unwrap();
    registered(&store, worker("here", 1)).await;
    let (mut second, mut third) = (working(&home, "second"), working(&home, "third"));
    third.kill();
    until_seen(&mut second, 1);
    second.kill();
    until_gone(&store, &mut attention, 2).await;
}

/// A store that is closed is seen to go as well, and nothing keeps a closed one from ending.
#[tokio::test]
async fn stores_of_one_process_see_each_other_go() {
    let home = Home::new();
    let (one, other) = (open(&home, 1), open(&home, 2));
    let mut attention = one.attend().await.unwrap();
    registered(&one, worker("one", 1)).await;
    registered(&other, worker("other", 2)).await;
    other.close();
    until_gone(&one, &mut attention, 1).await;
    one.close();
    assert_eq!(home.run_files(), ["gate", "open", "write"]);
}

/// A process without workers watches nobody, and nobody watches it.
#[tokio::test]
async fn a_process_without_workers_keeps_no_vigil() {
    let home = Home::new();
    let store = open(&home, 1);
    let _attention = store.attend().await.unwrap();
    assert!(!home.run_files().iter().any(|name| name.ends_with(".life")), "{:?}", home.run_files());
    registered(&store, worker("here", 1)).await;
    assert_eq!(home.run_files().iter().filter(|name| name.ends_with(".life")).count(), 1);
}

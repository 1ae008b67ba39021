//! Many keys on several processes.

use std::collections::BTreeMap;

use super::log::What;
use super::process::{Place, Visit, Visits};
use crate::fixture::asked;

/// How many keys there are, and on how many processes, unless `TENURE_KEYS` and `TENURE_PROCESSES` say otherwise.
const KEYS: u64 = 400;
const PROCESSES: u64 = 3;
/// How many instances run at once.
const AT_ONCE: usize = 100;

/// R-G: no key is served by two workers while nobody dies, and each worker has its share of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "whoever runs many of them wants to know what happened")]
async fn every_key_stays_on_one_process_and_each_process_has_its_share() {
    let (keys, processes) =
        (asked("TENURE_KEYS").unwrap_or(KEYS), asked("TENURE_PROCESSES").unwrap_or(PROCESSES));
    let place = Place::new();
    let mut log = place.log();
    let workers: Vec<_> =
        (0..processes).map(|number| place.start(&format!("worker-{number}")).spawn()).collect();
    for worker in &workers {
        worker.is_open(&mut log).await;
    }
    let client = place.client();
    // Each key is asked for by two instances, the second time when all keys are held.
    for round in 0..2 {
        let mut waiting = std::collections::VecDeque::new();
        for number in 0..keys {
            let visits = Visits { keys: vec![format!("key-{number}")], times: 1, visit: Visit::default() };
            let run = client.run("visits", &visits).id(&format!("visits-{number}-{round}"));
            waiting.push_back(run.await.unwrap());
            if waiting.len() > AT_ONCE {
                waiting.pop_front().unwrap().result::<Vec<String>>().await.unwrap();
            }
        }
        for instance in waiting {
            instance.result::<Vec<String>>().await.unwrap();
        }
    }
    log.catch_up();
    let starts = log.entries.iter().filter(|entry| matches!(entry.what, What::Start { .. })).count() as u64;
    assert_eq!(starts, 2 * keys, "each activity ran once");
    log.check();
    let homes = log.homes();
    let moved: Vec<_> = homes.iter().filter(|(_, homes)| homes.len() != 1).collect();
    assert!(homes.len() as u64 == keys && moved.is_empty(), "{} keys, and {moved:?} moved", homes.len());
    let mut held = BTreeMap::<_, u64>::new();
    for home in homes.values().flatten() {
        *held.entry(*home).or_default() += 1;
    }
    println!("{keys} keys on {processes} processes: {:?}", held.values().collect::<Vec<_>>());
    assert_eq!(held.len() as u64, processes);
    // Within a fifth of the mean.
    for held in held.values() {
        assert!(
            held * processes * 10 >= keys * 8 && held * processes * 10 <= keys * 12,
            "{held} keys of {keys}"
        );
    }
}

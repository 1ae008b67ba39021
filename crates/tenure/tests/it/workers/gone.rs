//! How long it takes until another worker has what one held.

use std::time::Duration;

use tenure_core::id::WorkerId;
use tenure_store::{Dismiss, DismissOutcome, Dismissal, WorkerStore as _};

use super::log::{What, now};
use super::process::{Place, Visit, Visits};
use crate::fixture::asked;
use crate::many::store_at;

/// How many keys a worker holds that is drained, unless `TENURE_PINS` says otherwise.
const PINS: u64 = 1000;
/// Keys that are asked for by one instance.
const PINS_EACH: usize = 100;
/// Well before a ttl of 15 s is over.
const SOON: Duration = Duration::from_secs(5);

fn starts_on(number: u32) -> impl Fn(&What) -> bool {
    move |what| matches!(what, What::Start { process, .. } if *process == number)
}

/// R-G, W10: a killed worker's keys and instances go on elsewhere at once, not when its lease is over.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "how long it took is of interest")]
async fn what_a_killed_process_held_goes_on_in_another_at_once() {
    let place = Place::new();
    let (mut log, client) = (place.log(), place.client());
    let holder = place.start("holder").spawn();
    holder.is_open(&mut log).await;
    let keys: Vec<_> = (0..20).map(|number| format!("key-{number}")).collect();
    let mut waiting = Vec::new();
    for key in &keys {
        let visit = Visit { takes_ms: 0, waits_for: Some(place.gate()) };
        let visits = Visits { keys: vec![key.clone()], times: 2, visit };
        waiting.push(client.run("visits", &visits).await.unwrap());
    }
    log.until_count(0, keys.len(), "every key to be at work", starts_on(holder.number())).await;
    let heir = place.start("heir").spawn();
    heir.is_open(&mut log).await;
    std::fs::write(place.gate(), "").unwrap();
    // Some are between two visits, some in one, some at their end.
    let number = holder.number();
    log.until(0, "the first end", |what| matches!(what, What::End { process, .. } if *process == number))
        .await;
    log.catch_up();
    let before = log.entries.len();
    let killed_at = now();
    holder.kill();
    for instance in waiting {
        instance.result::<Vec<String>>().await.unwrap();
    }
    log.catch_up();
    let heirs = log.entries[before..].iter().find(|entry| starts_on(heir.number())(&entry.what));
    // All had ended before the kill: then there was nothing to hand over.
    if let Some(first) = heirs {
        let took = first.at.saturating_sub(killed_at);
        println!("the next step elsewhere {took:?} after the kill");
        assert!(took < SOON, "{took:?}");
    }
    // What comes next on its keys, too.
    let asked_at = now();
    let visits = Visits { keys, times: 1, visit: Visit::default() };
    client.run("visits", &visits).await.unwrap().result::<Vec<String>>().await.unwrap();
    let took = now().saturating_sub(asked_at);
    println!("every key elsewhere {took:?} after it was asked for");
    assert!(took < SOON, "{took:?}");
    log.catch_up();
    log.check();
}

/// R-G: the keys of a worker that is drained are free at once, however many.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "how long it took is of interest")]
async fn the_keys_of_a_drained_worker_are_free_at_once() {
    let pins = asked("TENURE_PINS").unwrap_or(PINS);
    let place = Place::new();
    let (mut log, client) = (place.log(), place.client());
    let old = place.start("old").spawn();
    old.is_open(&mut log).await;
    let mut waiting = Vec::new();
    for first in (0..pins).step_by(PINS_EACH) {
        let keys =
            (first..pins.min(first + PINS_EACH as u64)).map(|number| format!("key-{number}")).collect();
        let visits = Visits { keys, times: 1, visit: Visit::default() };
        waiting.push(client.run("visits", &visits).await.unwrap());
    }
    for instance in waiting {
        instance.result::<Vec<String>>().await.unwrap();
    }
    let new = place.start("new").spawn();
    new.is_open(&mut log).await;
    let store = store_at(place.store());
    let held = store.workers().await.unwrap();
    assert!(held.iter().any(|worker| worker.pins == pins), "{held:?}");
    log.catch_up();
    let before = log.entries.len();
    let drained_at = now();
    let request = Dismiss { id: WorkerId::parse("old").unwrap(), how: Dismissal::Drain };
    let outcome = store.dismiss(request).await.unwrap();
    assert!(matches!(outcome, DismissOutcome::Dismissed(_)), "{outcome:?}");
    let number = old.number();
    let gone =
        log.until(before, "the end of the drained worker", |what| *what == What::Gone { process: number });
    let gone = gone.await.at.saturating_sub(drained_at);
    let keys = ["0".to_owned(), (pins / 2).to_string(), (pins - 1).to_string()];
    let keys = keys.iter().map(|number| format!("key-{number}")).collect();
    let visits = Visits { keys, times: 1, visit: Visit::default() };
    client.run("visits", &visits).await.unwrap().result::<Vec<String>>().await.unwrap();
    let took = now().saturating_sub(drained_at);
    println!("{pins} keys: drained after {gone:?}, the first of them elsewhere after {took:?}");
    assert!(took < SOON, "{took:?}");
    log.catch_up();
    let elsewhere = log.entries[before..].iter().filter(|entry| starts_on(new.number())(&entry.what));
    assert_eq!(elsewhere.count(), 3);
}

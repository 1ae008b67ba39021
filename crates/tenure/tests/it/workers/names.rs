//! Two live processes under one name.

use std::time::Duration;

use super::log::What;
use super::process::{Place, Visit, Visits};

/// R-G: the second is told what to do about it, and the first goes on.
#[tokio::test]
async fn a_second_process_under_a_live_name_is_refused_and_told_what_to_do() {
    let place = Place::new();
    let (mut log, client) = (place.log(), place.client());
    let first = place.start("one").spawn();
    first.is_open(&mut log).await;
    let second = place.start("one").spawn();
    let refused = log.until(0, "the refusal", |what| matches!(what, What::Refused { .. })).await;
    let What::Refused { process, why } = refused.what else { panic!("{refused:?}") };
    assert_eq!(process, second.number());
    for word in ["one", "another name", "replaces"] {
        assert!(why.contains(word), "{why}");
    }
    let visits = Visits { keys: vec!["key".to_owned()], times: 1, visit: Visit::default() };
    client.run("visits", &visits).await.unwrap().result::<Vec<String>>().await.unwrap();
    log.catch_up();
    assert_eq!(log.homes()["key"].iter().collect::<Vec<_>>(), [&first.number()]);
}

/// R-G: the second takes the first one's place: what that runs is run again, its result is not taken, and it stops.
#[tokio::test]
async fn a_process_that_takes_anothers_place_has_all_it_had_and_the_other_stops() {
    let place = Place::new();
    let (mut log, client) = (place.log(), place.client());
    let first = place.start("one").ttl(Duration::from_secs(3)).spawn();
    first.is_open(&mut log).await;
    let visit = Visit { takes_ms: 0, waits_for: Some(place.gate()) };
    let visits = Visits { keys: vec!["key".to_owned()], times: 2, visit };
    let instance = client.run("visits", &visits).await.unwrap();
    log.until(0, "the first start", |what| matches!(what, What::Start { .. })).await;
    let second = place.start("one").ttl(Duration::from_secs(3)).replaces().spawn();
    second.is_open(&mut log).await;
    let number = second.number();
    log.until(
        0,
        "a start on the second",
        |what| matches!(what, What::Start { process, .. } if *process == number),
    )
    .await;
    std::fs::write(place.gate(), "").unwrap();
    let runs = instance.result::<Vec<String>>().await.unwrap();
    let here = format!("{number}.");
    assert!(runs.len() == 2 && runs.iter().all(|run| run.starts_with(&here)), "{runs:?} on {here}");
    let gone = log.until(0, "the first to stop", |what| matches!(what, What::Gone { .. })).await;
    assert_eq!(gone.what.process(), first.number());
    log.check();
    assert!(log.entries.iter().any(|entry| entry.what.is_news(first.number(), &["Over"])));
    let old = log
        .entries
        .iter()
        .filter(|entry| matches!(&entry.what, What::Start { process, .. } if *process == first.number()));
    assert_eq!(old.count(), 1, "the first begins nothing more");
}

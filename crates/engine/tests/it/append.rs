//! An append is made once, whatever becomes of its answer.

use tenure_core::id::Seq;
use tenure_engine::{EngineError, Kept};
use tenure_store::{AppendOutcome, AppendRequest, Find, StoreError};
use tenure_store_testkit::{Trouble, Verb, fixture};

use crate::bench::Bench;

/// A held session, and an append of one event to it.
async fn held() -> (Bench, Kept, AppendRequest) {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let after = head(&bench, kept).await;
    let request = AppendRequest { after, ..fixture::append(kept.handle, Some(kept.fence), 1) };
    (bench, kept, request)
}

async fn head(bench: &Bench, kept: Kept) -> Seq {
    bench.engine.store().find(Find::Handle(kept.handle)).await.unwrap().head
}

fn one_after(before: Seq) -> AppendOutcome {
    AppendOutcome::Appended { first: before.next(), last: before.next() }
}

#[tokio::test]
async fn a_lost_answer_is_found_out_and_the_append_is_not_repeated() {
    let (bench, kept, request) = held().await;
    let before = request.after;
    bench.faults.next(Verb::Append, Trouble::FailAfter);
    assert_eq!(bench.engine.append(request).await.unwrap(), one_after(before));
    assert_eq!((head(&bench, kept).await, bench.faults.count(Verb::Append)), (before.next(), 1));
}

#[tokio::test]
async fn what_is_known_not_to_be_there_is_repeated() {
    let (bench, kept, request) = held().await;
    let before = request.after;
    bench.faults.next_times(3, Verb::Append, &Trouble::LoseBefore);
    assert_eq!(bench.engine.append(request).await.unwrap(), one_after(before));
    assert_eq!((head(&bench, kept).await, bench.faults.count(Verb::Append)), (before.next(), 4));
}

#[tokio::test]
async fn what_is_lost_again_and_again_may_be_asked_for_later() {
    let (bench, kept, request) = held().await;
    bench.faults.next_times(100, Verb::Append, &Trouble::LoseBefore);
    let error = bench.engine.append(request.clone()).await.unwrap_err();
    assert!(matches!(&error, EngineError::Store(error) if error.is_retryable()), "{error:?}");
    bench.faults.clear();
    bench.engine.append(request.clone()).await.unwrap();
    assert_eq!(head(&bench, kept).await, request.after.next());
}

#[tokio::test]
async fn what_cannot_be_found_out_is_not_repeated() {
    let (bench, kept, request) = held().await;
    for (trouble, grown) in [(Trouble::FailAfter, 1), (Trouble::LoseBefore, 0)] {
        let before = head(&bench, kept).await;
        bench.faults.next(Verb::Append, trouble);
        bench.faults.next(Verb::ResolveAppend, Trouble::FailBefore);
        let request = AppendRequest { commit_id: fixture::commit_id(), ..request.clone() };
        let error = bench.engine.append(request.clone()).await.unwrap_err();
        assert!(
            matches!(&error, EngineError::Store(StoreError::Unknown { commit_id, .. }) if *commit_id == request.commit_id),
            "{error:?}"
        );
        assert_eq!(head(&bench, kept).await, Seq(before.0 + grown));
    }
}

fn named(bench: &Bench, kept: Kept, ids: &[&str]) -> AppendRequest {
    let events = ids.iter().map(|id| fixture::named(id, "1")).collect();
    let commit_id = bench.engine.ids().commit_id();
    AppendRequest { commit_id, events, ..fixture::append(kept.handle, Some(kept.fence), 1) }
}

#[tokio::test]
async fn events_with_ids_are_repeated_even_if_nothing_can_be_found_out() {
    let (bench, kept, _) = held().await;
    let before = head(&bench, kept).await;
    for trouble in [Trouble::FailAfter, Trouble::LoseBefore] {
        let ids = [format!("{trouble:?}-1"), format!("{trouble:?}-2")];
        let request = named(&bench, kept, &[&ids[0], &ids[1]]);
        bench.faults.next(Verb::Append, trouble);
        let done = bench.engine.append(request.clone()).await.unwrap();
        assert!(matches!(done, AppendOutcome::Appended { .. }), "{done:?}");
        assert!(matches!(bench.engine.append(request).await.unwrap(), AppendOutcome::Known { new: 0, .. }));
    }
    assert_eq!(head(&bench, kept).await, Seq(before.0 + 4));
}

#[tokio::test]
async fn an_append_that_was_partly_known_is_found_out() {
    let (bench, kept, _) = held().await;
    let at = head(&bench, kept).await.next();
    bench.engine.append(named(&bench, kept, &["one"])).await.unwrap();
    let mut mixed = named(&bench, kept, &["one", "two"]);
    mixed.events.push(fixture::given("note", "free").into());
    bench.faults.next(Verb::Append, Trouble::FailAfter);
    let done = bench.engine.append(mixed).await.unwrap();
    let seqs = vec![at, at.next(), at.next().next()];
    assert_eq!(done, AppendOutcome::Known { seqs, new: 2 });
    assert_eq!(head(&bench, kept).await, at.next().next());
}

#[tokio::test]
async fn an_id_that_names_another_event_is_told_with_its_place() {
    let (bench, kept, _) = held().await;
    let at = head(&bench, kept).await.next();
    bench.engine.append(named(&bench, kept, &["one"])).await.unwrap();
    let mut other = named(&bench, kept, &["new"]);
    other.events.push(fixture::named("one", "2"));
    match bench.engine.append(other).await.unwrap_err() {
        EngineError::IdReused { id, seq } => assert_eq!((id.as_str(), seq), ("one", Some(at))),
        error => panic!("{error:?}"),
    }
}

//! Exporting, taking in, and pruning.

use std::time::Duration;

use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{EventType, Namespace, Seq};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, PrunePolicy, StateName};
use tenure_engine::{Admission, ArrivalError, EngineError, Kept, Pruning, Target};
use tenure_store::{AppendRequest, ArriveRequest, Find, Origin, Slot, Weight};
use tenure_store_testkit::{Trouble, Verb, read_all};

use crate::bench::{Bench, cancel};

const ORIGIN: Origin = Origin([3; 32]);

async fn append(bench: &Bench, kept: &Kept, count: usize) {
    let data = EventBody::Given { kind: EventType::parse("note").unwrap(), json: "{}".to_owned() };
    let events = vec![EventDraft::from(data); count];
    let (commit_id, fence) = (bench.engine.ids().commit_id(), Some(kept.fence));
    let request = AppendRequest { commit_id, handle: kept.handle, fence, events, after: Seq(0) };
    bench.engine.append(request).await.unwrap();
}

#[tokio::test]
async fn an_export_is_of_one_moment_and_nobody_holds_what_is_in_it() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    append(&bench, &kept, 1000).await;
    append(&bench, &kept, 500).await;
    let mut export = bench.engine.export(kept.handle).await.unwrap();
    append(&bench, &kept, 3).await;
    assert_eq!((export.session.lease.clone(), export.earliest), (None, Seq(1)));
    let mut seqs = Vec::new();
    loop {
        let events = export.next().await.unwrap();
        assert!(events.len() <= 1000, "memory is bounded");
        if events.is_empty() {
            break;
        }
        seqs.extend(events.iter().map(|event| event.seq.0));
    }
    assert_eq!(seqs, (1..=export.last.0).collect::<Vec<_>>());
    assert_eq!(export.events(), seqs.len() as u64);
}

#[tokio::test]
async fn an_export_whose_log_is_dropped_or_whose_session_is_deleted_meanwhile_says_so() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    append(&bench, &kept, 1000).await;
    append(&bench, &kept, 1000).await;
    let mut export = bench.engine.export(kept.handle).await.unwrap();
    export.next().await.unwrap();
    bench.engine.compact(kept.handle, Seq(1500)).await.unwrap();
    let dropped = export.next().await.unwrap_err();
    assert!(matches!(dropped, EngineError::Compacted { earliest: Seq(1500) }), "{dropped:?}");
    let mut export = bench.engine.export(kept.handle).await.unwrap();
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    bench.engine.delete(kept.handle).await.unwrap();
    let gone = export.next().await.unwrap_err();
    assert!(matches!(gone, EngineError::Refused { refusal: Refusal::NotFound, .. }), "{gone:?}");
}

#[tokio::test]
async fn what_was_exported_is_taken_in_once() {
    let (bench, there) = (Bench::new(), Bench::new());
    let (_, kept) = bench.hold("nightly", "w1").await;
    append(&bench, &kept, 20).await;
    let mut export = bench.engine.export(kept.handle).await.unwrap();
    let (namespace, id) = (export.session.namespace.clone(), export.session.id.clone());
    let request = ArriveRequest { namespace, id, slot: Slot::of(&export.session), earliest: export.earliest };
    let mut arrival = there.engine.arrive(request.clone()).await.unwrap();
    let events = export.next().await.unwrap();
    arrival.bring(events.clone()).await.unwrap();
    let admission = Admission { session: export.session.clone(), slot: export.slot, origin: ORIGIN };
    // Its answer is lost.
    there.faults.next(Verb::Admit, Trouble::FailAfter);
    let handle = arrival.admit(admission).await.unwrap();
    let found = there.engine.store().find(Find::Handle(handle)).await.unwrap();
    assert_eq!(found.current.session, Some(export.session));
    assert_eq!(read_all(there.engine.store().as_ref(), handle).await, events);
    let again = there.engine.arrive(request).await.unwrap_err();
    assert!(
        matches!(again, EngineError::Arrival(ArrivalError::IdTaken { origin: Some(ORIGIN) })),
        "{again:?}"
    );
}

#[tokio::test]
async fn what_is_begun_anew_or_given_up_does_not_go_on() {
    let (bench, there) = (Bench::new(), Bench::new());
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut export = bench.engine.export(kept.handle).await.unwrap();
    let (namespace, id) = (export.session.namespace.clone(), export.session.id.clone());
    let request = ArriveRequest { namespace, id, slot: Slot::of(&export.session), earliest: export.earliest };
    let mut first = there.engine.arrive(request.clone()).await.unwrap();
    let second = there.engine.arrive(request).await.unwrap();
    let given_up = first.bring(export.next().await.unwrap()).await.unwrap_err();
    assert!(matches!(given_up, EngineError::Arrival(ArrivalError::GivenUp)), "{given_up:?}");
    let admission = Admission { session: export.session.clone(), slot: export.slot, origin: ORIGIN };
    second.give_up().await;
    let given_up = first.admit(admission).await.unwrap_err();
    assert!(matches!(given_up, EngineError::Arrival(ArrivalError::GivenUp)), "{given_up:?}");
}

fn pruning(is_dry: bool) -> Pruning {
    let ages = vec![(StateName::Cancelled, Duration::from_secs(60))];
    let policy = PrunePolicy { ages, kinds: Vec::new(), keep: 0 };
    Pruning { namespace: Namespace::default_name(), policy, is_dry }
}

/// What goes, by id, and how many are needed.
async fn prune(bench: &Bench, is_dry: bool) -> (Vec<String>, u64) {
    let mut gone = Vec::new();
    let tell = |listed: &tenure_store::Listed, weight: Weight| {
        assert_eq!(weight.events, listed.head.0);
        gone.push(listed.session.id.as_str().to_owned());
        Ok::<_, EngineError>(())
    };
    let pruned = bench.engine.prune_sessions(&pruning(is_dry), tell).await.unwrap();
    assert_eq!(pruned.sessions, gone.len() as u64);
    (gone, pruned.needed)
}

#[tokio::test]
async fn a_dry_pruning_tells_what_a_real_one_deletes() {
    let bench = Bench::new();
    let mut handles = Vec::new();
    for key in ["a", "b", "c"] {
        let (_, kept) = bench.hold(key, "w1").await;
        bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
        handles.push(kept.handle);
    }
    let (_, open) = bench.hold("d", "w1").await;
    let retain = Command::Retain { by: None, reason: "a case".to_owned() };
    bench.engine.apply(&Target::Session(handles[1]), &retain).await.unwrap();
    assert_eq!(prune(&bench, true).await, (Vec::new(), 0));
    bench.clock.advance(Duration::from_secs(60));
    let expected = (vec!["ses_c_w1".to_owned(), "ses_a_w1".to_owned()], 1);
    for is_dry in [true, true, false] {
        assert_eq!(prune(&bench, is_dry).await, expected);
    }
    assert_eq!(prune(&bench, false).await, (Vec::new(), 1));
    for (handle, is_there) in
        [(handles[0], false), (handles[1], true), (handles[2], false), (open.handle, true)]
    {
        let found = bench.engine.store().find(Find::Handle(handle)).await.unwrap();
        assert_eq!(found.handle.is_some(), is_there);
    }
}

#[tokio::test]
async fn nothing_is_deleted_or_compacted_of_what_is_retained() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("a", "w1").await;
    let target = Target::Session(kept.handle);
    bench.engine.apply(&target, &cancel()).await.unwrap();
    bench.engine.apply(&target, &Command::Retain { by: None, reason: "a case".to_owned() }).await.unwrap();
    for refused in [
        bench.engine.delete(kept.handle).await.map(drop).unwrap_err(),
        bench.engine.compact(kept.handle, Seq(2)).await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(refused, EngineError::Refused { refusal: Refusal::Retained(_), .. }), "{refused:?}");
    }
    bench.engine.apply(&target, &Command::EndRetention { by: None }).await.unwrap();
    bench.engine.delete(kept.handle).await.unwrap();
}

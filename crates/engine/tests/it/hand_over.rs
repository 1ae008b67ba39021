//! Handing a session over, with trouble at every step on either side.

use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{EventType, Seq};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, StateName};
use tenure_engine::{ArrivalError, Departure, EngineError, Kept, Target};
use tenure_store::{AppendRequest, Find, Found, Handle};
use tenure_store_testkit::{Trouble, Verb, read_all};

use crate::bench::{Bench, cancel, slot, start, takeover};

const THERE: &str = "/there/tenure.db";

fn departure(handle: Handle) -> Departure {
    Departure { handle, to: THERE.to_owned(), by: None }
}

fn note(bench: &Bench, kept: &Kept, owned: bool) -> AppendRequest {
    let data = EventBody::Given { kind: EventType::parse("note").unwrap(), json: "{}".to_owned() };
    let events = vec![EventDraft::from(data)];
    let (commit_id, fence) = (bench.engine.ids().commit_id(), owned.then_some(kept.fence));
    AppendRequest { commit_id, handle: kept.handle, fence, events, after: Seq(0) }
}

/// A session that somebody holds, with a log of some length.
async fn held(bench: &Bench) -> Kept {
    let (_, kept) = bench.hold("nightly", "w1").await;
    for _ in 0..5 {
        bench.engine.append(note(bench, &kept, true)).await.unwrap();
    }
    kept
}

async fn hand_over(bench: &Bench, there: &Bench, handle: Handle) -> Result<bool, EngineError> {
    let departed = bench.engine.hand_over(&departure(handle), &there.engine, &mut |_, _| {}).await?;
    Ok(departed.was_there)
}

async fn found(bench: &Bench) -> Found {
    let Target::Slot(slot) = slot("nightly") else { unreachable!("it is one") };
    bench.engine.store().find(Find::Slot(slot)).await.unwrap()
}

/// Whether somebody can become the owner there.
async fn can_be_owned(bench: &Bench) -> bool {
    if found(bench).await.current.session.is_none() {
        return false;
    }
    bench.engine.apply(&slot("nightly"), &start("nightly", "w9", Some("look"))).await.is_ok()
}

#[tokio::test]
async fn a_session_goes_over_with_its_log_and_leaves_a_record_of_where_it_is() {
    let (bench, there) = (Bench::new(), Bench::new());
    let kept = held(&bench).await;
    let before = found(&bench).await;
    let mut told = Vec::new();
    let mut tell = |done, of| told.push((done, of));
    let departed = bench.engine.hand_over(&departure(kept.handle), &there.engine, &mut tell).await.unwrap();
    assert!(!departed.was_there);
    assert_eq!(departed.session.state.name(), StateName::Expired);
    assert!(departed.session.handover.unwrap().has_arrived);
    assert_eq!(told.first(), Some(&(before.head.0, before.head.0)));
    let arrived = found(&there).await;
    let (was, is) = (before.current.session.unwrap(), arrived.current.session.unwrap());
    assert_eq!((is.id, is.state, is.lease, is.handover), (was.id, was.state, None, None));
    assert_eq!(arrived.current.counters.fence, before.current.counters.fence.next());
    assert!(arrived.current.counters.revision > before.current.counters.revision);
    let log = read_all(there.engine.store().as_ref(), arrived.handle.unwrap()).await;
    let ours = read_all(bench.engine.store().as_ref(), kept.handle).await;
    assert_eq!(log, ours[..log.len()]);
    assert!(matches!(log.last().unwrap().data, EventBody::HandedOver { .. }));
}

#[tokio::test]
async fn every_write_of_the_former_owner_is_told_where_the_session_is() {
    let (bench, there) = (Bench::new(), Bench::new());
    let kept = held(&bench).await;
    hand_over(&bench, &there, kept.handle).await.unwrap();
    let is_told = |error: EngineError| match error {
        EngineError::Refused { refusal: Refusal::HandedOver(told), .. } => told.to == THERE,
        other => panic!("{other:?}"),
    };
    for owned in [true, false] {
        assert!(is_told(bench.engine.append(note(&bench, &kept, owned)).await.unwrap_err()));
    }
    assert!(is_told(bench.engine.renew(kept.handle, kept.fence).await.unwrap_err()));
    let target = Target::Session(kept.handle);
    for command in [cancel(), takeover("w2"), Command::Regrant { fence: kept.fence }] {
        assert!(is_told(bench.engine.apply(&target, &command).await.unwrap_err()), "{command:?}");
    }
    // Neither is a new session opened where the old one was.
    assert!(is_told(bench.engine.apply(&slot("nightly"), &start("nightly", "w2", None)).await.unwrap_err()));
    assert!(is_told(bench.engine.export(kept.handle).await.unwrap_err()));
    let lost = bench.engine.loss(kept.handle, kept.fence, Seq(0)).await.unwrap().unwrap();
    assert!(lost.is_told());
}

#[tokio::test]
async fn whatever_fails_on_either_side_one_side_at_most_can_own_it_and_asking_again_finishes_it() {
    let ours = [Verb::Find, Verb::Read, Verb::Commit];
    let theirs = [Verb::Arrive, Verb::Bring, Verb::Admit];
    let troubles = [Trouble::FailBefore, Trouble::LoseBefore, Trouble::FailAfter];
    let mut interrupted = 0;
    for trouble in troubles {
        for (is_ours, verb) in
            ours.map(|verb| (true, verb)).into_iter().chain(theirs.map(|verb| (false, verb)))
        {
            for nth in 0..4 {
                let (bench, there) = (Bench::new(), Bench::new());
                let kept = held(&bench).await;
                let faults = if is_ours { &bench.faults } else { &there.faults };
                let begun = faults.count(verb);
                // The calls before the nth go well.
                let gate = tenure_store_testkit::Gate::new();
                gate.open();
                faults.next_times(nth, verb, &Trouble::HoldBefore(gate));
                // Asking what became of it fails as well.
                faults.next(verb, trouble.clone());
                faults.next(Verb::Resolve, Trouble::FailBefore);
                let first = hand_over(&bench, &there, kept.handle).await;
                let what = format!("{trouble:?} of {verb:?} number {nth}: {first:?}");
                interrupted += usize::from(first.is_err());
                assert!(faults.count(verb) >= begun, "{what}");
                bench.faults.clear();
                there.faults.clear();
                let left = found(&bench).await.current.session.unwrap();
                if left.handover.is_none() {
                    // Nothing happened: its owner goes on.
                    assert!(first.is_err() && found(&there).await.current.session.is_none(), "{what}");
                    bench.engine.append(note(&bench, &kept, true)).await.unwrap();
                } else {
                    assert!(bench.engine.append(note(&bench, &kept, true)).await.is_err(), "{what}");
                    assert!(!can_be_owned(&bench).await, "{what}");
                }
                let was_there = hand_over(&bench, &there, kept.handle).await.unwrap();
                assert!(first.is_err() || was_there, "{what}");
                assert!(!can_be_owned(&bench).await, "{what}");
                assert!(can_be_owned(&there).await, "{what}");
                let arrived = found(&there).await;
                let log = read_all(there.engine.store().as_ref(), arrived.handle.unwrap()).await;
                let ours = read_all(bench.engine.store().as_ref(), kept.handle).await;
                let shared = ours.iter().position(|event| matches!(event.data, EventBody::HandedOver { .. }));
                assert_eq!(log[..=shared.unwrap()], ours[..=shared.unwrap()], "{what}");
                assert!(hand_over(&bench, &there, kept.handle).await.unwrap(), "{what}");
            }
        }
    }
    assert!(interrupted > 25, "{interrupted} were interrupted");
}

#[tokio::test]
async fn a_session_that_goes_one_way_does_not_go_another() {
    let (bench, there) = (Bench::new(), Bench::new());
    let kept = held(&bench).await;
    there.faults.next(Verb::Admit, Trouble::FailBefore);
    hand_over(&bench, &there, kept.handle).await.unwrap_err();
    let elsewhere = Bench::new();
    let other = Departure { to: "/elsewhere".to_owned(), ..departure(kept.handle) };
    let refused = bench.engine.hand_over(&other, &elsewhere.engine, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused { refusal: Refusal::HandedOver(_), .. }), "{refused:?}");
    assert!(elsewhere.engine.store().namespaces().await.unwrap().is_empty());
    hand_over(&bench, &there, kept.handle).await.unwrap();
}

#[tokio::test]
async fn a_session_stays_where_it_is_while_the_other_store_does_not_take_it() {
    let (bench, there) = (Bench::new(), Bench::new());
    let kept = held(&bench).await;
    let (open, held_there) = there.hold("nightly", "w7").await;
    let refused = hand_over(&bench, &there, kept.handle).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Arrival(ArrivalError::SlotTaken { by }) if *by == open.id));
    bench.engine.append(note(&bench, &kept, true)).await.unwrap();
    there.engine.apply(&Target::Session(held_there.handle), &cancel()).await.unwrap();
    hand_over(&bench, &there, kept.handle).await.unwrap();
    assert!(can_be_owned(&there).await);
}

#[tokio::test]
async fn a_session_comes_back_from_where_it_went() {
    let (bench, there) = (Bench::new(), Bench::new());
    let kept = held(&bench).await;
    hand_over(&bench, &there, kept.handle).await.unwrap();
    let back = Departure { handle: found(&there).await.handle.unwrap(), to: "/here".to_owned(), by: None };
    let refused = there.engine.hand_over(&back, &bench.engine, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, EngineError::Arrival(ArrivalError::IdTaken { .. })), "{refused:?}");
    // The record of where it went gives way.
    bench.engine.delete(kept.handle).await.unwrap();
    there.engine.hand_over(&back, &bench.engine, &mut |_, _| {}).await.unwrap();
    assert!(can_be_owned(&bench).await && !can_be_owned(&there).await);
    assert!(found(&bench).await.current.counters.fence > kept.fence.next());
}

#[tokio::test]
async fn what_has_ended_goes_over_as_it_ended() {
    let (bench, there) = (Bench::new(), Bench::new());
    let kept = held(&bench).await;
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    let before = found(&bench).await.current.session.unwrap().state;
    hand_over(&bench, &there, kept.handle).await.unwrap();
    assert_eq!(found(&there).await.current.session.unwrap().state, before);
    assert_eq!(found(&bench).await.current.session.unwrap().state, before);
}

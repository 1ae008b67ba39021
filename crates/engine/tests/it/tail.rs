//! A log is followed without a gap, to its end.

use tenure_core::event::EventBody;
use tenure_core::id::{EventType, Fence, Seq};
use tenure_core::session::StateName;
use tenure_engine::{Next, Target};
use tenure_store::{AppendRequest, Handle};

use crate::bench::{Bench, cancel};

async fn append(bench: &Bench, handle: Handle, fence: Option<Fence>, kinds: &[&str]) {
    let event = |kind: &&str| {
        EventBody::Given { kind: EventType::parse(kind).unwrap(), json: "{}".to_owned() }.into()
    };
    let commit_id = bench.engine.ids().commit_id();
    let events = kinds.iter().map(event).collect();
    bench.engine.append(AppendRequest { commit_id, handle, fence, events, after: Seq(0) }).await.unwrap();
}

fn positions(next: Next) -> Vec<u64> {
    match next {
        Next::Events(events) => events.iter().map(|event| event.seq.0).collect(),
        other @ (Next::Ended(_) | Next::Deleted) => panic!("ended too early: {other:?}"),
    }
}

#[tokio::test]
async fn a_tail_delivers_what_is_there_then_what_comes_then_the_end() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    append(&bench, kept.handle, Some(kept.fence), &["a", "b"]).await;
    let mut tail = bench.engine.tail(kept.handle, Seq(0), Vec::new());
    let there = positions(tail.next().await.unwrap());
    let head = *there.last().unwrap();
    assert_eq!(there, (1..=head).collect::<Vec<_>>());
    let (next, ()) = tokio::join!(tail.next(), append(&bench, kept.handle, None, &["c"]));
    assert_eq!(positions(next.unwrap()), [head + 1]);
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    assert!(!positions(tail.next().await.unwrap()).is_empty());
    match tail.next().await.unwrap() {
        Next::Ended(session) => assert_eq!(session.state.name(), StateName::Cancelled),
        other @ (Next::Events(_) | Next::Deleted) => panic!("nothing comes after the end: {other:?}"),
    }
}

#[tokio::test]
async fn a_tail_of_some_types_passes_over_the_others_and_still_sees_the_end() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut tail = bench.engine.tail(kept.handle, Seq(0), vec!["wanted".to_owned()]);
    append(&bench, kept.handle, Some(kept.fence), &["noise", "wanted", "noise"]).await;
    assert_eq!(positions(tail.next().await.unwrap()).len(), 1);
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    assert!(matches!(tail.next().await.unwrap(), Next::Ended(_)));
}

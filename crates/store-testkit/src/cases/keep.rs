//! Cases about sessions of which nothing may be removed, and about those that went elsewhere.

use tenure_core::id::{HandoverId, Seq};
use tenure_core::session::{Command, HandOver};
use tenure_store::{
    AppendOutcome, CompactOutcome, CompactRequest, CreateOutcome, Handle, PurgeOutcome, RemoveOutcome,
    RenewOutcome, Weight,
};

use crate::Harness;
use crate::fixture::{Bench, Held, append, complete, saving, slot};

fn retain() -> Command {
    Command::Retain { by: None, reason: "a case".to_owned() }
}

fn end_retention() -> Command {
    Command::EndRetention { by: None }
}

const ID: HandoverId = HandoverId([7; 16]);

fn handing_over() -> Command {
    Command::HandOver(Box::new(HandOver { id: ID, to: "/there".to_owned(), by: None }))
}

async fn ended(bench: &Bench, key: &str) -> Held {
    let held = bench.hold(key, 1).await;
    bench.append(held, 3).await;
    bench.commit(held.handle, &complete(held.fence)).await;
    held
}

async fn purge(bench: &Bench, handle: Handle) -> PurgeOutcome {
    bench.store.purge(handle).await.expect("an outcome")
}

async fn compact(bench: &Bench, handle: Handle) -> CompactOutcome {
    bench.store.compact(CompactRequest { handle, before: Seq(3) }).await.expect("an outcome")
}

/// Nothing is removed of what somebody wants kept, until that is over.
pub async fn nothing_is_removed_of_what_is_retained(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = ended(&bench, "a").await;
    bench.commit(held.handle, &retain()).await;
    let before = bench.dump().await;
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Retained);
    assert_eq!(compact(&bench, held.handle).await, CompactOutcome::Retained);
    assert_eq!(bench.dump().await, before);
    bench.commit(held.handle, &end_retention()).await;
    let done = CompactOutcome::Compacted { earliest: Seq(3), is_done: true };
    assert_eq!(compact(&bench, held.handle).await, done);
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Purged);
}

/// A session is retained also while somebody holds it, and its owner goes on.
pub async fn a_session_is_retained_while_it_is_held(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &retain()).await;
    assert!(matches!(bench.renew(held).await, RenewOutcome::Renewed(_)));
    assert!(matches!(bench.append(held, 2).await, AppendOutcome::Appended { .. }));
    assert_eq!(compact(&bench, held.handle).await, CompactOutcome::Retained);
    bench.commit(held.handle, &complete(held.fence)).await;
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Retained);
}

/// What becomes of a record is written also when its slot has a newer session, whose holder is not disturbed.
pub async fn a_past_session_is_retained_beside_its_successor(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let past = ended(&bench, "a").await;
    let held = bench.hold("a", 2).await;
    let fence = bench.found(slot("a")).await.current.counters.fence;
    bench.commit(past.handle, &retain()).await;
    assert!(bench.session(past.handle).await.retained.is_some());
    let found = bench.found(slot("a")).await;
    assert_eq!((found.handle, found.current.counters.fence), (Some(held.handle), fence));
    assert!(matches!(bench.append(held, 1).await, AppendOutcome::Appended { .. }));
    bench.commit(held.handle, &complete(held.fence)).await;
    assert_eq!(purge(&bench, past.handle).await, PurgeOutcome::Retained);
    assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Purged);
    assert_eq!(bench.found(slot("a")).await.handle, Some(past.handle));
}

/// Nobody writes to what was handed over: neither its former owner nor anybody else.
pub async fn what_was_handed_over_takes_nothing_more(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 2).await;
    bench.commit(held.handle, &handing_over()).await;
    let head = bench.found(held.handle).await.head;
    assert!(matches!(bench.append(held, 1).await, AppendOutcome::Fenced { .. }));
    assert!(matches!(bench.renew(held).await, RenewOutcome::Fenced { .. }));
    let told = bench.store.append(append(held.handle, None, 1)).await.expect("an outcome");
    assert_eq!(told, AppendOutcome::Ended);
    assert_eq!(bench.found(held.handle).await.head, head);
    assert_eq!(bench.store.due(9).await.expect("an answer"), []);
}

/// Nothing of what is on its way is removed before it has arrived.
pub async fn nothing_is_removed_of_what_is_on_its_way(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for held in [ended(&bench, "a").await, bench.hold("b", 2).await] {
        bench.append(held, 3).await;
        bench.commit(held.handle, &handing_over()).await;
        assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::OnItsWay);
        assert_eq!(compact(&bench, held.handle).await, CompactOutcome::OnItsWay);
        bench.commit(held.handle, &Command::Arrived { id: ID }).await;
        assert_eq!(purge(&bench, held.handle).await, PurgeOutcome::Purged);
    }
}

/// What a session takes grows with its log; what is not there takes nothing.
pub async fn a_session_weighs_what_its_log_takes(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(bench.store.weigh(Handle(7)).await.expect("an answer"), Weight::default());
    let held = bench.hold("a", 1).await;
    let light = bench.store.weigh(held.handle).await.expect("an answer");
    assert_eq!(light.events, bench.found(held.handle).await.head.0);
    bench.append(held, 100).await;
    let heavy = bench.store.weigh(held.handle).await.expect("an answer");
    assert_eq!(heavy.events, light.events + 100);
    assert!(heavy.bytes > light.bytes + 100, "{light:?} {heavy:?}");
    bench.compact(held.handle, 90).await;
    let cut = bench.store.weigh(held.handle).await.expect("an answer");
    assert_eq!(cut.events, heavy.events - 89);
}

/// No checkpoint is removed of what somebody wants kept, and none is made of what was handed over.
pub async fn checkpoints_are_kept_with_their_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"small").await;
    bench.commit(held.handle, &retain()).await;
    assert_eq!(bench.remove(held.handle, None, &["ckp_1"]).await, RemoveOutcome::Retained);
    bench.commit(held.handle, &end_retention()).await;
    bench.commit(held.handle, &handing_over()).await;
    assert_eq!(bench.remove(held.handle, None, &["ckp_1"]).await, RemoveOutcome::OnItsWay);
    assert_eq!(bench.listed(held.handle, None, 100).await.len(), 1);
    let saving = saving(held.handle, None, "ckp_2", b"small");
    assert_eq!(bench.create(&saving).await, CreateOutcome::Ended);
}

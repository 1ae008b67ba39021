//! Cases about several instances on the same stored sessions: no memory of theirs lies.

use std::sync::Arc;

use tenure_core::id::{Namespace, Revision};
use tenure_core::refusal::Refusal;
use tenure_store::{AppendOutcome, CommitOutcome, RenewOutcome, RenewRequest, Store};
use tokio::task::JoinSet;

use crate::fixture::{
    Bench, TTL, Target, append, pause, prepare, resume, run, slot, start, takeover, try_prepare,
};
use crate::{Capability, Harness, list_all};

/// What one instance wrote, the other shows at once, and the other way round.
pub async fn instances_show_what_the_others_wrote(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let second = bench.second().await;
    for round in 0..5 {
        bench.commit(held.handle, &pause(held.fence)).await;
        same(&bench, second.as_ref()).await;
        let request = prepare(second.as_ref(), held.handle, &resume(held.fence)).await;
        second.commit(request).await.expect("an outcome");
        same(&bench, second.as_ref()).await;
        second.append(append(held.handle, Some(held.fence), round + 1)).await.expect("an outcome");
        bench.append_inbox(held.handle, 1).await;
        same(&bench, second.as_ref()).await;
        bench.clock.advance(TTL / 3);
        let request = RenewRequest { handle: held.handle, fence: held.fence };
        second.renew(request).await.expect("an outcome");
        same(&bench, second.as_ref()).await;
    }
}

async fn same(bench: &Bench, second: &dyn Store) {
    let there = crate::dump(second, &[Namespace::default_name()]).await;
    assert_eq!(bench.dump().await, there);
}

/// A guard looks at what is stored, not at what its instance remembers.
pub async fn guards_hold_across_instances(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    let second = bench.second().await;
    let early = prepare(second.as_ref(), old.handle, &pause(old.fence)).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let new = bench.held(old.handle).await;
    let outcome = second.commit(early).await.expect("an outcome");
    assert_eq!(outcome, CommitOutcome::RevisionConflict { actual: Revision(2) });
    let outcome = second.append(append(old.handle, Some(old.fence), 1)).await.expect("an outcome");
    assert_eq!(outcome, AppendOutcome::Fenced { current: new.fence });
    let request = RenewRequest { handle: old.handle, fence: old.fence };
    let outcome = second.renew(request).await.expect("an outcome");
    assert_eq!(outcome, RenewOutcome::Fenced { current: new.fence });
    let taken = second.commit(prepare(second.as_ref(), slot("b"), &start(run("ses_b", Some("b"), 1))).await);
    taken.await.expect("an outcome");
    let again = bench.prepare(Target::New, &start(run("ses_b", None, 1))).await;
    assert_eq!(bench.refused(&again).await, CommitOutcome::IdTaken);
}

/// A lease that another instance renewed is live here too, and one that it saw run out is over.
pub async fn leases_are_judged_the_same_everywhere(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let second = bench.second().await;
    bench.renew(held).await;
    bench.clock.advance(TTL / 2);
    let request = RenewRequest { handle: held.handle, fence: held.fence };
    assert!(matches!(second.renew(request).await, Ok(RenewOutcome::Renewed(_))));
    bench.clock.advance(TTL / 2);
    let refused = try_prepare(bench.store.as_ref(), &Target::Session(held.handle), &takeover(2)).await;
    assert!(matches!(refused, Err(Refusal::Takeover(_))), "{refused:?}");
    bench.clock.advance(TTL / 2);
    assert_eq!(bench.renew(held).await, RenewOutcome::Expired);
    assert!(matches!(second.renew(request).await, Ok(RenewOutcome::Expired)));
}

/// Instances opened at the same moment on nothing all work on the same.
pub async fn instances_open_together_on_nothing(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let disk: Arc<dyn crate::Disk> = Arc::from(harness.fresh().await);
    let mut opening = JoinSet::new();
    for _ in 0..8 {
        let disk = Arc::clone(&disk);
        opening.spawn(async move { disk.open().await });
    }
    let stores = opening.join_all().await;
    for (number, store) in stores.iter().enumerate() {
        let key = format!("a{number}");
        let request =
            prepare(store.as_ref(), slot(&key), &start(run(&format!("ses_{number}"), Some(&key), 1))).await;
        assert!(matches!(store.commit(request).await, Ok(CommitOutcome::Committed(_))));
    }
    for store in &stores {
        assert_eq!(list_all(store.as_ref(), &Namespace::default_name()).await.len(), stores.len());
    }
}

//! Cases about who holds instances: claims, letting go, and rescue.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenure_core::id::Fence;
use tenure_core::time::WallTime;
use tenure_store::{Filter, ListRequest, TurnOutcome, TurnRequest, Wake};
use tokio::task::JoinSet;

use crate::fixture::{
    ALMOST_TTL, Bench, Driven, TICK, TTL, actor, claim, done, first_turn, opening, registered, signal, worker,
};
use crate::{Capability, Harness};

/// An instance that nobody holds is given to one worker, under the first fence.
pub async fn what_nobody_holds_is_given_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let opened = done(bench.turn(opening("ses_a", Wake::Now)).await);
    assert_eq!(opened.fence, Fence(0));
    let claimed = bench.claim(one, 10).await;
    assert_eq!(claimed.len(), 1);
    let given = &claimed[0];
    assert_eq!((given.handle, given.fence, given.turn), (opened.handle, Fence(1), 1));
    assert_eq!((given.is_rescued, &given.messages[..]), (false, &[][..]));
    assert_eq!(given.session, bench.session(opened.handle).await);
    assert_eq!(given.session.lease.as_ref().map(|lease| lease.holder.id.clone()), Some(actor("one")));
    assert_eq!((bench.claim(two, 10).await, bench.claim(one, 10).await), (Vec::new(), Vec::new()));
    done(bench.turn(Driven::claimed(given, one).turn()).await);
}

/// Those whose time came first are given first, as many as are wanted.
pub async fn whose_time_came_first_is_given_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let now = bench.store.now().await.expect("the time").wall.expect("a usable clock");
    let at = |ms: u64| Wake::At(WallTime::from_epoch_ms(now.epoch_ms() - ms));
    for (id, wake) in [("ses_c", at(10)), ("ses_b", at(20)), ("ses_d", at(5)), ("ses_a", Wake::Now)] {
        done(bench.turn(opening(id, wake)).await);
    }
    let mut given = Vec::new();
    for _ in 0..2 {
        given.extend(bench.claim(one, 2).await.into_iter().map(|claimed| claimed.session.id));
    }
    assert_eq!(given.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["ses_a", "ses_b", "ses_c", "ses_d"]);
}

/// Nothing is given before its time, and what never comes by itself is not given.
pub async fn nothing_is_given_before_its_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    assert_eq!(bench.store.next_wake().await.expect("an answer"), None);
    done(bench.turn(opening("ses_a", Wake::Never)).await);
    assert_eq!(bench.store.next_wake().await.expect("an answer"), None);
    let at = bench.store.now().await.expect("the time").wall.expect("a usable clock").after(TTL);
    done(bench.turn(opening("ses_b", Wake::At(at))).await);
    assert_eq!(bench.store.next_wake().await.expect("an answer"), Some(at));
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(bench.claim(one, 10).await, []);
    bench.clock.advance(TICK);
    assert_eq!(bench.claim(one, 10).await.len(), 1);
    assert_eq!(bench.store.next_wake().await.expect("an answer"), None);
}

/// Of many workers that claim at once each gets another instance.
pub async fn ten_at_once_get_ten_different_ones(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut workers = Vec::new();
    for number in 0..10 {
        workers.push(bench.worker(&format!("worker {number}")).await);
        done(bench.turn(opening(&format!("ses_{number}"), Wake::Now)).await);
    }
    let second = if harness.has(Capability::SecondInstance) { Some(bench.second().await) } else { None };
    let mut tasks = JoinSet::new();
    for (number, worker) in workers.into_iter().enumerate() {
        let other = second.as_ref().filter(|_| number % 2 == 0);
        let store = Arc::clone(other.unwrap_or(&bench.store));
        tasks.spawn(async move { claim(store.as_ref(), worker, 1).await });
    }
    let given = tasks.join_all().await.concat();
    let different: BTreeSet<_> = given.iter().map(|claimed| claimed.handle).collect();
    assert_eq!((given.len(), different.len()), (10, 10));
}

/// A former holder's turns are fenced, and those of its other instances are not.
pub async fn a_former_holders_turn_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let (former, kept) = (bench.driven("ses_a", one).await, bench.driven("ses_b", one).await);
    bench.free(former.free(Wake::Now)).await;
    bench.free(former.free(Wake::Never)).await;
    assert_eq!(bench.session(former.handle).await.lease, None);
    assert_eq!(bench.refused_turn(former.turn()).await, TurnOutcome::Fenced { current: Fence(1) });
    let claimed = bench.claim(two, 10).await;
    assert_eq!((claimed.len(), claimed[0].fence, claimed[0].is_rescued), (1, Fence(2), false));
    bench.free(former.free(Wake::Now)).await;
    assert_eq!(bench.refused_turn(former.turn()).await, TurnOutcome::Fenced { current: Fence(2) });
    assert_eq!(bench.session(former.handle).await.counters.fence, Fence(2));
    done(bench.turn(Driven::claimed(&claimed[0], two).turn()).await);
    done(bench.turn(kept.turn()).await);
}

/// What was let go waits until its time, or until something is sent to it.
pub async fn what_was_let_go_waits_for_its_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let (slow, quiet) = (bench.driven("ses_a", one).await, bench.driven("ses_b", one).await);
    let waited_for = bench.driven("ses_c", one).await;
    bench.post(&waited_for.session.id, signal("go")).await;
    let at = bench.store.now().await.expect("the time").wall.expect("a usable clock").after(TICK);
    bench.free(slow.free(Wake::At(at))).await;
    bench.free(quiet.free(Wake::Never)).await;
    bench.free(waited_for.free(Wake::Never)).await;
    let ids = |claimed: Vec<tenure_store::Claimed>| -> Vec<_> {
        claimed.iter().map(|claimed| claimed.handle).collect()
    };
    assert_eq!(ids(bench.claim(one, 10).await), [waited_for.handle]);
    bench.clock.advance(TICK);
    assert_eq!(ids(bench.claim(one, 10).await), [slow.handle]);
    bench.post(&quiet.session.id, signal("go")).await;
    assert_eq!(ids(bench.claim(one, 10).await), [quiet.handle]);
}

/// What a worker held whose lease is over is rescued by whoever claims next.
pub async fn what_an_over_worker_held_is_rescued(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let (busy, idle) = (bench.driven("ses_a", one).await, bench.driven("ses_b", one).await);
    done(bench.turn(TurnRequest { wake: Wake::Never, ..idle.turn() }).await);
    let mine = bench.driven("ses_c", two).await;
    bench.clock.advance(ALMOST_TTL);
    bench.renew_worker(two).await;
    assert_eq!(bench.claim(two, 10).await, []);
    bench.clock.advance(TICK);
    // Nobody has claimed yet, so the late one still holds it.
    done(bench.turn(busy.turn()).await);
    let claimed = bench.claim(two, 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!((claimed[0].handle, claimed[0].turn), (busy.handle, 2));
    assert!(claimed[0].is_rescued);
    let late = TurnRequest { commit_id: crate::fixture::commit_id(), ..idle.turn() };
    assert!(matches!(bench.refused_turn(late).await, TurnOutcome::Fenced { .. }));
    assert_eq!(bench.session(idle.handle).await.lease, None);
    bench.post(&idle.session.id, signal("go")).await;
    assert!(bench.claim(two, 10).await[0].is_rescued);
    done(bench.turn(mine.turn()).await);
}

/// What a worker held whose process is gone is rescued at once.
pub async fn what_a_gone_worker_held_is_rescued_at_once(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let two = bench.worker("two").await;
    let second = bench.second().await;
    let one = registered(second.as_ref(), worker("one", 1)).await;
    let kept = done(second.commit_turn(first_turn("ses_a", one)).await.expect("an outcome"));
    assert_eq!(bench.claim(two, 10).await, []);
    drop(second);
    let claimed = bench.claim(two, 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!((claimed[0].handle, claimed[0].fence, claimed[0].is_rescued), (kept.handle, Fence(2), true));
}

/// Lists by holder show what a worker holds now.
pub async fn a_list_by_holder_shows_a_workers_instances(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let driven = bench.driven("ses_a", one).await;
    bench.driven("ses_b", two).await;
    let ended = bench.driven("ses_c", one).await;
    done(bench.turn(ended.last_turn()).await);
    // Enough for the first ones to be found in another way than the newest.
    for number in 0..400 {
        done(bench.turn(opening(&format!("ses_{number}"), Wake::Never)).await);
    }
    let held_by = async |name: &str| {
        let filter = Filter { holder: Some(actor(name)), ..Filter::default() };
        let request = ListRequest::newest(driven.session.namespace.clone(), 100);
        let page = bench.store.list(ListRequest { filter, ..request }).await.expect("a page");
        page.sessions.iter().map(|listed| listed.session.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(held_by("one").await, ["ses_a"]);
    bench.free(driven.free(Wake::Now)).await;
    assert_eq!(bench.claim(two, 1).await.len(), 1);
    assert_eq!(held_by("one").await, [""; 0]);
    assert_eq!(held_by("two").await, ["ses_b", "ses_a"]);
}

//! A worker's lease is kept beside its loop. Nothing begins when it may be over.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tenure_core::id::{AffinityKey, Namespace, WorkerId};
use tenure_core::lease::{margin, renew_interval};
use tenure_core::orchestration::{Payload, Version};
use tenure_core::worker::is_stalled;
use tenure_engine::{Ended, Orchestrations, Outcome, Registry, Worker, WorkerNews};
use tenure_replay::{Context, Ending};
use tenure_store::{
    Clock as _, Dismiss, Dismissal, MovePin, MovePinOutcome, TaskStore as _, WorkerStore as _,
};
use tenure_store_testkit::{Trouble, Verb};
use tokio::sync::watch;

use super::bench::{Bench, name, one_activity, settle, starting, with_work, work};

#[tokio::test]
async fn an_idle_worker_renews_every_third_of_its_ttl_and_goes_on() {
    let bench = Bench::new();
    let options = bench.options("w1");
    let ttl = options.ttl;
    let (worker, _) = bench.start(Registry::default(), options).await;
    for _ in 0..20 {
        bench.pass(renew_interval(ttl)).await;
        let listed = bench.listed("w1").await.unwrap();
        let now = bench.clock.clock.now();
        assert!(listed.lease.term.left(&now).is_some_and(|left| left > ttl.length() / 2));
        assert!(!is_stalled(ttl, now.wall.unwrap().since(listed.progressed_at)));
    }
    let renewals = bench.faults.count(Verb::RenewWorker);
    assert!((18..=22).contains(&renewals), "{renewals} renewals");
    assert!(bench.told().is_empty());
    bench.stop(worker).await;
}

/// R-W4: one renewal that fails loses nothing; two thirds of a ttl without one are told, once.
#[tokio::test]
async fn renewals_that_fail_are_repeated_and_told_once_when_time_runs_short() {
    let bench = Bench::new();
    let options = bench.options("w1");
    let ttl = options.ttl.length();
    let (worker, _) = bench.start(Registry::default(), options).await;
    bench.pass(Duration::from_millis(100)).await;
    bench.faults.next_times(4, Verb::RenewWorker, &Trouble::FailBefore);
    bench.pass((ttl * 2 / 3).saturating_sub(Duration::from_secs(1))).await;
    assert!(bench.told().is_empty());
    bench.faults.next_times(1000, Verb::RenewWorker, &Trouble::FailBefore);
    bench.pass(ttl).await;
    assert_eq!(bench.told(), [WorkerNews::Jeopardy]);
    bench.faults.clear();
    bench.pass(Duration::from_secs(2)).await;
    assert_eq!(bench.told(), [WorkerNews::Jeopardy, WorkerNews::Safe]);
    bench.stop(worker).await;
}

#[tokio::test]
async fn a_renewal_that_is_not_answered_is_told_when_time_runs_short() {
    let bench = Bench::new();
    let options = bench.options("w1");
    let ttl = options.ttl.length();
    let (worker, _) = bench.start(Registry::default(), options).await;
    let gate = bench.faults.hold(Verb::RenewWorker);
    bench.pass(ttl * 2 / 3 + Duration::from_millis(200)).await;
    assert_eq!(bench.told(), [WorkerNews::Jeopardy]);
    gate.open();
    settle().await;
    assert_eq!(bench.told(), [WorkerNews::Jeopardy, WorkerNews::Safe]);
    bench.stop(worker).await;
}

#[tokio::test]
async fn no_attempt_begins_after_the_local_deadline_until_the_lease_is_renewed() {
    let bench = Bench::new();
    let (began, go) = (watch::Sender::new(0), watch::Sender::new(true));
    for key in [None, Some("a")] {
        let options = bench.options("w1");
        let ttl = options.ttl;
        let before = *began.borrow();
        let registry = with_work(one_activity(work(None, key)), &began, &go);
        let (worker, orchestrations) = bench.start(registry, options).await;
        settle().await;
        bench.faults.next_times(1000, Verb::RenewWorker, &Trouble::FailBefore);
        bench.pass(ttl.length().saturating_sub(margin(ttl))).await;
        let id = format!("of-{}", key.unwrap_or("none"));
        let outcome = orchestrations.start(starting(&id)).await.unwrap();
        bench.pass(Duration::from_secs(1)).await;
        assert_eq!(*began.borrow(), before, "it began when the lease might have been over");
        bench.faults.clear();
        assert_eq!(bench.ended(&orchestrations, outcome).await, Ended::Completed(Payload(Vec::new())));
        assert_eq!(*began.borrow(), before + 1);
        bench.stop(worker).await;
    }
}

/// What was granted before a lease was over for a while is asked for again before it begins: it may be somebody else's.
#[tokio::test]
async fn what_was_granted_before_a_lapse_begins_where_its_key_is_by_then() {
    let bench = Bench::new();
    let (began, began_elsewhere, go) =
        (watch::Sender::new(0), watch::Sender::new(0), watch::Sender::new(true));
    let registry = with_work(one_activity(work(None, Some("a"))), &began, &go);
    let options = bench.options("w1");
    let ttl = options.ttl;
    let (worker, orchestrations) = bench.start(registry, options).await;
    let elsewhere = with_work(Registry::default(), &began_elsewhere, &go);
    let (other, _) = bench.start(elsewhere, bench.options("w2")).await;
    settle().await;
    bench.faults.next_times(1000, Verb::RenewWorker, &Trouble::FailBefore);
    bench.pass(ttl.length().saturating_sub(margin(ttl))).await;
    // Its key is this worker's, and it does not begin.
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    settle().await;
    let to = Some(WorkerId::parse("w2").unwrap());
    let namespace = Namespace::default_name();
    let moving = MovePin { namespace, key: AffinityKey::parse("a").unwrap(), to };
    let moved = bench.memory.move_pin(moving).await.unwrap();
    assert!(matches!(moved, MovePinOutcome::Moved(_)), "{moved:?}");
    bench.faults.clear();
    assert_eq!(bench.ended(&orchestrations, outcome).await, Ended::Completed(Payload(Vec::new())));
    assert_eq!((*began.borrow(), *began_elsewhere.borrow()), (0, 1));
    bench.stop(worker).await;
    bench.stop(other).await;
}

/// An orchestration `code` that runs one activity, and then does this.
fn after_work(then: impl Fn(Payload) -> Payload + Clone + Send + Sync + 'static) -> Registry {
    let mut registry = Registry::default();
    let code = move |context: Context, _| -> tenure_replay::CodeFuture {
        let then = then.clone();
        Box::pin(async move {
            match context.activity(work(None, None)).await {
                Ok(output) => Ending::Completed(then(output)),
                Err(failure) => Ending::Failed(failure),
            }
        })
    };
    registry.add_orchestration(name("code"), Version::FIRST, Arc::new(code));
    with_work(registry, &watch::Sender::new(0), &watch::Sender::new(true))
}

/// A worker with an orchestration that blocks its thread, as none should, until it is let go of.
struct Stuck {
    worker: Worker,
    orchestrations: Orchestrations,
    release: mpsc::Sender<()>,
    outcome: Outcome,
}

impl Stuck {
    async fn start(bench: &Bench) -> Self {
        let (release, stuck) = mpsc::channel::<()>();
        let (tell, mut is_stuck) = watch::channel(false);
        let stuck = Arc::new(Mutex::new(stuck));
        let registry = after_work(move |output| {
            tell.send_replace(true);
            stuck.lock().unwrap().recv().unwrap_or(());
            output
        });
        let (worker, orchestrations) = bench.start(registry, bench.options("w1")).await;
        let outcome = orchestrations.start(starting("one")).await.unwrap();
        is_stuck.wait_for(|stuck| *stuck).await.unwrap();
        Self { worker, orchestrations, release, outcome }
    }

    /// Its code goes on, and its instance ends.
    async fn goes_on(self, bench: &Bench) -> Ended {
        self.release.send(()).unwrap();
        let ended = bench.ended(&self.orchestrations, self.outcome).await;
        bench.stop(self.worker).await;
        ended
    }
}

/// Lets time pass until the lease was renewed once more.
async fn until_renewed(bench: &Bench) {
    let renewals = bench.faults.count(Verb::RenewWorker);
    let is_renewed = async || {
        tokio::task::yield_now().await;
        bench.faults.count(Verb::RenewWorker) > renewals
    };
    bench.until(is_renewed).await;
}

/// A worker whose loop stands still is listed as one: it renews, and does not go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_worker_whose_loop_is_stuck_stays_live_and_is_seen_to_be_stuck() {
    let bench = Bench::new();
    let ttl = bench.options("w1").ttl;
    let stuck = Stuck::start(&bench).await;
    // Three renewals without progress, after one that may still have told some; each may come a tenth early.
    for _ in 0..6 {
        until_renewed(&bench).await;
    }
    let listed = bench.listed("w1").await.unwrap();
    let now = bench.clock.clock.now();
    assert!(listed.lease.term.left(&now).is_some_and(|left| !left.is_zero()), "{listed:?}");
    assert!(is_stalled(ttl, now.wall.unwrap().since(listed.progressed_at)), "{listed:?}");
    assert_eq!(stuck.goes_on(&bench).await, Ended::Completed(Payload(Vec::new())));
}

/// What a worker that was given up held goes to others, and what it says afterwards does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_a_stuck_worker_held_goes_to_others_and_its_late_writes_are_fenced() {
    let bench = Bench::new();
    let stuck = Stuck::start(&bench).await;
    let elsewhere = Ended::Completed(Payload(b"elsewhere".to_vec()));
    let registry = after_work(|_| Payload(b"elsewhere".to_vec()));
    let (other, orchestrations) = bench.start(registry, bench.options("w2")).await;
    let there = orchestrations.start(starting("one")).await.unwrap();
    assert_eq!(bench.ended(&orchestrations, there).await, elsewhere);
    assert_eq!(stuck.goes_on(&bench).await, elsewhere);
    bench.stop(other).await;
}

#[tokio::test]
async fn an_evicted_worker_begins_as_another_start_of_itself() {
    let bench = Bench::new();
    let (began, go) = (watch::Sender::new(0), watch::Sender::new(false));
    let registry = with_work(one_activity(work(None, None)), &began, &go);
    let (worker, orchestrations) = bench.start(registry, bench.options("w1")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || *began.borrow() == 1).await;
    let first = bench.listed("w1").await.unwrap().worker;
    let id = WorkerId::parse("w1").unwrap();
    bench.memory.dismiss(Dismiss { id, how: Dismissal::Evict }).await.unwrap();
    bench.until(async || bench.listed("w1").await.is_some_and(|listed| listed.worker != first)).await;
    assert_eq!(bench.told(), [WorkerNews::Over]);
    go.send_replace(true);
    assert_eq!(bench.ended(&orchestrations, outcome).await, Ended::Completed(Payload(Vec::new())));
    assert_eq!(*began.borrow(), 2, "what it ran was somebody else's, and is its own again");
    bench.stop(worker).await;
}

/// What is in memory cannot be trusted after a panic, what is stored can.
#[tokio::test]
async fn a_worker_whose_loop_panics_begins_as_another_start_of_itself() {
    let bench = Bench::new();
    let (began, go) = (watch::Sender::new(0), watch::Sender::new(false));
    let registry = with_work(one_activity(work(None, None)), &began, &go);
    let (worker, orchestrations) = bench.start(registry, bench.options("w1")).await;
    let before = bench.listed("w1").await.unwrap().lease.incarnation;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || *began.borrow() == 1).await;
    bench.faults.next(Verb::CommitTurn, Trouble::Panic);
    go.send_replace(true);
    bench.until(async || *began.borrow() == 2).await;
    assert!(matches!(bench.ended(&orchestrations, outcome).await, Ended::Completed(_)));
    assert_eq!(bench.told(), [WorkerNews::Over]);
    let listed = bench.listed("w1").await.unwrap();
    assert_ne!(listed.lease.incarnation, before);
    bench.stop(worker).await;
}

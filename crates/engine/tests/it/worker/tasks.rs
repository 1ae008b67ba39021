//! What a worker runs for others, when the store or a worker fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure_core::id::QueueName;
use tenure_core::orchestration::{Cause, Failure, Payload, RetryPolicy};
use tenure_core::worker::Queues;
use tenure_engine::{ActivityFuture, Attempt, Ended, Orchestrations, Registry, Worker, WorkerOptions};
use tenure_replay::Wanted;
use tenure_store::{PinsRequest, TaskStore as _};
use tenure_store_testkit::{Trouble, Verb};
use tokio::sync::watch;

use super::bench::{Bench, name, one_activity, starting, with_work, work};

const DONE: Ended = Ended::Completed(Payload(Vec::new()));

/// A worker for queue `gpu` alone.
fn gpu(bench: &Bench, name: &str) -> WorkerOptions {
    let queues = Queues::These([Some(QueueName::parse("gpu").unwrap())].into());
    WorkerOptions { queues, ..bench.options(name) }
}

struct Pair {
    front: Worker,
    back: Worker,
    orchestrations: Orchestrations,
    began: watch::Sender<u32>,
    go: watch::Sender<bool>,
}

/// A worker that runs orchestrations, and one that runs what waits in `gpu`.
async fn pair(bench: &Bench, key: Option<&str>) -> Pair {
    let (began, go) = (watch::Sender::new(0), watch::Sender::new(false));
    let (front, orchestrations) =
        bench.start(one_activity(work(Some("gpu"), key)), bench.options("front")).await;
    let registry = with_work(Registry::default(), &began, &go);
    let (back, _) = bench.start(registry, gpu(bench, "back")).await;
    Pair { front, back, orchestrations, began, go }
}

/// R-W: an end that could not be told is never forgotten.
#[tokio::test]
async fn an_end_that_a_busy_store_did_not_take_is_told_until_it_does() {
    let bench = Bench::new();
    let Pair { front, back, orchestrations, began, go } = pair(&bench, Some("a")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || *began.borrow() == 1).await;
    bench.faults.next_times(5, Verb::EndTask, &Trouble::FailBefore);
    go.send_replace(true);
    assert_eq!(bench.ended(&orchestrations, outcome).await, DONE);
    assert_eq!(*began.borrow(), 1);
    bench.stop(front).await;
    bench.stop(back).await;
}

/// R-W: a key at work is not idle, however long its activity takes.
#[tokio::test]
async fn a_key_at_work_is_kept_longer_than_it_may_be_idle() {
    let bench = Bench::new();
    let Pair { front, back, orchestrations, began, go } = pair(&bench, Some("a")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || *began.borrow() == 1).await;
    for _ in 0..4 {
        bench.pass(Duration::from_secs(120)).await;
        let pins = bench.memory.pins(PinsRequest { limit: 10, ..PinsRequest::default() }).await.unwrap();
        assert!(pins.len() == 1 && pins[0].is_live, "{pins:?}");
    }
    go.send_replace(true);
    assert_eq!(bench.ended(&orchestrations, outcome).await, DONE);
    bench.stop(front).await;
    bench.stop(back).await;
}

#[tokio::test]
async fn a_key_whose_activity_has_no_row_is_kept_longer_than_it_may_be_idle() {
    let bench = Bench::new();
    let (began, go) = (watch::Sender::new(0), watch::Sender::new(false));
    let registry = with_work(one_activity(work(None, Some("a"))), &began, &go);
    let (worker, orchestrations) = bench.start(registry, bench.options("w1")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || *began.borrow() == 1).await;
    for _ in 0..4 {
        bench.pass(Duration::from_secs(120)).await;
        let pins = bench.memory.pins(PinsRequest { limit: 10, ..PinsRequest::default() }).await.unwrap();
        assert!(pins.len() == 1 && pins[0].is_live && pins[0].running == 0, "{pins:?}");
    }
    assert_eq!(bench.faults.count(Verb::EndTask), 0);
    go.send_replace(true);
    assert_eq!(bench.ended(&orchestrations, outcome).await, DONE);
    bench.stop(worker).await;
}

/// R-W: what is stopped is let go of at once, and counts as no failure.
#[tokio::test]
async fn a_worker_that_stops_hands_its_tasks_to_others_after_its_grace() {
    let bench = Bench::new();
    let Pair { front, back, orchestrations, began, go } = pair(&bench, Some("a")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || *began.borrow() == 1).await;
    bench.stop(back).await;
    assert!(bench.listed("back").await.is_none());
    let registry = with_work(Registry::default(), &began, &go);
    let (heir, _) = bench.start(registry, gpu(&bench, "heir")).await;
    bench.until(async || *began.borrow() == 2).await;
    go.send_replace(true);
    assert_eq!(bench.ended(&orchestrations, outcome).await, DONE);
    bench.stop(front).await;
    bench.stop(heir).await;
}

/// What an attempt said of how far it was is read by the next one, though it failed and each ran somewhere else.
#[tokio::test]
async fn what_a_failed_attempt_said_elsewhere_is_read_by_the_next_one_elsewhere() {
    let bench = Bench::new();
    let wanted =
        Wanted { retry: RetryPolicy { attempts_max: 3, ..RetryPolicy::ONCE }, ..work(Some("gpu"), None) };
    let (front, orchestrations) = bench.start(one_activity(wanted), bench.options("front")).await;
    let read: Arc<Mutex<Vec<Option<Payload>>>> = Arc::default();
    let registry = || {
        let read = Arc::clone(&read);
        let mut registry = Registry::default();
        let code = move |attempt: Attempt, _: Payload| -> ActivityFuture {
            read.lock().unwrap().push(attempt.details().cloned());
            // The second says nothing.
            if attempt.number() == 1 {
                attempt.heartbeat(Some(Payload(b"begun".to_vec())));
                attempt.heartbeat(Some(Payload(b"half".to_vec())));
            }
            let is_last = attempt.number() == 3;
            Box::pin(async move {
                if is_last { Ok(Payload(Vec::new())) } else { Err(Failure::new(Cause::Failed, "no luck")) }
            })
        };
        registry.add_activity(name("work"), Arc::new(code));
        registry
    };
    let (first, _) = bench.start(registry(), gpu(&bench, "first")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.until(async || !read.lock().unwrap().is_empty()).await;
    bench.stop(first).await;
    let (second, _) = bench.start(registry(), gpu(&bench, "second")).await;
    assert_eq!(bench.ended(&orchestrations, outcome).await, DONE);
    let half = Some(Payload(b"half".to_vec()));
    assert_eq!(*read.lock().unwrap(), [None, half.clone(), half]);
    bench.stop(front).await;
    bench.stop(second).await;
}

/// R-W: who lacks the code neither keeps the task nor asks for it all the time.
#[tokio::test]
async fn a_task_without_code_is_handed_back_ever_more_rarely_until_somebody_has_it() {
    let bench = Bench::new();
    let (began, go) = (watch::Sender::new(0), watch::Sender::new(true));
    let registry = one_activity(work(None, Some("a")));
    let (old, orchestrations) = bench.start(registry, bench.options("old")).await;
    let outcome = orchestrations.start(starting("one")).await.unwrap();
    bench.pass(Duration::from_secs(240)).await;
    let handed_back = bench.faults.count(Verb::HandBack);
    assert!((1..=12).contains(&handed_back), "handed back {handed_back} times");
    let registry = with_work(Registry::default(), &began, &go);
    let (new, _) = bench.start(registry, bench.options("new")).await;
    assert_eq!(bench.ended(&orchestrations, outcome).await, DONE);
    assert_eq!(*began.borrow(), 1);
    bench.stop(old).await;
    bench.stop(new).await;
}

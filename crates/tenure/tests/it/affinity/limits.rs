//! How many keys a worker serves, and what makes no sense.

use std::time::Duration;

use tenure::{Error, Failure, Orchestration, join_all};
use tenure_core::worker::ServingRefusal;
use tenure_engine::WorkerError;

use super::world::{Work, all, each_store, on, say};

/// R-E17.
#[tokio::test]
async fn a_worker_whose_keys_would_be_idle_while_they_are_at_work_does_not_start() {
    each_store(async |world| {
        let started = world.worker("w1").key_idle(Duration::from_secs(5)).start().await;
        let Err(Error::Worker(WorkerError::Serving(refusal))) = started else { panic!("{started:?}") };
        assert_eq!(refusal, ServingRefusal::IdleTooShort { needed: Duration::from_secs(10) });
        let words = WorkerError::Serving(refusal).to_string();
        assert!(words.contains("10s or more"), "{words}");
        let started = world.worker("w1").keys_max(10, 9).start().await;
        let refused = Err::<(), _>(started.unwrap_err());
        assert!(matches!(refused, Err(Error::Worker(WorkerError::Serving(ServingRefusal::HeldBelowBusy)))));
    })
    .await;
}

/// R-E18, R-E19.
#[tokio::test]
async fn one_key_at_a_time_means_one_and_its_own_activities_are_served() {
    each_store(async |world| {
        let code = |ctx: Orchestration, keys: Vec<String>| async move {
            all(join_all(keys.iter().map(|key| on(&ctx, key, &say("x")))).await)
        };
        let tenure = world.worker("w1").keys_max(1, 10).orchestration("code", code).start().await.unwrap();
        let run = async |keys: &[&str]| -> Vec<String> {
            tenure.run("code", &keys).await.unwrap().result().await.unwrap()
        };
        assert_eq!(run(&["a", "b", "c"]).await, ["x on a", "x on b", "x on c"]);
        assert_eq!(world.seen.peak(), 1);
        assert_eq!(run(&["a", "a"]).await, ["x on a", "x on a"]);
        tenure.stop().await;
    })
    .await;
}

/// R-E20.
#[tokio::test]
async fn a_second_key_begins_only_when_the_first_has_ended() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let waits = Work { waits: true, ..say("first") };
            all(join_all([on(&ctx, "a", &waits), on(&ctx, "b", &say("second"))]).await)
        };
        let tenure = world.worker("w1").keys_max(1, 10).orchestration("code", code).start().await.unwrap();
        let instance = tenure.run("code", &()).await.unwrap();
        let began = world.seen.until_began(1).await;
        assert_eq!(began[0].text, "first");
        world.seen.release();
        instance.result::<Vec<String>>().await.unwrap();
        assert_eq!(
            (world.seen.ended(), world.seen.peak()),
            (vec!["first".to_owned(), "second".to_owned()], 1)
        );
        tenure.stop().await;
    })
    .await;
}

/// R-G: a worker that serves no keys leaves them to others.
#[tokio::test]
async fn a_worker_without_room_for_keys_leaves_them_to_others() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move { on(&ctx, "a", &say("x")).await };
        let none = world.worker("none").keys_max(0, 0).orchestration("code", code).start().await.unwrap();
        let instance = none.run("code", &()).await.unwrap();
        let other = world.worker("other").start().await.unwrap();
        assert_eq!(instance.result::<String>().await.unwrap(), "x on a");
        assert_eq!(world.seen.began()[0].worker, "other");
        none.stop().await;
        other.stop().await;
    })
    .await;
}

/// A key that was asked for and does not fit is a failure that the code can look at.
#[tokio::test]
async fn keys_and_queues_that_are_no_names_are_refused() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let key = on(&ctx, &"k".repeat(257), &say("x")).await.unwrap_err();
            let queue = ctx.activity::<String>("work", &say("x")).on_queue("").await.unwrap_err();
            Ok::<_, Failure>((key.message().to_owned(), queue.message().to_owned()))
        };
        let tenure = world.worker("w1").orchestration("code", code).start().await.unwrap();
        let (key, queue): (String, String) = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert!(key.contains("is no key of a session") && queue.contains("is no name of a queue"));
        assert!(matches!(world.worker("").start().await, Err(Error::Invalid(_))));
        tenure.stop().await;
    })
    .await;
}

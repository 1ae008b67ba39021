//! Activities: tried again, timed out, given up, panicking.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tenure::{Activity, Backoff, Cause, Either, Failure, Orchestration, RetryPolicy, race};

use crate::fixture::{Home, both_ways};

fn quickly(attempts_max: u32) -> RetryPolicy {
    RetryPolicy { attempts_max, backoff: Backoff::fixed(Duration::from_millis(5)) }
}

#[tokio::test]
async fn a_failed_activity_is_tried_again_until_it_succeeds() {
    both_ways(async |home: Home| {
        let tried = async |activity: Activity, (): ()| match activity.attempt() {
            3 => Ok((activity.attempt(), activity.idempotency_key())),
            attempt => Err(Failure::new(format!("attempt {attempt} failed"))),
        };
        let flaky = |ctx: Orchestration, (): ()| async move {
            ctx.activity::<(u32, String)>("tried", &()).retry(quickly(5)).await
        };
        let tried = move |activity: Activity, (): ()| Box::pin(tried(activity, ()));
        let tenure =
            home.tenure().orchestration("flaky", flaky).activity("tried", tried).start().await.unwrap();
        let got: (u32, String) = tenure.run("flaky", &()).id("one").await.unwrap().result().await.unwrap();
        assert_eq!(got, (3, "one/1/1".to_owned()));
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn the_last_failure_reaches_the_code_which_can_look_at_it() {
    both_ways(async |home: Home| {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let busy = move |_: Activity, (): ()| {
            let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
            async move { Err::<(), _>(Failure::new(format!("busy {number}")).with_details(&number)) }
        };
        let looks = |ctx: Orchestration, (): ()| async move {
            let failure = ctx.activity::<()>("busy", &()).retry(quickly(3)).await.unwrap_err();
            Ok::<_, Failure>((failure.message().to_owned(), failure.details::<u32>()))
        };
        let tenure =
            home.tenure().orchestration("looks", looks).activity("busy", busy).start().await.unwrap();
        let got: (String, Option<u32>) = tenure.run("looks", &()).await.unwrap().result().await.unwrap();
        assert_eq!(got, ("busy 3".to_owned(), Some(3)));
        assert_eq!(count.load(Ordering::Relaxed), 3);
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_rejected_is_not_tried_again() {
    both_ways(async |home: Home| {
        let rejects = |activity: Activity, (): ()| async move {
            Err::<(), _>(Failure::rejected(format!("never, at attempt {}", activity.attempt())))
        };
        let code = |ctx: Orchestration, (): ()| async move {
            let failure = ctx.activity::<()>("rejects", &()).retry(quickly(9)).await.unwrap_err();
            Ok::<_, Failure>(failure.message().to_owned())
        };
        let tenure =
            home.tenure().orchestration("code", code).activity("rejects", rejects).start().await.unwrap();
        let got: String = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!(got, "never, at attempt 1");
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_or_panics_is_a_failure_like_others() {
    both_ways(async |home: Home| {
        let slow = |activity: Activity, (): ()| async move {
            activity.cancelled().await;
            Ok::<_, Failure>(())
        };
        let panics = |_: Activity, (): ()| async move {
            assert!(std::hint::black_box(false), "no hands");
            Ok::<_, Failure>(())
        };
        let code = |ctx: Orchestration, (): ()| async move {
            let limit = Duration::from_millis(20);
            let slow = ctx.activity::<()>("slow", &()).timeout(limit).await.unwrap_err();
            let panics = ctx.activity::<()>("panics", &()).await.unwrap_err();
            assert_eq!((slow.cause(), panics.cause()), (Cause::TimedOut, Cause::Panicked));
            Ok::<_, Failure>(panics.message().to_owned())
        };
        let tenure = home
            .tenure()
            .orchestration("code", code)
            .activity("slow", slow)
            .activity("panics", panics)
            .start()
            .await
            .unwrap();
        let got: String = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!(got, "panicked: no hands");
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn the_loser_of_a_race_is_told_that_nobody_waits_for_it() {
    let home = Home::new(false);
    let (told, mut is_told) = tokio::sync::mpsc::unbounded_channel();
    let slow = move |activity: Activity, (): ()| {
        let told = told.clone();
        async move {
            activity.cancelled().await;
            told.send(activity.is_cancelled()).unwrap();
            Ok::<_, Failure>(())
        }
    };
    let quick = |_: Activity, (): ()| async move { Ok::<_, Failure>(7) };
    let code = |ctx: Orchestration, (): ()| async move {
        match race(ctx.activity::<()>("slow", &()), ctx.activity::<u32>("quick", &())).await {
            Either::Left(_) => Err(Failure::new("the slow one won")),
            Either::Right(quick) => quick,
        }
    };
    let tenure = home
        .tenure()
        .orchestration("code", code)
        .activity("slow", slow)
        .activity("quick", quick)
        .start()
        .await
        .unwrap();
    assert_eq!(tenure.run("code", &()).await.unwrap().result::<u32>().await.unwrap(), 7);
    assert_eq!(is_told.recv().await, Some(true));
    tenure.stop().await;
}

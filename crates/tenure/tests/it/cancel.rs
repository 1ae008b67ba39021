//! Wishing instances to end.

use tenure::{Activity, Error, Failure, Orchestration};

use crate::fixture::{Home, both_ways};

#[tokio::test]
async fn an_instance_that_only_waits_ends_at_once_as_cancelled() {
    both_ways(async |home: Home| {
        let waits = |ctx: Orchestration, (): ()| async move { ctx.signal::<u32>("never").await };
        let tenure = home.tenure().orchestration("waits", waits).start().await.unwrap();
        let instance = tenure.run("waits", &()).await.unwrap();
        instance.cancel("enough").await.unwrap();
        let ended = instance.result::<u32>().await;
        assert!(matches!(ended, Err(Error::Cancelled { reason }) if reason == "enough"));
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_may_tidy_up_before_it_ends() {
    both_ways(async |home: Home| {
        let (done, mut is_done) = tokio::sync::mpsc::unbounded_channel();
        let undo = move |_: Activity, what: String| {
            done.send(what).unwrap();
            async { Ok::<_, Failure>(()) }
        };
        let code = |ctx: Orchestration, (): ()| async move {
            match ctx.signal::<u32>("never").await {
                Err(failure) if failure.is_cancelled() => {
                    ctx.activity::<()>("undo", &"the order").await?;
                    Err(failure)
                }
                other => other,
            }
        };
        let tenure = home.tenure().orchestration("code", code).activity("undo", undo).start().await.unwrap();
        let instance = tenure.run("code", &()).await.unwrap();
        instance.cancel("enough").await.unwrap();
        assert!(matches!(instance.result::<u32>().await, Err(Error::Cancelled { .. })));
        assert_eq!(is_done.recv().await.as_deref(), Some("the order"));
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn one_that_does_not_end_by_itself_is_ended_after_the_grace() {
    both_ways(async |home: Home| {
        let stubborn = |ctx: Orchestration, (): ()| async move {
            loop {
                if ctx.signal::<u32>("never").await.is_ok() {
                    return Ok::<_, Failure>(());
                }
            }
        };
        let tenure = home.tenure().orchestration("stubborn", stubborn).start().await.unwrap();
        let instance = tenure.run("stubborn", &()).await.unwrap();
        instance.cancel("enough").await.unwrap();
        let ended = instance.result::<()>().await;
        assert!(matches!(ended, Err(Error::Cancelled { .. })), "{ended:?}");
        tenure.stop().await;
    })
    .await;
}

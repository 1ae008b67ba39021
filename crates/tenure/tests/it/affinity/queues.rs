//! Queues, workers that lack code, and workers that run no activities at all.

use tenure::{Failure, Orchestration, WorkerOptions, join_all};

use super::world::{Work, all, each_store, on, say};

/// R-G: tags.
#[tokio::test]
async fn an_activity_waits_in_its_queue_for_a_worker_that_serves_it() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let gpu = ctx.activity::<String>("work", &say("gpu")).on_queue("gpu");
            let keyed = on(&ctx, "a", &say("keyed")).on_queue("gpu");
            all(join_all([gpu, keyed, ctx.activity("work", &say("here"))]).await)
        };
        let plain = world.worker("plain").orchestration("code", code).start().await.unwrap();
        let instance = plain.run("code", &()).await.unwrap();
        let gpu = world.worker("gpu").no_default_queue().queue("gpu").start().await.unwrap();
        let got: Vec<String> = instance.result().await.unwrap();
        assert_eq!(got, ["gpu", "keyed on a", "here"]);
        for ran in world.seen.began() {
            assert_eq!(ran.worker, if ran.text == "here" { "plain" } else { "gpu" }, "{ran:?}");
        }
        plain.stop().await;
        gpu.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_without_slots_runs_orchestrations_and_leaves_activities_to_others() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let results = join_all((0..5).map(|_| ctx.activity::<String>("work", &say("x")))).await;
            all(results).map(|all| all.len())
        };
        let options = WorkerOptions { slots: 0, ..world.home.options() };
        let front = world.idle("front").options(options).worker_id("front");
        let front = front.orchestration("code", code).start().await.unwrap();
        let back = world.worker("back").start().await.unwrap();
        let got: usize = front.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!((got, world.seen.began().len()), (5, 5));
        front.stop().await;
        back.stop().await;
    })
    .await;
}

/// R-W, rolling upgrades: who lacks the code leaves the activity to whoever has it.
#[tokio::test]
async fn an_activity_goes_to_a_worker_that_has_its_code() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let plain = ctx.activity::<String>("work", &say("plain")).await?;
            Ok::<_, Failure>((plain, on(&ctx, "a", &say("keyed")).await?))
        };
        let old = world.idle("old").orchestration("code", code).start().await.unwrap();
        let instance = old.run("code", &()).await.unwrap();
        let new = world.worker("new").start().await.unwrap();
        let got: (String, String) = instance.result().await.unwrap();
        assert_eq!(got, ("plain".to_owned(), "keyed on a".to_owned()));
        assert!(world.seen.began().iter().all(|ran| ran.worker == "new"));
        old.stop().await;
        new.stop().await;
    })
    .await;
}

/// What nobody waits for any more is withdrawn from the worker that runs it.
#[tokio::test]
async fn an_activity_elsewhere_is_cancelled_when_nobody_waits_for_it() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let endless = Work { waits: true, ..say("endless") };
            let call = ctx.activity::<String>("work", &endless).on_queue("gpu");
            tenure::race(call, ctx.signal::<()>("enough")).await;
            Ok::<_, Failure>(())
        };
        let front = world.worker("front").orchestration("code", code).start().await.unwrap();
        let gpu = world.worker("gpu").queue("gpu").start().await.unwrap();
        let instance = front.run("code", &()).await.unwrap();
        world.seen.until_began(1).await;
        instance.signal("enough", &()).await.unwrap();
        instance.result::<()>().await.unwrap();
        // It ends because it was told, not because it was let go of.
        world.seen.until_idle().await;
        front.stop().await;
        gpu.stop().await;
    })
    .await;
}

//! Orchestrations that run others.

use tenure::{Cause, Error, Failure, Orchestration, join_all};

use crate::fixture::{Home, both_ways};

async fn square(_: Orchestration, number: u64) -> Result<u64, Failure> {
    number.checked_mul(number).ok_or_else(|| Failure::rejected("too large"))
}

#[tokio::test]
async fn a_parent_waits_for_its_children_and_is_told_how_they_ended() {
    both_ways(async |home: Home| {
        let sum = |ctx: Orchestration, upto: u64| async move {
            let squares = join_all((1..=upto).map(|number| ctx.child::<u64>("square", &number))).await;
            let large = ctx.child::<u64>("square", &u64::MAX).await.unwrap_err();
            assert_eq!((large.cause(), large.message()), (Cause::Rejected, "too large"));
            let mut total = 0;
            for square in squares {
                total += square?;
            }
            Ok::<_, Failure>(total)
        };
        let tenure =
            home.tenure().orchestration("square", square).orchestration("sum", sum).start().await.unwrap();
        let total: u64 = tenure.run("sum", &10).id("total").await.unwrap().result().await.unwrap();
        assert_eq!(total, 385);
        let child = tenure.instance("total.1.3").await.unwrap();
        assert_eq!(child.result::<u64>().await.unwrap(), 9);
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_child_whose_id_is_in_use_is_a_failure_that_can_be_caught() {
    both_ways(async |home: Home| {
        let parent = |ctx: Orchestration, (): ()| async move {
            let taken = ctx.child::<u64>("square", &2).id("taken").await.unwrap_err();
            assert_eq!(taken.cause(), Cause::Unavailable);
            ctx.child::<u64>("square", &3).id("free").await
        };
        let tenure = home
            .tenure()
            .orchestration("square", square)
            .orchestration("parent", parent)
            .start()
            .await
            .unwrap();
        tenure.run("square", &1).id("taken").await.unwrap().result::<u64>().await.unwrap();
        assert_eq!(tenure.run("parent", &()).await.unwrap().result::<u64>().await.unwrap(), 9);
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_detached_goes_on_when_the_one_that_started_it_has_ended() {
    both_ways(async |home: Home| {
        let later = |ctx: Orchestration, (): ()| async move { ctx.signal::<u32>("go").await };
        let starter = |ctx: Orchestration, (): ()| async move { ctx.detach("later", Some("later"), &()) };
        let tenure = home
            .tenure()
            .orchestration("later", later)
            .orchestration("starter", starter)
            .start()
            .await
            .unwrap();
        let id: String = tenure.run("starter", &()).await.unwrap().result().await.unwrap();
        let later = tenure.instance(&id).await.unwrap();
        later.signal("go", &5).await.unwrap();
        assert_eq!(later.result::<u32>().await.unwrap(), 5);
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_child_that_nobody_waits_for_any_more_is_cancelled() {
    both_ways(async |home: Home| {
        let waits = |ctx: Orchestration, (): ()| async move { ctx.signal::<u32>("never").await };
        let parent = |ctx: Orchestration, (): ()| async move {
            let child = ctx.child::<u32>("waits", &()).id("child");
            let pause = ctx.sleep(std::time::Duration::from_millis(20));
            tenure::race(child, pause).await;
            Ok::<_, Failure>(())
        };
        let tenure = home
            .tenure()
            .orchestration("waits", waits)
            .orchestration("parent", parent)
            .start()
            .await
            .unwrap();
        tenure.run("parent", &()).await.unwrap().result::<()>().await.unwrap();
        let child = tenure.instance("child").await.unwrap().result::<u32>().await;
        assert!(matches!(child, Err(Error::Cancelled { .. })), "{child:?}");
        tenure.stop().await;
    })
    .await;
}

//! Durable timers and the time.

use std::time::{Duration, SystemTime};

use tenure::{Either, Failure, Orchestration, race};

use crate::fixture::{Home, both_ways};

#[tokio::test]
async fn a_timer_fires_when_its_time_has_come_and_not_before() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, (): ()| async move {
            let before = ctx.now();
            ctx.sleep(Duration::from_millis(30)).await?;
            ctx.sleep_until(before + Duration::from_millis(60)).await?;
            let passed = ctx.now().duration_since(before).unwrap_or_default();
            Ok::<_, Failure>(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        let passed: u64 = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert!(passed >= 60, "{passed} ms");
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_lost_its_race_does_not_fire() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, (): ()| async move {
            let hour = ctx.sleep(Duration::from_secs(3600));
            let won = race(hour, ctx.sleep(Duration::from_millis(5))).await;
            assert!(matches!(won, Either::Right(Ok(()))));
            ctx.sleep(Duration::from_millis(5)).await
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        tenure.run("code", &()).await.unwrap().result::<()>().await.unwrap();
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn time_ids_and_chance_are_drawn_without_leaving_the_code() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, (): ()| async move {
            let drawn = (ctx.new_id(), ctx.new_id(), ctx.random());
            assert!(ctx.now() > SystemTime::UNIX_EPOCH);
            ctx.sleep(Duration::from_millis(1)).await?;
            Ok::<_, Failure>(drawn)
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        let one: (String, String, u64) = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        let other: (String, String, u64) = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        let ids = [&one.0, &one.1, &other.0, &other.1];
        assert!(ids.iter().all(|id| id.len() == 32));
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 4);
        assert_ne!(one.2, other.2);
        tenure.stop().await;
    })
    .await;
}

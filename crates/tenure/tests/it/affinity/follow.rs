//! Activities on keys, in every shape that orchestrations have.

use serde::{Deserialize, Serialize};
use tenure::{Activity, Backoff, Failure, Hold, Orchestration, RetryPolicy, Version, join_all};

use super::world::{Work, all, each_store, on, plain, say};

fn quickly(attempts_max: u32) -> RetryPolicy {
    RetryPolicy { attempts_max, backoff: Backoff::fixed(std::time::Duration::from_millis(5)) }
}

/// R-E1, R-E2, R-E9: what the handler sees is the key.
#[tokio::test]
async fn activities_in_sequence_on_one_key_see_that_key_and_that_it_is_kept() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let first = on(&ctx, "chat", &say("one")).await?;
            let second = on(&ctx, "chat", &say("two")).await?;
            Ok::<_, Failure>((first, second))
        };
        let tenure = world.worker("w1").orchestration("code", code).start().await.unwrap();
        let got: (String, String) = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!(got, ("one on chat".to_owned(), "two on chat".to_owned()));
        let began = world.seen.began();
        let seen: Vec<_> = began.iter().map(|ran| (ran.key.as_deref(), ran.hold)).collect();
        assert_eq!(seen, [(Some("chat"), Some(Hold::Claimed)), (Some("chat"), Some(Hold::Held))]);
        assert_eq!(began[0].fence, began[1].fence);
        tenure.stop().await;
    })
    .await;
}

/// R-E3, R-E4.
#[tokio::test]
async fn keys_and_plain_activities_mix_and_alternate() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let mut got = vec![plain(&ctx, "plain").await?];
            for key in ["a", "b", "a", "b"] {
                got.push(on(&ctx, key, &say("x")).await?);
            }
            got.push(plain(&ctx, "last").await?);
            Ok::<_, Failure>(got)
        };
        let tenure = world.worker("w1").orchestration("code", code).start().await.unwrap();
        let got: Vec<String> = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!(got, ["plain", "x on a", "x on b", "x on a", "x on b", "last"]);
        tenure.stop().await;
    })
    .await;
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Point {
    x: u32,
    y: u32,
}

/// R-E5.
#[tokio::test]
async fn values_of_any_type_go_to_a_key_and_come_back() {
    each_store(async |world| {
        let swap = |activity: Activity, Point { x, y }: Point| async move {
            assert_eq!(activity.pin().unwrap().key(), activity.session());
            Ok::<_, Failure>(Point { x: y, y: x })
        };
        let code = |ctx: Orchestration, point: Point| async move {
            ctx.activity::<Point>("swap", &point).on_own_session().await
        };
        let builder = world.worker("w1").orchestration("code", code).activity("swap", swap);
        let tenure = builder.start().await.unwrap();
        let got: Point = tenure.run("code", &Point { x: 1, y: 2 }).await.unwrap().result().await.unwrap();
        assert_eq!(got, Point { x: 2, y: 1 });
        tenure.stop().await;
    })
    .await;
}

/// R-E6, R-E7, R-E8, R-E12, R-E13, R-E14.
#[tokio::test]
async fn fan_outs_over_keys_come_back_in_order_whatever_the_worker_is() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            for text in ["1", "2", "3"] {
                on(&ctx, "a", &say(text)).await?;
            }
            let three = ["a", "b", "c"].map(|key| on(&ctx, key, &say("fan")));
            let mut got = all(join_all(three).await)?;
            let mixed = [
                on(&ctx, "a", &say("4")),
                plain(&ctx, "p"),
                on(&ctx, "a", &say("5")),
                on(&ctx, "b", &say("6")),
                on(&ctx, "b", &say("7")),
                plain(&ctx, "q"),
            ];
            got.extend(all(join_all(mixed).await)?);
            Ok::<_, Failure>(got)
        };
        let expected = ["fan on a", "fan on b", "fan on c", "4 on a", "p", "5 on a", "6 on b", "7 on b", "q"];
        let named = world.worker("w1").options(tenure::WorkerOptions { slots: 4, ..world.home.options() });
        let one_slot = tenure::WorkerOptions { slots: 1, ..world.home.options() };
        let named = named.worker_id("w1");
        let nameless = world.nameless().options(one_slot);
        for builder in [named, nameless] {
            let tenure = builder.orchestration("code", code).start().await.unwrap();
            let got: Vec<String> = tenure.run("code", &()).await.unwrap().result().await.unwrap();
            assert_eq!(got, expected);
            tenure.stop().await;
        }
    })
    .await;
}

/// R-E10.
#[tokio::test]
async fn two_activities_of_a_key_run_at_once_on_a_worker_with_a_name() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let meets = Work { meets: 1, ..say("meets") };
            all(join_all([on(&ctx, "a", &meets), on(&ctx, "a", &meets)]).await)
        };
        let tenure = world.worker("w1").orchestration("code", code).start().await.unwrap();
        let got: Vec<String> = tenure.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!((got.len(), world.seen.peak()), (2, 2));
        tenure.stop().await;
    })
    .await;
}

/// R-E11, and exclusive keys of workers that have a name.
#[tokio::test]
async fn activities_of_a_key_run_one_at_a_time_and_in_order_where_they_are_to() {
    each_store(async |world| {
        let code = |ctx: Orchestration, is_exclusive: bool| async move {
            let texts = ["1", "2", "3", "4", "5"];
            let calls = texts.map(|text| {
                let call = on(&ctx, "a", &say(text));
                if is_exclusive { call.exclusive() } else { call }
            });
            all(join_all(calls).await)
        };
        let tenure = world.nameless().orchestration("code", code).start().await.unwrap();
        tenure.run("code", &false).await.unwrap().result::<Vec<String>>().await.unwrap();
        tenure.stop().await;
        let tenure = world.worker("w1").orchestration("code", code).start().await.unwrap();
        tenure.run("code", &true).await.unwrap().result::<Vec<String>>().await.unwrap();
        tenure.stop().await;
        assert_eq!(world.seen.peak(), 1);
        assert_eq!(world.seen.ended(), ["1", "2", "3", "4", "5", "1", "2", "3", "4", "5"]);
    })
    .await;
}

/// R-E15, R-E16.
#[tokio::test]
async fn a_key_goes_on_through_new_executions_and_versions() {
    each_store(async |world| {
        let first = |ctx: Orchestration, turn: u32| async move {
            on(&ctx, "a", &say(&format!("first {turn}"))).await?;
            Err::<String, _>(match turn {
                0 => ctx.continue_as_new(&1_u32),
                _ => ctx.continue_as_version(Version { major: 2, minor: 0, patch: 0 }, &2_u32),
            })
        };
        let second = |ctx: Orchestration, turn: u32| async move {
            on(&ctx, "a", &say(&format!("second {turn}"))).await
        };
        let version = Version { major: 2, minor: 0, patch: 0 };
        let builder = world.worker("w1").orchestration("code", first);
        let tenure = builder.orchestration_version("code", version, second).start().await.unwrap();
        let run = tenure.run("code", &0_u32).version(Version::FIRST);
        let got: String = run.await.unwrap().result().await.unwrap();
        assert_eq!(got, "second 2 on a");
        let began = world.seen.began();
        let holds: Vec<_> = began.iter().map(|ran| ran.hold.unwrap()).collect();
        assert_eq!(holds, [Hold::Claimed, Hold::Held, Hold::Held]);
        tenure.stop().await;
    })
    .await;
}

/// R-U, retries: every attempt follows the key.
#[tokio::test]
async fn an_activity_that_is_tried_again_stays_on_its_key() {
    each_store(async |world| {
        let code = |ctx: Orchestration, attempts: u32| async move {
            let flaky = Work { fails_before: 3, ..say("flaky") };
            on(&ctx, "a", &flaky).retry(quickly(attempts)).await
        };
        let tenure = world.worker("w1").orchestration("code", code).start().await.unwrap();
        let got: String = tenure.run("code", &3_u32).await.unwrap().result().await.unwrap();
        assert_eq!(got, "flaky on a");
        let failed = tenure.run("code", &2_u32).await.unwrap().result::<String>().await;
        assert!(
            matches!(failed, Err(tenure::Error::Failed(failure)) if failure.message() == "attempt 2 failed")
        );
        let began = world.seen.began();
        assert_eq!(began.len(), 5);
        assert!(began.iter().all(|ran| ran.key.as_deref() == Some("a") && ran.fence == began[0].fence));
        tenure.stop().await;
    })
    .await;
}

/// R-G: dropping an activity, and children, on keys.
#[tokio::test]
async fn the_loser_of_a_race_is_cancelled_and_its_key_stays_and_children_share_it() {
    each_store(async |world| {
        let child = |ctx: Orchestration, (): ()| async move { on(&ctx, "a", &say("child")).await };
        let code = |ctx: Orchestration, (): ()| async move {
            let endless = Work { waits: true, ..say("endless") };
            let (loser, winner) = (on(&ctx, "a", &endless), ctx.signal::<()>("enough"));
            tenure::race(loser, winner).await;
            ctx.child::<String>("child", &()).await
        };
        let builder = world.worker("w1").orchestration("code", code).orchestration("child", child);
        let tenure = builder.start().await.unwrap();
        let instance = tenure.run("code", &()).await.unwrap();
        world.seen.until_began(1).await;
        instance.signal("enough", &()).await.unwrap();
        let got: String = instance.result().await.unwrap();
        assert_eq!(got, "child on a");
        let began = world.seen.began();
        assert_eq!((began.len(), began[1].hold, began[1].fence), (2, Some(Hold::Held), began[0].fence));
        tenure.stop().await;
    })
    .await;
}

//! Signals, from outside and from other instances.

use tenure::{Error, Failure, Orchestration};

use crate::fixture::{Home, both_ways};

#[tokio::test]
async fn signals_arrive_in_order_early_and_late() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, count: usize| async move {
            let mut got = Vec::new();
            for _ in 0..count {
                got.push(ctx.signal::<String>("word").await?);
            }
            Ok::<_, Failure>(got.join(" "))
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        let instance = tenure.run("code", &4).id("one").await.unwrap();
        for word in ["to", "be", "or", "not"] {
            instance.signal("word", &word).await.unwrap();
        }
        assert_eq!(instance.result::<String>().await.unwrap(), "to be or not");
        let late = tenure.instance("one").await.unwrap().signal("word", &"late").await;
        assert!(matches!(late, Err(Error::Ended)));
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn signals_that_were_not_taken_are_there_after_continuing_as_new() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, got: Vec<u32>| async move {
            if got.len() == 5 {
                assert_eq!(ctx.execution(), 6);
                return Ok(got);
            }
            let next = ctx.signal::<u32>("number").await?;
            let all: Vec<u32> = got.into_iter().chain([next]).collect();
            Err::<Vec<u32>, Failure>(ctx.continue_as_new(&all))
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        let instance = tenure.run("code", &Vec::<u32>::new()).await.unwrap();
        for number in 0..5 {
            instance.signal("number", &number).await.unwrap();
        }
        assert_eq!(instance.result::<Vec<u32>>().await.unwrap(), [0, 1, 2, 3, 4]);
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn instances_send_each_other_signals() {
    both_ways(async |home: Home| {
        let ping = |ctx: Orchestration, other: String| async move {
            ctx.send(&other, "ping", &ctx.id())?;
            ctx.signal::<String>("pong").await
        };
        let pong = |ctx: Orchestration, (): ()| async move {
            let from = ctx.signal::<String>("ping").await?;
            ctx.send(&from, "pong", &"hello")?;
            Ok::<_, Failure>(())
        };
        let tenure =
            home.tenure().orchestration("ping", ping).orchestration("pong", pong).start().await.unwrap();
        let two = tenure.run("pong", &()).id("two").await.unwrap();
        let one = tenure.run("ping", &"two").id("one").await.unwrap();
        assert_eq!(one.result::<String>().await.unwrap(), "hello");
        two.result::<()>().await.unwrap();
        tenure.stop().await;
    })
    .await;
}

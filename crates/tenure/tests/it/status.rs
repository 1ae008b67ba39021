//! What instances say of how they stand, heard from anywhere.

use std::time::Duration;

use tenure::{Error, Failure, Orchestration, Status};

use crate::fixture::{Home, both_ways};

async fn counts(ctx: Orchestration, (): ()) -> Result<(), Failure> {
    for number in 0..3 {
        ctx.set_status(&format!("at {number}"))?;
        // The same again is no change.
        ctx.set_status(&format!("at {number}"))?;
        ctx.signal::<()>("next").await?;
    }
    Ok(())
}

fn status(text: &str, changes: u64) -> Status {
    Status { text: Some(text.to_owned()), changes, has_ended: false }
}

#[tokio::test]
async fn whoever_waits_hears_of_every_change_also_from_another_program() {
    both_ways(async |home: Home| {
        let tenure = home.tenure().orchestration("counts", counts).start().await.unwrap();
        let here = tenure.run("counts", &()).id("one").await.unwrap();
        let client = home.tenure().connect().unwrap();
        let there = client.instance("one").await.unwrap();
        for number in 0..3_u64 {
            let said = status(&format!("at {number}"), number + 1);
            assert_eq!(here.status_after(number).await.unwrap(), said);
            assert_eq!(there.status_after(number).await.unwrap(), said);
            assert_eq!(there.status().await.unwrap(), said);
            // It is woken, and not by something that comes by itself.
            let (next, waited) = tokio::join!(there.signal("next", &()), there.status_after(number + 1));
            next.unwrap();
            assert!(waited.unwrap().changes > number + 1 || number == 2);
        }
        let last = there.status_after(99).await.unwrap();
        assert_eq!(last, Status { has_ended: true, ..status("at 2", 3) }, "an end is told at once");
        here.result::<()>().await.unwrap();
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn one_that_says_nothing_new_is_waited_for() {
    let home = Home::new(false);
    let tenure = home.tenure().orchestration("counts", counts).start().await.unwrap();
    let instance = tenure.run("counts", &()).id("one").await.unwrap();
    instance.status_after(0).await.unwrap();
    instance.signal("another", &()).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(50), instance.status_after(1)).await;
    assert!(waited.is_err(), "{waited:?}");
    tenure.stop().await;
}

#[tokio::test]
async fn the_count_goes_on_when_an_instance_continues_as_new() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, round: u32| async move {
            ctx.set_status(&format!("round {round}"))?;
            ctx.signal::<()>("next").await?;
            if round < 2 { Err(ctx.continue_as_new(&(round + 1))) } else { Ok::<_, Failure>(()) }
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        let instance = tenure.run("code", &0).await.unwrap();
        for round in 0..3 {
            assert_eq!(
                instance.status_after(round).await.unwrap(),
                status(&format!("round {round}"), round + 1)
            );
            instance.signal("next", &()).await.unwrap();
        }
        assert!(instance.status_after(3).await.unwrap().has_ended);
        let nobody = tenure.instance("nobody").await;
        assert!(matches!(nobody, Err(Error::NotFound { .. })));
        tenure.stop().await;
    })
    .await;
}

//! Code that changes while instances run.

use tenure::{Activity, Failure, Orchestration};

use crate::fixture::Home;

async fn echo(_: Activity, text: String) -> Result<String, Failure> {
    Ok(text)
}

async fn right(ctx: Orchestration, (): ()) -> Result<String, Failure> {
    let one: String = ctx.activity("echo", &"one").await?;
    ctx.signal::<()>("go").await?;
    Ok(one + &ctx.activity::<String>("echo", &"two").await?)
}

async fn wrong(ctx: Orchestration, (): ()) -> Result<String, Failure> {
    ctx.sleep(std::time::Duration::from_secs(1)).await?;
    ctx.activity("echo", &"one").await
}

/// What the log of an instance says of why it stands still.
pub(crate) async fn said(home: &Home, id: &str) -> Vec<String> {
    let events = crate::many::log(home, id).await;
    events.into_iter().filter(|(kind, _)| kind == "orchestration.blocked").map(|(_, json)| json).collect()
}

#[tokio::test]
async fn an_instance_whose_code_does_not_fit_stands_still_says_why_and_goes_on_with_code_that_does() {
    let home = Home::new(false);
    let tenure = home.tenure().orchestration("code", right).activity("echo", echo).start().await.unwrap();
    let instance = tenure.run("code", &()).id("one").await.unwrap();
    // Signals are taken in turns, so once the second is there the activity was.
    instance.signal("other", &()).await.unwrap();
    tenure.stop().await;

    let tenure = home.tenure().orchestration("code", wrong).activity("echo", echo).start().await.unwrap();
    tenure.instance("one").await.unwrap().signal("go", &()).await.unwrap();
    let words = loop {
        if let Some(words) = said(&home, "one").await.pop() {
            break words;
        }
        tokio::task::yield_now().await;
    };
    assert!(words.contains("TaskScheduled") && words.contains("TimerCreated"), "{words}");
    tenure.stop().await;

    let tenure = home.tenure().orchestration("code", right).activity("echo", echo).start().await.unwrap();
    tenure.instance("one").await.unwrap().signal("go", &()).await.unwrap();
    let got: String = tenure.instance("one").await.unwrap().result().await.unwrap();
    assert_eq!(got, "onetwo");
    tenure.stop().await;
}

//! Starting instances.

use tenure::{Activity, Error, Failure, Orchestration, Version};

use crate::fixture::{Home, both_ways};

async fn greet(_: Activity, name: String) -> Result<String, Failure> {
    Ok(format!("Hello, {name}!"))
}

async fn hello(ctx: Orchestration, name: String) -> Result<String, Failure> {
    ctx.activity("greet", &name).await
}

#[tokio::test]
async fn an_orchestration_runs_its_activity_and_returns() {
    both_ways(async |home: Home| {
        let tenure =
            home.tenure().orchestration("hello", hello).activity("greet", greet).start().await.unwrap();
        let greeting: String = tenure.run("hello", &"Ada").await.unwrap().result().await.unwrap();
        assert_eq!(greeting, "Hello, Ada!");
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn starting_under_an_id_that_is_there_gives_what_is_there() {
    both_ways(async |home: Home| {
        let tenure =
            home.tenure().orchestration("hello", hello).activity("greet", greet).start().await.unwrap();
        let first = tenure.run("hello", &"Ada").id("one").await.unwrap();
        assert!(!first.was_there());
        let again = tenure.run("hello", &"Grace").id("one").await.unwrap();
        assert!(again.was_there());
        assert_eq!(again.result::<String>().await.unwrap(), "Hello, Ada!");
        let late = tenure.instance("one").await.unwrap();
        assert_eq!(late.result::<String>().await.unwrap(), "Hello, Ada!");
        let other = tenure.run("another", &()).id("one").await;
        assert!(matches!(other, Err(Error::IdInUse { id }) if id == "one"));
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_program_without_its_code_starts_runs_where_the_code_is() {
    let home = Home::new(false);
    let client = home.tenure().connect().unwrap();
    let started = client.run("hello", &"Ada").id("one").await.unwrap();
    let worker = home.tenure().orchestration("hello", hello).activity("greet", greet).start().await.unwrap();
    assert_eq!(started.result::<String>().await.unwrap(), "Hello, Ada!");
    worker.stop().await;
}

#[tokio::test]
async fn new_instances_run_the_latest_version_and_can_ask_for_another() {
    let home = Home::new(false);
    let two = Version { major: 2, minor: 0, patch: 0 };
    let says = |text: &'static str| {
        move |ctx: Orchestration, (): ()| async move { Ok::<_, Failure>(format!("{text} {}", ctx.version())) }
    };
    let tenure = home
        .tenure()
        .orchestration("says", says("first"))
        .orchestration_version("says", two, says("second"))
        .start()
        .await
        .unwrap();
    let latest: String = tenure.run("says", &()).await.unwrap().result().await.unwrap();
    let exact = tenure.run("says", &()).version(Version::FIRST).await.unwrap();
    assert_eq!(
        (latest, exact.result::<String>().await.unwrap()),
        ("second 2.0.0".into(), "first 1.0.0".into())
    );
    tenure.stop().await;
}

#[tokio::test]
async fn an_input_of_another_type_fails_the_orchestration_and_says_so() {
    let home = Home::new(false);
    let tenure = home.tenure().orchestration("hello", hello).start().await.unwrap();
    let failed = tenure.run("hello", &17).await.unwrap().result::<String>().await;
    let Err(Error::Failed(failure)) = failed else { panic!("{failed:?}") };
    assert_eq!(failure.cause(), tenure::Cause::Unreadable);
    tenure.stop().await;
}

#[tokio::test]
async fn names_that_cannot_be_used_are_refused_before_anything_is_stored() {
    let home = Home::new(false);
    let refused = home.tenure().orchestration("", hello).start().await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert!(!home.path().exists());
    let tenure = home.tenure().orchestration("hello", hello).start().await.unwrap();
    assert!(matches!(tenure.run("hello", &"Ada").id("no/slash").await, Err(Error::Invalid(_))));
    assert!(matches!(tenure.instance("nobody").await, Err(Error::NotFound { .. })));
    tenure.stop().await;
}

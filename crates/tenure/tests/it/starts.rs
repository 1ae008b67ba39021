//! Starting instances.

use tenure::{Activity, Error, Failure, IfThere, Orchestration, Version, join_all};

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

#[tokio::test]
async fn a_start_can_ask_that_nothing_is_there() {
    both_ways(async |home: Home| {
        let tenure =
            home.tenure().orchestration("hello", hello).activity("greet", greet).start().await.unwrap();
        let first = tenure.run("hello", &"Ada").id("one").if_there(IfThere::Fail).await.unwrap();
        for _ in 0..2 {
            let again = tenure.run("hello", &"Grace").id("one").if_there(IfThere::Fail).await;
            assert!(matches!(again, Err(Error::IdInUse { id }) if id == "one"));
            drop(tenure.instance("one").await.unwrap().result::<String>().await.unwrap());
        }
        assert_eq!(first.result::<String>().await.unwrap(), "Hello, Ada!");
        // Without an id nothing can be there.
        drop(tenure.run("hello", &"Grace").if_there(IfThere::Fail).await.unwrap());
        tenure.stop().await;
    })
    .await;
}

async fn waits(ctx: Orchestration, name: String) -> Result<String, Failure> {
    ctx.signal::<()>("end").await?;
    Ok(name)
}

#[tokio::test]
async fn a_start_can_follow_what_has_ended_and_what_has_ended_stays() {
    both_ways(async |home: Home| {
        let tenure = home.tenure().orchestration("waits", waits).start().await.unwrap();
        let follow = |name: &str| tenure.run("waits", &name).id("report").if_there(IfThere::Follow);
        for (number, id) in ["report", "report.2", "report.3"].into_iter().enumerate() {
            let begun = follow(&format!("run {number}")).await.unwrap();
            assert_eq!((begun.id(), begun.was_there()), (id, false));
            let there = follow("another").await.unwrap();
            assert_eq!((there.id(), there.was_there()), (id, true));
            there.signal("end", &()).await.unwrap();
            assert_eq!(begun.result::<String>().await.unwrap(), format!("run {number}"));
        }
        let first: String = tenure.instance("report").await.unwrap().result().await.unwrap();
        assert_eq!(first, "run 0");
        let given = tenure.run("waits", &"given").id("report").await.unwrap();
        assert_eq!((given.id(), given.was_there()), ("report", true), "an id is an id");
        let other = tenure.run("another", &()).id("report").if_there(IfThere::Follow);
        let last = follow("last").await.unwrap();
        assert!(matches!(other.await, Err(Error::IdInUse { id }) if id == "report.4"));
        last.signal("end", &()).await.unwrap();
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn of_starts_that_race_one_begins_an_instance_whatever_is_there() {
    let home = Home::new(false);
    let worker = home.tenure().orchestration("waits", waits).start().await.unwrap();
    let clients: Vec<_> = (0..3).map(|_| home.tenure().connect().unwrap()).collect();
    for round in 1..=5 {
        let everybody = clients.iter().chain([&worker]).cycle().take(16);
        let started = join_all(everybody.map(async |tenure| {
            tenure.run("waits", &"Ada").id("one").if_there(IfThere::Follow).await.unwrap()
        }))
        .await;
        let id = if round == 1 { "one".to_owned() } else { format!("one.{round}") };
        assert!(started.iter().all(|instance| instance.id() == id), "round {round}: {started:?}");
        assert_eq!(started.iter().filter(|instance| !instance.was_there()).count(), 1, "round {round}");
        started[0].signal("end", &()).await.unwrap();
        worker.instance(&id).await.unwrap().result::<String>().await.unwrap();
    }
    worker.stop().await;
}

//! Histories that were recorded once are replayed for ever.
//!
//! Each file in `golden/` holds, in hexadecimal, what each commit added to an instance's history, a line each, as some
//! version wrote it. None is ever changed or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use tenure::{
    Activity, Backoff, Builder, Either, Failure, Instance, Orchestration, RetryPolicy, Version,
    WorkerOptions, join_all, race,
};
use tenure_core::id::{CodeName, Namespace, Revision, SessionId, WorkerId};
use tenure_core::lease::Ttl;
use tenure_core::orchestration::{HistoryEvent, Opening, open};
use tenure_core::worker::Serving;
use tenure_engine::{Ids as _, SystemIds};
use tenure_store::{
    Find, Ground, HistoryRequest, InstanceStore as _, RegisterOutcome, RegisterRequest, SessionStore as _,
    TurnOutcome, TurnRequest, Wake, WorkerStore as _, record,
};

use crate::changes::said;
use crate::fixture::Home;
use crate::many::{store, store_at};

const ID: &str = "golden";

/// A bit of everything, in an order that is never changed.
async fn life(ctx: Orchestration, name: String) -> Result<serde_json::Value, Failure> {
    ctx.set_status("begins")?;
    let (random, id, began) = (ctx.random(), ctx.new_id(), ctx.now());
    let retry = RetryPolicy { attempts_max: 3, backoff: Backoff::fixed(Duration::from_millis(1)) };
    let greeting: String = ctx.activity("greet", &name).retry(retry).await?;
    let refused = ctx.activity::<()>("refuse", &()).await.expect_err("it always fails");
    let square: u64 = ctx.child("square", &12).await?;
    let large = ctx.child::<u64>("square", &u64::MAX).await.expect_err("it is too large");
    ctx.send("nobody", "news", &1)?;
    let apart = ctx.detach("square", Some("apart"), &3)?;
    let quick = race(ctx.sleep(Duration::from_secs(3600)), ctx.activity::<u64>("double", &4)).await;
    let late = race(ctx.child::<()>("waits", &()), ctx.sleep(Duration::from_millis(5))).await;
    ctx.set_status("listens")?;
    let word = race(ctx.activity::<()>("is_slow", &()), ctx.signal::<String>("first")).await;
    let doubles = join_all((0..3).map(|number| ctx.activity::<u64>("double", &number))).await;
    ctx.set_status("waits")?;
    let last: String = ctx.signal("last").await?;
    let passed = ctx.now().duration_since(began).is_ok();
    let won = (matches!(quick, Either::Right(Ok(8))), matches!(late, Either::Right(Ok(()))), passed);
    let word = if let Either::Right(word) = word { word? } else { "nothing".to_owned() };
    let doubles: Vec<u64> = doubles.into_iter().collect::<Result<_, _>>()?;
    Ok(serde_json::json!({
        "drawn": (random, id), "greeting": greeting, "refused": refused.message(), "square": square,
        "large": large.message(), "apart": apart, "won": won, "word": word, "doubles": doubles, "last": last,
    }))
}

/// The same without its first activity.
async fn changed(ctx: Orchestration, _name: String) -> Result<serde_json::Value, Failure> {
    ctx.set_status("begins")?;
    ctx.activity("double", &1).await
}

fn with_activities(home: &Home) -> Builder {
    let greet = |activity: Activity, name: String| async move {
        match activity.attempt() {
            1 => Err(Failure::new("not yet")),
            _ => Ok(format!("Hello, {name}!")),
        }
    };
    let refuse = |_: Activity, (): ()| async { Err::<(), _>(Failure::rejected("never")) };
    let double = |_: Activity, number: u64| async move { Ok::<_, Failure>(2 * number) };
    let is_slow = |activity: Activity, (): ()| async move {
        activity.cancelled().await;
        Ok::<_, Failure>(())
    };
    let square = |_: Orchestration, number: u64| async move {
        number.checked_mul(number).ok_or_else(|| Failure::rejected("too large"))
    };
    let waits = |ctx: Orchestration, (): ()| async move { ctx.signal::<()>("never").await };
    home.tenure()
        .options(WorkerOptions { stop_grace: Duration::from_millis(1), ..home.options() })
        .activity("greet", greet)
        .activity("refuse", refuse)
        .activity("double", double)
        .activity("is_slow", is_slow)
        .orchestration("square", square)
        .orchestration("waits", waits)
}

/// What this version would record.
async fn recorded() -> String {
    let home = Home::new(false);
    let tenure = with_activities(&home).orchestration("life", life).start().await.unwrap();
    let instance = tenure.run("life", &"Ada").id(ID).await.unwrap();
    says(&instance, "listens").await;
    instance.signal("first", &"word").await.unwrap();
    says(&instance, "waits").await;
    tenure.stop().await;
    let store = store(&home);
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse(ID).unwrap() };
    let handle = store.find(find).await.unwrap().handle.unwrap();
    let page = store.history(HistoryRequest { handle, execution: None }).await.unwrap();
    let lines = page.turns.iter().map(|turn| record::encode_history(turn)).map(|bytes| hex(&bytes) + "\n");
    lines.collect()
}

async fn says(instance: &Instance, status: &str) {
    let mut said = instance.status().await.unwrap();
    while said.text.as_deref() != Some(status) {
        assert!(!said.has_ended, "it never said {status}");
        said = instance.status_after(said.changes).await.unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The turns that a file holds.
async fn stored(name: &str) -> Vec<Vec<HistoryEvent>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/golden/{name}.hex"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        panic!("{} is missing; this version would write\n{}", path.display(), recorded().await);
    };
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let turns = text.lines().map(|line| line.as_bytes().chunks(2).map(byte).collect::<Vec<_>>());
    turns.map(|bytes| record::decode_history(&bytes).unwrap()).collect()
}

/// Puts a history into a store, as a worker did that is gone since.
async fn put(home: &Home, name: &str) {
    let store = store_at(home.path());
    let request = RegisterRequest {
        id: WorkerId::parse("before").unwrap(),
        incarnation: SystemIds.incarnation(),
        place: None,
        is_elsewhere: false,
        ttl: Ttl::run(Duration::from_secs(15)).unwrap(),
        replaces: false,
        serving: Serving::default(),
    };
    let RegisterOutcome::Registered(registered) = store.register(request).await.unwrap() else {
        panic!("nobody else is there")
    };
    let opening = Opening {
        id: SessionId::parse(ID).unwrap(),
        namespace: Namespace::default_name(),
        principal: None,
        name: CodeName::parse("life").unwrap(),
        version: Version::FIRST,
        labels: BTreeMap::new(),
        parent: None,
        at: tenure_core::time::WallTime::from_epoch_ms(1_767_225_600_000),
    };
    let (mut session, mut ground) = (Some(Box::new(open(opening, true))), Ground::New);
    for (turn, history) in (1..).zip(stored(name).await) {
        let request = TurnRequest {
            commit_id: SystemIds.commit_id(),
            ground,
            worker: Some(registered.worker),
            session: session.take(),
            expected: Revision(0),
            history,
            taken: Vec::new(),
            starts: Vec::new(),
            sends: Vec::new(),
            tasks: Vec::new(),
            withdrawn: Vec::new(),
            wake: Wake::Never,
        };
        let TurnOutcome::Committed(done) = store.commit_turn(request.clone()).await.unwrap() else {
            panic!("nobody else has it")
        };
        ground = Ground::Held { handle: done.handle, fence: done.fence, turn };
    }
    store.retire(registered.worker).await.unwrap();
}

/// How it ends with the first version's draws, whatever draws them today.
const ENDED: &str = include_str!("golden/life.json");

async fn ends_as_it_should(home: &Home) {
    let tenure = with_activities(home).orchestration("life", life).start().await.unwrap();
    let instance = tenure.instance(ID).await.unwrap();
    instance.signal("last", &"not least").await.unwrap();
    let ended: serde_json::Value = instance.result().await.unwrap();
    assert_eq!(ended, serde_json::from_str::<serde_json::Value>(ENDED).unwrap(), "{ended}");
    tenure.stop().await;
}

#[tokio::test]
async fn a_recorded_history_is_replayed_by_the_code_of_today_and_goes_on() {
    let home = Home::new(false);
    put(&home, "life").await;
    ends_as_it_should(&home).await;
}

#[tokio::test]
async fn code_that_was_changed_is_found_out_and_the_instance_goes_on_once_that_is_undone() {
    let home = Home::new(false);
    put(&home, "life").await;
    let tenure = with_activities(&home).orchestration("life", changed).start().await.unwrap();
    tenure.instance(ID).await.unwrap().signal("other", &()).await.unwrap();
    let words = loop {
        if let Some(words) = said(&home, ID).await.pop() {
            break words;
        }
        tokio::task::yield_now().await;
    };
    assert!(words.contains("greet") && words.contains("double"), "{words}");
    tenure.stop().await;
    ends_as_it_should(&home).await;
}

#[tokio::test]
async fn the_recorded_history_has_a_bit_of_everything() {
    let name = |event: &HistoryEvent| {
        let words = format!("{event:?}");
        words.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
    };
    let names: BTreeSet<_> = stored("life").await.iter().flatten().map(name).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let expected = [
        "EventRaised",
        "EventSent",
        "ExecutionStarted",
        "OrchestrationStarted",
        "StatusSet",
        "SubOrchestrationCancelled",
        "SubOrchestrationCompleted",
        "SubOrchestrationCreated",
        "SubOrchestrationFailed",
        "TaskCancelled",
        "TaskCompleted",
        "TaskFailed",
        "TaskRetried",
        "TaskScheduled",
        "TimerCancelled",
        "TimerCreated",
        "TimerFired",
        "TurnStarted",
    ];
    assert_eq!(names, expected);
}

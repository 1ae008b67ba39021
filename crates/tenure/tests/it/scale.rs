//! Much of one thing costs as much more as there is more of it.
//!
//! What is counted is how often code is run on, and how much is recorded; times are measured by `bench/run scale`. Where
//! all of it would take long here, a part is the default, and the environment asks for the rest: `TENURE_FAN=10000
//! TENURE_EVENTS=100000 TENURE_CHILDREN=1000 TENURE_TIMERS=50000`.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tenure::{Activity, Builder, Failure, Orchestration, WorkerOptions, join_all};
use tenure_core::id::{Namespace, SessionId};
use tenure_core::orchestration::HistoryEvent;
use tenure_core::time::WallTime;
use tenure_store::{Find, HistoryRequest, InstanceStore as _, SessionStore as _};

use crate::fixture::{Home, asked};
use crate::many::store;

/// How often something is run on.
#[derive(Debug, Clone, Default)]
struct Polls(Arc<AtomicU64>);

impl Polls {
    async fn of<F: Future>(&self, work: F) -> F::Output {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|task| {
            self.0.fetch_add(1, Ordering::Relaxed);
            work.as_mut().poll(task)
        })
        .await
    }

    /// How often since this was last asked.
    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

async fn double(_: Activity, number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

/// Runs so many activities at once, and gives the sum of their results.
async fn sum(ctx: &Orchestration, polls: &Polls, count: u64) -> Result<u64, Failure> {
    let all = join_all((0..count).map(|number| polls.of(ctx.activity::<u64>("double", &number)))).await;
    all.into_iter().try_fold(0, |sum, one| Ok(sum + one?))
}

/// What is recorded of an instance, commit by commit.
async fn history(home: &Home, id: &str) -> Vec<Vec<HistoryEvent>> {
    let store = store(home);
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse(id).unwrap() };
    let handle = store.find(find).await.unwrap().handle.unwrap();
    store.history(HistoryRequest { handle, execution: None }).await.unwrap().turns
}

#[tokio::test]
async fn what_a_fan_costs_grows_with_how_wide_it_is_and_no_faster() {
    let most = asked("TENURE_FAN").unwrap_or(10_000);
    let (home, polls) = (Home::new(false), Polls::default());
    let counted = polls.clone();
    let fan = move |ctx: Orchestration, count: u64| {
        let polls = counted.clone();
        async move { sum(&ctx, &polls, count).await }
    };
    let tenure = home.tenure().orchestration("fan", fan).activity("double", double).start().await.unwrap();
    for (id, count) in [("narrow", most / 10), ("wide", most)] {
        let found: u64 = tenure.run("fan", &count).id(id).await.unwrap().result().await.unwrap();
        assert_eq!(found, count * (count - 1));
        assert_eq!(polls.take(), 2 * count, "each is asked for once, and heard of once");
        let rows = history(&home, id).await;
        let events = rows.iter().map(Vec::len).sum::<usize>() as u64;
        // Beside the beginning and the end, each is asked for and has a result; each turn is recorded.
        assert_eq!(events, 2 + 2 * count + rows.len() as u64, "{id}");
        assert!(rows.len() as u64 <= 1 + count, "{id}: {} commits", rows.len());
    }
    tenure.stop().await;
}

/// Wave after wave of activities, and then it waits to be told that it may end.
fn waves(home: &Home, polls: &Polls, runs: &Polls, options: WorkerOptions) -> Builder {
    let (polls, runs) = (polls.clone(), runs.clone());
    let code = move |ctx: Orchestration, (count, wide): (u64, u64)| {
        let polls = polls.clone();
        async move {
            let mut all = 0;
            for _ in 0..count {
                all += sum(&ctx, &polls, wide).await?;
            }
            ctx.set_status("done")?;
            ctx.signal::<()>("end").await?;
            Ok::<_, Failure>(all)
        }
    };
    let double = move |activity: Activity, number: u64| {
        let runs = runs.clone();
        async move { runs.of(double(activity, number)).await }
    };
    let waits = |ctx: Orchestration, (): ()| async move { ctx.signal::<()>("end").await };
    let builder = home.tenure().options(options).activity("double", double);
    builder.orchestration("waves", code).orchestration("waits", waits)
}

#[tokio::test]
async fn a_long_history_is_run_once_for_each_time_that_it_is_brought_back() {
    const WIDE: u64 = 200;
    let most = asked("TENURE_EVENTS").unwrap_or(20_000);
    for events in [most / 10, most] {
        let count = (events / 2 / WIDE).max(1);
        let (home, polls, runs) = (Home::new(false), Polls::default(), Polls::default());
        let tenure = waves(&home, &polls, &runs, home.options()).start().await.unwrap();
        tenure.run("waves", &(count, WIDE)).id("long").await.unwrap();
        tenure.instance("long").await.unwrap().status_after(0).await.unwrap();
        assert_eq!((polls.take(), runs.take()), (2 * count * WIDE, count * WIDE));
        tenure.stop().await;
        assert!(history(&home, "long").await.iter().map(Vec::len).sum::<usize>() as u64 > 2 * count * WIDE);

        // With room for one, it is put away when another comes, and comes back when it is told something.
        let options = WorkerOptions { instances_max: 1, ..home.options() };
        let tenure = waves(&home, &polls, &runs, options).start().await.unwrap();
        tenure.instance("long").await.unwrap().signal("other", &()).await.unwrap();
        for other in 0..3 {
            tenure.run("waits", &()).id(&format!("other-{other}")).await.unwrap();
        }
        let long = tenure.instance("long").await.unwrap();
        long.signal("end", &()).await.unwrap();
        let all: u64 = long.result().await.unwrap();
        assert_eq!(all, count * WIDE * (WIDE - 1));
        let polls = polls.take();
        assert_eq!((polls % (2 * count * WIDE), runs.take()), (0, 0), "nothing is run for a second time");
        let times = polls / (2 * count * WIDE);
        assert!((1..=2).contains(&times), "it was brought back {times} times");
        tenure.stop().await;
    }
}

#[tokio::test]
async fn what_children_cost_grows_with_how_many_there_are_and_no_faster() {
    let most = asked("TENURE_CHILDREN").unwrap_or(1000);
    let (home, polls) = (Home::new(false), Polls::default());
    let counted = polls.clone();
    let parent = move |ctx: Orchestration, count: u64| {
        let polls = counted.clone();
        async move {
            let all = join_all((0..count).map(|number| polls.of(ctx.child::<u64>("child", &number)))).await;
            all.into_iter().try_fold(0, |sum, one| Ok::<_, Failure>(sum + one?))
        }
    };
    let child = |ctx: Orchestration, number: u64| async move { ctx.activity::<u64>("double", &number).await };
    let options = WorkerOptions { instances_max: 100, ..home.options() };
    let builder =
        home.tenure().options(options).orchestration("parent", parent).orchestration("child", child);
    let tenure = builder.activity("double", double).start().await.unwrap();
    for (id, count) in [("small", most / 10), ("big", most)] {
        let found: u64 = tenure.run("parent", &count).id(id).await.unwrap().result().await.unwrap();
        assert_eq!(found, count * (count - 1));
        let rows = history(&home, id).await;
        let events = rows.iter().map(Vec::len).sum::<usize>() as u64;
        assert_eq!(events, 2 + 2 * count + rows.len() as u64, "{id}");
        // The parent may have been put away while it waited, and told again what it knew.
        assert!(polls.take() >= 2 * count);
    }
    tenure.stop().await;
}

/// Instances that sleep until then and say whether it was then, and one that does nothing but sleep.
fn sleepers(home: &Home) -> Builder {
    let sleeps = |ctx: Orchestration, at: SystemTime| async move {
        ctx.sleep_until(at).await?;
        Ok::<_, Failure>(ctx.now() >= at)
    };
    let naps = |ctx: Orchestration, (at, count): (SystemTime, u64)| async move {
        let all = join_all((0..count).map(|_| ctx.sleep_until(at))).await;
        Ok::<_, Failure>(all.into_iter().filter(Result::is_ok).count() as u64)
    };
    // Most of them have no room in memory.
    let options = WorkerOptions { instances_max: 500, ..home.options() };
    home.tenure().options(options).orchestration("sleeps", sleeps).orchestration("naps", naps)
}

#[expect(clippy::disallowed_methods, reason = "timers are due at times of the day")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[tokio::test]
async fn timers_that_are_due_at_once_all_fire_also_those_that_became_due_while_nobody_was_there() {
    let count = asked("TENURE_TIMERS").unwrap_or(1000);
    let home = Home::new(false);
    let tenure = sleepers(&home).start().await.unwrap();
    let hour = now() + Duration::from_secs(3600);
    let soon = now() + Duration::from_millis(200 + count / 2);
    let id = |number: u64| format!("sleeper-{number}");
    tenure.run("sleeps", &hour).id("long").await.unwrap();
    tenure.run("naps", &(soon, count)).id("naps").await.unwrap();
    join_all((0..count).map(async |number| tenure.run("sleeps", &soon).id(&id(number)).await.unwrap())).await;
    tenure.stop().await;

    let client = home.tenure().connect().unwrap();
    tokio::time::sleep(soon.duration_since(now()).unwrap_or_default()).await;
    let tenure = sleepers(&home).start().await.unwrap();
    for number in 0..count {
        let instance = client.instance(&id(number)).await.unwrap();
        assert!(instance.result::<bool>().await.unwrap(), "{number} woke too early");
    }
    assert_eq!(client.instance("naps").await.unwrap().result::<u64>().await.unwrap(), count);
    let rows = history(&home, "naps").await;
    assert_eq!(rows.iter().map(Vec::len).sum::<usize>() as u64, 2 + 2 * count + rows.len() as u64);

    // While they are there, too, and beside those whose time is far away.
    let soon = now() + Duration::from_secs(1);
    let all =
        join_all((0..count).map(async |_| tenure.run("sleeps", &soon).await.unwrap().result::<bool>().await));
    assert!(all.await.into_iter().all(Result::unwrap));
    let next = store(&home).next_wake().await.unwrap();
    assert!(
        next.is_none_or(
            |at| at > WallTime::from_epoch_ms(0).after(soon.duration_since(SystemTime::UNIX_EPOCH).unwrap())
        ),
        "nobody else is left"
    );
    tenure.stop().await;
}

#[tokio::test]
async fn instances_that_wait_for_long_do_not_keep_others_from_coming_in() {
    let home = Home::new(false);
    let waits = |ctx: Orchestration, (): ()| async move { ctx.signal::<()>("go").await };
    let options = WorkerOptions { instances_max: 4, ..home.options() };
    let tenure = home.tenure().options(options).orchestration("waits", waits).start().await.unwrap();
    let mut all = Vec::new();
    for number in 0..20 {
        all.push(tenure.run("waits", &()).id(&format!("i{number}")).await.unwrap());
    }
    // Those that were put away first are told first, while the room is taken by others that wait.
    for instance in all {
        instance.signal("go", &()).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), instance.result::<()>()).await;
        ended.expect("there is room for it").unwrap();
    }
    tenure.stop().await;
}

//! Several workers on one store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure::{Activity, Builder, Failure, Orchestration, join_all};

use super::world::{World, all, each_store, on, plain, say};

/// R-E21.
#[tokio::test]
async fn keys_stay_with_their_worker_through_a_new_execution_while_two_run() {
    each_store(async |world| {
        let code = |ctx: Orchestration, turn: u32| async move {
            if turn == 0 {
                let three = ["a", "b", "c"].map(|key| on(&ctx, key, &say("0")));
                all(join_all(three).await)?;
                return Err(ctx.continue_as_new(&1_u32));
            }
            let calls = [on(&ctx, "a", &say("1")), on(&ctx, "b", &say("1")), plain(&ctx, "plain")];
            all(join_all(calls).await)
        };
        let start = async |name| world.worker(name).orchestration("code", code).start().await.unwrap();
        let (one, two) = (start("one").await, start("two").await);
        let got: Vec<String> = one.run("code", &0_u32).await.unwrap().result().await.unwrap();
        assert_eq!(got, ["1 on a", "1 on b", "plain"]);
        let began = world.seen.began();
        let keyed = began.iter().filter(|ran| ran.key.is_some()).count();
        assert_eq!((began.len(), keyed), (6, 5));
        assert!(world.seen.homes().values().all(|workers| workers.len() == 1), "{began:?}");
        one.stop().await;
        two.stop().await;
    })
    .await;
}

/// R-E22.
#[tokio::test]
async fn workers_with_different_limits_and_ttls_share_the_work() {
    each_store(async |world| {
        let code = |ctx: Orchestration, (): ()| async move {
            let meets = super::world::Work { meets: 2, ..say("x") };
            let three = ["a", "b", "c"].map(|key| on(&ctx, key, &meets));
            all(join_all(three).await)
        };
        let ttl = tenure_core::lease::Ttl::run(Duration::from_secs(3)).unwrap();
        let options = tenure::WorkerOptions { ttl, ..world.home.options() };
        let tight = world.worker("tight").options(options).worker_id("tight").keys_max(1, 1);
        let tight = tight.orchestration("code", code).start().await.unwrap();
        let wide = world.worker("wide").orchestration("code", code).start().await.unwrap();
        // All three are under way at once: so the other worker serves two of them.
        let got: Vec<String> = tight.run("code", &()).await.unwrap().result().await.unwrap();
        assert_eq!(got, ["x on a", "x on b", "x on c"]);
        let wide_ones = world.seen.began().iter().filter(|ran| ran.worker == "wide").count();
        assert!(wide_ones >= 2, "{:?}", world.seen.began());
        tight.stop().await;
        wide.stop().await;
    })
    .await;
}

/// What a worker keeps in memory of each conversation.
type Memory = Arc<Mutex<HashMap<String, Vec<String>>>>;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Talk {
    turns: u32,
    turn: u32,
}

/// A worker with conversations in its memory. One that it does not know is begun, whatever was said before.
fn talker(world: &World, name: &'static str) -> (Builder, Memory) {
    let memory = Memory::default();
    let kept = Arc::clone(&memory);
    let speak = move |activity: Activity, said: String| {
        let kept = Arc::clone(&kept);
        async move {
            let key = activity.pin().unwrap().key().to_owned();
            let mut kept = kept.lock().unwrap();
            let talk = kept.entry(key).or_insert_with(|| vec!["hello".to_owned()]);
            talk.push(said);
            Ok::<_, Failure>(talk.len())
        }
    };
    let talk = |ctx: Orchestration, Talk { turns, turn }: Talk| async move {
        let said = ctx.activity::<usize>("speak", &format!("turn {turn}")).on_own_session().await?;
        if turn + 1 == turns {
            return Ok::<_, Failure>(said);
        }
        ctx.sleep(Duration::from_millis(20)).await?;
        Err(ctx.continue_as_new(&Talk { turns, turn: turn + 1 }))
    };
    (world.worker(name).orchestration("talk", talk).activity("speak", speak), memory)
}

/// R-S1.
#[tokio::test]
async fn conversations_stay_where_their_memory_is() {
    each_store(async |world| {
        let ((one, first), (two, second)) = (talker(&world, "one"), talker(&world, "two"));
        let (one, two) = (one.start().await.unwrap(), two.start().await.unwrap());
        let mut running = Vec::new();
        for (number, tenure) in [&one, &two, &one, &two].into_iter().enumerate() {
            let turns = if number < 2 { 1 } else { 3 };
            let run = tenure.run("talk", &Talk { turns, turn: 0 }).id(&format!("talk-{number}"));
            running.push((turns, run.await.unwrap()));
        }
        for (turns, instance) in running {
            // One greeting, and every turn: nothing was begun again elsewhere.
            assert_eq!(instance.result::<usize>().await.unwrap(), turns as usize + 1);
        }
        let kept: BTreeMap<_, _> =
            [first, second].iter().flat_map(|memory| memory.lock().unwrap().clone()).collect();
        let sizes = kept.iter().map(|(key, talk)| (key.as_str(), talk.len()));
        let expected = [("talk-0", 2), ("talk-1", 2), ("talk-2", 4), ("talk-3", 4)];
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
        one.stop().await;
        two.stop().await;
    })
    .await;
}

/// R-G: many at once.
#[tokio::test]
async fn two_workers_share_many_keys_and_none_moves() {
    each_store(async |world| {
        let code = |ctx: Orchestration, number: u32| async move {
            for turn in 0..3 {
                on(&ctx, &format!("key {}", number % 7), &say(&format!("{number}.{turn}"))).await?;
            }
            Ok::<_, Failure>(())
        };
        let start = async |name| world.worker(name).orchestration("code", code).start().await.unwrap();
        let (one, two) = (start("one").await, start("two").await);
        let mut running = Vec::new();
        for number in 0..30_u32 {
            let tenure = if number % 2 == 0 { &one } else { &two };
            running.push(tenure.run("code", &number).await.unwrap());
        }
        for instance in running {
            instance.result::<()>().await.unwrap();
        }
        assert_eq!(world.seen.ended().len(), 90);
        let homes = world.seen.homes();
        assert_eq!(homes.len(), 7);
        assert!(homes.values().all(|workers| workers.len() == 1), "{homes:?}");
        one.stop().await;
        two.stop().await;
    })
    .await;
}

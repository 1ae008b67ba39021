//! Workers that stop, die, start again, or lose a key.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure::{Builder, Failure, Hold, Orchestration, Tenure};
use tenure_core::id::{AffinityKey, Namespace, WorkerId};
use tenure_store::{
    Dismiss, DismissOutcome, Dismissal, MovePin, MovePinOutcome, TaskStore as _, WorkerStore as _,
};

use super::world::{Work, World, each_store, on, say};
use crate::many::store;

/// Says something on a key, waits for a signal, and says something again.
async fn twice(ctx: Orchestration, (): ()) -> Result<String, Failure> {
    on(&ctx, "a", &say("one")).await?;
    ctx.signal::<()>("next").await?;
    on(&ctx, "a", &say("two")).await
}

/// Another start of a worker has its keys at once, and is told that it begins with nothing in memory.
#[tokio::test]
async fn another_start_of_a_worker_resumes_its_keys() {
    each_store(async |world| {
        let start = async || world.worker("w1").orchestration("twice", twice).start().await.unwrap();
        let tenure = start().await;
        tenure.run("twice", &()).id("one").await.unwrap();
        world.seen.until_began(1).await;
        tenure.stop().await;
        let tenure = start().await;
        let instance = tenure.instance("one").await.unwrap();
        instance.signal("next", &()).await.unwrap();
        assert_eq!(instance.result::<String>().await.unwrap(), "two on a");
        let began = world.seen.began();
        // A worker that stops lets go of its keys: so its next start claims them.
        assert_eq!(began[1].hold, Some(Hold::Claimed));
        assert!(began[1].fence > began[0].fence, "{began:?}");
        tenure.stop().await;
    })
    .await;
}

/// A runtime of its own, as another process has.
struct Elsewhere(Option<tokio::runtime::Runtime>);

impl Elsewhere {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self(Some(runtime.unwrap()))
    }

    async fn start(&self, builder: Builder) -> Tenure {
        let runtime = self.0.as_ref().unwrap();
        runtime.spawn(async move { builder.start().await.unwrap() }).await.unwrap()
    }

    /// It is gone, without a word.
    fn die(mut self, tenure: Tenure) {
        let runtime = self.0.take().unwrap();
        drop(tenure);
        std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5))).join().unwrap();
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// R-G: the owner dies, and its keys are handed over; R-W: at once where its process is gone for certain.
#[tokio::test]
async fn the_keys_of_a_worker_that_died_are_claimed_by_another_and_resumed_by_its_next_start() {
    for name in ["other", "dies"] {
        let world = World::on_file();
        let elsewhere = Elsewhere::new();
        let dying = elsewhere.start(world.worker("dies").orchestration("twice", twice)).await;
        dying.run("twice", &()).id("one").await.unwrap();
        world.seen.until_began(1).await;
        elsewhere.die(dying);
        let next = world.worker(name).orchestration("twice", twice).start().await.unwrap();
        let instance = next.instance("one").await.unwrap();
        instance.signal("next", &()).await.unwrap();
        assert_eq!(instance.result::<String>().await.unwrap(), "two on a");
        // The first of the two may be run again: nobody knows whether its end was recorded.
        let began = world.seen.began();
        let hold = if name == "dies" { Hold::Resumed } else { Hold::Claimed };
        assert_eq!((began[1].worker, began[1].hold), (name, Some(hold)), "{began:?}");
        assert!(began[1].fence > began[0].fence);
        next.stop().await;
    }
}

/// R-G: a task whose worker died is run by another.
#[tokio::test]
async fn what_a_worker_that_died_ran_for_others_is_run_again() {
    let world = World::on_file();
    let code = |ctx: Orchestration, (): ()| async move {
        on(&ctx, "a", &Work { waits: true, ..say("x") }).on_queue("gpu").await
    };
    let elsewhere = Elsewhere::new();
    let dying = elsewhere.start(world.worker("dies").queue("gpu")).await;
    let front = world.idle("front").orchestration("code", code).start().await.unwrap();
    let instance = front.run("code", &()).await.unwrap();
    assert_eq!(world.seen.until_began(1).await[0].worker, "dies");
    elsewhere.die(dying);
    let heir = world.worker("heir").queue("gpu").start().await.unwrap();
    let began = world.seen.until_began(2).await;
    assert_eq!((began[1].worker, began[1].hold), ("heir", Some(Hold::Claimed)));
    world.seen.release();
    assert_eq!(instance.result::<String>().await.unwrap(), "x on a");
    front.stop().await;
    heir.stop().await;
}

/// The instance moves while its activity goes on elsewhere: that is not run twice.
#[tokio::test]
async fn an_activity_elsewhere_survives_the_worker_of_its_instance() {
    let world = World::on_file();
    let code = |ctx: Orchestration, (): ()| async move {
        let waits = Work { waits: true, ..say("x") };
        ctx.activity::<String>("work", &waits).on_queue("gpu").await
    };
    let elsewhere = Elsewhere::new();
    let gpu = world.worker("gpu").queue("gpu").start().await.unwrap();
    let dying = elsewhere.start(world.idle("front").orchestration("code", code)).await;
    dying.run("code", &()).id("one").await.unwrap();
    world.seen.until_began(1).await;
    elsewhere.die(dying);
    let next = world.idle("next").orchestration("code", code).start().await.unwrap();
    world.seen.release();
    let instance = next.instance("one").await.unwrap();
    assert_eq!(instance.result::<String>().await.unwrap(), "x");
    assert_eq!(world.seen.began().len(), 1);
    next.stop().await;
    gpu.stop().await;
}

fn key(key: &str) -> AffinityKey {
    AffinityKey::parse(key).unwrap()
}

/// R-W: who loses a key is told.
#[tokio::test]
async fn a_worker_is_told_of_a_key_that_was_moved_and_the_next_activity_runs_there() {
    let world = World::on_file();
    let (lost, mut told) = tokio::sync::mpsc::unbounded_channel();
    let one = world.worker("one").orchestration("twice", twice);
    let one = one.on_lost(move |key| drop(lost.send(key.to_owned()))).start().await.unwrap();
    let two = world.worker("two").start().await.unwrap();
    let instance = one.run("twice", &()).await.unwrap();
    world.seen.until_began(1).await;
    let to = Some(WorkerId::parse("two").unwrap());
    let request = MovePin { namespace: Namespace::default_name(), key: key("a"), to };
    let moved = store(&world.home).move_pin(request).await.unwrap();
    assert!(matches!(moved, MovePinOutcome::Moved(_)), "{moved:?}");
    assert_eq!(told.recv().await.as_deref(), Some("a"));
    instance.signal("next", &()).await.unwrap();
    assert_eq!(instance.result::<String>().await.unwrap(), "two on a");
    let last = world.seen.began().pop().unwrap();
    assert_eq!((last.worker, last.hold), ("two", Some(Hold::Claimed)));
    one.stop().await;
    two.stop().await;
}

/// R-W: drain.
#[tokio::test]
async fn a_drained_worker_finishes_what_it_runs_and_leaves_the_rest_to_others() {
    let world = World::on_file();
    let code = |ctx: Orchestration, (): ()| async move {
        on(&ctx, "a", &Work { waits: true, ..say("one") }).await?;
        on(&ctx, "a", &say("two")).await
    };
    let news = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&news);
    let hook = tenure::Hook::new(move |news| heard.lock().unwrap().push(news));
    let options = tenure::WorkerOptions { hook: Some(hook), ..world.home.options() };
    let old = world.worker("old").options(options).worker_id("old");
    let old = old.orchestration("code", code).start().await.unwrap();
    let instance = old.run("code", &()).id("one").await.unwrap();
    drop(instance);
    world.seen.until_began(1).await;
    let request = Dismiss { id: WorkerId::parse("old").unwrap(), how: Dismissal::Drain };
    let outcome = store(&world.home).dismiss(request).await.unwrap();
    assert!(matches!(outcome, DismissOutcome::Dismissed(_)), "{outcome:?}");
    let new = world.worker("new").orchestration("code", code).start().await.unwrap();
    world.seen.release();
    old.stopped().await;
    assert_eq!(*news.lock().unwrap(), [tenure::WorkerNews::Draining]);
    let instance = new.instance("one").await.unwrap();
    assert_eq!(instance.result::<String>().await.unwrap(), "two on a");
    let began = world.seen.began();
    assert_eq!(began.iter().filter(|ran| ran.text == "one").count(), 1, "{began:?}");
    assert_eq!(began.last().unwrap().worker, "new");
    let listed = store(&world.home).workers().await.unwrap();
    assert!(listed.iter().all(|worker| worker.lease.holder.id.as_str() != "old"), "{listed:?}");
    new.stop().await;
}

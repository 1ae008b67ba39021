//! Cases about keys and the worker that holds them.

use tenure_core::worker::{Hold, Serving};
use tenure_store::{TaskOutcome, TaskRenewal};

use crate::Harness;
use crate::fixture::{
    Bench, IDLE, IDLE_FOR_ALL, TTL, affinity_key, grant, handing_back, keyed, plain, serving,
};

/// R-V1: what has no key is for any worker.
pub async fn what_has_no_key_is_for_any_worker(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &[plain(), plain()]).await;
    let (first, second) = (bench.task(one).await, bench.task(two).await);
    assert_eq!([first.task, second.task], ids[..]);
    assert_eq!((first.pin, second.pin), (None, None));
    assert!(bench.pins().await.is_empty());
}

/// R-V2: a key that nobody holds goes to whoever claims what follows it, and comes along with that.
pub async fn a_key_that_nobody_holds_is_claimed_with_its_task(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    assert!(bench.pins().await.is_empty(), "it is not claimed by being asked for");
    let task = bench.task(one).await;
    assert_eq!((grant(&task).key, grant(&task).hold), (affinity_key("a"), Hold::Claimed));
    let affinity = task.activity.affinity.as_ref().expect("it follows a key");
    assert_eq!(affinity.key, affinity_key("a"));
    let pin = bench.pin("a").await.expect("a pin");
    assert_eq!((pin.worker.as_str(), pin.fence, pin.is_live), ("one", grant(&task).fence, true));
    assert_eq!((pin.waiting, pin.running), (0, 1));
}

/// R-V3: who holds a key gets what follows next, under the same fence.
pub async fn who_holds_a_key_gets_what_follows_next(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Done);
    let second = bench.task(one).await;
    assert_eq!((grant(&second).hold, grant(&second).fence), (Hold::Held, grant(&first).fence));
}

/// R-V4: nobody else gets anything of a held key.
pub async fn nobody_else_gets_anything_of_a_held_key(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    assert_eq!(bench.tasks(two, 10).await, []);
    bench.end(one, &first).await;
    assert_eq!(bench.tasks(two, 10).await, []);
}

/// R-V5: two keys of two workers are apart.
pub async fn two_keys_of_two_workers_are_apart(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("b")]).await;
    assert_eq!(grant(&bench.task(one).await).key, affinity_key("a"));
    assert_eq!(grant(&bench.task(two).await).key, affinity_key("b"));
    let ids = bench.leave(&mut home, &[keyed("b"), keyed("a")]).await;
    assert_eq!(bench.task_ids(one).await, [ids[1]]);
    assert_eq!(bench.task_ids(two).await, [ids[0]]);
}

/// R-V6: what others hold is passed over, for what comes later.
pub async fn what_others_hold_is_passed_over(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.task(one).await;
    let ids = bench.leave(&mut home, &[keyed("a"), plain(), keyed("a"), keyed("b")]).await;
    assert_eq!(bench.task_ids(two).await, [ids[1], ids[3]]);
}

/// R-V7: the key of a worker whose lease is over is anybody's.
pub async fn the_key_of_a_worker_that_is_over_is_anybodys(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    bench.pass(TTL, &[two]).await;
    assert_eq!(bench.live_holder("a").await, None);
    let second = bench.task(two).await;
    assert_eq!(grant(&second).hold, Hold::Claimed);
    assert!(grant(&second).fence > grant(&first).fence);
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("two"));
}

/// R-V8: a worker that serves no keys gets nothing that follows one, and others do.
pub async fn who_serves_no_keys_gets_nothing_that_follows_one(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let none = bench.serving("none", Serving { busy_max: 0, ..serving() }).await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[keyed("a"), plain()]).await;
    assert_eq!(bench.task_ids(none).await, [ids[1]]);
    assert_eq!(bench.task_ids(one).await, [ids[0]]);
}

/// R-V9: keys and plain activities are given in the order in which they were asked for.
pub async fn what_is_asked_for_first_is_given_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let mut ids = bench.leave(&mut home, &[keyed("c"), plain()]).await;
    ids.extend(bench.leave(&mut home, &[keyed("a"), keyed("b")]).await);
    let mut given = Vec::new();
    for _ in 0..4 {
        given.push(bench.task(one).await.task);
    }
    assert_eq!(given, ids);
    assert_eq!(bench.tasks(one, 10).await, []);
}

/// R-V10: every key that a worker says is in use stays its own, and it is told so of each.
pub async fn a_worker_is_told_of_each_key_that_it_holds(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.task(one).await;
    assert_eq!([bench.touch(one, "a").await, bench.touch(one, "b").await], [true, false]);
    bench.leave(&mut home, &[keyed("b")]).await;
    bench.task(one).await;
    assert_eq!([bench.touch(one, "a").await, bench.touch(one, "b").await], [true, true]);
    assert_eq!(bench.store.workers().await.expect("a list")[1].pins, 2);
}

/// R-V11: a worker that keeps no idle keys loses each with the end of its last activity.
pub async fn a_worker_that_keeps_no_idle_keys_loses_them_at_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let no_time = Serving { idle_after: std::time::Duration::ZERO, ..serving() };
    let (one, two) = (bench.serving("one", no_time).await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.end(one, &task).await;
    assert_eq!(bench.live_holder("a").await, None);
    bench.leave(&mut home, &[keyed("a")]).await;
    assert_eq!(grant(&bench.task(two).await).hold, Hold::Claimed);
}

/// R-V12: who holds nothing keeps nothing.
pub async fn who_holds_nothing_keeps_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.task(one).await;
    assert!(!bench.touch(two, "a").await);
    assert!(!bench.touch(tenure_store::WorkerHandle(1_000_000), "a").await, "nobody known");
    assert_eq!(bench.store.touch_pins(two, Vec::new()).await.expect("an answer"), Vec::<bool>::new());
}

/// R-V13: a key of which nothing waits or runs is idle in time, and is anybody's then.
pub async fn a_key_of_which_nothing_waits_is_idle_in_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    bench.pass(IDLE_FOR_ALL, &[one, two]).await;
    assert_eq!(bench.live_holder("a").await, None);
    bench.leave(&mut home, &[keyed("a")]).await;
    assert_eq!(bench.live_holder("a").await, None, "what comes later does not bring it back");
    let next = bench.task(two).await;
    assert_eq!(grant(&next).hold, Hold::Claimed);
    assert!(grant(&next).fence > grant(&task).fence);
}

/// R-V14: a key of which something waits is not idle.
pub async fn a_key_of_which_something_waits_is_not_idle(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    bench.pass(IDLE_FOR_ALL * 2, &[one, two]).await;
    assert_eq!(bench.tasks(two, 10).await, []);
    assert_eq!(grant(&bench.task(one).await).hold, Hold::Held);
}

/// R-V15: a key in use a moment ago is not idle.
pub async fn a_key_in_use_a_moment_ago_is_not_idle(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    bench.pass(IDLE, &[one]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
}

/// R-V16: the end of an attempt is a use of its key.
pub async fn the_end_of_an_attempt_is_a_use_of_its_key(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.pass(IDLE, &[one]).await;
    bench.end(one, &task).await;
    bench.pass(IDLE, &[one]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.pass(IDLE / 16, &[one]).await;
    assert_eq!(bench.live_holder("a").await, None);
}

/// R-V17: the renewal of an attempt is a use of its key.
pub async fn the_renewal_of_an_attempt_is_a_use_of_its_key(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.pass(IDLE, &[one]).await;
    let renewal = TaskRenewal { task: task.task, fence: task.fence, details: None };
    let renewed = bench.store.renew_tasks(one, vec![renewal]).await.expect("an outcome");
    assert_eq!(renewed, [TaskOutcome::Done]);
    let last_used = bench.pin("a").await.expect("a pin").last_used;
    assert_eq!(last_used, bench.clock.wall());
}

/// R-V18: what follows one key is given in order.
pub async fn what_follows_one_key_is_given_in_order(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[keyed("a"), keyed("a"), keyed("a")]).await;
    for id in ids {
        let task = bench.task(one).await;
        assert_eq!(task.task, id);
        bench.end(one, &task).await;
    }
}

/// R-V19: who holds a key still gets what has none.
pub async fn who_holds_a_key_still_gets_what_has_none(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.task(one).await;
    let ids = bench.leave(&mut home, &[plain()]).await;
    assert_eq!(bench.task_ids(one).await, ids);
}

/// R-V20: activities of one key run side by side at the worker that holds it, and nowhere else.
pub async fn activities_of_one_key_run_side_by_side_at_its_worker(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a"), keyed("a")]).await;
    let (first, second) = (bench.task(one).await, bench.task(one).await);
    assert_eq!([grant(&first).hold, grant(&second).hold], [Hold::Claimed, Hold::Held]);
    assert_eq!(bench.tasks(two, 10).await, []);
    assert_eq!(bench.pin("a").await.map(|pin| (pin.running, pin.waiting)), Some((2, 1)));
    for task in [first, second] {
        assert_eq!(bench.end(one, &task).await, TaskOutcome::Done);
    }
}

/// R-V21: of two activities of a key that nobody holds the second is the first one's worker's.
pub async fn the_first_claim_of_a_key_decides_for_the_rest(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    assert_eq!(first.task, ids[0]);
    assert_eq!(bench.tasks(two, 10).await, []);
    bench.hand_back(handing_back(one, &first)).await;
    assert_eq!(bench.tasks(two, 10).await, [], "what was given back is its holder's");
    assert_eq!(bench.task_ids(one).await, ids);
}

//! Cases about how many keys a worker has, and which.

use std::time::Duration;

use tenure_core::limits::SHARE_PATIENCE;
use tenure_core::worker::{Hold, Serving, is_above_share};
use tenure_store::{ClaimedTask, Notice, TaskClaim, WorkerHandle};

use crate::Harness;
use crate::fixture::{
    Asked, Bench, TICK, affinity_key, almost, exclusive, grant, keyed, left, of_tenant, plain, serving,
    task_claim, wanted,
};

const KEYS: [&str; 30] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
    "v", "w", "x", "y", "z", "0", "1", "2", "3",
];

fn keys_of(tasks: &[ClaimedTask]) -> Vec<String> {
    tasks.iter().map(|task| grant(task).key.as_str().to_owned()).collect()
}

fn busy(worker: WorkerHandle, keys: &[&str]) -> TaskClaim {
    TaskClaim { busy: keys.iter().map(|key| of_tenant(key)).collect(), ..task_claim(worker, 10) }
}

async fn begin_and_end(bench: &Bench, worker: WorkerHandle) -> ClaimedTask {
    let task = bench.task(worker).await;
    bench.end(worker, &task).await;
    task
}

/// At most so many of a worker's keys are busy at once; what has no key is not counted.
pub async fn at_most_so_many_keys_are_busy(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 2, ..serving() }).await;
    bench.leave(&mut home, &[keyed("a"), keyed("b"), keyed("c"), plain(), keyed("d")]).await;
    let given = bench.tasks(one, 10).await;
    assert_eq!(given.len(), 3);
    assert_eq!(keys_of(&given[..2]), ["a", "b"]);
    assert_eq!(bench.tasks(one, 10).await, []);
    bench.end(one, &given[0]).await;
    assert_eq!(keys_of(&bench.tasks(one, 10).await), ["c"]);
    assert!(bench.pin("d").await.is_none(), "what is not given is not claimed");
}

/// At the limit a worker is still given what follows its busy keys.
pub async fn at_the_limit_busy_keys_are_still_served(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 1, ..serving() }).await;
    bench.leave(&mut home, &[keyed("a"), keyed("b"), keyed("a")]).await;
    assert_eq!(keys_of(&bench.tasks(one, 10).await), ["a", "a"]);
    bench.leave(&mut home, &[keyed("a")]).await;
    assert_eq!(keys_of(&bench.tasks(one, 10).await), ["a"]);
}

/// Keys of which a worker runs something without a row are busy.
pub async fn what_runs_without_a_row_is_busy(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 2, ..serving() }).await;
    bench.leave(&mut home, &[keyed("a"), keyed("b"), keyed("x")]).await;
    assert_eq!(keys_of(&bench.claim_tasks(busy(one, &["x", "y"])).await), ["x"]);
    assert_eq!(keys_of(&bench.claim_tasks(busy(one, &["y"])).await), [""; 0]);
    assert_eq!(keys_of(&bench.claim_tasks(busy(one, &[])).await), ["a"]);
}

/// Whoever claims is told whether something waits for keys that are busy.
pub async fn what_waits_for_busy_keys_is_told(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 2, held_max: 2, ..serving() }).await;
    let is_held_back = async |names: &[&str]| {
        bench.store.claim_tasks(busy(one, names)).await.expect("an answer").is_held_back
    };
    assert!(!is_held_back(&[]).await, "nothing waits");
    assert!(!is_held_back(&["a"]).await, "nothing waits");
    bench.leave(&mut home, &[exclusive("a")]).await;
    assert!(is_held_back(&["a"]).await, "it is to be alone");
    assert!(is_held_back(&["x", "y"]).await, "no other key may be busy");
    assert_eq!(keys_of(&bench.tasks(one, 10).await), ["a"]);
    assert!(!is_held_back(&[]).await, "nothing is left");
}

/// A worker at its limit leaves new keys to others.
pub async fn a_worker_at_its_limit_leaves_keys_to_others(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 1, ..serving() }).await;
    let two = bench.runner("two").await;
    bench.leave(&mut home, &[keyed("a"), keyed("b")]).await;
    assert_eq!(keys_of(&bench.tasks(one, 10).await), ["a"]);
    assert_eq!(keys_of(&bench.tasks(two, 10).await), ["b"]);
}

/// For a new key the one is given up that was idle longest, and the worker is told.
pub async fn the_key_that_was_idle_longest_is_given_up(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 2, held_max: 2, ..serving() }).await;
    let mut fences = Vec::new();
    for key in ["b", "a"] {
        bench.leave(&mut home, &[keyed(key)]).await;
        fences.push(grant(&begin_and_end(&bench, one).await).fence);
        bench.pass(Duration::from_secs(20), &[one]).await;
    }
    bench.leave(&mut home, &[keyed("c")]).await;
    let task = bench.task(one).await;
    assert_eq!(grant(&task).hold, Hold::Claimed);
    let held: Vec<_> = bench.pins().await.into_iter().map(|pin| pin.key).collect();
    assert_eq!(held, [affinity_key("a"), affinity_key("c")]);
    let (namespace, key) = of_tenant("b");
    assert_eq!(bench.notices(one).await, [Notice::PinLost { namespace, key, fence: fences[0] }]);
    bench.leave(&mut home, &[keyed("b")]).await;
    let again = bench.task(one).await;
    assert_eq!(grant(&again).hold, Hold::Claimed);
    assert!(grant(&again).fence > fences[0]);
}

/// A key that is in use is not given up: then no new one is taken.
pub async fn a_key_in_use_is_not_given_up(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 2, held_max: 2, ..serving() }).await;
    bench.leave(&mut home, &[keyed("a")]).await;
    begin_and_end(&bench, one).await;
    bench.leave(&mut home, &[keyed("b")]).await;
    let b = bench.task(one).await;
    let ids = bench.leave(&mut home, &[keyed("c")]).await;
    // One runs with a row, the other without.
    assert_eq!(bench.claim_tasks(busy(one, &["a"])).await, []);
    bench.end(one, &b).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    assert_eq!(bench.claim_tasks(busy(one, &["a"])).await[0].task, ids[0]);
    assert!(bench.pin("b").await.is_none());
}

/// For a turn no key is given up: at the limit its activity waits.
pub async fn for_a_turn_no_key_is_given_up(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.serving("one", Serving { busy_max: 1, held_max: 1, ..serving() }).await;
    let mut driven = bench.driven("ses_a", one).await;
    let placed = bench.ask(&mut driven, &[wanted("a"), wanted("b")]).await;
    assert_eq!(crate::fixture::here(&placed[0]).hold, Hold::Claimed);
    let waits = left(&placed[1]);
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    assert_eq!(bench.claim_tasks(busy(one, &["a"])).await, []);
    assert_eq!(bench.claim_tasks(busy(one, &[])).await[0].task, waits);
}

/// A worker far above its share leaves new keys to others, until they have waited for a while.
pub async fn a_worker_above_its_share_leaves_new_keys_to_others(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &["a", "b", "c"].map(keyed)).await;
    assert_eq!(bench.tasks(one, 10).await.len(), 3);
    let two = bench.runner("two").await;
    let ids = bench.leave(&mut home, &[keyed("d"), keyed("a"), keyed("e")]).await;
    assert_eq!(bench.task_ids(one).await, [ids[1]], "its own keys are its own");
    bench.clock.advance(almost(SHARE_PATIENCE));
    assert_eq!(bench.task_ids(one).await, []);
    assert_eq!(bench.task(two).await.task, ids[0]);
    bench.clock.advance(TICK);
    assert_eq!(bench.task_ids(one).await, [ids[2]]);
}

/// Far above its share is a tenth above the mean, and one key more.
pub async fn far_above_its_share_is_a_tenth_above_the_mean(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let two = bench.runner("two").await;
    bench.leave(&mut home, &KEYS[..10].iter().copied().map(keyed).collect::<Vec<_>>()).await;
    assert_eq!(bench.tasks(two, 10).await.len(), 10);
    let one = bench.runner("one").await;
    bench.leave(&mut home, &KEYS[10..].iter().copied().map(keyed).collect::<Vec<_>>()).await;
    let held = bench.tasks(one, 20).await.len() as u64;
    assert!(is_above_share(held, held + 10, 2), "{held}");
    assert!(!is_above_share(held - 1, held + 9, 2), "{held}");
}

/// Shares are counted among those that serve the task's queue, and keys.
pub async fn who_does_not_serve_it_has_no_share(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.serving("two", Serving { queues: crate::fixture::queues(&[Some("q")]), ..serving() }).await;
    bench.serving("three", Serving { busy_max: 0, ..serving() }).await;
    bench.leave(&mut home, &KEYS.map(keyed)).await;
    assert_eq!(bench.tasks(one, 30).await.len(), 30);
}

/// A turn claims no key for a worker far above its share.
pub async fn a_turn_claims_nothing_above_its_share(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    bench.ask(&mut driven, &["a", "b", "c"].map(wanted)).await;
    let two = bench.runner("two").await;
    let placed = bench.ask(&mut driven, &[wanted("d"), wanted("a")]).await;
    assert_eq!(bench.task_ids(two).await, [left(&placed[0])]);
    assert_eq!(crate::fixture::here(&placed[1]).hold, Hold::Held);
}

/// What waits in a queue is for those that serve it, the default queue like any other.
pub async fn what_waits_in_a_queue_is_for_those_that_serve_it(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let serves = |names: &[Option<&str>]| Serving { queues: crate::fixture::queues(names), ..serving() };
    let default = bench.runner("default").await;
    let gpu = bench.serving("gpu", serves(&[Some("gpu")])).await;
    let none = bench.serving("none", serves(&[])).await;
    let all = Serving { queues: tenure_core::worker::Queues::All, ..serving() };
    let all = bench.serving("all", all).await;
    let on = |queue| Asked { queue: Some(queue), ..plain() };
    let ids = bench.leave(&mut home, &[on("gpu"), plain(), on("disk"), on("gpu")]).await;
    assert_eq!(bench.task_ids(none).await, []);
    assert_eq!(bench.tasks(gpu, 1).await[0].task, ids[0]);
    assert_eq!(bench.task_ids(default).await, [ids[1]]);
    assert_eq!(bench.task_ids(all).await, [ids[2], ids[3]]);
}

/// A key whose worker does not serve the queue of what follows it goes to one that does.
pub async fn a_key_goes_to_who_serves_the_queue(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let gpu = Serving { queues: crate::fixture::queues(&[Some("gpu")]), ..serving() };
    let gpu = bench.serving("gpu", gpu).await;
    let on_gpu = Asked { queue: Some("gpu"), ..keyed("a") };
    let ids = bench.leave(&mut home, &[keyed("a"), on_gpu]).await;
    let first = bench.task(one).await;
    assert_eq!(bench.task_ids(gpu).await, [], "not as long as something of it is under way");
    bench.end(one, &first).await;
    let second = bench.task(gpu).await;
    assert_eq!((second.task, grant(&second).hold), (ids[1], Hold::Claimed));
    assert_eq!(bench.notices(one).await.len(), 1);
}

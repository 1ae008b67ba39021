//! Cases about keys of which one activity runs at a time.

use std::time::Duration;

use tenure_core::worker::{Hold, Serving};
use tenure_store::{HandBack, Placed, TaskClaim, TurnRequest};

use crate::Harness;
use crate::fixture::{
    Asked, Bench, IDLE_FOR_ALL, TTL, exclusive, grant, handing_back, here, keyed, left, of_tenant, serving,
    task_claim, wanted,
};

/// Of an exclusive key one activity runs at a time, in order.
pub async fn of_an_exclusive_key_one_runs_at_a_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &["a", "a", "b", "a"].map(exclusive)).await;
    let given = bench.tasks(one, 10).await;
    assert_eq!(given.iter().map(|task| task.task).collect::<Vec<_>>(), [ids[0], ids[2]]);
    assert_eq!(bench.tasks(one, 10).await, []);
    bench.end(one, &given[0]).await;
    let next = bench.tasks(one, 10).await;
    assert_eq!(next.iter().map(|task| task.task).collect::<Vec<_>>(), [ids[1]]);
    bench.end(one, &next[0]).await;
    assert_eq!(bench.task_ids(one).await, [ids[3]]);
}

/// What a worker leaves because it runs each key's one at a time is for one that does not, while nobody has the key.
pub async fn what_is_behind_for_one_worker_alone_is_anothers(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { is_exclusive: true, ..serving() }).await;
    let two = bench.runner("two").await;
    let elsewhere = Asked { queue: Some("q"), ..keyed("a") };
    let ids = bench.leave(&mut home, &[elsewhere, keyed("a")]).await;
    assert_eq!(bench.tasks(one, 10).await, [], "it is behind what waits in a queue of others");
    assert_eq!(bench.task_ids(two).await, ids[1..]);
}

/// A worker that runs every key exclusively is given one activity of each at a time.
pub async fn a_worker_may_run_every_key_so(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { is_exclusive: true, ..serving() }).await;
    let ids = bench.leave(&mut home, &["a", "b", "a"].map(keyed)).await;
    let given = bench.tasks(one, 10).await;
    assert_eq!(given.iter().map(|task| task.task).collect::<Vec<_>>(), [ids[0], ids[1]]);
    bench.end(one, &given[0]).await;
    assert_eq!(bench.task_ids(one).await, [ids[2]]);
}

/// What was given back, even for later, goes before what was asked for after it.
pub async fn what_was_given_back_keeps_its_place(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &["a", "a"].map(exclusive)).await;
    let first = bench.task(one).await;
    bench.hand_back(HandBack { delay: Duration::from_secs(5), ..handing_back(one, &first) }).await;
    assert_eq!(bench.tasks(one, 10).await, []);
    bench.clock.advance(Duration::from_secs(5));
    let again = bench.tasks(one, 10).await;
    assert_eq!(again.iter().map(|task| task.task).collect::<Vec<_>>(), [ids[0]]);
    bench.end(one, &again[0]).await;
    assert_eq!(bench.task_ids(one).await, [ids[1]]);
}

/// What is withdrawn keeps nobody waiting.
pub async fn what_is_withdrawn_keeps_nobody_waiting(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &["a", "a", "a"].map(exclusive)).await;
    bench.task(one).await;
    let turn = TurnRequest { withdrawn: vec![ids[0], ids[1]], ..home.turn() };
    bench.drive(&mut home, turn).await;
    assert_eq!(bench.task_ids(one).await, [ids[2]]);
}

/// An exclusive activity waits as long as its worker says that it is busy with the key.
pub async fn an_exclusive_one_waits_for_what_has_no_row(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[exclusive("a")]).await;
    let busy = TaskClaim { busy: vec![of_tenant("a")], ..task_claim(one, 10) };
    assert_eq!(bench.claim_tasks(busy).await, []);
    assert_eq!(bench.task_ids(one).await, ids);
}

/// A key that was moved is exclusive still: its new worker waits for what runs at the old one.
pub async fn a_moved_key_is_exclusive_still(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &["a", "a"].map(exclusive)).await;
    let first = bench.task(one).await;
    bench.move_pin("a", Some("two")).await;
    assert_eq!(bench.tasks(two, 10).await, []);
    bench.end(one, &first).await;
    assert_eq!(bench.task_ids(two).await, [ids[1]]);
}

/// What a dead worker ran of an exclusive key goes before the rest.
pub async fn what_was_lost_goes_before_the_rest(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &["a", "a"].map(exclusive)).await;
    bench.task(one).await;
    bench.pass(TTL, &[two]).await;
    let given = bench.tasks(two, 10).await;
    assert_eq!((given.len(), given[0].task, given[0].rescues), (1, ids[0], 1));
}

/// A turn's activity of an exclusive key waits behind what waits, and behind what is under way.
pub async fn a_turns_activity_waits_its_turn(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let soon = Asked { is_exclusive: true, ..wanted("a") };
    let waits = bench.ask(&mut driven, &[exclusive("a")]).await;
    assert!(matches!(bench.ask(&mut driven, &[soon]).await[..], [Placed::Left(_)]));
    let first = bench.task(one).await;
    assert_eq!(first.task, left(&waits[0]));
    assert!(matches!(bench.ask(&mut driven, &[soon]).await[..], [Placed::Left(_)]));
    bench.end(one, &first).await;
    for _ in 0..2 {
        let next = bench.task(one).await;
        bench.end(one, &next).await;
    }
    assert_eq!(here(&bench.ask(&mut driven, &[soon]).await[0]).hold, Hold::Held);
}

/// An exclusive key whose worker does not serve the queue of what follows it goes to one that does when it is idle.
pub async fn an_exclusive_key_goes_to_who_serves_the_queue_when_idle(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let gpu = Serving { queues: crate::fixture::queues(&[Some("gpu")]), ..serving() };
    let gpu = bench.serving("gpu", gpu).await;
    bench.leave(&mut home, &[exclusive("a")]).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    bench.leave(&mut home, &[Asked { queue: Some("gpu"), ..exclusive("a") }]).await;
    // Its worker might run something of it without a row.
    assert_eq!(bench.tasks(gpu, 10).await, []);
    bench.pass(IDLE_FOR_ALL, &[one, gpu]).await;
    assert_eq!(grant(&bench.task(gpu).await).hold, Hold::Claimed);
}

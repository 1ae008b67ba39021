//! Cases that fail where keys are kept as others keep them.

use std::time::Duration;

use tenure_core::worker::{Hold, Serving};
use tenure_store::{RegisterOutcome, TaskClaim, TaskOutcome};

use crate::Harness;
use crate::fixture::{
    Asked, Bench, IDLE, IDLE_FOR_ALL, TTL, affinity_key, almost, exclusive, grant, keyed, of_tenant, plain,
    serving, task_claim, wanted, worker,
};

/// R-W1: held keys are counted and bounded, and at the limit a worker's own keys are served.
pub async fn held_keys_are_bounded_and_own_keys_served(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 1, held_max: 3, ..serving() }).await;
    for key in ["a", "b", "c", "d", "e"] {
        bench.leave(&mut home, &[keyed(key)]).await;
        let task = bench.task(one).await;
        bench.leave(&mut home, &[keyed(key)]).await;
        let second = bench.task(one).await;
        assert_eq!(grant(&second).key, affinity_key(key));
        for task in [task, second] {
            bench.end(one, &task).await;
        }
        bench.pass(Duration::from_secs(15), &[one]).await;
        assert!(bench.pins().await.len() <= 3);
    }
}

/// R-W2: a worker that has no room for a key does not claim it.
pub async fn who_has_no_room_for_a_key_does_not_claim_it(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.serving("one", Serving { busy_max: 1, ..serving() }).await;
    bench.leave(&mut home, &["a", "b"].map(keyed)).await;
    assert_eq!(bench.tasks(one, 10).await.len(), 1);
    assert!(bench.pin("b").await.is_none());
    let two = bench.runner("two").await;
    let task = bench.task(two).await;
    assert_eq!((grant(&task).key, task.attempt), (affinity_key("b"), 1));
}

/// R-W3: who lost a key does not keep it from being idle at its next worker.
pub async fn who_lost_a_key_does_not_keep_it_in_use(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["a", "a", "a"].map(keyed)).await;
    let tasks = bench.tasks(one, 3).await;
    bench.move_pin("a", Some("two")).await;
    let moved = bench.pin("a").await.expect("a pin").last_used;
    bench.pass(IDLE / 2, &[one, two]).await;
    assert_eq!(bench.renew_task(one, &tasks[0]).await, TaskOutcome::Done);
    assert!(!bench.touch(one, "a").await);
    assert_eq!(bench.end(one, &tasks[0]).await, TaskOutcome::Done);
    assert_eq!(bench.give_back(one, &tasks[1]).await, TaskOutcome::Done);
    assert_eq!(bench.pin("a").await.expect("a pin").last_used, moved);
}

/// R-W4: renewals that were missed lose nothing that nobody took.
pub async fn missed_renewals_lose_nothing_that_nobody_took(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["a", "b"].map(keyed)).await;
    let tasks = bench.tasks(one, 10).await;
    bench.pass(TTL * 2, &[two]).await;
    bench.renew_worker(one).await;
    assert_eq!(bench.tasks(two, 10).await, []);
    for task in &tasks {
        assert_eq!(bench.renew_task(one, task).await, TaskOutcome::Done);
        assert_eq!(bench.end(one, task).await, TaskOutcome::Done);
    }
    assert_eq!(bench.notices(one).await, []);
}

/// R-W5: a key at work is never idle, with the shortest idle time that a worker may have.
pub async fn a_key_at_work_is_never_idle(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let shortest = Serving { idle_after: TTL * 2 / 3, ..serving() };
    assert_eq!(shortest.check(crate::fixture::ttl(TTL)), Ok(()));
    let too_short = Serving { idle_after: almost(TTL * 2 / 3), ..serving() };
    assert!(too_short.check(crate::fixture::ttl(TTL)).is_err());
    let one = bench.serving("one", shortest).await;
    let mut driven = bench.driven("ses_a", one).await;
    bench.ask(&mut driven, &[wanted("a")]).await;
    bench.leave(&mut driven, &[keyed("b")]).await;
    bench.task(one).await;
    for _ in 0..20 {
        bench.pass(TTL / 3, &[one]).await;
        assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
        assert_eq!(bench.live_holder("b").await.as_deref(), Some("one"));
        bench.touch(one, "a").await;
    }
}

/// R-W6: a worker that stops lets go at once; its next start can tell that it is not the same.
pub async fn who_stops_lets_go_and_its_next_start_can_tell(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["a", "b"].map(keyed)).await;
    let tasks = bench.tasks(one, 10).await;
    let again = bench.start("one", 2, serving()).await;
    let resumed = bench.task(again).await;
    assert_eq!(grant(&resumed).hold, Hold::Resumed);
    assert!(grant(&resumed).fence > grant(&tasks[0]).fence);
    bench.store.retire(again).await.expect("it is retired");
    assert_eq!(bench.tasks(two, 10).await.len(), 2);
}

/// R-W7: two live workers of one name do not share keys.
pub async fn two_live_workers_of_one_name_do_not_share_keys(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    let namesake = bench.store.register(worker("one", 2)).await.expect("an outcome");
    assert!(matches!(namesake, RegisterOutcome::Live(_)));
    let again = bench.start("one", 2, serving()).await;
    assert_eq!(bench.tasks(one, 10).await, [], "who was replaced gets nothing");
    assert_eq!(bench.tasks(again, 10).await.len(), 2);
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Expired);
}

/// R-W8: what a claim finds to be somebody else's is passed over, for the next that is not.
pub async fn a_claim_goes_on_past_what_is_taken(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &["a", "a", "b", "a", "c"].map(keyed)).await;
    bench.task(one).await;
    assert_eq!(bench.task(two).await.task, ids[2]);
    assert_eq!(bench.task(two).await.task, ids[4]);
}

/// R-W9: what others hold, however much it is, hides nothing.
pub async fn what_others_hold_hides_nothing_however_much(harness: &dyn Harness) {
    const MANY: usize = 600;
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["a", "b"].map(keyed)).await;
    bench.tasks(one, 2).await;
    for _ in 0..MANY / 50 {
        bench.leave(&mut home, &["a", "b"].map(keyed).repeat(25)).await;
    }
    let ids = bench.leave(&mut home, &[plain(), keyed("c")]).await;
    assert_eq!(bench.task_ids(two).await, ids);
    assert_eq!(bench.tasks(one, 10).await.len(), 10);
}

/// R-W10: keys are not all the first one's that asks.
pub async fn keys_are_not_all_the_first_ones_that_asks(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["a", "b", "c", "d", "e", "f", "g", "h"].map(keyed)).await;
    let first = bench.tasks(one, 100).await.len();
    let second = bench.tasks(two, 100).await.len();
    let third = bench.tasks(one, 100).await.len();
    assert!(first <= 3 && second >= 3, "{first}, {second}, {third}");
    assert!((first + third).abs_diff(second) <= 2, "{first}, {second}, {third}");
}

/// R-W11: a key may be exclusive, wherever what follows it was asked for.
pub async fn a_key_may_be_exclusive(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let mut other = bench.driven("ses_a", home.worker).await;
    let mut ids = bench.leave(&mut home, &[exclusive("a")]).await;
    ids.extend(bench.leave(&mut other, &[exclusive("a")]).await);
    ids.extend(bench.leave(&mut home, &[Asked { is_exclusive: false, ..keyed("a") }]).await);
    for id in ids {
        let given = bench.tasks(one, 10).await;
        assert_eq!(given.iter().map(|task| task.task).collect::<Vec<_>>(), [id]);
        bench.end(one, &given[0]).await;
    }
}

/// R-W12: no wall clock moves a lease, an attempt or an idle key.
pub async fn no_wall_clock_moves_anything(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["a", "b"].map(keyed)).await;
    let short = TaskClaim { ttl: Some(crate::fixture::ttl(TTL)), ..task_claim(one, 10) };
    let tasks = bench.claim_tasks(short).await;
    bench.end(one, &tasks[1]).await;
    for forwards in [true, false] {
        match forwards {
            true => bench.clock.advance_wall(IDLE_FOR_ALL * 100),
            false => bench.clock.rewind_wall(IDLE_FOR_ALL * 1000),
        }
        bench.leave(&mut home, &[keyed("a")]).await;
        assert_eq!(bench.tasks(two, 10).await, []);
        for key in ["a", "b"] {
            assert_eq!(bench.live_holder(key).await.as_deref(), Some("one"));
            assert!(bench.touch(one, key).await);
        }
        assert_eq!(bench.tasks(one, 10).await.len(), 1, "what was asked for is not hidden");
    }
    assert_eq!(bench.end(one, &tasks[0]).await, TaskOutcome::Done);
    assert_eq!(bench.store.touch_pins(one, vec![of_tenant("b")]).await.expect("an answer"), [true]);
}

//! Cases about keys that go on to another worker, and attempts that outlive them.

use std::time::Duration;

use tenure_core::worker::Hold;
use tenure_store::{MovePinOutcome, Notice, TaskClaim, TaskOutcome, WorkerRenewal};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Bench, IDLE_FOR_ALL, TICK, TTL, almost, grant, handing_back, keyed, of_tenant, plain,
    task_claim, ttl,
};

/// An attempt that has five seconds.
fn short(claim: TaskClaim) -> TaskClaim {
    TaskClaim { ttl: Some(ttl(Duration::from_secs(5))), ..claim }
}

/// R-V22: whoever comes first after a worker's lease is over takes its key.
pub async fn whoever_comes_first_takes_what_an_over_worker_held(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two, three) =
        (bench.runner("one").await, bench.runner("two").await, bench.runner("three").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.task(one).await;
    bench.pass(ALMOST_TTL, &[two, three]).await;
    assert_eq!(bench.tasks(two, 10).await, []);
    bench.clock.advance(TICK);
    let task = bench.task(two).await;
    assert_eq!((grant(&task).hold, task.attempt, task.rescues), (Hold::Claimed, 2, 1));
    assert_eq!(bench.tasks(three, 10).await, []);
}

/// R-V23: a key that went idle is for anybody when something follows it again.
pub async fn a_key_that_went_idle_is_for_anybody_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    bench.pass(almost(IDLE_FOR_ALL), &[one, two]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.clock.advance(TICK);
    bench.leave(&mut home, &[keyed("a")]).await;
    assert_eq!(bench.live_holder("a").await, None);
    let second = bench.task(two).await;
    assert_eq!((grant(&second).hold, second.attempt), (Hold::Claimed, 1));
    assert!(grant(&second).fence > grant(&first).fence);
    let lost = of_tenant("a");
    let notice = Notice::PinLost { namespace: lost.0, key: lost.1, fence: grant(&first).fence };
    assert_eq!(bench.notices(one).await, [notice]);
}

/// R-V24: what was given back is given again, as its next attempt.
pub async fn what_was_given_back_is_given_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.task(one).await;
    assert_eq!(bench.give_back(one, &first).await, TaskOutcome::Done);
    let second = bench.task(one).await;
    assert_eq!((second.task, second.attempt, second.rescues), (first.task, 2, 0));
    assert!(second.fence > first.fence);
    assert_eq!(bench.give_back(one, &first).await, TaskOutcome::Expired);
    assert_eq!(bench.end(one, &second).await, TaskOutcome::Done);
    assert_eq!(bench.give_back(one, &second).await, TaskOutcome::Gone);
    assert_eq!(bench.tasks(one, 10).await, []);
}

/// R-V25: an attempt that never began does not count.
pub async fn an_attempt_that_never_began_does_not_count(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.task(one).await;
    let back = tenure_store::HandBack { counts: false, ..handing_back(one, &first) };
    assert_eq!(bench.hand_back(back).await, TaskOutcome::Done);
    let second = bench.task(one).await;
    assert_eq!((second.task, second.attempt), (first.task, 1));
    assert!(second.fence > first.fence);
}

/// R-V26: saying that a key is in use does not revive a worker that is over.
pub async fn a_use_does_not_revive_what_is_over(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    bench.pass(TTL, &[two]).await;
    assert!(!bench.touch(one, "a").await);
    assert_eq!(bench.live_holder("a").await, None);
    bench.leave(&mut home, &[keyed("a")]).await;
    assert_eq!(grant(&bench.task(two).await).hold, Hold::Claimed);
    bench.renew_worker(one).await;
    assert!(!bench.touch(one, "a").await, "somebody took it");
}

/// R-V27: who held a key that went idle has it again under the same fence, if nobody took it.
pub async fn who_held_an_idle_key_has_it_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    bench.pass(IDLE_FOR_ALL * 2, &[one, two]).await;
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let second = bench.task(one).await;
    assert_eq!((grant(&second).hold, grant(&second).fence), (Hold::Held, grant(&first).fence));
    assert_eq!(bench.tasks(two, 10).await, []);
    assert_eq!(bench.notices(one).await, []);
}

/// R-V28: an attempt whose time is over is its key's holder's to repeat, and nobody else's.
pub async fn an_attempt_that_is_over_is_its_holders_to_repeat(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.claim_tasks(short(task_claim(one, 1))).await.pop().expect("a task");
    bench.pass(almost(Duration::from_secs(5)), &[one, two]).await;
    assert_eq!(bench.tasks(one, 10).await, []);
    bench.clock.advance(TICK);
    assert_eq!(bench.tasks(two, 10).await, []);
    let second = bench.task(one).await;
    assert_eq!((second.task, second.attempt, second.rescues), (first.task, 2, 1));
    assert_eq!(grant(&second).hold, Hold::Held);
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Expired);
    assert_eq!(bench.end(one, &second).await, TaskOutcome::Done);
}

/// R-V29: what was begun before a key went to another worker goes there when it is given back.
pub async fn what_is_given_back_goes_to_the_keys_next_worker(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.task(one).await;
    assert!(matches!(bench.move_pin("a", Some("two")).await, MovePinOutcome::Moved(_)));
    bench.leave(&mut home, &[keyed("a")]).await;
    let second = bench.task(two).await;
    assert_eq!(grant(&second).hold, Hold::Claimed);
    assert_eq!(bench.give_back(one, &first).await, TaskOutcome::Done);
    assert_eq!(bench.tasks(one, 10).await, []);
    let again = bench.task(two).await;
    assert_eq!((again.task, again.attempt, grant(&again).hold), (ids[0], 2, Hold::Held));
}

/// R-V30: a worker that was late goes on with the keys that nobody took, under the same fences.
pub async fn a_late_worker_goes_on_with_what_nobody_took(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("b")]).await;
    let (a, b) = (bench.task(one).await, bench.task(one).await);
    bench.pass(TTL, &[two]).await;
    assert_eq!(bench.tasks(one, 10).await, [], "a worker that is over gets nothing");
    let taken = bench.task(two).await;
    assert_eq!(grant(&taken).key, grant(&a).key);
    assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    assert_eq!(bench.live_holder("b").await.as_deref(), Some("one"));
    assert_eq!([bench.touch(one, "a").await, bench.touch(one, "b").await], [false, true]);
    assert_eq!(bench.end(one, &b).await, TaskOutcome::Done);
    assert_eq!(bench.end(one, &a).await, TaskOutcome::Expired);
    let (namespace, key) = of_tenant("a");
    let mut told = bench.notices(one).await;
    told.sort_by_key(|notice| matches!(notice, Notice::Withdrawn { .. }));
    let lost = Notice::PinLost { namespace, key, fence: grant(&a).fence };
    assert_eq!(told, [lost, Notice::Withdrawn { task: a.task, fence: a.fence }]);
    bench.leave(&mut home, &[keyed("b")]).await;
    let next = bench.task(one).await;
    assert_eq!((grant(&next).hold, grant(&next).fence), (Hold::Held, grant(&b).fence));
}

/// R-V31: with its worker's lease both a key and what is under way of it go on to another one.
pub async fn with_its_worker_an_attempt_is_over(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), plain()]).await;
    let long = TaskClaim { ttl: Some(ttl(TTL * 10)), ..task_claim(one, 10) };
    let begun = bench.claim_tasks(long).await;
    bench.pass(TTL, &[two]).await;
    let rescued = bench.tasks(two, 10).await;
    assert_eq!(rescued.len(), 2);
    for (task, before) in rescued.iter().zip(&begun) {
        assert_eq!((task.task, task.attempt, task.rescues), (before.task, 2, 1));
        assert!(task.fence > before.fence);
    }
}

/// R-V32: who lost a key ends what it began under it.
pub async fn who_lost_a_key_ends_what_it_began(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.runner("two").await;
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let (first, second) = (bench.task(one).await, bench.task(one).await);
    bench.move_pin("a", Some("two")).await;
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Done);
    bench.move_pin("a", None).await;
    assert_eq!(bench.renew_task(one, &second).await, TaskOutcome::Done);
    assert_eq!(bench.end(one, &second).await, TaskOutcome::Done);
}

/// R-V33: a worker that renews in time keeps its keys past the first end of its lease.
pub async fn a_worker_that_renews_keeps_its_keys(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    for _ in 0..3 {
        bench.pass(TTL * 3 / 5, &[two]).await;
        bench.renew_worker(one).await;
        assert_eq!(bench.tasks(two, 10).await, []);
    }
    let second = bench.task(one).await;
    assert_eq!((grant(&second).hold, second.attempt), (Hold::Held, 1));
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Done);
}

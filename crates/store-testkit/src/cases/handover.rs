//! Cases about what workers leave to each other: names, notices, and what they held.

use std::time::Duration;

use tenure_core::orchestration::MessageId;
use tenure_core::worker::{Hold, is_stalled};
use tenure_store::{
    ClaimedTask, Dismiss, DismissOutcome, Dismissal, HandBack, MailRequest, MovePinOutcome, Notice, NoticeId,
    RegisterOutcome, RenewWorker, TaskOutcome, TurnOutcome, TurnRequest, Wake, WorkerHandle, WorkerRenewal,
};

use crate::fixture::{
    Bench, IDLE, IDLE_FOR_ALL, TICK, TTL, almost, claim_tasks, done, grant, handing_back, keyed, of_tenant,
    opening, plain, registered, serving, task_claim, ttl, wanted, worker,
};
use crate::{Capability, Harness};

fn lost(key: &str, task: &ClaimedTask) -> Notice {
    let (namespace, key) = of_tenant(key);
    Notice::PinLost { namespace, key, fence: grant(task).fence }
}

const fn withdrawn(task: &ClaimedTask) -> Notice {
    Notice::Withdrawn { task: task.task, fence: task.fence }
}

async fn dismiss(bench: &Bench, id: &str, how: Dismissal) -> DismissOutcome {
    let request = Dismiss { id: worker(id, 1).id, how };
    bench.store.dismiss(request).await.expect("an outcome")
}

/// Another start of a worker inherits its keys at once, under their next fences.
pub async fn another_start_of_a_worker_inherits_its_keys(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    let again = bench.start("one", 2, serving()).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    assert_eq!(bench.tasks(two, 10).await, []);
    assert!(!bench.touch(again, "a").await, "it was given nothing of it yet");
    let second = bench.task(again).await;
    assert_eq!((second.task, second.attempt, second.rescues), (first.task, 2, 1));
    assert_eq!(grant(&second).hold, Hold::Resumed);
    assert!(grant(&second).fence > grant(&first).fence);
    let third = bench.task(again).await;
    assert_eq!((grant(&third).hold, grant(&third).fence), (Hold::Held, grant(&second).fence));
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Expired);
    assert_eq!(bench.end_again(one, &first).await, TaskOutcome::Expired);
    assert!(!bench.touch(one, "a").await);
}

/// A turn of another start of a worker resumes its key, too.
pub async fn a_turn_resumes_a_key(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let first = crate::fixture::here(&bench.ask(&mut driven, &[wanted("a")]).await[0]);
    let again = bench.start("one", 2, serving()).await;
    let mut driven = bench.driven("ses_b", again).await;
    let second = crate::fixture::here(&bench.ask(&mut driven, &[wanted("a")]).await[0]);
    assert_eq!((first.hold, second.hold), (Hold::Claimed, Hold::Resumed));
    assert!(second.fence > first.fence);
}

/// Another start inherits the keys of a worker whose process is gone, unless somebody took them.
pub async fn the_keys_of_a_gone_worker_are_inherited(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let two = bench.runner("two").await;
    let second = bench.second().await;
    let request = tenure_store::RegisterRequest { serving: serving(), ..worker("one", 1) };
    let one = registered(second.as_ref(), request.clone()).await;
    bench.leave(&mut home, &[keyed("a"), keyed("b")]).await;
    assert_eq!(claim_tasks(second.as_ref(), task_claim(one, 10)).await.len(), 2);
    assert_eq!(bench.tasks(two, 10).await, []);
    drop(second);
    // No ttl is waited for.
    let taken = bench.task(two).await;
    assert_eq!((grant(&taken).hold, taken.rescues), (Hold::Claimed, 1));
    let request = tenure_store::RegisterRequest { serving: serving(), ..worker("one", 2) };
    let RegisterOutcome::Registered(again) = bench.store.register(request).await.expect("an outcome") else {
        panic!("its name is free");
    };
    let resumed = bench.tasks(again.worker, 10).await;
    assert_eq!(resumed.len(), 1);
    assert_eq!((grant(&resumed[0]).hold, resumed[0].rescues), (Hold::Resumed, 1));
}

/// A worker that retires leaves everything to others at once, and no attempt counts.
pub async fn a_worker_that_retires_leaves_everything(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), plain()]).await;
    let begun = bench.tasks(one, 10).await;
    bench.store.retire(one).await.expect("it is retired");
    assert!(bench.pins().await.is_empty());
    let given = bench.tasks(two, 10).await;
    assert_eq!(given.len(), 2);
    for (task, before) in given.iter().zip(&begun) {
        assert_eq!((task.task, task.attempt, task.rescues), (before.task, 1, 0));
        assert!(task.fence > before.fence);
    }
    assert_eq!(grant(&given[0]).hold, Hold::Claimed);
    assert!(grant(&given[0]).fence > grant(&begun[0]).fence, "no fence is used twice");
    assert_eq!(bench.end_again(one, &begun[0]).await, TaskOutcome::Expired);
}

/// A worker that is to drain is told so, is given nothing new, and ends what it has.
pub async fn a_worker_that_is_to_drain_gets_nothing_new(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    assert!(!bench.mail(one).await.is_draining);
    let DismissOutcome::Dismissed(listed) = dismiss(&bench, "one", Dismissal::Drain).await else {
        panic!("it is known");
    };
    assert_eq!((listed.worker, listed.is_draining, listed.pins, listed.tasks), (one, true, 1, 1));
    assert!(bench.mail(one).await.is_draining);
    bench.leave(&mut home, &[plain(), keyed("a"), keyed("b")]).await;
    assert_eq!(bench.tasks(one, 10).await, []);
    done(bench.turn(opening("ses_b", Wake::Now)).await);
    assert_eq!(bench.claim(one, 10).await, []);
    let placed = bench.ask(&mut driven, &[wanted("c")]).await;
    crate::fixture::left(&placed[0]);
    assert_eq!(bench.end(one, &task).await, TaskOutcome::Done);
    assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    let again = bench.start("one", 2, serving()).await;
    assert!(!bench.mail(again).await.is_draining, "its next start is not to drain");
}

/// A worker that is evicted holds nothing any more, and whatever it does is refused.
pub async fn a_worker_that_is_evicted_holds_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let driven = bench.driven("ses_a", one).await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    let mut attention = bench.store.attend().await.expect("attention");
    let DismissOutcome::Dismissed(listed) = dismiss(&bench, "one", Dismissal::Evict).await else {
        panic!("it is known");
    };
    assert_eq!((listed.worker, listed.instances, listed.pins, listed.tasks), (one, 1, 1, 1));
    bench.soon(attention.wanted()).await.expect("others are woken");
    assert!(matches!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { .. }));
    assert_eq!(bench.end_again(one, &task).await, TaskOutcome::Expired);
    assert_eq!(bench.renew_worker(one).await, WorkerRenewal::Gone);
    assert!(bench.pins().await.is_empty());
    let again = bench.task(two).await;
    assert_eq!((grant(&again).hold, again.attempt, again.rescues), (Hold::Claimed, 2, 1));
    assert!(bench.claim(two, 10).await[0].is_rescued);
    assert_eq!(dismiss(&bench, "one", Dismissal::Evict).await, DismissOutcome::NotFound);
    assert_eq!(dismiss(&bench, "nobody", Dismissal::Drain).await, DismissOutcome::NotFound);
}

/// What nobody waits for any more is gone, and whoever runs it is told.
pub async fn what_is_withdrawn_is_gone_and_its_worker_told(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[plain(), plain(), keyed("a")]).await;
    let first = bench.task(one).await;
    let turn = TurnRequest { withdrawn: vec![ids[0], ids[1]], ..home.turn() };
    bench.drive(&mut home, turn).await;
    assert_eq!(bench.notices(one).await, [withdrawn(&first)]);
    assert_eq!(bench.renew_task(one, &first).await, TaskOutcome::Gone);
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Gone);
    assert_eq!(bench.give_back(one, &first).await, TaskOutcome::Gone);
    assert_eq!(bench.mail(home.worker).await.messages, []);
    assert_eq!(bench.task_ids(one).await, [ids[2]]);
}

/// Only the tasks of the turn's own instance are withdrawn.
pub async fn nobody_withdraws_the_tasks_of_others(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let other = bench.driven("ses_a", one).await;
    let ids = bench.leave(&mut home, &[plain()]).await;
    done(bench.turn(TurnRequest { withdrawn: ids.clone(), ..other.turn() }).await);
    assert_eq!(bench.task_ids(one).await, ids);
}

/// The end of an instance withdraws its tasks.
pub async fn the_end_of_an_instance_withdraws_its_tasks(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let task = bench.task(one).await;
    done(bench.turn(home.last_turn()).await);
    assert_eq!(bench.notices(one).await, [withdrawn(&task)]);
    assert_eq!(bench.tasks(one, 10).await, []);
    assert_eq!(bench.end(one, &task).await, TaskOutcome::Gone);
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"), "the key stays");
}

/// An operator's end of an instance withdraws its tasks.
pub async fn an_operators_end_withdraws_the_tasks(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[plain(), plain()]).await;
    let task = bench.task(one).await;
    bench.commit(home.handle, &crate::fixture::cancel()).await;
    assert_eq!(bench.notices(one).await, [withdrawn(&task)]);
    assert_eq!(bench.tasks(one, 10).await, []);
}

/// Continuing as new withdraws the tasks of the execution before; those of the next one stay, and so does the key.
pub async fn continuing_as_new_withdraws_the_tasks_before(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let task = bench.task(one).await;
    let asking = home.asking(&[keyed("a")]);
    let mut next = home.next_execution();
    next.history.extend(asking.history.into_iter().skip(1));
    next.tasks = asking.tasks;
    let placed = bench.drive(&mut home, next).await.placed;
    assert_eq!(bench.notices(one).await, [withdrawn(&task)]);
    assert_eq!(bench.tasks(two, 10).await, []);
    let given = bench.task(one).await;
    assert_eq!(given.task, crate::fixture::left(&placed[0]));
    assert_eq!((given.execution, grant(&given).hold), (2, Hold::Held));
    assert_eq!(bench.tasks(one, 10).await, []);
}

/// Notices are told in order until their worker has taken them in, each to its worker alone.
pub async fn notices_are_told_until_they_are_taken_in(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("b")]).await;
    let (a, b) = (bench.task(one).await, bench.task(one).await);
    bench.move_pin("a", None).await;
    bench.move_pin("b", Some("two")).await;
    let mail = async |worker, noticed, limit| {
        let request = MailRequest { worker, after: MessageId(0), noticed, limit };
        bench.store.mail(request).await.expect("messages").notices
    };
    assert_eq!(mail(two, NoticeId(0), 10).await, []);
    let first = mail(one, NoticeId(0), 1).await;
    assert_eq!(first.len(), 1);
    let rest = mail(one, first[0].0, 10).await;
    assert_eq!([&first[0].1, &rest[0].1], [&lost("a", &a), &lost("b", &b)]);
    assert!(rest[0].0 > first[0].0);
    let renewal = RenewWorker { worker: one, progress: 1, noticed: first[0].0 };
    bench.store.renew_worker(renewal).await.expect("an outcome");
    assert_eq!(mail(one, NoticeId(0), 10).await, rest);
}

/// Nothing that a worker lacks the code for is given to it again while another one is there.
pub async fn what_a_worker_lacks_the_code_for_goes_to_another(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &[plain(), keyed("a")]).await;
    let lacks = async |worker: WorkerHandle, task: &ClaimedTask| {
        let back = HandBack { counts: false, lacks_code: true, ..handing_back(worker, task) };
        assert_eq!(bench.hand_back(back).await, TaskOutcome::Done);
    };
    for task in bench.tasks(one, 10).await {
        lacks(one, &task).await;
    }
    assert_eq!(bench.tasks(one, 10).await, []);
    let given = bench.tasks(two, 10).await;
    assert_eq!(given.iter().map(|task| task.task).collect::<Vec<_>>(), ids);
    assert_eq!((given[1].attempt, grant(&given[1]).hold), (1, Hold::Claimed));
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("two"));
    // Nobody has it: it goes round, and another start may have it.
    for task in given {
        lacks(two, &task).await;
    }
    assert_eq!(bench.tasks(one, 1).await[0].task, ids[0]);
    let again = bench.start("two", 2, serving()).await;
    assert_eq!(bench.task_ids(again).await, [ids[1]]);
}

/// Where no other worker is there, a worker gets again what it lacks the code for.
pub async fn where_nobody_else_is_there_it_comes_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[keyed("a")]).await;
    for _ in 0..3 {
        let task = bench.task(one).await;
        let delay = Duration::from_secs(1);
        let back = HandBack { delay, counts: false, lacks_code: true, ..handing_back(one, &task) };
        bench.hand_back(back).await;
        assert_eq!(bench.tasks(one, 10).await, []);
        bench.clock.advance(delay);
    }
    let two = bench.runner("two").await;
    assert_eq!(bench.tasks(one, 10).await, []);
    assert_eq!(bench.task_ids(two).await, ids);
}

/// Giving back what a worker lacks the code for is no use of its key, and its waiting does not keep the key.
pub async fn what_it_lacks_the_code_for_keeps_no_key(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    let begun = bench.clock.wall();
    bench.pass(IDLE / 2, &[one]).await;
    let delay = IDLE * 10;
    bench.hand_back(HandBack { delay, lacks_code: true, ..handing_back(one, &task) }).await;
    assert_eq!(bench.pin("a").await.expect("a pin").last_used, begun);
    bench.pass(almost(IDLE / 2 + IDLE / 16), &[one]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.clock.advance(TICK);
    assert_eq!(bench.live_holder("a").await, None);
}

/// A key is moved to the worker that was named, which has it as if it had claimed it.
pub async fn a_key_is_moved_to_whom_was_named(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), keyed("a")]).await;
    let first = bench.task(one).await;
    assert_eq!(bench.move_pin("a", Some("nobody")).await, MovePinOutcome::NoWorker);
    assert_eq!(bench.move_pin("a", Some("home")).await, MovePinOutcome::NoWorker, "it serves no keys");
    assert_eq!(bench.move_pin("b", Some("two")).await, MovePinOutcome::NotFound);
    assert_eq!(bench.move_pin("a", Some("one")).await, MovePinOutcome::Moved(grant(&first).fence));
    assert_eq!(bench.notices(one).await, []);
    let MovePinOutcome::Moved(fence) = bench.move_pin("a", Some("two")).await else { panic!("it is moved") };
    assert!(fence > grant(&first).fence);
    assert_eq!(bench.notices(one).await, [lost("a", &first)]);
    assert_eq!(bench.tasks(one, 10).await, []);
    let second = bench.task(two).await;
    assert_eq!((grant(&second).hold, grant(&second).fence), (Hold::Claimed, fence));
    let MovePinOutcome::Moved(free) = bench.move_pin("a", None).await else { panic!("it is moved") };
    assert!(free > fence && bench.pins().await.is_empty());
    assert_eq!(bench.move_pin("a", None).await, MovePinOutcome::NotFound);
    bench.leave(&mut home, &[keyed("a")]).await;
    assert!(grant(&bench.task(one).await).fence > fence);
    dismiss(&bench, "two", Dismissal::Drain).await;
    assert_eq!(bench.move_pin("a", Some("two")).await, MovePinOutcome::NoWorker);
}

/// A worker's progress is known by its renewals.
pub async fn a_workers_progress_is_known(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let progressed_at = async || bench.store.workers().await.expect("a list")[0].progressed_at;
    let began = bench.clock.wall();
    assert_eq!(progressed_at().await, began);
    let renew = async |progress| {
        bench.clock.advance(Duration::from_secs(5));
        let renewal = RenewWorker { worker: one, progress, noticed: NoticeId(0) };
        bench.store.renew_worker(renewal).await.expect("an outcome");
    };
    renew(1).await;
    let went_on = bench.clock.wall();
    assert_eq!(progressed_at().await, went_on);
    for _ in 0..3 {
        renew(1).await;
        assert_eq!(progressed_at().await, went_on);
    }
    assert!(is_stalled(ttl(TTL), bench.clock.wall().since(went_on)));
    renew(2).await;
    assert_eq!(progressed_at().await, bench.clock.wall());
}

/// A worker whose loop stands still is given nothing by others, and nobody waits for it. What it asks for itself it gets.
pub async fn a_stalled_worker_is_given_nothing_by_others(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let still = RenewWorker { worker: one, progress: u64::from(u32::MAX), noticed: NoticeId(0) };
    bench.store.renew_worker(still).await.expect("an outcome");
    bench.leave(&mut home, &[keyed("own")]).await;
    bench.task(one).await;
    for _ in 0..3 {
        bench.pass(TTL / 3, &[two]).await;
        bench.store.renew_worker(still).await.expect("an outcome");
    }
    assert_eq!(bench.live_holder("own").await.as_deref(), Some("one"), "what it has stays its own");
    bench.leave(&mut home, &["a", "b", "c", "d"].map(keyed)).await;
    let given = bench.tasks(two, 10).await;
    assert_eq!(given.len(), 4, "nothing is left to it as its share");
    assert_eq!(bench.move_pin("a", Some("one")).await, MovePinOutcome::NoWorker);
    bench.hand_back(HandBack { lacks_code: true, ..handing_back(two, &given[0]) }).await;
    assert_eq!(bench.task_ids(two).await, [given[0].task], "nobody waits for it");
    bench.leave(&mut home, &[plain()]).await;
    assert_eq!(bench.tasks(one, 1).await.len(), 1, "whoever asks is at work");
    let goes_on = RenewWorker { progress: still.progress + 1, ..still };
    bench.store.renew_worker(goes_on).await.expect("an outcome");
    assert!(matches!(bench.move_pin("b", Some("one")).await, MovePinOutcome::Moved(_)));
}

/// A key is idle not before the idle time, and a sixteenth later at the latest.
pub async fn a_key_is_idle_at_its_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    let begun = bench.pin("a").await.expect("a pin").last_used;
    // A use within the sixteenth is not recorded, and counts from before.
    bench.pass(almost(IDLE / 16), &[one]).await;
    assert!(bench.touch(one, "a").await);
    assert_eq!(bench.pin("a").await.expect("a pin").last_used, begun);
    bench.clock.advance(TICK);
    assert!(bench.touch(one, "a").await);
    let used = bench.clock.wall();
    assert_eq!(bench.pin("a").await.expect("a pin").last_used, used);
    bench.pass(almost(IDLE_FOR_ALL), &[one]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.clock.advance(TICK);
    assert_eq!(bench.live_holder("a").await, None);
    assert_eq!(bench.pin("a").await.map(|pin| pin.worker.as_str().to_owned()).as_deref(), Some("one"));
}

/// What is under way without a row keeps its key from being idle.
pub async fn what_is_under_way_keeps_its_key(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    bench.ask(&mut driven, &[wanted("a")]).await;
    for _ in 0..100 {
        bench.pass(TTL / 3, &[one]).await;
        assert!(bench.touch(one, "a").await);
    }
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
}

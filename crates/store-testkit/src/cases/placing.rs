//! Cases about where the activities go that a turn asks for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::worker::{Hold, Queues, Serving};
use tenure_store::{PinsRequest, TaskClaim, TaskOutcome, TurnOutcome, TurnRequest, Wake, WorkerRenewal};
use tokio::task::JoinSet;

use crate::fixture::{
    ALMOST_TTL, Asked, Bench, IDLE, TICK, TTL, affinity_key, claim_tasks, done, first_turn, grant, here,
    keyed, left, of_tenant, opening, other_namespace, plain, queues, serving, start_of, task_claim, ttl,
    wanted,
};
use crate::{Capability, Fault, Harness};

/// For so long a machine was up: longer than any lease of these cases.
const LONG: Duration = Duration::from_secs(100_000);

/// What follows a key that nobody holds is run where its instance is, and leaves no task.
pub async fn what_follows_a_free_key_is_run_at_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let mut driven = bench.driven("ses_a", one).await;
    let first = here(&bench.ask(&mut driven, &[wanted("a")]).await[0]);
    assert_eq!((&first.key, first.hold), (&affinity_key("a"), Hold::Claimed));
    let second = here(&bench.ask(&mut driven, &[wanted("a")]).await[0]);
    assert_eq!((second.hold, second.fence), (Hold::Held, first.fence));
    assert_eq!((bench.tasks(one, 10).await, bench.tasks(two, 10).await), (Vec::new(), Vec::new()));
    let pin = bench.pin("a").await.expect("a pin");
    assert_eq!((pin.worker.as_str(), pin.fence, pin.running), ("one", first.fence, 0));
    assert!(bench.touch(one, "a").await);
    let mut other = bench.driven("ses_b", two).await;
    let ids: Vec<_> = bench.ask(&mut other, &[wanted("a")]).await.iter().map(left).collect();
    assert_eq!(bench.tasks(two, 10).await, []);
    assert_eq!(bench.task_ids(one).await, ids);
}

/// What its instance's worker does not want, has no key, or is not served there, waits.
pub async fn what_is_not_for_its_instances_worker_waits(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let elsewhere = Asked { queue: Some("gpu"), ..wanted("c") };
    let asked = [keyed("a"), Asked { is_wanted: true, ..plain() }, elsewhere];
    assert_eq!(bench.leave(&mut driven, &asked).await.len(), 3);
    assert!(bench.pins().await.is_empty(), "nothing is claimed for what waits");
    let none = bench.serving("none", Serving { busy_max: 0, ..serving() }).await;
    let mut driven = bench.driven("ses_b", none).await;
    assert_eq!(bench.leave(&mut driven, &[wanted("b")]).await.len(), 1);
    assert!(bench.pins().await.is_empty());
}

/// What follows a key of which something waits, waits behind it.
pub async fn what_follows_a_waiting_key_waits_behind_it(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let ids = bench.leave(&mut driven, &[keyed("a"), wanted("a")]).await;
    let tasks = bench.tasks(one, 10).await;
    assert_eq!(tasks.iter().map(|task| task.task).collect::<Vec<_>>(), ids);
    // What is under way does not wait.
    assert_eq!(here(&bench.ask(&mut driven, &[wanted("a")]).await[0]).hold, Hold::Held);
}

/// A worker that is over claims no key by a turn.
pub async fn a_late_worker_claims_no_key_by_a_turn(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    bench.ask(&mut driven, &[wanted("a")]).await;
    bench.clock.advance(TTL);
    assert_eq!(bench.leave(&mut driven, &[wanted("a"), wanted("b")]).await.len(), 2);
    bench.renew_worker(one).await;
    let given = bench.tasks(one, 10).await;
    assert_eq!([grant(&given[0]).hold, grant(&given[1]).hold], [Hold::Held, Hold::Claimed]);
}

/// An activity of an earlier turn is asked for again, as its next attempt.
pub async fn an_earlier_activity_is_asked_for_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let asking = home.asking(&[keyed("a")]);
    bench.drive(&mut home, asking.clone()).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    let mut again = asking.tasks;
    again[0].attempt = 2;
    let turn = TurnRequest { tasks: again, ..home.turn() };
    let placed = bench.drive(&mut home, turn).await.placed;
    let second = bench.task(one).await;
    assert_eq!((second.task, second.attempt, second.rescues), (left(&placed[0]), 2, 0));
    assert!(second.task > first.task);
    assert_eq!(second.activity, first.activity);
}

/// A new instance's first turn asks for activities, held by somebody or not.
pub async fn a_first_turn_asks_for_activities(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let asking = home.asking(&[wanted("a"), plain()]);
    bench.drive(&mut home, TurnRequest { tasks: Vec::new(), ..asking.clone() }).await;
    let opens = |request: TurnRequest| {
        let mut history = request.history.clone();
        history.extend(asking.history.iter().skip(1).cloned());
        TurnRequest { history, tasks: asking.tasks.clone(), ..request }
    };
    let kept = done(bench.turn(opens(first_turn("ses_a", one))).await);
    here(&kept.placed[0]);
    let unheld = done(bench.turn(opens(opening("ses_b", Wake::Now))).await);
    let ids = [&kept.placed[1], &unheld.placed[0], &unheld.placed[1]].map(left);
    assert_eq!(bench.task_ids(one).await, ids);
}

/// A turn that is refused leaves neither tasks nor pins, and withdraws nothing.
pub async fn a_refused_turn_leaves_no_tasks(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let ids = bench.leave(&mut driven, &[plain()]).await;
    let asking = TurnRequest { withdrawn: ids.clone(), ..driven.asking(&[wanted("a"), plain()]) };
    let taken = TurnRequest { starts: vec![start_of("ses_a", "ses_a")], ..asking.clone() };
    assert_eq!(bench.refused_turn(taken).await, TurnOutcome::IdTaken { start: Some(0) });
    let stranger = TurnRequest { worker: Some(bench.runner("two").await), ..asking };
    assert!(matches!(bench.refused_turn(stranger).await, TurnOutcome::Fenced { .. }));
    assert!(bench.pins().await.is_empty());
    assert_eq!(bench.task_ids(one).await, ids);
}

/// A turn that is sent twice says twice where its activities went, and asks for them once.
pub async fn a_turn_sent_twice_says_twice_where_they_went(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let driven = bench.driven("ses_a", one).await;
    let turn = driven.asking(&[wanted("a"), plain(), keyed("b")]);
    let kept = done(bench.turn(turn.clone()).await);
    assert_eq!(done(bench.turn(turn.clone()).await), kept);
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    bench.move_pin("a", None).await;
    assert_eq!(done(bench.turn(turn).await), kept, "whatever became of them");
    assert_eq!(bench.tasks(one, 10).await.len(), 1);
}

/// A turn whose answer was lost asked for its activities once; one that failed did not.
pub async fn a_lost_turn_asks_once_and_a_failed_one_never(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let driven = bench.driven("ses_a", one).await;
    let turn = driven.asking(&[wanted("a"), plain()]);
    bench.inject(Fault::BeforeDurable);
    // A store may try again by itself.
    if bench.store.commit_turn(turn.clone()).await.is_err() {
        assert!(bench.pins().await.is_empty());
    }
    bench.inject(Fault::AfterDurable);
    let _lost = bench.store.commit_turn(turn.clone()).await;
    let kept = done(bench.turn(turn).await);
    here(&kept.placed[0]);
    assert_eq!(bench.task_ids(one).await, [left(&kept.placed[1])]);
}

/// What waits calls workers, and so does what is given back or moved.
pub async fn what_waits_calls_workers(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let mut attention = bench.store.attend().await.expect("attention");
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.soon(attention.wanted()).await.expect("it is open");
    let task = bench.task(one).await;
    let mut attention = bench.store.attend().await.expect("attention");
    bench.give_back(one, &task).await;
    bench.soon(attention.wanted()).await.expect("it is open");
    let task = bench.task(one).await;
    let mut attention = bench.store.attend().await.expect("attention");
    bench.move_pin("a", None).await;
    bench.soon(attention.wanted()).await.expect("it is open");
    let mut attention = bench.store.attend().await.expect("attention");
    bench.end(one, &task).await;
    bench.soon(attention.wanted()).await.expect("it is open");
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.task(one).await;
    let mut attention = bench.store.attend().await.expect("attention");
    done(bench.turn(home.last_turn()).await);
    bench.soon(attention.wanted()).await.expect("it is open");
}

/// What another process leaves calls workers here.
pub async fn what_another_process_leaves_calls_workers(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let home = bench.home().await;
    let one = bench.runner("one").await;
    let second = bench.second().await;
    let mut attention = bench.store.attend().await.expect("attention");
    done(second.commit_turn(home.asking(&[plain()])).await.expect("an outcome"));
    bench.soon(attention.wanted()).await.expect("it is open");
    let task = bench.task(one).await;
    let mut attention = second.attend().await.expect("attention");
    bench.end(one, &task).await;
    bench.soon(attention.wanted()).await.expect("it is open");
}

/// The same key of two tenants is two keys.
pub async fn keys_of_two_tenants_are_apart(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let mut other = bench.driven_in(other_namespace(), ("ses_a", home.worker)).await;
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.leave(&mut other, &[keyed("a"), keyed("a")]).await;
    let (mine, theirs) = (bench.task(one).await, bench.task(two).await);
    assert_eq!([mine.namespace, theirs.namespace.clone()], [home.session.namespace, other_namespace()]);
    assert_eq!(bench.tasks(one, 10).await, []);
    let held = bench.pins().await;
    assert_eq!(held.iter().map(|pin| pin.worker.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    let only = PinsRequest { namespace: Some(other_namespace()), limit: 10, ..PinsRequest::default() };
    assert_eq!(bench.store.pins(only).await.expect("a list"), held[1..]);
    assert_eq!(bench.tasks(two, 10).await[0].session, theirs.session);
}

/// Pins are listed by tenant and key, page by page, of all or one worker.
pub async fn pins_are_listed_page_by_page(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &["c", "a"].map(keyed)).await;
    bench.tasks(one, 10).await;
    bench.leave(&mut home, &["d", "b"].map(keyed)).await;
    bench.tasks(two, 10).await;
    let list = async |request: PinsRequest| {
        let pins = bench.store.pins(request).await.expect("a list");
        pins.into_iter().map(|pin| pin.key.as_str().to_owned()).collect::<Vec<_>>()
    };
    let page = |after, limit| PinsRequest { after, limit, ..PinsRequest::default() };
    assert_eq!(list(page(None, 3)).await, ["a", "b", "c"]);
    assert_eq!(list(page(Some(of_tenant("c")), 3)).await, ["d"]);
    assert_eq!(list(page(Some(of_tenant("bb")), 3)).await, ["c", "d"]);
    assert_eq!(list(page(Some(of_tenant("d")), 3)).await, [""; 0]);
    let of_two = PinsRequest { worker: Some(crate::fixture::worker("two", 1).id), ..page(None, 10) };
    assert_eq!(list(of_two.clone()).await, ["b", "d"]);
    assert_eq!(list(PinsRequest { after: Some(of_tenant("b")), ..of_two }).await, ["d"]);
    let pin = bench.pin("a").await.expect("a pin");
    assert_eq!((pin.since, pin.last_used), (bench.clock.wall(), bench.clock.wall()));
}

/// Workers are listed with what they serve, and how many keys and tasks they have.
pub async fn workers_are_listed_with_what_they_serve(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let home = bench.home().await;
    let serves = [
        Serving {
            queues: Queues::All,
            namespace: Some(other_namespace()),
            busy_max: 3,
            held_max: 7,
            idle_after: TTL,
            is_exclusive: true,
        },
        Serving { queues: queues(&[None, Some("a"), Some("b")]), ..serving() },
    ];
    let one = bench.serving("one", serves[0].clone()).await;
    bench.serving("two", serves[1].clone()).await;
    let mut home = bench.driven_in(other_namespace(), ("ses_a", home.worker)).await;
    bench.leave(&mut home, &[keyed("a"), plain(), keyed("b"), plain()]).await;
    let given = bench.tasks(one, 3).await;
    bench.end(one, &given[0]).await;
    let listed = bench.store.workers().await.expect("a list");
    assert_eq!([&listed[1].serving, &listed[2].serving], [&serves[0], &serves[1]]);
    assert_eq!((listed[1].pins, listed[1].tasks, listed[1].is_draining), (2, 2, false));
    assert_eq!((listed[2].pins, listed[2].tasks), (0, 0));
}

/// Tasks and pins outlive the store; what ran in it is rescued.
pub async fn tasks_and_pins_outlive_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[keyed("a"), keyed("a"), plain()]).await;
    let before = bench.task(one).await;
    let bench = bench.reopen().await;
    assert_eq!(bench.pin("a").await.map(|pin| (pin.fence, pin.is_live)), Some((grant(&before).fence, false)));
    let one = bench.start("one", 2, serving()).await;
    let given = bench.tasks(one, 10).await;
    assert_eq!(given.iter().map(|task| task.task).collect::<Vec<_>>(), ids);
    assert_eq!((given[0].attempt, given[0].rescues), (2, 1));
    assert_eq!([grant(&given[0]).hold, grant(&given[1]).hold], [Hold::Resumed, Hold::Held]);
    assert!(grant(&given[0]).fence > grant(&before).fence && given[0].fence > before.fence);
    assert_eq!(given[2].activity.input, plain_input(&given[2]));
}

fn plain_input(task: &tenure_store::ClaimedTask) -> tenure_core::orchestration::Payload {
    tenure_core::orchestration::Payload(format!("input {}", task.activity.op.0).into_bytes())
}

/// In another boot a worker is over once that has lasted as long as its lease: then its keys are anybody's.
pub async fn once_another_boot_has_lasted_as_long_every_key_is_anybodys(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    let first = bench.task(one).await;
    bench.clock.advance(LONG);
    bench.renew_worker(one).await;
    bench.clock.reboot();
    let two = bench.runner("two").await;
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(bench.tasks(two, 10).await, [], "its worker may be on another machine, and live");
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.renew_worker(two).await;
    bench.clock.advance(TTL.saturating_sub(ALMOST_TTL));
    assert_eq!(bench.live_holder("a").await, None);
    let second = bench.task(two).await;
    assert_eq!((second.task, second.rescues, grant(&second).hold), (first.task, 1, Hold::Claimed));
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Expired);
}

/// A worker on another machine that is renewed in time keeps its keys and ends its attempts while the store's machine starts
/// anew.
pub async fn a_worker_elsewhere_keeps_keys_and_attempts_while_the_machine_starts_anew(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[keyed("a"), plain()]).await;
    let given = bench.tasks(one, 10).await;
    for _ in 0..2 {
        bench.clock.advance(LONG);
        bench.renew_worker(one).await;
        bench.clock.reboot();
        bench.clock.advance(ALMOST_TTL);
        bench.renew_worker(two).await;
        assert_eq!(bench.tasks(two, 10).await, []);
        assert!(bench.touch(one, "a").await);
        assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    }
    for task in &given {
        assert_eq!(bench.renew_task(one, task).await, TaskOutcome::Done);
        assert_eq!(bench.end(one, task).await, TaskOutcome::Done);
    }
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.leave(&mut home, &[keyed("a")]).await;
    let next = bench.task(one).await;
    assert_eq!((grant(&next).hold, grant(&next).fence), (Hold::Held, grant(&given[0]).fence));
}

/// What an attempt has of its own time counts from the beginning of another boot: not less than it was given, and not
/// the time at which it would have been over in the boot before.
pub async fn an_attempts_own_time_counts_from_another_boot(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let own = TTL / 3;
    let almost = own.saturating_sub(TICK);
    bench.clock.advance(LONG);
    for is_renewed in [false, true] {
        bench.leave(&mut home, &[plain()]).await;
        bench.renew_worker(one).await;
        let claim = TaskClaim { ttl: Some(ttl(own)), ..task_claim(one, 1) };
        let given = bench.claim_tasks(claim).await.pop().expect("a task is there");
        let runs = async || bench.store.tasks_of(home.handle).await.expect("a list")[0].worker.is_some();
        bench.clock.advance(almost);
        bench.clock.reboot();
        assert!(runs().await);
        bench.clock.advance(almost);
        assert!(runs().await, "nobody wrote in this boot yet");
        if is_renewed {
            assert_eq!(bench.renew_task(one, &given).await, TaskOutcome::Done);
            bench.clock.advance(almost);
        }
        bench.renew_worker(two).await;
        assert_eq!(bench.tasks(two, 1).await, []);
        bench.clock.advance(TICK);
        assert!(!runs().await);
        assert_eq!(bench.renew_task(one, &given).await, TaskOutcome::Expired);
        let again = bench.task(two).await;
        assert_eq!((again.task, again.rescues), (given.task, 1));
        assert_eq!(bench.end(two, &again).await, TaskOutcome::Done);
    }
}

/// A key is not idle before another boot has lasted for its idle time, and is given up before those used since.
pub async fn a_keys_idle_time_counts_from_another_boot(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let few = Serving { busy_max: 3, held_max: 3, ..serving() };
    let one = bench.serving("one", few).await;
    for key in ["b", "a", "c"] {
        bench.clock.advance(LONG);
        bench.renew_worker(one).await;
        bench.leave(&mut home, &[keyed(key)]).await;
        let task = bench.task(one).await;
        assert_eq!(bench.end(one, &task).await, TaskOutcome::Done);
    }
    bench.clock.reboot();
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.pass(IDLE / 2, &[one]).await;
    assert!(bench.touch(one, "b").await, "it is in use again");
    bench.leave(&mut home, &[keyed("d")]).await;
    bench.task(one).await;
    assert_eq!(bench.pin("a").await, None, "of the keys from before it was used first");
    bench.pass(IDLE / 2 + IDLE / 16, &[one]).await;
    assert_eq!(bench.live_holder("b").await.as_deref(), Some("one"));
    assert_eq!(bench.live_holder("c").await, None);
}

/// Of many workers that claim at once each task goes to one, and each key, too; nobody comes away empty.
pub async fn claims_at_once_share_out_tasks_and_keys(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let mut workers = Vec::new();
    for number in 0..5 {
        workers.push(bench.runner(&format!("worker {number}")).await);
    }
    let asked: Vec<_> = ["a", "b", "c", "d", "e"].into_iter().flat_map(|key| [keyed(key); 4]).collect();
    let ids = bench.leave(&mut home, &asked).await;
    let second = if harness.has(Capability::SecondInstance) { Some(bench.second().await) } else { None };
    let mut claims = JoinSet::new();
    for (number, worker) in workers.iter().copied().enumerate() {
        let other = second.as_ref().filter(|_| number % 2 == 0);
        let store = Arc::clone(other.unwrap_or(&bench.store));
        claims.spawn(async move { (claim_tasks(store.as_ref(), task_claim(worker, 1)).await, worker) });
    }
    let mut given = Vec::new();
    for (tasks, worker) in claims.join_all().await {
        assert_eq!(tasks.len(), 1, "somebody else's claim hides nothing");
        let rest = bench.tasks(worker, 100).await;
        given.extend([tasks, rest].concat().into_iter().map(|task| (task, worker)));
    }
    given.sort_by_key(|(task, _)| task.task);
    assert_eq!(given.iter().map(|(task, _)| task.task).collect::<Vec<_>>(), ids);
    let mut holders = BTreeMap::new();
    for (task, worker) in &given {
        let grant = grant(task);
        let holder = *holders.entry(grant.key).or_insert((*worker, grant.fence));
        assert_eq!(holder, (*worker, grant.fence));
        assert_eq!(bench.end(*worker, task).await, TaskOutcome::Done);
    }
}

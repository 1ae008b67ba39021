//! Cases about whose an attempt or an instance is, and until when.

use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::orchestration::{Cause, Failure, Mail, Payload};
use tenure_core::time::WallTime;
use tenure_store::{
    ClaimedTask, HandBack, TaskClaim, TaskEnd, TaskOutcome, TaskRenewal, TurnOutcome, TurnRequest, Wake,
    WorkerHandle, WorkerRenewal,
};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Asked, Bench, Driven, TICK, TTL, almost, commit_id, done, handing_back, keyed, plain, result,
    signal, task_claim, ttl,
};

/// How long the attempts of these cases last.
const SHORT: Duration = Duration::from_secs(5);

async fn short(bench: &Bench, worker: WorkerHandle) -> ClaimedTask {
    let claim = TaskClaim { ttl: Some(ttl(SHORT)), ..task_claim(worker, 1) };
    bench.claim_tasks(claim).await.pop().expect("a task is there")
}

/// R-X1: an instance whose worker is over is given on under the next fence, and the old one is refused.
pub async fn an_instance_of_an_over_worker_is_given_on(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let driven = bench.driven("ses_a", one).await;
    bench.pass(TTL, &[two]).await;
    let claimed = bench.claim(two, 1).await;
    assert_eq!((claimed[0].handle, claimed[0].fence), (driven.handle, Fence(2)));
    assert_eq!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { current: Fence(2) });
}

/// R-X2: an instance that is let go is free at once.
pub async fn an_instance_that_is_let_go_is_free_at_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let driven = bench.driven("ses_a", one).await;
    assert_eq!(bench.claim(two, 1).await, []);
    bench.free(driven.free(Wake::Now)).await;
    assert_eq!(bench.claim(two, 1).await.len(), 1);
}

/// R-X3: what is sent while an instance is held is there when it is let go after a turn.
pub async fn what_came_meanwhile_is_there_when_it_is_let_go(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let mut driven = bench.driven("ses_a", one).await;
    bench.post(&driven.session.id, signal("go")).await;
    assert_eq!(bench.claim(two, 1).await, []);
    let turn = driven.turn();
    bench.drive(&mut driven, turn).await;
    bench.free(driven.free(Wake::Never)).await;
    let claimed = bench.claim(two, 1).await;
    assert_eq!((claimed.len(), claimed[0].messages.len()), (1, 1));
}

/// R-X4: of many that ask again and again, nobody gets an instance before its holder is over, and one does then.
pub async fn nobody_gets_what_is_held_and_one_does_then(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    bench.driven("ses_a", one).await;
    let mut others = Vec::new();
    for number in 0..5 {
        others.push(bench.worker(&format!("other {number}")).await);
    }
    for other in &others {
        bench.pass(TTL / 6, &others).await;
        assert_eq!(bench.claim(*other, 1).await, []);
    }
    bench.pass(TTL / 6, &others).await;
    let mut given = 0;
    for other in &others {
        given += bench.claim(*other, 1).await.len();
    }
    assert_eq!(given, 1);
}

/// R-X5: an attempt that goes on is told so, and what it says is told to the next one.
pub async fn an_attempt_that_goes_on_is_told_so(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[plain()]).await;
    let task = short(&bench, one).await;
    assert_eq!(task.details, None);
    for details in [Some(Payload(b"half".to_vec())), None] {
        let renewal = TaskRenewal { task: task.task, fence: task.fence, details };
        let renewed = bench.store.renew_tasks(one, vec![renewal]).await.expect("outcomes");
        assert_eq!(renewed, [TaskOutcome::Done]);
    }
    bench.give_back(one, &task).await;
    assert_eq!(bench.task(one).await.details, Some(Payload(b"half".to_vec())));
}

/// R-X6: an attempt of somebody else, or under another fence, cannot be renewed, ended or given back.
pub async fn an_attempt_under_another_fence_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[plain()]).await;
    let task = bench.task(one).await;
    let other = ClaimedTask { fence: task.fence.next(), ..task.clone() };
    for (worker, task) in [(two, &task), (one, &other)] {
        assert_eq!(bench.renew_task(worker, task).await, TaskOutcome::Expired);
        assert_eq!(bench.end(worker, task).await, TaskOutcome::Expired);
        assert_eq!(bench.end_again(worker, task).await, TaskOutcome::Expired);
        assert_eq!(bench.give_back(worker, task).await, TaskOutcome::Expired);
    }
    assert_eq!(bench.mail(home.worker).await.messages, []);
    assert_eq!(bench.end(one, &task).await, TaskOutcome::Done);
}

/// R-X7: an attempt whose time is over is not revived.
pub async fn an_attempt_whose_time_is_over_is_not_revived(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[plain()]).await;
    let task = short(&bench, one).await;
    bench.pass(SHORT, &[one]).await;
    assert_eq!(bench.renew_task(one, &task).await, TaskOutcome::Expired);
    assert_eq!(bench.tasks(one, 1).await.len(), 1);
}

/// R-X8: an attempt that is renewed lasts past its first end.
pub async fn a_renewed_attempt_lasts(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[plain()]).await;
    let task = short(&bench, one).await;
    for _ in 0..3 {
        bench.pass(SHORT * 3 / 5, &[one, two]).await;
        assert_eq!(bench.renew_task(one, &task).await, TaskOutcome::Done);
        assert_eq!(bench.tasks(two, 1).await, []);
    }
    bench.pass(SHORT, &[one, two]).await;
    assert_eq!(bench.tasks(two, 1).await.len(), 1);
}

/// R-X9: an attempt that has ended cannot go on.
pub async fn an_attempt_that_has_ended_cannot_go_on(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[plain()]).await;
    let task = bench.task(one).await;
    assert_eq!(bench.end(one, &task).await, TaskOutcome::Done);
    assert_eq!(bench.renew_task(one, &task).await, TaskOutcome::Gone);
    assert_eq!(bench.end(one, &task).await, TaskOutcome::Gone);
    assert_eq!(bench.mail(home.worker).await.messages.len(), 1, "its end is told once");
}

/// R-X10: what is given back is there at once, under the next fence.
pub async fn what_is_given_back_is_there_at_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[plain()]).await;
    let first = bench.task(one).await;
    bench.give_back(one, &first).await;
    let second = bench.task(two).await;
    assert_eq!((second.task, second.attempt), (first.task, 2));
    assert!(second.fence > first.fence);
    assert_eq!(bench.end(one, &first).await, TaskOutcome::Expired);
}

/// R-X11: what is given back for later is hidden until then, and the store says when that is.
pub async fn what_is_given_back_for_later_is_hidden_until_then(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    let ids = bench.leave(&mut home, &[plain(), plain()]).await;
    assert_eq!(bench.store.next_task_at().await.expect("an answer"), None);
    let task = bench.task(one).await;
    bench.hand_back(HandBack { delay: SHORT, ..handing_back(one, &task) }).await;
    let until = bench.clock.wall().after(SHORT);
    assert_eq!(bench.store.next_task_at().await.expect("an answer"), Some(until));
    assert_eq!(bench.task_ids(one).await, [ids[1]]);
    bench.pass(almost(SHORT), &[one]).await;
    assert_eq!(bench.tasks(one, 10).await, []);
    bench.clock.advance(TICK);
    assert_eq!(bench.task_ids(one).await, [ids[0]]);
    assert_eq!(bench.store.next_task_at().await.expect("an answer"), None::<WallTime>);
}

/// R-X12: the end of an attempt whose time is over is refused, and somebody else gets the task.
pub async fn the_end_of_an_attempt_that_is_over_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    bench.leave(&mut home, &[plain()]).await;
    let task = short(&bench, one).await;
    bench.pass(SHORT, &[one, two]).await;
    assert_eq!(bench.end(one, &task).await, TaskOutcome::Expired);
    assert_eq!(bench.mail(home.worker).await.messages, []);
    assert_eq!(bench.task(two).await.task, task.task);
    assert_eq!(bench.end_again(one, &task).await, TaskOutcome::Expired, "somebody has it");
}

/// R-X13: the renewal of a late worker brings back nothing that was taken from it.
pub async fn a_late_renewal_brings_nothing_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let driven = bench.driven("ses_a", one).await;
    bench.pass(TTL, &[two]).await;
    assert_eq!(bench.claim(two, 1).await.len(), 1);
    assert!(matches!(bench.renew_worker(one).await, WorkerRenewal::Renewed(_)));
    assert!(matches!(bench.refused_turn(driven.turn()).await, TurnOutcome::Fenced { .. }));
}

/// An attempt whose time is over, and that nobody took, is ended by whoever had it.
pub async fn an_attempt_that_nobody_took_is_granted_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[plain(), plain()]).await;
    let (first, second) = (short(&bench, one).await, bench.task(one).await);
    bench.pass(SHORT, &[one]).await;
    assert_eq!(bench.end_again(one, &first).await, TaskOutcome::Done);
    bench.clock.advance(TTL);
    assert_eq!(bench.end(one, &second).await, TaskOutcome::Expired);
    assert_eq!(bench.end_again(one, &second).await, TaskOutcome::Done);
    assert_eq!(bench.end_again(one, &second).await, TaskOutcome::Gone);
    assert_eq!(bench.mail(home.worker).await.messages.len(), 2);
}

/// The end of an attempt is told to its instance, with which attempt it was.
pub async fn the_end_of_an_attempt_is_told_to_its_instance(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[plain(), keyed("a")]).await;
    let (first, second) = (bench.task(one).await, bench.task(one).await);
    let failure = Failure::new(Cause::Failed, "no luck");
    bench.end_as(one, &second, Err(failure.clone())).await;
    bench.give_back(one, &first).await;
    let again = bench.task(one).await;
    bench.end(one, &again).await;
    let told: Vec<_> = bench.mail(home.worker).await.messages;
    let mail: Vec<_> = told.iter().map(|(to, message)| (*to, message.mail.clone())).collect();
    let ended = |task: &ClaimedTask, result| Mail::TaskEnded {
        execution: 1,
        op: task.activity.op,
        attempt: task.attempt,
        rescues: 0,
        details: None,
        result,
    };
    let expected = [(home.handle, ended(&second, Err(failure))), (home.handle, ended(&again, Ok(result())))];
    assert_eq!(mail, expected);
}

/// What an attempt said goes with its end, and what is asked for again carries it on.
pub async fn what_an_attempt_said_goes_with_its_end(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let half = Some(Payload(b"half".to_vec()));
    bench.leave(&mut home, &[plain()]).await;
    let ClaimedTask { task, fence, .. } = bench.task(one).await;
    let result = Err(Failure::new(Cause::Failed, "no luck"));
    let end = TaskEnd { worker: one, task, fence, result, details: half.clone(), regrants: false };
    assert_eq!(bench.store.end_task(end).await.expect("an outcome"), TaskOutcome::Done);
    let told = bench.mail(home.worker).await.messages.pop().expect("its end").1;
    let Mail::TaskEnded { details, .. } = told.mail else { panic!("{told:?}") };
    assert_eq!(details, half);
    let mut turn = home.asking(&[Asked { attempt: 2, ..plain() }]);
    turn.tasks[0].details.clone_from(&half);
    bench.drive(&mut home, turn).await;
    let again = bench.task(two).await;
    assert_eq!((again.attempt, &again.details), (2, &half));
    bench.give_back(two, &again).await;
    assert_eq!(bench.task(one).await.details, half, "it goes on with whoever has it next");
}

/// The end of an attempt wakes an instance that nobody holds.
pub async fn the_end_of_an_attempt_wakes_its_instance(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, keeper) = (bench.home().await, bench.worker("keeper").await);
    let one = bench.serving("one", crate::fixture::serving()).await;
    bench.leave(&mut home, &[plain()]).await;
    let task = bench.task(one).await;
    bench.free(home.free(Wake::Never)).await;
    assert_eq!(bench.claim(keeper, 1).await, []);
    bench.end(one, &task).await;
    let claimed = bench.claim(keeper, 1).await;
    assert_eq!((claimed.len(), claimed[0].messages.len(), claimed[0].out.len()), (1, 1, 0));
}

/// An instance's tasks are listed in order, each with who runs it.
pub async fn the_tasks_of_an_instance_say_who_runs_them(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let mut other = bench.driven("ses_a", home.worker).await;
    let (one, two) = (bench.runner("one").await, bench.runner("two").await);
    let ids = bench.leave(&mut home, &[plain(), keyed("a"), plain()]).await;
    let others = bench.leave(&mut other, &[plain()]).await;
    let listed = async |driven: &Driven| {
        let tasks = bench.store.tasks_of(driven.handle).await.expect("a list");
        let said = tasks
            .into_iter()
            .map(|task| (task.task, task.attempt, task.worker.map(|worker| worker.as_str().to_owned())));
        said.collect::<Vec<_>>()
    };
    let by = |name: &str| Some(name.to_owned());
    let first = short(&bench, one).await;
    let second = bench.task(two).await;
    let expected = [(ids[0], 1, by("one")), (ids[1], 1, by("two")), (ids[2], 1, None)];
    assert_eq!(listed(&home).await, expected);
    assert_eq!(listed(&other).await, [(others[0], 1, None)]);
    bench.give_back(two, &second).await;
    bench.pass(SHORT, &[one, two]).await;
    assert_eq!(listed(&home).await.iter().map(|task| &task.2).collect::<Vec<_>>(), [&None; 3]);
    assert_eq!(bench.end_again(one, &first).await, TaskOutcome::Done);
    let third = bench.task(two).await;
    assert_eq!(listed(&home).await, [(ids[1], 2, by("two")), (ids[2], 1, None)]);
    bench.pass(TTL, &[one]).await;
    assert_eq!(listed(&home).await[0].2, None, "its worker is over");
    assert_eq!(third.task, ids[1]);
}

/// What an attempt is for is told with it.
pub async fn an_attempt_says_what_it_is_for(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let one = bench.runner("one").await;
    bench.leave(&mut home, &[Asked { attempt: 3, ..plain() }]).await;
    let task = bench.task(one).await;
    assert_eq!((task.instance, &task.session), (home.handle, &home.session.id));
    assert_eq!((task.session_fence, task.execution, task.attempt), (home.fence, 1, 3));
    assert_eq!(task.namespace, home.session.namespace);
    assert_eq!(task.activity.input, Payload(format!("input {}", task.activity.op.0).into_bytes()));
}

/// Whoever claims an instance is told which of its tasks are out.
pub async fn whoever_claims_an_instance_is_told_its_tasks(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, keeper) = (bench.home().await, bench.worker("keeper").await);
    let one = bench.serving("one", crate::fixture::serving()).await;
    let ids = bench.leave(&mut home, &[plain(), keyed("a"), plain()]).await;
    let first = bench.task(one).await;
    bench.end(one, &first).await;
    let second = bench.task(one).await;
    bench.give_back(one, &second).await;
    bench.free(home.free(Wake::Now)).await;
    let claimed = bench.claim(keeper, 1).await;
    let out: Vec<_> = claimed[0].out.iter().map(|out| (out.task, out.attempt)).collect();
    assert_eq!(out, [(ids[1], 2), (ids[2], 1)]);
    let mut held = Driven::claimed(&claimed[0], keeper);
    let turn = TurnRequest { commit_id: commit_id(), withdrawn: vec![ids[1]], ..held.turn() };
    bench.drive(&mut held, turn).await;
    bench.pass(ALMOST_TTL, &[one]).await;
    assert_eq!(bench.task_ids(one).await, [ids[2]]);
    done(bench.turn(held.last_turn()).await);
}

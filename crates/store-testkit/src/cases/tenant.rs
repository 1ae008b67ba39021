//! Cases about workers that serve one tenant only.

use tenure_core::id::{AffinityKey, Namespace};
use tenure_core::limits::SHARE_PATIENCE;
use tenure_core::worker::{Hold, Queues, Serving};
use tenure_store::{HandBack, MovePin, MovePinOutcome, Notice, TaskClaim, TaskId, WorkerHandle};

use crate::Harness;
use crate::fixture::{
    Asked, Bench, Driven, IDLE_FOR_ALL, TICK, affinity_key, almost, grant, handing_back, here, keyed, left,
    other_namespace, plain, serving, task_claim, wanted, worker,
};

const KEYS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// What a worker of the first tenant serves.
fn of_one_tenant() -> Serving {
    Serving { namespace: Some(Namespace::default_name()), ..serving() }
}

/// An instance of each tenant, the second one's last.
async fn homes(bench: &Bench) -> (Driven, Driven) {
    let home = bench.home().await;
    let other = bench.driven_in(other_namespace(), ("ses_home", home.worker)).await;
    (home, other)
}

/// A key of the second tenant.
fn of_other(key: &str) -> (Namespace, AffinityKey) {
    (other_namespace(), affinity_key(key))
}

async fn move_to(bench: &Bench, (namespace, key): (Namespace, AffinityKey), to: &str) -> MovePinOutcome {
    let to = Some(worker(to, 1).id);
    bench.store.move_pin(MovePin { namespace, key, to }).await.expect("an outcome")
}

/// A worker of one tenant that has an earlier start, which served all, and held a key of the second one.
async fn started_again(bench: &Bench, other: &mut Driven) -> WorkerHandle {
    let one = bench.runner("one").await;
    bench.leave(other, &[keyed("a")]).await;
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    bench.start("one", 2, of_one_tenant()).await
}

/// R-T1: a worker of one tenant gets nothing of another, with a key or without, also of what was asked for first.
pub async fn a_worker_of_one_tenant_gets_nothing_of_another(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, mut other) = homes(&bench).await;
    let one = bench.serving("one", of_one_tenant()).await;
    let all = Serving { queues: Queues::All, ..of_one_tenant() };
    let two = bench.serving("two", all).await;
    let on_q = Asked { queue: Some("q"), ..plain() };
    let theirs = bench.leave(&mut other, &[plain(), keyed("a"), on_q]).await;
    assert_eq!((bench.task_ids(one).await, bench.task_ids(two).await), (Vec::new(), Vec::new()));
    let ids = bench.leave(&mut home, &[plain(), keyed("a"), on_q]).await;
    assert_eq!(bench.task_ids(one).await, ids[..2]);
    assert_eq!(bench.task_ids(two).await, ids[2..]);
    let any = bench.serving("any", Serving { queues: Queues::All, ..serving() }).await;
    assert_eq!(bench.task_ids(any).await, theirs, "whoever serves every tenant gets it");
}

/// R-T2: a worker of a tenant of whom nothing is known gets nothing.
pub async fn a_tenant_of_whom_nothing_is_known_has_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut home = bench.home().await;
    let namespace = Some(other_namespace());
    let one = bench.serving("one", Serving { namespace, ..serving() }).await;
    bench.leave(&mut home, &[plain(), keyed("a")]).await;
    assert_eq!(bench.tasks(one, 10).await, []);
    let mut other = bench.driven_in(other_namespace(), ("ses_home", home.worker)).await;
    let ids = bench.leave(&mut other, &[plain(), keyed("a")]).await;
    assert_eq!(bench.task_ids(one).await, ids, "as soon as it is known");
}

/// R-T3: what is of other tenants hides nothing, however much it is.
pub async fn what_is_of_others_hides_nothing_however_much(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, mut other) = homes(&bench).await;
    let one = bench.serving("one", of_one_tenant()).await;
    for asked in [plain(), keyed("a"), keyed("b")] {
        for _ in 0..3 {
            bench.leave(&mut other, &[asked; 100]).await;
        }
    }
    let ids = bench.leave(&mut home, &[plain(), keyed("a")]).await;
    assert_eq!(bench.task_ids(one).await, ids);
}

/// R-T4: that a worker says that a key of another tenant is busy brings it nothing of that.
pub async fn a_busy_key_of_another_tenant_brings_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, mut other) = homes(&bench).await;
    let one = bench.serving("one", Serving { busy_max: 1, ..of_one_tenant() }).await;
    bench.leave(&mut other, &[keyed("a")]).await;
    let ids = bench.leave(&mut home, &[keyed("a")]).await;
    let claim = TaskClaim { busy: vec![of_other("a")], ..task_claim(one, 10) };
    assert_eq!(bench.claim_tasks(claim).await, []);
    assert_eq!(bench.task_ids(one).await, ids);
}

/// R-T5: what a turn asks for is left to others by a worker that does not serve its tenant.
pub async fn a_turn_runs_nothing_of_another_tenant(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.serving("one", of_one_tenant()).await;
    let mut own = bench.driven("ses_a", one).await;
    let mut other = bench.driven_in(other_namespace(), ("ses_a", one)).await;
    assert_eq!(here(&bench.ask(&mut own, &[wanted("a")]).await[0]).hold, Hold::Claimed);
    let placed = bench.ask(&mut other, &[wanted("a")]).await;
    let two = bench.runner("two").await;
    assert_eq!(bench.task_ids(two).await, [left(&placed[0])]);
}

/// R-T6: what waits for a key of another tenant does not keep it with a worker that does not serve that.
pub async fn a_key_of_another_tenant_is_idle_in_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (_, mut other) = homes(&bench).await;
    let one = started_again(&bench, &mut other).await;
    bench.leave(&mut other, &[keyed("a")]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"), "keys are names'");
    bench.pass(almost(IDLE_FOR_ALL), &[one]).await;
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("one"));
    bench.pass(TICK, &[one]).await;
    assert_eq!(bench.live_holder("a").await, None);
    assert_eq!(bench.tasks(one, 10).await, []);
}

/// R-T7: a key of another tenant goes to a worker that serves that, and who does not is not told of it.
pub async fn a_key_of_another_tenant_is_left(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (_, mut other) = homes(&bench).await;
    let one = started_again(&bench, &mut other).await;
    let two = bench.runner("two").await;
    let ids = bench.leave(&mut other, &[keyed("a")]).await;
    assert_eq!(bench.tasks(one, 10).await, []);
    let task = bench.task(two).await;
    assert_eq!((task.task, grant(&task).hold), (ids[0], Hold::Claimed));
    assert_eq!(bench.live_holder("a").await.as_deref(), Some("two"));
    assert_eq!(bench.notices(one).await, [] as [Notice; 0]);
}

/// R-T8: no key of another tenant is moved to a worker of one.
pub async fn a_key_of_another_tenant_is_not_moved_to_it(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, mut other) = homes(&bench).await;
    let any = bench.runner("any").await;
    bench.leave(&mut home, &[keyed("a")]).await;
    bench.leave(&mut other, &[keyed("b")]).await;
    assert_eq!(bench.tasks(any, 10).await.len(), 2);
    bench.serving("one", of_one_tenant()).await;
    assert_eq!(move_to(&bench, of_other("b"), "one").await, MovePinOutcome::NoWorker);
    assert_eq!(bench.live_holder("b").await.as_deref(), Some("any"));
    assert!(matches!(bench.move_pin("a", Some("one")).await, MovePinOutcome::Moved(_)));
}

/// R-T9: what a worker lacks the code for comes again, as long as those that are there serve another tenant.
pub async fn who_serves_another_tenant_is_not_there_for_what_one_lacks(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, mut other) = homes(&bench).await;
    let any = bench.runner("any").await;
    let theirs = bench.leave(&mut other, &[plain(), keyed("a")]).await;
    let own = bench.leave(&mut home, &[plain(), keyed("b")]).await;
    let given = bench.tasks(any, 10).await;
    assert_eq!(given.len(), 4);
    for task in &given {
        let back = HandBack { counts: false, lacks_code: true, ..handing_back(any, task) };
        bench.hand_back(back).await;
    }
    let one = bench.serving("one", of_one_tenant()).await;
    assert_eq!(bench.task_ids(any).await, theirs);
    assert_eq!(bench.task_ids(one).await, own);
}

/// R-T10: shares are counted among those that serve the task's tenant.
pub async fn who_serves_another_tenant_has_no_share(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (_, mut other) = homes(&bench).await;
    let any = bench.runner("any").await;
    bench.serving("one", of_one_tenant()).await;
    let ids: Vec<TaskId> = bench.leave(&mut other, &KEYS.map(keyed)).await;
    assert_eq!(bench.task_ids(any).await, ids);
    // So they are for a turn.
    let mut driven = bench.driven_in(other_namespace(), ("ses_a", any)).await;
    assert_eq!(here(&bench.ask(&mut driven, &[wanted("k")]).await[0]).hold, Hold::Claimed);
}

/// R-T11: of its own tenant a worker has its share like any other.
pub async fn who_serves_the_tenant_has_a_share(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (mut home, _) = homes(&bench).await;
    let any = bench.runner("any").await;
    bench.leave(&mut home, &["a", "b", "c"].map(keyed)).await;
    assert_eq!(bench.tasks(any, 10).await.len(), 3);
    let one = bench.serving("one", of_one_tenant()).await;
    let ids = bench.leave(&mut home, &[keyed("d"), keyed("e")]).await;
    bench.clock.advance(almost(SHARE_PATIENCE));
    assert_eq!(bench.task_ids(any).await, []);
    assert_eq!(bench.task(one).await.task, ids[0]);
    bench.clock.advance(TICK);
    assert_eq!(bench.task_ids(any).await, [ids[1]]);
}

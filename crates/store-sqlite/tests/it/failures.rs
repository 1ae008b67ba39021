//! When something fails in the middle: for whom, what was kept, and what is told.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use tenure_core::id::Seq;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, CommitOutcome, Find, HistoryPage, HistoryRequest,
    InstanceStore as _, LogStore as _, RenewOutcome, RenewRequest, SessionStore as _, Store, StoreError,
    TurnRequest,
};
use tenure_store_sqlite::{Depth, FaultPoint, Faults, SqliteStore};
use tenure_store_testkit::fixture::{
    Held, Target, append, done, first_turn, pause, prepare, registered, run, slot, start, start_of, worker,
};
use tenure_store_testkit::read_all;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::{Home, hold};

/// What is to happen at the next points of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Pass,
    Fail,
    Full,
    Panic,
}

/// Plays plans, one per point; without one, nothing happens.
#[derive(Debug, Default)]
struct Script {
    plans: Mutex<Vec<(FaultPoint, Plan)>>,
    commits: AtomicU64,
    gate: Mutex<bool>,
    opened: Condvar,
    reached: Notify,
}

impl Script {
    fn plan(&self, point: FaultPoint, plans: &[Plan]) {
        self.plans.lock().unwrap().extend(plans.iter().map(|plan| (point, *plan)));
    }

    /// From now on the writer stops before it commits.
    fn close(&self) {
        *self.gate.lock().unwrap() = true;
    }

    fn open(&self) {
        *self.gate.lock().unwrap() = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        let gate = self.gate.lock().unwrap();
        if *gate {
            self.reached.notify_one();
        }
        drop(self.opened.wait_while(gate, |is_closed| *is_closed).unwrap());
    }
}

impl Faults for Script {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        if point == FaultPoint::BeforeCommit {
            self.pass();
        }
        let mut plans = self.plans.lock().unwrap();
        let next = plans.iter().position(|(planned, _)| *planned == point);
        let plan = next.map_or(Plan::Pass, |next| plans.remove(next).1);
        drop(plans);
        match plan {
            Plan::Pass => Ok(()),
            Plan::Fail => Err(io::Error::other("planned")),
            Plan::Full => Err(io::ErrorKind::StorageFull.into()),
            Plan::Panic => panic!("planned"),
        }
    }
}

/// A store whose writer plays a script, and a session in it.
struct Stage {
    store: Arc<SqliteStore>,
    script: Arc<Script>,
    held: Held,
    _home: Home,
}

type Answer = Result<AppendOutcome, StoreError>;

impl Stage {
    async fn new() -> Self {
        let (home, script) = (Home::new(), Arc::new(Script::default()));
        let mut options = home.options();
        options.faults = Arc::<Script>::clone(&script);
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let held = hold(store.as_ref(), "a").await;
        Self { store, script, held, _home: home }
    }

    /// Has one append, and while the writer stops before committing it, `count` more: they are one group.
    /// The script goes on with `plan` from there. Returns the answers, the first append's first.
    async fn group(&self, count: usize, plan: impl FnOnce(&Script)) -> Vec<Answer> {
        let mut asking = JoinSet::new();
        let mut ask = |number: usize| {
            let (store, held) = (Arc::clone(&self.store), self.held);
            asking.spawn(async move { (number, store.append(append(held.handle, None, 1)).await) });
        };
        self.script.close();
        ask(0);
        self.script.reached.notified().await;
        (1..=count).for_each(&mut ask);
        for _ in 0..=count {
            // On one thread, every request has been asked by then.
            tokio::task::yield_now().await;
        }
        plan(&self.script);
        self.script.open();
        let mut answers = asking.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn append(&self) -> Result<AppendOutcome, StoreError> {
        self.store.append(append(self.held.handle, None, 1)).await
    }

    async fn head(&self) -> Seq {
        self.store.find(Find::Handle(self.held.handle)).await.unwrap().head
    }

    fn is_sound(&self) {
        assert_eq!(self.store.verify(Depth::Deep).unwrap(), []);
    }
}

#[tokio::test]
async fn what_waits_is_written_together() {
    let stage = Stage::new().await;
    let before = stage.script.commits.load(Ordering::Relaxed);
    let answers = stage.group(50, |_| {}).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(stage.script.commits.load(Ordering::Relaxed) - before, 2);
}

#[tokio::test]
async fn an_error_in_a_group_is_told_only_to_the_one_whose_it_is() {
    for plan in [Plan::Fail, Plan::Panic, Plan::Full] {
        let stage = Stage::new().await;
        // The group fails at its third request, and alone that one fails again.
        let plans = [Plan::Pass, Plan::Pass, plan, Plan::Pass, Plan::Pass, plan];
        let answers = stage.group(6, |script| script.plan(FaultPoint::Apply, &plans)).await;
        let failed: Vec<_> = (0..).zip(&answers).filter(|(_, answer)| answer.is_err()).collect();
        assert!(matches!(failed[..], [(3, Err(error))] if error.is_retryable()), "{answers:?}");
        assert_eq!(stage.head().await, Seq(2 + 6));
        stage.is_sound();
    }
}

#[tokio::test]
async fn a_group_that_fails_once_is_done_one_by_one() {
    let stage = Stage::new().await;
    let plans = [Plan::Pass, Plan::Panic];
    let answers = stage.group(6, |script| script.plan(FaultPoint::Apply, &plans)).await;
    let firsts: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap()).collect();
    let expected: Vec<_> =
        (3..=9).map(|at| AppendOutcome::Appended { first: Seq(at), last: Seq(at) }).collect();
    assert_eq!(firsts, expected.iter().collect::<Vec<_>>(), "in the order in which they were asked");
    stage.is_sound();
}

#[tokio::test]
async fn a_turn_that_is_worked_on_again_keeps_every_history() {
    let stage = Stage::new().await;
    let worker = registered(stage.store.as_ref(), worker("one", 1)).await;
    let turn =
        |id: &str, starts: &str| TurnRequest { starts: vec![start_of(starts, id)], ..first_turn(id, worker) };
    let turns = [turn("ses_b", "ses_c"), turn("ses_d", "ses_e")];
    stage.script.close();
    let mut first = JoinSet::new();
    let (store, held) = (Arc::clone(&stage.store), stage.held);
    first.spawn(async move { store.append(append(held.handle, None, 1)).await });
    stage.script.reached.notified().await;
    let mut asking = JoinSet::new();
    for turn in turns.clone() {
        let store = Arc::clone(&stage.store);
        asking.spawn(async move { (turn.clone(), done(store.commit_turn(turn).await.unwrap())) });
    }
    tokio::task::yield_now().await;
    // Both are one group, of which one is done when it fails.
    stage.script.plan(FaultPoint::Apply, &[Plan::Pass, Plan::Panic]);
    stage.script.open();
    for (turn, kept) in asking.join_all().await {
        let begun = [(kept.handle, &turn.history), (kept.started[0], &turn.starts[0].history)];
        for (handle, history) in begun {
            let asked = HistoryRequest { handle, execution: None };
            let page = HistoryPage { execution: 1, turns: vec![history.clone()] };
            assert_eq!(stage.store.history(asked).await.unwrap(), page);
        }
    }
    stage.is_sound();
}

#[tokio::test]
async fn a_commit_that_breaks_a_rule_of_the_store_is_refused_also_in_a_group() {
    let stage = Stage::new().await;
    // It opens a second session in a slot without ending the first, which no rule ever decides.
    let mut broken = prepare(stage.store.as_ref(), Target::New, &start(run("ses_b", Some("a"), 2))).await;
    let found = stage.store.find(Find::Handle(stage.held.handle)).await.unwrap();
    (broken.slot, broken.on) = (Some(slot("a")), found.handle);
    broken.expected = found.current.counters.revision;
    broken.decision.counters.revision = found.current.counters.revision.next();
    broken.decision.counters.fence = found.current.counters.fence.next();
    stage.script.close();
    let mut asking = JoinSet::new();
    let store = Arc::clone(&stage.store);
    let held = stage.held;
    asking.spawn(async move { store.append(append(held.handle, None, 1)).await.map(drop) });
    stage.script.reached.notified().await;
    for _ in 0..3 {
        let store = Arc::clone(&stage.store);
        asking.spawn(async move { store.append(append(held.handle, None, 1)).await.map(drop) });
    }
    let store = Arc::clone(&stage.store);
    asking.spawn(async move { store.commit(broken).await.map(drop) });
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    stage.script.open();
    let answers = asking.join_all().await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(matches!(refused[..], [StoreError::Corrupt { .. }]), "{answers:?}");
    assert_eq!(stage.head().await, Seq(2 + 4));
    stage.is_sound();
}

#[tokio::test]
async fn a_panic_while_working_is_an_error_and_the_store_goes_on() {
    let stage = Stage::new().await;
    for plan in [Plan::Panic, Plan::Fail] {
        stage.script.plan(FaultPoint::Apply, &[plan]);
        let answer = stage.append().await;
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
        assert_eq!(stage.head().await, Seq(2));
    }
    assert!(matches!(stage.append().await, Ok(AppendOutcome::Appended { first: Seq(3), .. })));
    stage.is_sound();
}

#[tokio::test]
async fn a_commit_that_fails_before_it_is_durable_is_done_again() {
    let stage = Stage::new().await;
    for plan in [Plan::Fail, Plan::Full] {
        stage.script.plan(FaultPoint::BeforeCommit, &[plan]);
        assert!(matches!(stage.append().await, Ok(AppendOutcome::Appended { .. })));
    }
    assert_eq!(stage.head().await, Seq(4));
    stage.is_sound();
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_and_not_done_again() {
    let stage = Stage::new().await;
    stage.script.plan(FaultPoint::AfterCommit, &[Plan::Fail]);
    assert!(matches!(stage.append().await, Ok(AppendOutcome::Appended { first: Seq(3), last: Seq(3) })));
    assert_eq!(stage.head().await, Seq(3));
    stage.script.plan(FaultPoint::AfterCommit, &[Plan::Fail]);
    let request = prepare(stage.store.as_ref(), stage.held.handle, &pause(stage.held.fence)).await;
    assert!(matches!(stage.store.commit(request).await, Ok(CommitOutcome::Committed(_))));
    stage.script.plan(FaultPoint::AfterCommit, &[Plan::Fail]);
    let renewal = RenewRequest { handle: stage.held.handle, fence: stage.held.fence };
    assert!(matches!(stage.store.renew(renewal).await, Ok(RenewOutcome::Renewed(_))));
    stage.is_sound();
}

#[tokio::test]
async fn a_lost_answer_is_found_for_everybody_in_the_group() {
    let stage = Stage::new().await;
    let plans = [Plan::Pass, Plan::Fail];
    let answers = stage.group(20, |script| script.plan(FaultPoint::AfterCommit, &plans)).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(AppendOutcome::Appended { .. }))), "{answers:?}");
    assert_eq!(stage.head().await, Seq(23));
    stage.is_sound();
}

#[tokio::test]
async fn an_outcome_that_cannot_be_found_out_is_unknown_and_resolved_later() {
    let stage = Stage::new().await;
    for (key, point) in [("b", FaultPoint::AfterCommit), ("c", FaultPoint::BeforeCommit)] {
        let command = start(run(&format!("ses_{key}"), Some(key), 1));
        let request = prepare(stage.store.as_ref(), slot(key), &command).await;
        stage.script.plan(point, &[Plan::Fail]);
        stage.script.plan(FaultPoint::Reopen, &[Plan::Fail]);
        let answer = stage.store.commit(request.clone()).await;
        assert!(
            matches!(&answer, Err(StoreError::Unknown { commit_id, .. }) if *commit_id == request.commit_id),
            "{answer:?}"
        );
        let resolved = stage.store.resolve(&request).await.unwrap();
        assert_eq!(resolved.is_some(), point == FaultPoint::AfterCommit);
    }
    assert!(matches!(stage.append().await, Ok(AppendOutcome::Appended { .. })));
    stage.is_sound();
}

#[tokio::test]
async fn an_append_that_cannot_be_found_out_is_unknown_and_resolved_later() {
    let stage = Stage::new().await;
    for point in [FaultPoint::AfterCommit, FaultPoint::BeforeCommit] {
        let after = stage.head().await;
        let request = AppendRequest { after, ..append(stage.held.handle, Some(stage.held.fence), 2) };
        stage.script.plan(point, &[Plan::Fail]);
        stage.script.plan(FaultPoint::Reopen, &[Plan::Fail]);
        let answer = stage.store.append(request.clone()).await;
        assert!(
            matches!(&answer, Err(StoreError::Unknown { commit_id, .. }) if *commit_id == request.commit_id),
            "{answer:?}"
        );
        // What others append meanwhile does not hide it.
        stage.append().await.unwrap();
        let expected = match point {
            FaultPoint::AfterCommit => {
                AppendResolution::Appended { first: after.next(), last: after.next().next() }
            }
            _ => AppendResolution::NotThere,
        };
        assert_eq!(stage.store.resolve_append(&request).await.unwrap(), expected);
    }
    stage.is_sound();
}

#[tokio::test]
async fn an_append_further_back_than_is_looked_at_is_not_called_missing() {
    let home = Home::new();
    let mut options = home.options();
    options.limits.resolved_rows_max = 3;
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    let request = append(held.handle, None, 1);
    let Ok(AppendOutcome::Appended { first, last }) = store.append(request.clone()).await else {
        panic!("it is appended")
    };
    for expected in [
        AppendResolution::Appended { first, last },
        AppendResolution::Appended { first, last },
        AppendResolution::Appended { first, last },
        AppendResolution::Untold,
    ] {
        assert_eq!(store.resolve_append(&request).await.unwrap(), expected);
        store.append(append(held.handle, None, 1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_that_fails_twice_may_have_happened() {
    let stage = Stage::new().await;
    stage.script.plan(FaultPoint::BeforeCommit, &[Plan::Fail, Plan::Fail]);
    let answer = stage.append().await;
    assert!(matches!(answer, Err(StoreError::Unknown { .. })), "{answer:?}");
    stage.is_sound();
}

#[tokio::test]
async fn without_room_nothing_is_changed_and_it_works_again_with_room() {
    let stage = Stage::new().await;
    stage.script.plan(FaultPoint::BeforeCommit, &[Plan::Full, Plan::Full]);
    let answer = stage.append().await;
    assert!(matches!(answer, Err(StoreError::Full { .. })), "{answer:?}");
    assert_eq!(stage.head().await, Seq(2));
    stage.script.plan(FaultPoint::Apply, &[Plan::Full]);
    assert!(matches!(stage.append().await, Err(StoreError::Full { .. })));
    assert!(matches!(stage.append().await, Ok(AppendOutcome::Appended { first: Seq(3), .. })));
    stage.is_sound();
}

#[tokio::test]
async fn a_renewal_that_failed_is_not_remembered() {
    let stage = Stage::new().await;
    let before = stage.store.find(Find::Handle(stage.held.handle)).await.unwrap();
    let renewal = RenewRequest { handle: stage.held.handle, fence: stage.held.fence };
    stage.script.plan(FaultPoint::BeforeCommit, &[Plan::Full, Plan::Full]);
    assert!(stage.store.renew(renewal).await.is_err());
    assert_eq!(stage.store.find(Find::Handle(stage.held.handle)).await.unwrap(), before);
    assert!(matches!(stage.store.renew(renewal).await, Ok(RenewOutcome::Renewed(_))));
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let home = Home::new();
    let store: Arc<dyn Store> = Arc::new(home.open());
    let held = hold(store.as_ref(), "a").await;
    let mut watch = store.watch(held.handle).await.unwrap();
    drop(store);
    // It may have been woken by what was written just before it began.
    let ended = loop {
        if let Err(ended) = watch.changed().await {
            break ended;
        }
    };
    assert!(matches!(ended, StoreError::Closed), "{ended:?}");
    assert_eq!(read_all(&home.open(), held.handle).await.len(), 2);
}

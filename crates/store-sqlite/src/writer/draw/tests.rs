//! What tasks and keys cost: statements, and steps of SQLite's machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, StatementStatus};
use tempfile::TempDir;
use tenure_core::id::{Incarnation, Namespace};
use tenure_core::worker::{Hold, Queues, Serving};
use tenure_store::record::encode_mail;
use tenure_store::{
    Clock as _, Placed, RegisterOutcome, RegisterRequest, TaskClaim, TaskId, TaskOutcome, TurnOutcome,
    TurnRequest, WorkerHandle,
};
use tenure_store_testkit::ManualClock;
use tenure_store_testkit::fixture::{
    Asked, Driven, done, first_turn, keyed, left, opened_in, other_namespace, plain, task_claim, wanted,
    worker,
};

use super::super::memory::Memory;
use super::super::work::Work;
use crate::connection::{self, Role};
use crate::error::WorkError;
use crate::options::Limits;
use crate::place::Place;
use crate::request::{Draw, Ending, Register, Tasking, Turn};
use crate::row::{RUN, Stored};
use crate::transaction::transaction;
use crate::troubles::Troubles;
use crate::{open, sql};

/// A writer without a thread, whose statements are counted.
struct Bench {
    _home: TempDir,
    place: Place,
    conn: Connection,
    memory: Memory,
    clock: ManualClock,
    limits: Limits,
    steps: Arc<AtomicU64>,
}

/// What something cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    statements: i32,
    steps: u64,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = Place::of(&home.path().join("tenure.db"), Incarnation([1; 16])).unwrap();
        drop(open::open(&place, &Troubles::default(), Duration::from_secs(2)).unwrap());
        let mut conn = connection::open(&place, Role::Writer).unwrap();
        conn.set_prepared_statement_cache_capacity(1024);
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        conn.progress_handler(1, Some(move || counted.fetch_add(1, Ordering::Relaxed) == u64::MAX)).unwrap();
        let (clock, limits) = (ManualClock::new(), Limits::default());
        let memory = Memory::new(limits.heads_max);
        Self { _home: home, place, conn, memory, clock, limits, steps }
    }

    /// Works on something as a group of its own, and says what the work cost, without the group.
    fn work<T>(&mut self, worked: impl FnOnce(&mut Work<'_>) -> Result<T, WorkError>) -> (T, Cost) {
        let now = self.clock.now();
        let (memory, place, limits, steps) = (&mut self.memory, &self.place, &self.limits, &self.steps);
        transaction(&self.conn, &Troubles::default(), |conn| {
            let mut work = Work::new((conn, memory), now, place, limits);
            runs(conn);
            steps.store(0, Ordering::Relaxed);
            let value = worked(&mut work)?;
            let steps = steps.load(Ordering::Relaxed);
            work.done()?;
            Ok::<_, WorkError>((value, Cost { statements: runs(conn), steps }))
        })
        .unwrap()
    }

    fn register(&mut self, id: &str, serving: Serving) -> WorkerHandle {
        let request = RegisterRequest { serving, ..worker(id, 1) };
        let register = Register { request, is_told: false };
        match self.work(|work| work.register(&register)).0 {
            RegisterOutcome::Registered(registered) => registered.worker,
            RegisterOutcome::Live(live) => panic!("{live:?}"),
        }
    }

    fn turn(&mut self, request: TurnRequest) -> (TurnOutcome, Cost) {
        let mut turn = Turn::from(&request);
        self.work(|work| work.keep_turn(&mut turn))
    }

    fn driven(&mut self, id: &str, worker: WorkerHandle) -> Driven {
        self.driven_in(Namespace::default_name(), (id, worker))
    }

    fn driven_in(&mut self, namespace: Namespace, (id, worker): (&str, WorkerHandle)) -> Driven {
        let session = Some(Box::new(opened_in(namespace, (id, None), true)));
        let done = done(self.turn(TurnRequest { session, ..first_turn(id, worker) }).0);
        let (handle, fence) = (done.handle, done.fence);
        let stored = sql::one(&self.conn, sql::FIND_HANDLE, [handle.0], Stored::of).unwrap().unwrap();
        Driven { handle, fence, turn: 1, worker, session: stored.session }
    }

    fn ask(&mut self, driven: &mut Driven, asked: &[Asked]) -> (Vec<Placed>, Cost) {
        let (outcome, cost) = self.turn(driven.asking(asked));
        driven.turn += 1;
        (done(outcome).placed, cost)
    }

    fn claim(&mut self, claim: &TaskClaim) -> (Draw, Cost) {
        loop {
            let (draw, cost) = self.work(|work| work.draw(claim));
            if !draw.is_more {
                return (draw, cost);
            }
        }
    }

    fn end(&mut self, worker: WorkerHandle, draw: &Draw) -> Cost {
        let task = &draw.drawn[0].task;
        let mail = encode_mail(tenure_core::orchestration::Mail::TaskEnded {
            execution: 1,
            op: task.activity.op,
            attempt: 1,
            rescues: 0,
            details: None,
            result: Ok(tenure_core::orchestration::Payload(Vec::new())),
        });
        let (task, fence) = (task.task, task.fence);
        let ending = Ending { worker, task, fence, mail, counts: (1, 0), regrants: false };
        let (_reply, mut asked) = {
            let (asked, reply) = crate::request::Asked::new(ending);
            (reply, Tasking::End(asked))
        };
        let cost = self.work(|work| work.tasking(&mut asked)).1;
        let Tasking::End(asked) = asked else { panic!("it is an end") };
        assert!(matches!(asked.answer, Some(Ok(Some(TaskOutcome::Done)))));
        cost
    }
}

/// How many statements were run since this was last asked. Those that are kept ready for a group are not among them.
fn runs(conn: &Connection) -> i32 {
    let run = |statement: &&str| conn.prepare_cached(statement).unwrap().reset_status(StatementStatus::Run);
    sql::ALL.iter().map(run).sum()
}

/// Whatever is asked about tasks and keys is found by a key, in the order in which it is wanted.
#[test]
fn nothing_about_tasks_is_scanned_or_sorted() {
    let bench = Bench::new();
    for statement in [
        sql::INSTANCE_FIND,
        sql::NOTICE_LIST,
        sql::NOTICE_TAKEN,
        sql::PIN_AT,
        sql::PIN_DEAD,
        sql::PIN_FIND,
        sql::PIN_GRANTED,
        sql::PIN_IDLEST,
        sql::PIN_LIST,
        sql::PIN_UPDATE,
        sql::PIN_USED,
        sql::QUEUE_NEXT,
        sql::TASK_ALONE,
        sql::TASK_BACK,
        sql::TASK_BLOCKED,
        sql::TASK_DELETE,
        sql::TASK_EMPTY,
        sql::TASK_EXPIRED,
        sql::TASK_FIND,
        sql::TASK_GIVE,
        sql::TASK_KEEP,
        sql::TASK_MOVE,
        sql::TASK_NEXT,
        sql::TASK_OF,
        sql::TASK_OUT,
        sql::TASK_RUNNING,
        sql::TASK_RUN_BY,
        sql::TASK_SHOWN,
        sql::TASK_USES,
        sql::TASK_WAITING,
        sql::TASK_WAITING_KEY,
    ] {
        let steps = sql::plan(&bench.conn, statement);
        let is_found = |step: &String| {
            ["SEARCH", "MULTI-INDEX OR", "INDEX", "CORRELATED", "LIST SUBQUERY", "SCALAR"]
                .iter()
                .any(|found| step.starts_with(found))
        };
        assert!(steps.iter().all(is_found), "{statement}: {steps:#?}");
    }
}

/// What waits is found in the order of its lane, also for a worker that serves one tenant only.
#[test]
fn what_waits_is_found_by_its_lane() {
    let bench = Bench::new();
    let steps = sql::plan(&bench.conn, sql::TASK_WAITING);
    assert!(steps[0].contains("INDEX task_waiting (lane=? AND queue=? AND tid>?)"), "{steps:#?}");
}

/// What is of other tenants costs a worker of one tenant no statement, however much it is.
#[test]
fn what_is_of_other_tenants_costs_no_statement() {
    let mut bench = Bench::new();
    let home = bench.register("home", Serving { busy_max: 0, ..Serving::default() });
    let one = Serving { namespace: Some(Namespace::default_name()), ..Serving::default() };
    let one = bench.register("one", one);
    let mut other = bench.driven_in(other_namespace(), ("ses_a", home));
    let mut driven = bench.driven("ses_a", home);
    bench.ask(&mut other, &[plain()]);
    let (draw, _) = bench.claim(&task_claim(one, 10));
    assert_eq!(draw.drawn.len(), 0);
    let (_, few) = bench.claim(&task_claim(one, 10));
    let more = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        INSERT INTO task (sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence)
        SELECT sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence
        FROM task, n";
    assert_eq!(bench.conn.execute(more, []).unwrap(), 10_000);
    bench.memory.clear();
    let (placed, _) = bench.ask(&mut driven, &[plain()]);
    let (draw, _) = bench.claim(&task_claim(one, 10));
    assert_eq!(draw.drawn.iter().map(|drawn| drawn.task.task).collect::<Vec<_>>(), [left(&placed[0])]);
    let (draw, many) = bench.claim(&task_claim(one, 10));
    assert_eq!((draw.drawn.len(), many.statements), (0, few.statements));
}

/// A turn that asks for an activity of a key that is its worker's costs what any turn does.
#[test]
fn an_activity_whose_key_is_here_costs_no_statement() {
    let mut bench = Bench::new();
    let here = bench.register("here", Serving::default());
    let mut driven = bench.driven("ses_a", here);
    let (_, none) = bench.ask(&mut driven, &[]);
    let (placed, first) = bench.ask(&mut driven, &[wanted("a")]);
    assert!(matches!(&placed[..], [Placed::Here(grant)] if grant.hold == Hold::Claimed));
    let (placed, again) = bench.ask(&mut driven, &[wanted("a"), wanted("a")]);
    assert!(matches!(&placed[..], [Placed::Here(grant), Placed::Here(_)] if grant.hold == Hold::Held));
    assert_eq!(again.statements, none.statements);
    // Looking for the key, the highest fence of those that were removed, and the key itself; and the count.
    assert_eq!(first.statements, none.statements + 4);
    // Once in a sixteenth of the idle time its use is written down.
    bench.clock.advance(Duration::from_secs(20));
    bench.work(|work| {
        work.memory.crew(work.conn)?;
        Ok(())
    });
    let ttl = tenure_store::RenewWorker { worker: here, progress: 1, noticed: tenure_store::NoticeId(0) };
    bench.work(|work| work.renew_worker(ttl));
    bench.ask(&mut driven, &[]);
    let (_, recorded) = bench.ask(&mut driven, &[wanted("a")]);
    let (_, then) = bench.ask(&mut driven, &[wanted("a")]);
    assert_eq!((recorded.statements, then.statements), (none.statements + 1, none.statements));
}

/// What an activity costs that another worker runs: a row is written, given, and removed.
#[test]
fn an_activity_that_another_worker_runs_costs_few_statements() {
    let mut bench = Bench::new();
    let (home, there) =
        (bench.register("home", Serving::default()), bench.register("there", Serving::default()));
    let mut driven = bench.driven("ses_a", home);
    let (_, none) = bench.ask(&mut driven, &[]);
    for asked in [plain(), keyed("a")] {
        // The first one makes the key, and what is remembered.
        for round in 0..3 {
            let (placed, asking) = bench.ask(&mut driven, &[asked]);
            let (draw, claiming) = bench.claim(&task_claim(there, 1));
            assert_eq!(draw.drawn[0].task.task, left(&placed[0]));
            let ending = bench.end(there, &draw);
            if round == 2 {
                assert!(asking.statements <= none.statements + 1, "{asking:?} after {none:?}");
                assert!(claiming.statements <= 7, "{claiming:?}");
                assert!(ending.statements <= 4, "{ending:?}");
            }
        }
    }
}

/// However many tasks others are to run, a worker's own claim does not come by them.
#[test]
fn what_others_hold_costs_nothing() {
    let mut bench = Bench::new();
    let (here, there) =
        (bench.register("here", Serving::default()), bench.register("there", Serving::default()));
    let mut driven = bench.driven("ses_a", here);
    bench.ask(&mut driven, &[keyed("theirs"), keyed("theirs")]);
    let (draw, _) = bench.claim(&task_claim(there, 1));
    assert_eq!(draw.drawn.len(), 1);
    bench.claim(&task_claim(here, 10));
    let (draw, empty) = bench.claim(&task_claim(here, 10));
    assert_eq!(draw.drawn.len(), 0);
    // All of them like the one that waits for the other worker.
    let more = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
        INSERT INTO task (sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence)
        SELECT sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence
        FROM task, n WHERE lane <> ?1";
    assert_eq!(bench.conn.execute(more, [RUN]).unwrap(), 100_000);
    bench.memory.clear();
    bench.claim(&task_claim(here, 10));
    let (draw, full) = bench.claim(&task_claim(here, 10));
    assert_eq!(draw.drawn.len(), 0);
    assert_eq!(full, empty);
    // Their worker gets them in order, and does not come by those that it leaves.
    let (draw, theirs) = bench.claim(&task_claim(there, 1));
    assert_eq!(draw.drawn[0].task.task, TaskId(2));
    assert!(theirs.steps < 1000, "{theirs:?}");
}

/// At its limit a worker looks for what follows its busy keys only, however much else of its own waits.
#[test]
fn a_worker_at_its_limit_comes_by_nothing_that_it_cannot_run() {
    let mut bench = Bench::new();
    let serving = Serving { busy_max: 1, queues: Queues::All, ..Serving::default() };
    let (home, there) = (
        bench.register("home", Serving { busy_max: 0, ..Serving::default() }),
        bench.register("there", serving),
    );
    let mut driven = bench.driven("ses_a", home);
    bench.ask(&mut driven, &[keyed("a"), keyed("b"), keyed("b")]);
    let (draw, _) = bench.claim(&task_claim(there, 10));
    assert_eq!(draw.drawn.len(), 1);
    bench.claim(&task_claim(there, 10));
    let (_, before) = bench.claim(&task_claim(there, 10));
    let more = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        INSERT INTO task (sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence)
        SELECT sid, execution, op, history, kid, exclusive, queue, lane, visible, waits, attempt, rescues, fence
        FROM task, n WHERE tid = 3";
    assert_eq!(bench.conn.execute(more, []).unwrap(), 10_000);
    bench.memory.clear();
    bench.claim(&task_claim(there, 10));
    let (draw, after) = bench.claim(&task_claim(there, 10));
    assert_eq!((draw.drawn.len(), after), (0, before));
}

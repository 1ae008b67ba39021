//! Workers and the keys that they hold, as people and programs see them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tenure_core::id::{
    AffinityKey, CodeName, CommitId, Incarnation, Namespace, Operation, QueueName, Revision, SessionId,
    WorkerId,
};
use tenure_core::lease::Ttl;
use tenure_core::orchestration::{
    Activity, HistoryEvent, Opening, Payload, RetryPolicy, Start, Version, open,
};
use tenure_core::time::WallTime;
use tenure_core::worker::{Affinity, Queues, Serving};
use tenure_store::{
    Ground, InstanceStore as _, Placed, RegisterOutcome, RegisterRequest, TaskClaim, TaskRequest,
    TaskStore as _, TurnOutcome, TurnRequest, Wake, WorkerHandle, WorkerStore as _,
};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::home::Home;

/// A store with workers, as a program that runs some has it.
struct World {
    home: Home,
    store: SqliteStore,
}

impl World {
    fn new() -> Self {
        let home = Home::new();
        std::fs::create_dir_all(home.storage()).unwrap();
        let options = SqliteOptions::new(home.db(), Incarnation([9; 16]), Arc::new(SystemClock::new()));
        Self { store: SqliteStore::open(options).unwrap(), home }
    }

    async fn worker(&self, name: &str, number: u8) -> WorkerHandle {
        self.serving(name, number, Serving::default()).await
    }

    async fn serving(&self, name: &str, number: u8, serving: Serving) -> WorkerHandle {
        let request = RegisterRequest {
            id: WorkerId::parse(name).unwrap(),
            incarnation: Incarnation([number; 16]),
            place: None,
            is_elsewhere: false,
            ttl: Ttl::run(Duration::from_secs(60)).unwrap(),
            replaces: false,
            serving,
        };
        let RegisterOutcome::Registered(registered) = self.store.register(request).await.unwrap() else {
            panic!("nobody else has that name")
        };
        registered.worker
    }

    /// An instance of the worker's, with an activity on a key or in a queue. Returns where that went.
    async fn instance(
        &self,
        worker: WorkerHandle,
        id: &str,
        (key, queue): (Option<&str>, Option<&str>),
    ) -> Placed {
        let (name, op) = (CodeName::parse("talk").unwrap(), Operation(1));
        let id = SessionId::parse(id).unwrap();
        let at = WallTime::from_epoch_ms(1_767_225_600_000);
        let opening = Opening {
            id,
            namespace: Namespace::default_name(),
            principal: None,
            name: name.clone(),
            version: Version::FIRST,
            labels: BTreeMap::new(),
            parent: None,
            at,
        };
        let (input, version) = (Payload(Vec::new()), Version::FIRST);
        let start = Start {
            name,
            version,
            execution: 1,
            input: input.clone(),
            seed: 1,
            parent: None,
            carried: Vec::new(),
            trace: None,
        };
        let affinity = key.map(|key| Affinity { key: AffinityKey::parse(key).unwrap(), is_exclusive: false });
        let queue = queue.map(|queue| QueueName::parse(queue).unwrap());
        let activity = Activity {
            op,
            name: CodeName::parse("answer").unwrap(),
            input,
            retry: RetryPolicy::ONCE,
            timeout: None,
            heartbeat_timeout: None,
            queue: queue.clone(),
            affinity: affinity.clone(),
            trace: None,
        };
        let request = TurnRequest {
            commit_id: CommitId([7; 16]),
            ground: Ground::New,
            worker: Some(worker),
            session: Some(Box::new(open(opening, true))),
            expected: Revision(0),
            history: vec![
                HistoryEvent::ExecutionStarted(Box::new(start)),
                HistoryEvent::TurnStarted { at },
                HistoryEvent::TaskScheduled(Arc::new(activity)),
            ],
            taken: Vec::new(),
            starts: Vec::new(),
            sends: Vec::new(),
            tasks: vec![TaskRequest {
                op,
                attempt: 1,
                queue,
                affinity,
                is_wanted: key.is_some(),
                details: None,
            }],
            withdrawn: Vec::new(),
            wake: Wake::Now,
        };
        let TurnOutcome::Committed(done) = self.store.commit_turn(request).await.unwrap() else {
            panic!("nobody else has it")
        };
        done.placed.into_iter().next().expect("it asked for one")
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.home.ok(&[words, &["--output", "json"]].concat())).unwrap()
    }
}

#[tokio::test]
async fn workers_and_keys_are_listed_moved_and_let_go_of() {
    let world = World::new();
    assert_eq!(world.home.ok(&["worker", "list"]), "No workers.\n");
    assert_eq!(world.home.ok(&["pins"]), "No keys.\n");
    let one = world.worker("one", 1).await;
    world.worker("two", 2).await;
    let placed = world.instance(one, "talk-1", (Some("customer"), None)).await;
    assert!(matches!(placed, Placed::Here(_)), "{placed:?}");

    let listed = world.json(&["worker", "list"]);
    assert_eq!((&listed["data"][0]["worker"], &listed["data"][0]["keys"]), (&"one".into(), &1.into()));
    assert_eq!((&listed["data"][1]["state"], &listed["data"][1]["keys"]), (&"live".into(), &0.into()));
    let table = world.home.ok(&["worker", "list"]);
    assert!(table.starts_with("STATE  WORKER  QUEUES     INSTANCES  KEYS  TASKS  RENEWED\n"), "{table}");

    let pins = world.json(&["pins"]);
    assert_eq!((&pins["data"][0]["key"], &pins["data"][0]["worker"]), (&"customer".into(), &"one".into()));
    assert_eq!(world.json(&["pins", "--worker", "two"])["data"], Value::Array(Vec::new()));
    let shown = world.home.ok(&["show", "talk-1"]);
    assert!(shown.contains("answer, on key customer, which one holds"), "{shown}");
    let waits = &world.json(&["show", "talk-1"])["waits_for"]["activities"][0];
    assert_eq!((&waits["key"], &waits["worker"]), (&"customer".into(), &"one".into()));

    let moved = world.json(&["pin", "move", "customer", "--to", "two"]);
    assert_eq!((&moved["ok"], &moved["worker"]), (&true.into(), &"two".into()));
    assert_eq!(world.json(&["pins"])["data"][0]["worker"], "two");
    let released = world.home.ok(&["pin", "release", "customer"]);
    assert_eq!(released, "Key customer is free: whoever claims it next has it.\n");
}

#[tokio::test]
async fn an_activity_that_waits_in_a_queue_says_who_runs_it() {
    let world = World::new();
    let one = world.worker("one", 1).await;
    world.instance(one, "talk-1", (None, Some("gpu"))).await;
    let shown = || {
        let json = world.json(&["show", "talk-1"])["waits_for"]["activities"][0].clone();
        (world.home.ok(&["show", "talk-1"]), json["worker"].clone())
    };
    let (text, worker) = shown();
    assert!(text.contains("answer, in queue gpu\n") && worker.is_null(), "{text}{worker}");
    let two = world.serving("two", 2, Serving { queues: Queues::All, ..Serving::default() }).await;
    let claim = TaskClaim { worker: two, limit: 1, busy: Vec::new(), ttl: None };
    assert_eq!(world.store.claim_tasks(claim).await.unwrap().tasks.len(), 1);
    let (text, worker) = shown();
    assert!(text.contains("answer, in queue gpu, run by two\n") && worker == "two", "{text}{worker}");
}

#[tokio::test]
async fn workers_are_drained_and_evicted_by_name() {
    let world = World::new();
    world.worker("one", 1).await;
    world.worker("two", 2).await;
    let drained = world.home.ok(&["worker", "drain", "one"]);
    assert!(drained.starts_with("Worker one is asked to go."), "{drained}");
    assert_eq!(world.json(&["worker", "list"])["data"][0]["state"], "draining");
    let evicted = world.json(&["worker", "evict", "two"]);
    assert_eq!((&evicted["ok"], &evicted["was"]["worker"]), (&true.into(), &"two".into()));
    let left = world.json(&["worker", "list"]);
    assert_eq!(left["data"].as_array().unwrap().len(), 1, "{left}");
}

#[tokio::test]
async fn what_nobody_has_is_not_found() {
    let world = World::new();
    for words in [
        &["worker", "drain", "nobody"][..],
        &["worker", "evict", "nobody"],
        &["pin", "move", "nothing", "--to", "nobody"],
        &["pin", "release", "nothing"],
    ] {
        let answer = world.home.ask(words);
        assert_eq!(answer.code, 1, "{words:?}: {answer:?}");
        assert!(answer.err.contains("hint:"), "{answer:?}");
    }
}

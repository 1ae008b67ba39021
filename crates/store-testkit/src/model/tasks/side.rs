//! One store that is played on.
//!
//! What it says is put into words that do not depend on the names that it gives.

use std::collections::BTreeMap;
use std::time::Duration;

use tenure_core::id::{AffinityKey, Fence, Namespace};
use tenure_core::worker::Serving;
use tenure_store::{
    ClaimedTask, Dismiss, Dismissal, HandBack, MovePin, MovePinOutcome, Notice, PinGrant, Placed,
    RegisterOutcome, RegisterRequest, TaskClaim, TaskId, TurnRequest, WorkerHandle,
};

use super::op::{KEYS, OTHERS_KEY, Op};
use crate::Harness;
use crate::fixture::{
    Asked, Bench, Driven, TICK, TTL, affinity_key, handing_back, keyed, other_namespace, plain, queues,
    registered, serving, task_claim, ttl, worker,
};

const NAMES: [&str; 3] = ["one", "two", "three"];

/// A store, and what was given out there.
pub(super) struct Side {
    bench: Bench,
    /// An instance of each tenant.
    homes: [Driven; 2],
    workers: [WorkerHandle; 3],
    starts: [u8; 3],
    /// What was asked for, and by which instance.
    asked: Vec<(TaskId, usize)>,
    given: Vec<(WorkerHandle, ClaimedTask)>,
    has_own_times: bool,
    /// Fences of each key or task, in the order in which they were seen: stores may leave some out.
    fences: BTreeMap<String, Vec<Fence>>,
}

fn serves(worker: usize) -> Serving {
    match worker {
        0 => Serving { busy_max: 2, held_max: 2, ..serving() },
        1 => {
            let namespace = Some(Namespace::default_name());
            Serving { queues: queues(&[None, Some("q")]), namespace, ..serving() }
        }
        _ => Serving { is_exclusive: true, ..serving() },
    }
}

/// A key and whose it is.
fn of_its_tenant(key: usize) -> (Namespace, AffinityKey) {
    let namespace = if key == OTHERS_KEY { other_namespace() } else { Namespace::default_name() };
    (namespace, affinity_key(KEYS[key]))
}

impl Side {
    pub(super) async fn new(harness: &dyn Harness) -> Self {
        let bench = Bench::new(harness).await;
        let for_ever = ttl(Duration::from_secs(1_000_000));
        let held = Serving { held_max: 2, busy_max: 2, ..serving() };
        let request = RegisterRequest { serving: held, ttl: for_ever, ..worker("home", 1) };
        let home = registered(bench.store.as_ref(), request).await;
        let homes = [
            bench.driven("ses_home", home).await,
            bench.driven_in(other_namespace(), ("ses_home", home)).await,
        ];
        let mut workers = [home; 3];
        for (number, name) in NAMES.into_iter().enumerate() {
            workers[number] = bench.serving(name, serves(number)).await;
        }
        let (starts, fences) = ([1; 3], BTreeMap::new());
        Self {
            bench,
            homes,
            workers,
            starts,
            asked: Vec::new(),
            given: Vec::new(),
            has_own_times: false,
            fences,
        }
    }

    /// Which fence of its sort that is.
    fn rank(&mut self, of: impl std::fmt::Display, fence: Fence) -> usize {
        let seen = self.fences.entry(of.to_string()).or_default();
        if !seen.contains(&fence) {
            assert!(seen.iter().all(|before| *before < fence), "fences grow: {seen:?} {fence:?}");
            seen.push(fence);
        }
        seen.iter().position(|one| *one == fence).expect("it was just put there")
    }

    fn number(&self, task: TaskId) -> usize {
        self.asked.iter().position(|(one, _)| *one == task).expect("it was asked for")
    }

    fn grant(&mut self, grant: &PinGrant) -> String {
        let rank = self.rank(&grant.key, grant.fence);
        format!("{} {:?} {rank}", grant.key, grant.hold)
    }

    fn task(&mut self, task: &ClaimedTask) -> String {
        let number = self.number(task.task);
        let rank = self.rank(format!("task {number}"), task.fence);
        let pin = task.pin.as_ref().map(|pin| self.grant(pin));
        format!("{number} {rank} {} {} {pin:?}", task.attempt, task.rescues)
    }

    /// Does one step, and says what came of it. The clock moves a little with each, so that no two uses are at once.
    pub(super) async fn play(&mut self, op: Op) -> String {
        self.bench.clock.advance(TICK);
        match op {
            Op::Pass(length) => {
                self.bench.clock.advance(length);
                String::new()
            }
            Op::Ask { key, is_others, is_exclusive, is_elsewhere, is_wanted } => {
                let queue = is_elsewhere.then_some("q");
                let of = key.map_or(plain(), |key| keyed(KEYS[key]));
                self.ask(usize::from(is_others), Asked { is_exclusive, queue, is_wanted, ..of }).await
            }
            Op::Claim { worker, busy, is_short } => {
                let worker = self.workers[worker];
                let busy = busy.map(of_its_tenant).into_iter().collect();
                let own = is_short.then(|| ttl(TTL / 3));
                self.has_own_times |= is_short;
                self.claim(TaskClaim { busy, ttl: own, ..task_claim(worker, 1) }).await
            }
            Op::Touch { worker, key } => {
                let keys = vec![of_its_tenant(key)];
                let held = self.bench.store.touch_pins(self.workers[worker], keys).await;
                format!("{:?}", held.expect("an answer"))
            }
            Op::Move { key, to } => {
                let (namespace, named) = of_its_tenant(key);
                let to = to.map(|to| worker(NAMES[to], 1).id);
                let request = MovePin { namespace, key: named, to };
                match self.bench.store.move_pin(request).await.expect("an outcome") {
                    MovePinOutcome::Moved(fence) => format!("moved {}", self.rank(KEYS[key], fence)),
                    other => format!("{other:?}"),
                }
            }
            Op::Withdraw { task } => {
                let asked = self.asked.len().checked_sub(1 + task).map(|at| self.asked[at]);
                let Some((task, home)) = asked else { return String::new() };
                let home = &mut self.homes[home];
                let turn = TurnRequest { withdrawn: vec![task], ..home.turn() };
                self.bench.drive(home, turn).await;
                String::new()
            }
            Op::End { task, .. } | Op::Back { task, .. } | Op::RenewTask { task } => {
                let at = self.given.len().checked_sub(1 + task);
                let Some((worker, task)) = at.map(|at| self.given[at].clone()) else { return String::new() };
                self.speak(op, worker, &task).await
            }
            Op::RenewWorker { worker } => {
                let renewal = self.bench.renew_worker(self.workers[worker]).await;
                format!("{}", matches!(renewal, tenure_store::WorkerRenewal::Renewed(_)))
            }
            Op::Reboot => {
                self.reboot().await;
                String::new()
            }
            Op::Start { worker, .. } | Op::Retire { worker } | Op::Dismiss { worker, .. } => {
                self.come_and_go(op, worker).await
            }
        }
    }

    async fn ask(&mut self, home: usize, asked: Asked) -> String {
        let placed = self.bench.ask(&mut self.homes[home], &[asked]).await.remove(0);
        match placed {
            Placed::Here(grant) => self.grant(&grant),
            Placed::Left(task) => {
                assert!(self.asked.iter().all(|(before, _)| *before < task), "names of tasks grow");
                self.asked.push((task, home));
                "left".to_owned()
            }
        }
    }

    async fn claim(&mut self, claim: TaskClaim) -> String {
        let worker = claim.worker;
        let Some(task) = self.bench.claim_tasks(claim).await.pop() else { return "nothing".to_owned() };
        self.given.push((worker, task.clone()));
        self.task(&task)
    }

    /// Where an attempt had a time of its own, whether that was over before can no longer be told, and the two may have
    /// noticed it or not.
    async fn reboot(&mut self) {
        if self.has_own_times {
            return;
        }
        for worker in self.workers.into_iter().chain(self.homes.iter().map(|home| home.worker)) {
            self.bench.renew_worker(worker).await;
        }
        self.bench.clock.reboot();
    }

    async fn speak(&self, op: Op, worker: WorkerHandle, task: &ClaimedTask) -> String {
        let outcome = match op {
            Op::End { regrants: true, .. } => self.bench.end_again(worker, task).await,
            Op::End { .. } => self.bench.end(worker, task).await,
            Op::Back { is_later, counts, lacks_code, .. } => {
                let delay = if is_later { TTL / 5 } else { Duration::ZERO };
                self.bench
                    .hand_back(HandBack { delay, counts, lacks_code, ..handing_back(worker, task) })
                    .await
            }
            _ => self.bench.renew_task(worker, task).await,
        };
        format!("{outcome:?}")
    }

    async fn come_and_go(&mut self, op: Op, number: usize) -> String {
        let store = self.bench.store.as_ref();
        match op {
            Op::Start { replaces, .. } => {
                let request = worker(NAMES[number], self.starts[number] + 1);
                let request = RegisterRequest { replaces, serving: serves(number), ..request };
                match store.register(request).await.expect("an outcome") {
                    RegisterOutcome::Registered(registered) => {
                        self.starts[number] += 1;
                        self.workers[number] = registered.worker;
                        "registered".to_owned()
                    }
                    RegisterOutcome::Live(_) => "live".to_owned(),
                }
            }
            Op::Retire { .. } => {
                store.retire(self.workers[number]).await.expect("it is retired");
                String::new()
            }
            _ => {
                let is_evicted = matches!(op, Op::Dismiss { is_evicted: true, .. });
                let how = if is_evicted { Dismissal::Evict } else { Dismissal::Drain };
                let id = worker(NAMES[number], 1).id;
                let outcome = store.dismiss(Dismiss { id, how }).await.expect("an outcome");
                format!("{}", matches!(outcome, tenure_store::DismissOutcome::Dismissed(_)))
            }
        }
    }

    /// Everything that it shows of workers, keys and tasks.
    pub(super) async fn shown(&mut self) -> Vec<String> {
        let mut shown = Vec::new();
        for pin in self.bench.pins().await {
            let rank = self.rank(&pin.key, pin.fence);
            let tasks = (pin.waiting, pin.running, pin.is_live);
            shown.push(format!(
                "{} {} {rank} {:?} {:?} {tasks:?}",
                pin.key, pin.worker, pin.since, pin.last_used
            ));
        }
        for worker in self.bench.store.workers().await.expect("a list") {
            let id = worker.lease.holder.id.as_str().to_owned();
            shown.push(format!("{id} {} {} {}", worker.pins, worker.tasks, worker.is_draining));
        }
        let (now, hidden) =
            (self.bench.clock.wall(), self.bench.store.next_task_at().await.expect("an answer"));
        shown.push(format!("{:?}", hidden.filter(|until| *until > now)));
        let home = self.homes[0].worker;
        for worker in [self.workers[0], self.workers[1], self.workers[2], home] {
            let mut notices = Vec::new();
            for notice in self.bench.notices(worker).await {
                notices.push(match notice {
                    Notice::PinLost { key, fence, .. } => format!("{key} {}", self.rank(&key, fence)),
                    Notice::Withdrawn { task, fence } => {
                        let number = self.number(task);
                        format!("{number} {}", self.rank(format!("task {number}"), fence))
                    }
                });
            }
            notices.sort_unstable();
            shown.push(format!("{notices:?}"));
        }
        let ends = self.bench.mail(home).await.messages;
        shown.push(format!("{:?}", ends.into_iter().map(|(_, message)| message.mail).collect::<Vec<_>>()));
        shown
    }
}

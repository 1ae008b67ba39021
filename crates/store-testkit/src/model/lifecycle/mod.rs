//! Any sequence of lifecycle commands against a small table of what must come of each.

mod table;

use std::time::Duration;

use proptest::collection::vec;
use proptest::sample::select;
use proptest::strategy::{Strategy, ValueTree};
use tenure_core::event::EventBody;
use tenure_core::id::Fence;
use tenure_core::refusal::{Refusal, TakeoverRefusal};
use tenure_core::session::{Claim, Command, Create, Expiry, IdleLimit, Progress, Step, Update, Usage};
use tenure_store::{CommitOutcome, Handle, PurgeOutcome, RenewOutcome, RenewRequest};

use crate::Harness;
use crate::fixture::{
    Bench, TTL, Target, append, by_hand, cancel, create, creating, note, operator, owner, try_prepare, ttl,
};
use table::{ABSOLUTE, IDLE, Op, PENDING, Table, Told, What, is_over, ops};

/// The store under test, and where the one session is.
struct Played {
    bench: Bench,
    handle: Option<Handle>,
    given: [Fence; 3],
}

const ID: &str = "ses_played";
const KEY: &str = "played";

fn made() -> Create {
    let expiry = Expiry { idle: IdleLimit::After(IDLE), pending: Some(PENDING), absolute: Some(ABSOLUTE) };
    Create { expiry, ..create(ID, Some(KEY)) }
}

impl Played {
    async fn play(&mut self, op: Op) -> Told {
        let before = self.head().await;
        let outcome = match op {
            Op::Pass(seconds) => {
                self.bench.clock.advance(Duration::from_secs(seconds));
                "ok"
            }
            Op::CreateOtherwise if self.handle.is_none() => "skipped",
            Op::Create | Op::CreateOtherwise => {
                let created = if op == Op::Create { made() } else { create(ID, Some(KEY)) };
                self.commit(&creating(created)).await
            }
            Op::Purge => self.purge().await,
            Op::Renew(who) => self.renew(who).await,
            Op::Send => self.send().await,
            _ => self.commit(&self.command(op)).await,
        };
        if let (Op::Start(who) | Op::Acquire(who) | Op::Takeover(who), "ok") = (op, outcome) {
            let session = self.bench.session(self.handle.expect("it is there")).await;
            self.given[usize::from(who)] = session.lease.expect("it was given").fence;
        }
        (outcome, self.events_after(before).await)
    }

    fn command(&self, op: Op) -> Command {
        let claim =
            |who: u8| Box::new(Claim { claimant: by_hand(who), ttl: ttl(TTL), group: None, waits: false });
        match op {
            Op::Start(who) => Command::Start(claim(who)),
            Op::Acquire(who) => Command::Acquire(claim(who)),
            Op::Takeover(who) => {
                Command::Takeover { claimant: by_hand(who), ttl: None, reason: "it died".to_owned() }
            }
            Op::Note(who) => note(self.given[usize::from(who)], Some("step")),
            Op::Step(2, what) => operator(step(what)),
            Op::Step(who, what) => owner(self.given[usize::from(who)], step(what)),
            Op::Cancel => cancel(),
            Op::Expire => Command::ExpireIdle,
            Op::Create | Op::CreateOtherwise | Op::Renew(_) | Op::Send | Op::Purge | Op::Pass(_) => {
                unreachable!("these are no commands about a stored session")
            }
        }
    }

    async fn commit(&mut self, command: &Command) -> &'static str {
        let target = Target::Slot(crate::fixture::slot(KEY));
        let request = match try_prepare(self.bench.store.as_ref(), &target, command).await {
            Ok(request) => request,
            Err(refusal) => return word(&refusal),
        };
        if request.decision.writes.is_empty() {
            return "ok";
        }
        match self.bench.send(&request).await {
            CommitOutcome::Committed(committed) => {
                self.handle = Some(committed.handle);
                "ok"
            }
            refused => panic!("nobody else writes: {refused:?}"),
        }
    }

    async fn purge(&mut self) -> &'static str {
        let Some(handle) = self.handle else { return "not_found" };
        match self.bench.store.purge(handle).await.expect("an outcome") {
            PurgeOutcome::Purged => {
                self.handle = None;
                "ok"
            }
            PurgeOutcome::NotEnded => "not_ended",
            PurgeOutcome::NotFound => "not_found",
            PurgeOutcome::Retained | PurgeOutcome::OnItsWay => panic!("nobody wants it kept, or elsewhere"),
        }
    }

    async fn renew(&self, who: u8) -> &'static str {
        let Some(handle) = self.handle else { return "not_found" };
        let request = RenewRequest { handle, fence: self.given[usize::from(who)] };
        match self.bench.store.renew(request).await.expect("an outcome") {
            RenewOutcome::Renewed(_) => "ok",
            RenewOutcome::Expired => "expired",
            RenewOutcome::Fenced { .. } => "fenced",
        }
    }

    async fn send(&self) -> &'static str {
        let Some(handle) = self.handle else { return "not_found" };
        match self.bench.store.append(append(handle, None, 1)).await.expect("an outcome") {
            tenure_store::AppendOutcome::Appended { .. } => "ok",
            tenure_store::AppendOutcome::Ended => "ended",
            other => panic!("a message needs no fence: {other:?}"),
        }
    }

    async fn head(&self) -> usize {
        match self.handle {
            Some(handle) => self.bench.log(handle).await.len(),
            None => 0,
        }
    }

    async fn events_after(&self, head: usize) -> Vec<String> {
        let Some(handle) = self.handle else { return Vec::new() };
        let log = self.bench.log(handle).await;
        let named = log.iter().skip(head).map(|event| match &event.data {
            EventBody::StateChanged { from, to, .. } => {
                format!("{}>{}", from.map_or("none", |from| from.name()), to.name())
            }
            other => other.type_name().to_owned(),
        });
        named.collect()
    }

    /// The state, the fences, and who holds it are those of the table.
    async fn agrees(&self, table: &Table) {
        let found = self.bench.found(crate::fixture::slot(KEY)).await;
        assert_eq!(found.current.counters.fence, Fence(table.fence), "the highest fence");
        let session = found.current.session;
        let shown = session.as_ref().map(|session| {
            let fence = session.lease.as_ref().map(|lease| lease.fence.0);
            (session.state.name().name(), fence, session.state.completed_at().is_some())
        });
        let expected = table
            .session
            .as_ref()
            .map(|seen| (seen.state, seen.holder.map(|holder| holder.fence), is_over(seen.state)));
        assert_eq!(shown, expected, "state, holder's fence, whether it has an end");
    }
}

fn step(what: What) -> Step {
    let reason = || "because".to_owned();
    let usage = Usage { iterations: 1, ..Usage::default() };
    let progress = Some(Progress { current: 1, total: None });
    match what {
        What::Start => Step::Start,
        What::Pause => Step::Pause { reason: reason() },
        What::Resume => Step::Resume { reason: reason() },
        What::Complete => Step::Complete { message: reason(), usage },
        What::Fail => Step::Fail { error: reason(), usage },
        What::Release => Step::Release,
        What::Update => Step::Update(Box::new(Update { progress, usage, ..Update::default() })),
        What::UpdateError => Step::Update(Box::new(Update { error: Some(reason()), ..Update::default() })),
    }
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotFound => "not_found",
        Refusal::Held(_) => "held",
        Refusal::Abandoned { .. } => "abandoned",
        Refusal::Fenced { .. } => "fenced",
        Refusal::Transition { .. } => "no_move",
        Refusal::Ended(_) => "ended",
        Refusal::NotStarted(_) => "not_started",
        Refusal::IdInUse(_) => "id_in_use",
        Refusal::NotIdle => "not_idle",
        Refusal::Takeover(TakeoverRefusal::NotHeld { .. }) => "not_held",
        Refusal::Takeover(TakeoverRefusal::NotStale(_)) => "not_stale",
        other => panic!("no sequence leads to this: {other:?}"),
    }
}

/// Plays `cases` random sequences on stores of `harness`, beginning with `seed`.
///
/// # Panics
/// When a store shows another state, other events or another refusal than the table says.
pub(crate) async fn lifecycles(harness: &dyn Harness, cases: u32, seed: u64) {
    for case in 0..cases {
        let seed = seed.wrapping_add(u64::from(case));
        let sequence =
            vec(select(ops()), 1..60).new_tree(&mut super::runner(seed)).expect("a sequence").current();
        let mut table = Table::default();
        let (bench, given) = (Bench::new(harness).await, [Fence(0); 3]);
        let mut played = Played { bench, handle: None, given };
        for (at, op) in sequence.iter().enumerate() {
            let expected = table.judge(*op);
            let told = played.play(*op).await;
            assert_eq!(told, expected, "seed {seed}: {op:?} after {:?}", &sequence[..at]);
            played.agrees(&table).await;
        }
    }
}

//! Any sequence of lifecycle commands against a small table of what must come of each.
//!
//! The table is written down a second time here, in words, on purpose: it shares no line with the rules.

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

/// How long a session may be idle, pending, and there at all.
const IDLE: Duration = Duration::from_secs(60);
const PENDING: Duration = Duration::from_secs(120);
const ABSOLUTE: Duration = Duration::from_secs(600);

/// What is done next. Actors 0 and 1 use the fence that they were given last; 2 never holds anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Create,
    CreateOtherwise,
    Start(u8),
    Acquire(u8),
    Takeover(u8),
    Renew(u8),
    Note(u8),
    Step(u8, What),
    Send,
    Cancel,
    Expire,
    Purge,
    Pass(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Start,
    Pause,
    Resume,
    Complete,
    Fail,
    Release,
    Update,
    UpdateError,
}

const WHATS: [What; 8] = [
    What::Start,
    What::Pause,
    What::Resume,
    What::Complete,
    What::Fail,
    What::Release,
    What::Update,
    What::UpdateError,
];

fn ops() -> Vec<Op> {
    let mut ops =
        vec![Op::Create, Op::Create, Op::CreateOtherwise, Op::Send, Op::Cancel, Op::Expire, Op::Purge];
    for who in 0..2 {
        ops.extend([Op::Start(who), Op::Start(who), Op::Acquire(who), Op::Takeover(who)]);
        ops.extend([Op::Renew(who), Op::Note(who)]);
    }
    for who in 0..3 {
        ops.extend(WHATS.map(|what| Op::Step(who, what)));
        // Otherwise most sequences would be over before anything happens.
        ops.extend([What::Pause, What::Resume, What::Update, What::Release].map(|what| Op::Step(who, what)));
    }
    ops.extend([Op::Pass(1), Op::Pass(5), Op::Pass(10), Op::Pass(15), Op::Pass(61), Op::Pass(121)]);
    ops
}

/// A session as the table sees it. Times are in seconds.
#[derive(Debug, Clone, Default)]
struct Seen {
    state: &'static str,
    holder: Option<Holder>,
    created: u64,
    active: u64,
}

#[derive(Debug, Clone, Copy)]
struct Holder {
    fence: u64,
    until: u64,
}

/// What must come of everything.
#[derive(Debug, Default)]
struct Table {
    now: u64,
    session: Option<Seen>,
    /// The highest fence. It outlives the session, whose slot has it.
    fence: u64,
    /// What each actor was given last.
    given: [u64; 3],
}

type Told = (&'static str, Vec<String>);

fn refused(why: &'static str) -> Told {
    (why, Vec::new())
}

fn ok(events: &[&str]) -> Told {
    ("ok", events.iter().map(|event| (*event).to_owned()).collect())
}

fn is_over(state: &str) -> bool {
    matches!(state, "completed" | "failed" | "cancelled" | "expired")
}

impl Table {
    fn judge(&mut self, op: Op) -> Told {
        if let Op::Pass(seconds) = op {
            self.now += seconds;
            return ok(&[]);
        }
        if let Op::Create | Op::CreateOtherwise = op {
            return self.create(op == Op::Create);
        }
        let Some(mut seen) = self.session.clone() else {
            let is_sweep = op == Op::Expire;
            return refused(if is_sweep { "not_idle" } else { "not_found" });
        };
        if op == Op::Purge {
            return if is_over(seen.state) {
                self.session = None;
                ok(&[])
            } else {
                refused("not_ended")
            };
        }
        let told = self.change(&mut seen, op);
        if told.0 == "ok" {
            self.session = Some(seen);
        }
        told
    }

    /// Creating it in the same way again is fine, whatever became of it.
    fn create(&mut self, in_the_same_way: bool) -> Told {
        match &self.session {
            Some(_) if in_the_same_way => ok(&[]),
            Some(_) => refused("id_in_use"),
            // The other way makes nothing here, so that there is one way only.
            None if !in_the_same_way => refused("skipped"),
            None => {
                let (created, active) = (self.now, self.now);
                self.session = Some(Seen { state: "pending", holder: None, created, active });
                ok(&["none>pending"])
            }
        }
    }

    fn change(&mut self, seen: &mut Seen, op: Op) -> Told {
        match op {
            Op::Start(who) => self.start(seen, who),
            Op::Acquire(_) if is_over(seen.state) => refused("ended"),
            Op::Acquire(who) => match self.in_the_way(seen) {
                Some(why) => refused(why),
                None => {
                    self.grant(seen, who);
                    seen.active = self.now;
                    ok(&["lease_granted"])
                }
            },
            Op::Takeover(who) => match seen.holder {
                None => refused("not_held"),
                Some(holder) if holder.until > self.now => refused("not_stale"),
                Some(_) => {
                    self.grant(seen, who);
                    seen.active = self.now;
                    ok(&["lease_taken_over"])
                }
            },
            Op::Renew(who) => match &mut seen.holder {
                Some(holder) if holder.fence == self.given[usize::from(who)] => {
                    if holder.until <= self.now {
                        return refused("expired");
                    }
                    holder.until = self.now + TTL.as_secs();
                    ok(&[])
                }
                _ => refused("fenced"),
            },
            Op::Note(who) => {
                if !self.holds(seen, who) {
                    return refused("fenced");
                }
                seen.active = self.now;
                ok(&["activity"])
            }
            Op::Send if is_over(seen.state) => refused("ended"),
            Op::Send => ok(&["note"]),
            Op::Cancel if is_over(seen.state) => refused("no_move"),
            Op::Cancel => self.end_by_others(seen, "cancelled", &[]),
            Op::Expire => self.expire(seen),
            Op::Step(2, what) => self.by_others(seen, what),
            Op::Step(who, what) => self.by_owner(seen, who, what),
            Op::Create | Op::CreateOtherwise | Op::Purge | Op::Pass(_) => unreachable!("judged before"),
        }
    }

    fn start(&mut self, seen: &mut Seen, who: u8) -> Told {
        if is_over(seen.state) {
            return refused("no_move");
        }
        if let Some(why) = self.in_the_way(seen) {
            return refused(why);
        }
        self.grant(seen, who);
        let moved = format!("{}>active", seen.state);
        let events = ["lease_granted", moved.as_str()];
        let told = ok(&events[..if seen.state == "active" { 1 } else { 2 }]);
        (seen.state, seen.active) = ("active", self.now);
        told
    }

    fn by_owner(&mut self, seen: &mut Seen, who: u8, what: What) -> Told {
        if !self.holds(seen, who) {
            return refused("fenced");
        }
        let told = self.step(seen, what, true);
        if told.0 == "ok" && what != What::Release {
            seen.active = self.now;
        }
        told
    }

    fn by_others(&mut self, seen: &mut Seen, what: What) -> Told {
        if let Some(why) = self.in_the_way(seen) {
            return refused(why);
        }
        match what {
            What::Start | What::Release => refused("not_held"),
            _ => {
                let told = self.step(seen, what, false);
                if told.0 == "ok" && matches!(what, What::Pause | What::Resume) {
                    seen.active = self.now;
                }
                told
            }
        }
    }

    fn step(&mut self, seen: &mut Seen, what: What, is_owner: bool) -> Told {
        match (what, seen.state) {
            (What::Start, "pending") => Self::moves(seen, "active"),
            (What::Start | What::Resume, "paused") => Self::moves(seen, "active"),
            (What::Resume, "pending") => refused("not_started"),
            (What::Pause, "active") => Self::moves(seen, "paused"),
            (What::Complete, "active") => self.finish(seen, "completed", is_owner),
            (What::Fail | What::UpdateError, "active" | "paused") => self.finish(seen, "failed", is_owner),
            (What::Release, _) => {
                seen.holder = None;
                ok(&["lease_released"])
            }
            (What::Update | What::UpdateError, state) if is_over(state) => refused("ended"),
            (What::Update, _) => ok(&["progress", "usage"]),
            _ => refused("no_move"),
        }
    }

    fn moves(seen: &mut Seen, to: &'static str) -> Told {
        let moved = format!("{}>{to}", seen.state);
        seen.state = to;
        ok(&[moved.as_str()])
    }

    fn finish(&mut self, seen: &mut Seen, to: &'static str, is_owner: bool) -> Told {
        let end = if to == "completed" { "completion" } else { "error" };
        if !is_owner {
            return self.end_by_others(seen, to, &[end]);
        }
        let mut told = Self::moves(seen, to);
        told.1.extend([end.to_owned(), "lease_released".to_owned()]);
        seen.holder = None;
        told
    }

    /// Whoever ends what is not its own raises the fence, so that no owner's write lands any more.
    fn end_by_others(&mut self, seen: &mut Seen, to: &'static str, with: &[&str]) -> Told {
        let mut told = Self::moves(seen, to);
        told.1.extend(with.iter().map(|event| (*event).to_owned()));
        told.1.extend(seen.holder.take().map(|_| "lease_released".to_owned()));
        self.fence += 1;
        told
    }

    fn expire(&mut self, seen: &mut Seen) -> Told {
        let is_open = !is_over(seen.state);
        let is_absolute = is_open && self.now >= seen.created + ABSOLUTE.as_secs();
        let is_unstarted = seen.state == "pending" && self.now > seen.created + PENDING.as_secs();
        let is_idle = matches!(seen.state, "active" | "paused") && self.now > seen.active + IDLE.as_secs();
        if is_absolute || is_unstarted || is_idle {
            return self.end_by_others(seen, "expired", &[]);
        }
        refused("not_idle")
    }

    fn holds(&self, seen: &Seen, who: u8) -> bool {
        seen.holder.is_some_and(|holder| holder.fence == self.given[usize::from(who)])
    }

    fn in_the_way(&self, seen: &Seen) -> Option<&'static str> {
        let holder = seen.holder?;
        Some(if holder.until > self.now { "held" } else { "abandoned" })
    }

    fn grant(&mut self, seen: &mut Seen, who: u8) {
        self.fence += 1;
        self.given[usize::from(who)] = self.fence;
        seen.holder = Some(Holder { fence: self.fence, until: self.now + TTL.as_secs() });
    }
}

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
        let claim = |who: u8| Box::new(Claim { claimant: by_hand(who), ttl: ttl(TTL) });
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

//! Sessions, commands and moments for tests, with plain defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::test_runner::Config;

use crate::event::EventBody;
use crate::id::{ActorId, Fence, Incarnation, Key, Namespace, Principal, Revision, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind, Lease, Place, RunTimes, Term, Ttl};
use crate::refusal::Refusal;
use crate::session::{
    Activity, Claim, Claimant, Command, Context, Counters, Create, Current, Decision, Drive, Expiry, Facts,
    GroupView, Mode, Progress, Recipe, Rerun, SHUTDOWN, Seen, Session, StartRun, State, StateName, Stats,
    Step, Update, Usage, Writer, decide,
};
use crate::time::{BootId, BootMoment, Moment, WallTime};
use crate::workspace::{
    ActivityText, Autonomous, Clear, Heartbeat, Import, Owner, RecordedOwner, Start, Takeover,
};

/// The wall clock when every stored session was started: an odd number of milliseconds.
const START: u64 = 1_700_000_000_123;
/// The same moment on the boot-time clock.
const BOOT_START: u64 = 5_000_000;

/// The ttl of the run that holds [`agent`].
pub(crate) const RUN_TTL: Duration = Duration::from_secs(15);
/// The ttl of the worker that holds [`autonomous`].
pub(crate) const WORKER_TTL: Duration = Duration::from_secs(60);
/// Eight hours.
pub(crate) const EIGHT_HOURS_MS: u64 = 8 * 60 * 60 * 1000;
/// What every stored session was counted with.
pub(crate) const COUNTERS: Counters = Counters { revision: Revision(7), fence: Fence(3) };
/// What one lifecycle write that keeps the fence leaves of [`COUNTERS`].
pub(crate) const KEPT: Counters = Counters { revision: Revision(8), fence: Fence(3) };
/// What one lifecycle write that raises the fence leaves of [`COUNTERS`].
pub(crate) const RAISED: Counters = Counters { revision: Revision(8), fence: Fence(4) };

/// The wall clock, so many milliseconds after the start.
pub(crate) fn wall(ms: u64) -> WallTime {
    WallTime::from_epoch_ms(START + ms)
}

/// The boot-time clock, so many milliseconds after the start.
pub(crate) const fn boot(ms: u64) -> BootMoment {
    BootMoment { boot: BootId([1; 16]), ms: BOOT_START + ms }
}

/// Another boot of the same machine, so many milliseconds after it began.
pub(crate) const fn other_boot(ms: u64) -> BootMoment {
    BootMoment { boot: BootId([2; 16]), ms }
}

/// Both clocks, so many milliseconds after the start.
pub(crate) fn moment(ms: u64) -> Moment {
    Moment { wall: Some(wall(ms)), boot: boot(ms) }
}

/// Only the boot-time clock can be used.
pub(crate) const fn no_wall(ms: u64) -> Moment {
    Moment { wall: None, boot: boot(ms) }
}

/// A first look, so many milliseconds after the start.
pub(crate) fn context(ms: u64) -> Context {
    Context { now: moment(ms), gone: None, seen: None, group: GroupView::default() }
}

/// A first look at a wall clock that stands before 1970.
pub(crate) fn clockless(ms: u64) -> Context {
    Context { now: no_wall(ms), ..context(ms) }
}

/// A second look, after `first` was seen.
pub(crate) fn after_seeing(first: &Current, ms: u64) -> Context {
    Context { seen: Some(Seen::of(first)), ..context(ms) }
}

pub(crate) fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

pub(crate) fn actor(text: &str) -> ActorId {
    ActorId::parse(text).unwrap()
}

pub(crate) fn key() -> Key {
    Key::parse("/repo#main").unwrap()
}

pub(crate) fn ttl(length: Duration) -> Ttl {
    Ttl::stored(length).unwrap()
}

/// The lease `session` has.
pub(crate) fn lease(session: &Session) -> Lease {
    session.lease.clone().unwrap()
}

/// `session` with its lease changed.
pub(crate) fn with_lease(session: Session, change: impl FnOnce(Lease) -> Lease) -> Session {
    Session { lease: session.lease.map(change), ..session }
}

/// `session` with another term.
pub(crate) fn with_term(session: Session, term: Term) -> Session {
    with_lease(session, |lease| Lease { term, ..lease })
}

/// What is stored when `session` is.
pub(crate) fn stored(session: Session) -> Current {
    Current { counters: session.counters, session: Some(session) }
}

/// Nothing was ever stored.
pub(crate) fn nothing() -> Current {
    Current::default()
}

/// What `command` decides about `session`.
pub(crate) fn decided(session: Session, command: &Command, context: &Context) -> Decision {
    decide(&stored(session), command, context).unwrap()
}

/// Why `command` is refused for `session`.
pub(crate) fn refused(session: Session, command: &Command, context: &Context) -> Refusal {
    decide(&stored(session), command, context).unwrap_err()
}

/// The one session that a decision writes.
pub(crate) fn written(decision: &Decision) -> &Session {
    assert_eq!(decision.writes.len(), 1);
    &decision.writes[0].session
}

/// What is stored after `decision` was.
pub(crate) fn after(decision: &Decision) -> Current {
    Current { session: decision.session().cloned(), counters: decision.counters }
}

/// An agent session at work, held by the process of runner 1.
pub(crate) fn agent() -> Session {
    Session {
        id: id("ses_run"),
        namespace: Namespace::default_name(),
        kind: Kind::Agent,
        key: Some(key()),
        state: State::Active,
        group: None,
        is_queued: false,
        mode: Mode::General,
        lease: Some(run_lease(1, COUNTERS.fence, RUN_TTL, 0)),
        counters: COUNTERS,
        created_at: wall(0),
        started_at: Some(wall(0)),
        last_started_at: Some(wall(0)),
        start_count: 1,
        last_activity_at: wall(0),
        activity: None,
        labels: BTreeMap::new(),
        command: vec!["make".to_owned()],
        directory: Some("/repo".to_owned()),
        recipe: None,
        facts: Facts::default(),
        execution: None,
        parent: None,
        idle: Kind::Agent.rules().idle,
        pending_timeout: None,
        expires_at: None,
        created_as: None,
        predecessor: None,
        successor: None,
        anonymous: false,
        retained: None,
        handover: None,
        principal: None,
    }
}

/// A person's workspace session: started twice, for research.
pub(crate) fn interactive() -> Session {
    Session {
        id: id("ses_person"),
        kind: Kind::Workspace,
        mode: Mode::Research,
        lease: Some(Lease {
            holder: person(),
            incarnation: Incarnation([7; 16]),
            fence: COUNTERS.fence,
            term: Term::Interactive { started: wall(0) },
        }),
        start_count: 2,
        command: Vec::new(),
        idle: None,
        ..agent()
    }
}

/// A workspace session of the runtime's worker `w1` under the supervisor `s1`, for research.
pub(crate) fn autonomous() -> Session {
    Session {
        id: id("ses_worker"),
        lease: Some(Lease {
            holder: Holder {
                kind: HolderKind::RuntimeWorker,
                id: actor("w1"),
                supervisor: Some(actor("s1")),
                place: None,
            },
            incarnation: Incarnation([8; 16]),
            fence: COUNTERS.fence,
            term: Term::Wall { ttl: ttl(WORKER_TTL), renewed: wall(0) },
        }),
        activity: Some(Activity {
            text: "step 1".to_owned(),
            actor: actor("w1"),
            at: wall(0),
            revision: COUNTERS.revision,
        }),
        ..interactive()
    }
}

/// The holder of every interactive session.
pub(crate) fn person() -> Holder {
    Holder { kind: HolderKind::Interactive, id: ActorId::interactive(), supervisor: None, place: None }
}

/// The `n`th process that wants to hold a run.
pub(crate) fn runner(n: u8) -> Claimant {
    let place = Some(Place { host: "host".into(), pid: u32::from(n) });
    let id = actor(&format!("run/host/{n}"));
    Claimant {
        holder: Holder { kind: HolderKind::Run, id, supervisor: None, place },
        incarnation: Incarnation([n; 16]),
    }
}

/// The lease of the `n`th runner, granted so many milliseconds after the start.
pub(crate) fn run_lease(n: u8, fence: Fence, length: Duration, ms: u64) -> Lease {
    let Claimant { holder, incarnation } = runner(n);
    let term = Term::Boot { ttl: ttl(length), renewed: boot(ms), renewed_wall: wall(ms) };
    Lease { holder, incarnation, fence, term }
}

/// A first look, when the `n`th runner is proven to be gone.
pub(crate) fn gone(n: u8, ms: u64) -> Context {
    Context { gone: Some(runner(n).incarnation), ..context(ms) }
}

/// The principal of that name.
pub(crate) fn principal(name: &str) -> Principal {
    Principal::parse(name).unwrap()
}

/// Runner 2 starts a run.
pub(crate) fn run() -> StartRun {
    StartRun {
        id: id("ses_next"),
        namespace: Namespace::default_name(),
        key: Some(key()),
        claimant: runner(2),
        ttl: ttl(RUN_TTL),
        labels: BTreeMap::new(),
        command: vec!["test".to_owned()],
        directory: Some("/elsewhere".to_owned()),
        idle: None,
        group: None,
        waits: false,
        recipe: Some(recipe()),
        takeover: None,
        is_fresh: false,
        principal: None,
    }
}

/// How runner 2's command is run again.
pub(crate) fn recipe() -> Box<Recipe> {
    Box::new(Recipe {
        raw_command: Vec::new(),
        raw_directory: None,
        actor: None,
        times: RunTimes::new(RUN_TTL, Duration::from_secs(3)).unwrap(),
        outlives_lease: false,
        record_limit: Some(1024),
        watch: None,
        autosave: None,
        refused_exit: 3,
        auto_resume: true,
        waits: false,
    })
}

/// [`agent`], paused because its runner shut down.
pub(crate) fn shut_down() -> Session {
    let state = State::Paused { reason: SHUTDOWN.to_owned() };
    Session { state, lease: None, recipe: Some(recipe()), ..agent() }
}

/// Runner 2 runs a session's command again.
pub(crate) fn rerun(is_automatic: bool) -> Command {
    Command::Rerun(Box::new(Rerun { claimant: runner(2), is_automatic }))
}

/// An agent session at work, held by an actor that drives it by hand.
pub(crate) fn driven() -> Session {
    with_lease(agent(), |lease| Lease { holder: by_hand(1).holder, ..lease })
}

/// The `n`th actor that wants to drive a session by hand.
pub(crate) fn by_hand(n: u8) -> Claimant {
    let id = actor(&format!("agent/{n}"));
    let holder = Holder { kind: HolderKind::RuntimeWorker, id, supervisor: None, place: None };
    Claimant { holder, incarnation: Incarnation([n; 16]) }
}

/// Actor 2 claims a session for as long as [`RUN_TTL`].
pub(crate) fn claim() -> Box<Claim> {
    Box::new(Claim { claimant: by_hand(2), ttl: ttl(RUN_TTL), group: None, waits: false })
}

/// A session is created in the slot of every other one.
pub(crate) fn create() -> Create {
    Create {
        id: id("ses_next"),
        namespace: Namespace::default_name(),
        key: Some(key()),
        principal: None,
        parent: None,
        group: None,
        labels: BTreeMap::new(),
        metadata: BTreeMap::new(),
        directory: None,
        expiry: Expiry::default(),
    }
}

/// A step under `fence`.
pub(crate) fn owner(fence: Fence, step: Step) -> Command {
    Command::Drive(Box::new(Drive { writer: Writer::Owner(fence), step }))
}

/// A step by somebody who holds nothing.
pub(crate) fn operator(step: Step) -> Command {
    Command::Drive(Box::new(Drive { writer: Writer::Operator(Some(actor("operator"))), step }))
}

/// One of each step.
pub(crate) fn steps() -> Vec<Step> {
    let reason = || "because".to_owned();
    let usage = Usage { iterations: 1, input_tokens: 20, output_tokens: 3, tool_calls: 2, cost_micros: 1500 };
    let update = Update {
        labels: BTreeMap::from([("team".to_owned(), "web".to_owned())]),
        metadata: BTreeMap::from([("files_changed_delta".to_owned(), "2".to_owned())]),
        progress: Some(Progress { current: 3, total: Some(10) }),
        timings: BTreeMap::from([("build".to_owned(), Duration::from_millis(1500))]),
        usage,
        error: None,
    };
    let failing = Update { error: Some("broken".to_owned()), ..Update::default() };
    vec![
        Step::Start,
        Step::Pause { reason: reason() },
        Step::Resume { reason: reason() },
        Step::Complete { message: "done".to_owned(), usage },
        Step::Fail { error: "broken".to_owned(), usage },
        Step::Release,
        Step::Update(Box::new(update)),
        Step::Update(Box::new(failing)),
    ]
}

/// Runner 2 takes a run over.
pub(crate) fn takeover() -> Command {
    Command::Takeover { claimant: runner(2), ttl: None, reason: "runner died".to_owned() }
}

/// What the log says when runner 2 takes over from runner 1.
pub(crate) fn taken_over() -> EventBody {
    EventBody::LeaseTakenOver {
        from: runner(1).holder.id,
        holder: runner(2).holder,
        fence: RAISED.fence,
        reason: "runner died".to_owned(),
    }
}

/// The options of a workspace start by `owner`.
pub(crate) fn workspace_start(owner: Owner) -> Start {
    Start {
        id: id("ses_fresh"),
        incarnation: Incarnation([9; 16]),
        namespace: Namespace::default_name(),
        principal: None,
        key: key(),
        directory: "/repo".to_owned(),
        owner,
        mode: None,
        place: None,
    }
}

/// The worker of that name, with half the ttl of [`WORKER_TTL`] and no supervisor.
pub(crate) fn worker(name: &str) -> Owner {
    Owner::Autonomous(Autonomous {
        kind: HolderKind::RuntimeWorker,
        actor: actor(name),
        supervisor: None,
        ttl: ttl(WORKER_TTL / 2),
    })
}

/// A renewal by `name` that says nothing new.
pub(crate) fn heartbeat(name: &str) -> Command {
    Command::WorkspaceHeartbeat(Heartbeat { actor: actor(name), activity: None })
}

/// A renewal by `name` that says what it does.
pub(crate) fn heartbeat_saying(name: &str, text: &str) -> Command {
    Command::WorkspaceHeartbeat(Heartbeat { actor: actor(name), activity: activity(text) })
}

pub(crate) fn activity(text: &str) -> Option<ActivityText> {
    ActivityText::parse(text).unwrap()
}

/// `name` takes a workspace over.
pub(crate) fn workspace_takeover(name: &str) -> Takeover {
    Takeover {
        id: id("ses_fresh"),
        incarnation: Incarnation([9; 16]),
        actor: actor(name),
        supervisor: None,
        reason: "worker died".to_owned(),
        place: None,
    }
}

/// `name` clears a workspace.
pub(crate) fn clear(name: Option<&str>) -> Command {
    Command::WorkspaceClear(Clear { actor: name.map(actor), reason: None })
}

/// Thirty minutes: the idle rule of [`agent`].
pub(crate) const IDLE_MS: u64 = 30 * 60 * 1000;

/// `session` moved to a state, as the rules leave it there: only active and paused ones are held.
pub(crate) fn in_state(session: Session, name: StateName) -> Session {
    let (at, reason) = (wall(0), "because".to_owned());
    let state = match name {
        StateName::Pending => State::Pending,
        StateName::Active => State::Active,
        StateName::Paused => State::Paused { reason },
        StateName::Completed => State::Completed { at },
        StateName::Failed => State::Failed { at, error: reason },
        StateName::Cancelled => State::Cancelled { at, reason },
        StateName::Expired => State::Expired { at, reason },
    };
    let held = matches!(name, StateName::Active | StateName::Paused);
    Session { state, lease: session.lease.filter(|_| held), ..session }
}

/// One of each command about an agent session, with the owner's under `fence`.
pub(crate) fn agent_commands(fence: Fence) -> Vec<Command> {
    let (reason, message) = ("because".to_owned(), "it is over".to_owned());
    let by_hand = [Command::Create(Box::new(create())), Command::Start(claim()), Command::Acquire(claim())];
    let owned = steps().into_iter().map(|step| owner(fence, step));
    let operated = steps().into_iter().map(operator);
    let by_hand = by_hand.into_iter().chain(owned).chain(operated);
    let by_runs = vec![
        Command::StartRun(Box::new(run())),
        Command::StartRun(Box::new(StartRun { takeover: Some(reason.clone()), ..run() })),
        Command::StartRun(Box::new(StartRun { is_fresh: true, ..run() })),
        rerun(false),
        rerun(true),
        Command::ShutDown { fence },
        Command::Enter { fence },
        takeover(),
        Command::Cancel { by: Some(actor("operator")), reason: reason.clone() },
        Command::ExpireIdle,
        Command::Regrant { fence },
        Command::Pause { fence, reason: reason.clone() },
        Command::Resume { fence, reason },
        Command::Note { fence, activity: None },
        Command::Note { fence, activity: activity("step 2") },
        Command::Complete { fence, message: message.clone(), stats: Stats::default() },
        Command::Fail { fence, message, stats: Stats::default() },
    ];
    by_runs.into_iter().chain(by_hand).collect()
}

/// One of each command about a workspace.
pub(crate) fn workspace_commands() -> Vec<Command> {
    vec![
        Command::WorkspaceStart(workspace_start(Owner::Interactive)),
        Command::WorkspaceStart(workspace_start(worker("w1"))),
        heartbeat("w1"),
        heartbeat_saying("w1", "step 2"),
        Command::WorkspaceTakeover(workspace_takeover("w2")),
        clear(Some("w1")),
        Command::WorkspaceImport(import()),
    ]
}

/// A record of the worker `w1`, with an id, started twice, at revision 4.
pub(crate) fn import() -> Import {
    Import {
        id: id("ses_made"),
        incarnation: Incarnation([4; 16]),
        namespace: Namespace::default_name(),
        key: key(),
        directory: "/repo".to_owned(),
        recorded_id: Some(id("ses_recorded")),
        started: wall(1),
        last_started: wall(5),
        start_count: 3,
        mode: Mode::Research,
        owner: RecordedOwner {
            kind: HolderKind::RuntimeWorker,
            id: Some(actor("w1")),
            supervisor: Some(actor("s1")),
            ttl: Some(ttl(WORKER_TTL)),
            heartbeat: Some(wall(9)),
        },
        revision: Revision(4),
    }
}

/// The owner of a record that names none, as those of the first versions.
pub(crate) const fn unrecorded_owner() -> RecordedOwner {
    RecordedOwner { kind: HolderKind::Interactive, id: None, supervisor: None, ttl: None, heartbeat: None }
}

/// So many random cases; a failing one is printed and nothing is written to the tree.
pub(crate) fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

//! Commands of every sort, with little and with much to say.

use std::collections::BTreeMap;
use std::time::Duration;

use tenure_core::checkpoint;
use tenure_core::id::{
    ActorId, CheckpointId, Fence, GroupName, Incarnation, Key, Namespace, Principal, Revision, SessionId,
};
use tenure_core::kind::IdleRule;
use tenure_core::lease::{Holder, HolderKind, Place, Ttl};
use tenure_core::session::{
    Activity, Claim, Claimant, Command, Create, Drive, Exit, Expiry, IdleLimit, Mode, Progress, Rerun,
    StartRun, Stats, Step, Update, Usage, Writer,
};
use tenure_core::workspace::{ActivityText, Autonomous, Clear, Heartbeat, Owner, Start, Takeover};

use crate::tests::fixture;

pub(super) fn acme() -> Namespace {
    Namespace::parse("acme").unwrap()
}

pub(super) fn actor(text: &str) -> ActorId {
    ActorId::parse(text).unwrap()
}

pub(super) fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

pub(super) fn place() -> Option<Place> {
    Some(Place { host: "box".into(), pid: 42 })
}

pub(super) fn claimant() -> Claimant {
    let holder =
        Holder { kind: HolderKind::Run, id: actor("ada"), supervisor: Some(actor("boss")), place: place() };
    Claimant { holder, incarnation: Incarnation([0xab; 16]) }
}

pub(super) fn ttl() -> Ttl {
    Ttl::run(Duration::from_millis(15_500)).unwrap()
}

pub(super) fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn usage() -> Usage {
    Usage { iterations: 1, input_tokens: 2, output_tokens: 3, tool_calls: 4, cost_micros: u64::MAX }
}

pub(super) fn stats() -> Stats {
    let exit = Some(Exit::Signal(9));
    Stats { duration: Duration::from_millis(1_500), exit, output_bytes: u64::MAX, usage: usage() }
}

pub(super) fn said() -> Option<ActivityText> {
    ActivityText::parse("reading").unwrap()
}

pub(super) fn bare_run() -> StartRun {
    StartRun {
        id: id("ses_1"),
        namespace: acme(),
        principal: None,
        key: None,
        claimant: claimant(),
        ttl: ttl(),
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        idle: None,
        group: None,
        waits: false,
        recipe: None,
        takeover: None,
        is_fresh: false,
    }
}

pub(super) fn whole_run() -> StartRun {
    StartRun {
        principal: Principal::parse("ann").ok(),
        key: Key::parse("nightly/é").ok(),
        labels: texts(&[("team", "web")]),
        command: vec!["make".into(), String::new()],
        directory: Some("/repo".into()),
        idle: Some(IdleRule { after: Duration::from_secs(60), spares_held: true }),
        group: GroupName::parse("gpu").ok(),
        waits: true,
        recipe: fixture::rich().recipe,
        takeover: Some("it hangs".into()),
        is_fresh: true,
        ..bare_run()
    }
}

pub(super) fn bare_create() -> Create {
    Create {
        id: id("ses_1"),
        namespace: acme(),
        principal: None,
        key: None,
        parent: None,
        group: None,
        labels: BTreeMap::new(),
        metadata: BTreeMap::new(),
        directory: None,
        expiry: Expiry::default(),
    }
}

pub(super) fn whole_create() -> Create {
    Create {
        principal: Principal::parse("ann").ok(),
        key: Key::parse("nightly").ok(),
        parent: Some(id("ses_0")),
        group: GroupName::parse("gpu").ok(),
        labels: texts(&[("team", "web")]),
        metadata: texts(&[("a", "null"), ("b", r#"{"z":[1,2.5],"a":"é"}"#)]),
        directory: Some("/repo".into()),
        expiry: Expiry {
            idle: IdleLimit::After(Duration::from_millis(5)),
            pending: Some(Duration::from_millis(6)),
            absolute: Some(Duration::from_millis(7)),
        },
        ..bare_create()
    }
}

pub(super) fn start(owner: Owner, mode: Option<Mode>) -> Command {
    Command::WorkspaceStart(Start {
        id: id("ses_1"),
        incarnation: Incarnation([1; 16]),
        namespace: acme(),
        principal: mode.and_then(|_| Principal::parse("ann").ok()),
        key: Key::parse("/repo#main").unwrap(),
        directory: "/repo".into(),
        owner,
        mode,
        place: mode.and_then(|_| place()),
    })
}

pub(super) fn workspaces() -> Vec<Command> {
    let runtime = |supervisor| {
        Owner::Autonomous(Autonomous {
            kind: HolderKind::RuntimeSupervisor,
            actor: actor("r1"),
            supervisor,
            ttl: Ttl::workspace(Duration::from_secs(86_400)).unwrap(),
        })
    };
    let takeover = |supervisor: Option<ActorId>, place| Takeover {
        id: id("ses_2"),
        incarnation: Incarnation([2; 16]),
        actor: actor("r2"),
        supervisor,
        reason: "gone".into(),
        place,
    };
    vec![
        start(Owner::Interactive, None),
        start(runtime(None), Some(Mode::Research)),
        start(runtime(Some(actor("boss"))), Some(Mode::General)),
        Command::WorkspaceHeartbeat(Heartbeat { actor: actor("r1"), activity: said() }),
        Command::WorkspaceHeartbeat(Heartbeat { actor: actor("r1"), activity: None }),
        Command::WorkspaceTakeover(takeover(None, None)),
        Command::WorkspaceTakeover(takeover(Some(actor("boss")), place())),
        Command::WorkspaceClear(Clear { actor: None, reason: None }),
        Command::WorkspaceClear(Clear { actor: Some(actor("r1")), reason: Some("done".into()) }),
    ]
}

pub(super) fn claims() -> Vec<Command> {
    let claim = |group: Option<&str>, waits| {
        let group = group.map(|group| GroupName::parse(group).unwrap());
        Box::new(Claim { claimant: claimant(), ttl: ttl(), group, waits })
    };
    let person = Holder { kind: HolderKind::Interactive, id: actor("eve"), supervisor: None, place: None };
    let rerun = Claimant { holder: person, ..claimant() };
    let never = Expiry { idle: IdleLimit::Never, ..Expiry::default() };
    let reason = || "it hangs".to_owned();
    vec![
        Command::StartRun(Box::new(bare_run())),
        Command::StartRun(Box::new(whole_run())),
        Command::Takeover { claimant: claimant(), ttl: Some(ttl()), reason: reason() },
        Command::Takeover { claimant: claimant(), ttl: None, reason: reason() },
        Command::Rerun(Box::new(Rerun { claimant: claimant(), is_automatic: true })),
        Command::Rerun(Box::new(Rerun { claimant: rerun, is_automatic: false })),
        Command::Create(Box::new(bare_create())),
        Command::Create(Box::new(whole_create())),
        Command::Create(Box::new(Create { expiry: never, ..bare_create() })),
        Command::Start(claim(None, false)),
        Command::Start(claim(Some("gpu"), true)),
        Command::Acquire(claim(Some("gpu"), true)),
    ]
}

pub(super) fn owners() -> Vec<Command> {
    let fence = Fence(u64::MAX);
    let text = || "why".to_owned();
    vec![
        Command::Regrant { fence },
        Command::Pause { fence, reason: text() },
        Command::Resume { fence, reason: text() },
        Command::ShutDown { fence },
        Command::Enter { fence },
        Command::Note { fence, activity: said() },
        Command::Note { fence, activity: None },
        Command::Complete { fence, message: text(), stats: stats() },
        Command::Complete { fence, message: String::new(), stats: Stats::default() },
        Command::Fail { fence, message: text(), stats: Stats { exit: Some(Exit::Code(-1)), ..stats() } },
    ]
}

pub(super) fn operators() -> Vec<Command> {
    let by = || Some(actor("ops"));
    let text = || "why".to_owned();
    vec![
        Command::Cancel { by: by(), reason: text() },
        Command::Cancel { by: None, reason: text() },
        Command::ExpireIdle,
        Command::Retain { by: by(), reason: text() },
        Command::Retain { by: None, reason: text() },
        Command::EndRetention { by: by() },
        Command::EndRetention { by: None },
    ]
}

pub(super) fn steps() -> Vec<Step> {
    let record = checkpoint::Record {
        mode: Mode::Implement,
        labels: texts(&[("team", "web")]),
        command: vec!["make".into()],
        directory: Some("/repo".into()),
        idle: Some(IdleRule { after: Duration::from_millis(1), spares_held: false }),
        metadata: texts(&[("a", "[1,2.5]")]),
        progress: Some(Progress { current: 1, total: None }),
        timings: BTreeMap::from([("build".to_owned(), Duration::from_millis(1_250))]),
        activity: Some(Activity {
            text: "reading".into(),
            actor: actor("ada"),
            at: fixture::wall(3),
            revision: Revision(6),
        }),
    };
    let bare = checkpoint::Record {
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        idle: None,
        metadata: BTreeMap::new(),
        progress: None,
        timings: BTreeMap::new(),
        activity: None,
        mode: Mode::General,
    };
    let restore = |record| {
        let id = CheckpointId::parse("ckp_1").unwrap();
        Step::Restore(Box::new(checkpoint::Restore { id, record }))
    };
    let update = Update {
        labels: texts(&[("team", "web")]),
        metadata: texts(&[("gone", "null"), ("n", "18446744073709551615")]),
        progress: Some(Progress { current: 1, total: Some(2) }),
        timings: BTreeMap::from([("build".to_owned(), Duration::from_millis(1_250))]),
        usage: usage(),
        error: Some("boom".into()),
    };
    let text = || "why".to_owned();
    vec![
        Step::Start,
        Step::Pause { reason: text() },
        Step::Resume { reason: text() },
        Step::Complete { message: text(), usage: usage() },
        Step::Complete { message: text(), usage: Usage::default() },
        Step::Fail { error: text(), usage: usage() },
        Step::Release,
        Step::Update(Box::new(update)),
        Step::Update(Box::default()),
        restore(None),
        restore(Some(record)),
        restore(Some(bare)),
    ]
}

pub(super) fn commands() -> Vec<Command> {
    let drive = |writer: Writer| move |step| Command::Drive(Box::new(Drive { writer: writer.clone(), step }));
    let mut commands = [workspaces(), claims(), owners(), operators()].concat();
    for writer in [Writer::Owner(Fence(3)), Writer::Operator(None), Writer::Operator(Some(actor("ops")))] {
        commands.extend(steps().into_iter().map(drive(writer)));
    }
    commands
}

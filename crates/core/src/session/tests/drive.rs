//! Sessions that agents, scripts and operators drive by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, KEPT, RAISED, RUN_TTL, actor, agent, boot, by_hand, claim, clockless, context, decided, driven,
    in_state, lease, operator, owner, refused, ttl, wall, written,
};
use crate::id::{EventType, Fence};
use crate::kind::Kind;
use crate::lease::{Lease, Term};
use crate::refusal::{Held, LimitRefusal, Refusal};
use crate::session::{
    Command, Context, Progress, Session, State, StateName, Stats, Step, Update, Usage, may_renew,
};

const USAGE: Usage =
    Usage { iterations: 2, input_tokens: 1200, output_tokens: 300, tool_calls: 4, cost_micros: 25_000 };

fn let_go(name: StateName) -> Session {
    Session { lease: None, ..in_state(driven(), name) }
}

fn granted(ms: u64) -> Lease {
    let term = Term::Boot { ttl: ttl(RUN_TTL), renewed: boot(ms), renewed_wall: wall(ms) };
    let claimant = by_hand(2);
    Lease { holder: claimant.holder, incarnation: claimant.incarnation, fence: RAISED.fence, term }
}

fn moved(from: StateName, to: StateName, reason: &str, by: Option<&str>) -> EventBody {
    EventBody::StateChanged { from: Some(from), to, reason: reason.to_owned(), by: by.map(actor) }
}

fn grant() -> EventBody {
    let holder = by_hand(2).holder;
    EventBody::LeaseGranted { holder, fence: RAISED.fence, ttl: Some(RUN_TTL) }
}

fn given(kind: &str, json: &str) -> EventBody {
    EventBody::Given { kind: EventType::parse(kind).unwrap(), json: json.to_owned() }
}

#[test]
fn a_start_holds_what_nobody_holds_and_moves_it_to_active() {
    for name in [StateName::Pending, StateName::Active, StateName::Paused] {
        let session = Session { started_at: None, start_count: 0, ..let_go(name) };
        let decision = decided(session.clone(), &Command::Start(claim()), &context(9));
        let started = Session {
            state: State::Active,
            lease: Some(granted(9)),
            counters: RAISED,
            started_at: Some(wall(9)),
            last_started_at: Some(wall(9)),
            start_count: 1,
            last_activity_at: wall(9),
            ..session
        };
        assert_eq!(*written(&decision), started);
        let moved = moved(name, StateName::Active, "session started", None);
        let moved = Some(moved).filter(|_| name != StateName::Active);
        let expected: Vec<EventBody> = [grant()].into_iter().chain(moved).collect();
        assert_eq!((&decision.writes[0].events, decision.judged), (&expected, None));
    }
}

#[test]
fn an_acquired_session_keeps_its_state_and_being_acquired_is_activity() {
    for name in [StateName::Pending, StateName::Active, StateName::Paused] {
        let decision = decided(let_go(name), &Command::Acquire(claim()), &context(9));
        let held =
            Session { lease: Some(granted(9)), counters: RAISED, last_activity_at: wall(9), ..let_go(name) };
        assert_eq!(*written(&decision), held);
        assert_eq!(decision.writes[0].events, [grant()]);
    }
}

#[test]
fn what_somebody_holds_is_refused_naming_the_holder_and_what_was_left_needs_a_takeover() {
    let commands = || {
        let steps = crate::fixture::steps().into_iter().map(operator);
        [Command::Start(claim()), Command::Acquire(claim())].into_iter().chain(steps)
    };
    let held = || Box::new(Held::of(&driven(), &lease(&driven())));
    for command in commands() {
        let verb = command.verb();
        assert_eq!(refused(driven(), &command, &context(14_999)), Refusal::Held(held()), "{verb}");
        assert_eq!(
            refused(driven(), &command, &context(15_000)),
            Refusal::Abandoned { held: held(), is_gone: false },
            "{verb}"
        );
        let gone = Context { gone: Some(by_hand(1).incarnation), ..context(0) };
        assert_eq!(
            refused(driven(), &command, &gone),
            Refusal::Abandoned { held: held(), is_gone: true },
            "{verb}"
        );
    }
}

#[test]
fn a_release_keeps_the_state_and_the_fence_and_ends_the_holders_say() {
    for name in [StateName::Active, StateName::Paused] {
        let session = in_state(driven(), name);
        let decision = decided(session.clone(), &owner(COUNTERS.fence, Step::Release), &context(9));
        assert_eq!(*written(&decision), Session { lease: None, counters: KEPT, ..session });
        assert_eq!(decision.writes[0].events, [EventBody::LeaseReleased { fence: COUNTERS.fence }]);
        let late = owner(COUNTERS.fence, Step::Release);
        let refusal = refused(written(&decision).clone(), &late, &context(9));
        assert!(matches!(refusal, Refusal::Fenced { holder: None, .. }), "{refusal:?}");
    }
}

#[test]
fn a_completion_tells_how_long_it_took_and_everything_that_was_used() {
    let session = Session {
        facts: crate::session::Facts { usage: USAGE, ..crate::session::Facts::default() },
        ..driven()
    };
    let step = Step::Complete { message: "done".to_owned(), usage: USAGE };
    let total = USAGE.plus(USAGE);
    let stats = Stats { duration: Duration::from_secs(61), usage: total, ..Stats::default() };
    let complete = |by: Option<&str>| {
        let moved = moved(StateName::Active, StateName::Completed, "session completed", by);
        [moved, EventBody::Completion { message: "done".to_owned(), stats }]
    };
    let decision = decided(session.clone(), &owner(COUNTERS.fence, step.clone()), &context(61_000));
    assert_eq!(written(&decision).facts.usage, total);
    assert_eq!((decision.counters, written(&decision).lease.as_ref()), (KEPT, None));
    let released = EventBody::LeaseReleased { fence: COUNTERS.fence };
    assert_eq!(decision.writes[0].events, [&complete(None)[..], &[released]].concat());

    let unheld = Session { lease: None, ..session };
    let decision = decided(unheld, &operator(step), &context(61_000));
    assert_eq!(decision.counters, RAISED, "an operator's end raises the fence");
    assert_eq!(decision.writes[0].events, complete(Some("operator")));
}

#[test]
fn a_failure_keeps_its_error_and_tells_it_once() {
    let step = Step::Fail { error: "broken".to_owned(), usage: Usage::default() };
    let by_update = Update { error: Some("broken".to_owned()), ..Update::default() };
    for step in [step, Step::Update(Box::new(by_update))] {
        let decision = decided(driven(), &owner(COUNTERS.fence, step), &context(5));
        let error = "broken".to_owned();
        assert_eq!(written(&decision).state, State::Failed { at: wall(5), error: error.clone() });
        let stats = Stats { duration: Duration::from_millis(5), ..Stats::default() };
        let told = [
            moved(StateName::Active, StateName::Failed, "session failed", None),
            EventBody::Error { message: error, stats },
            EventBody::LeaseReleased { fence: COUNTERS.fence },
        ];
        assert_eq!(decision.writes[0].events, told);
    }
}

#[test]
fn a_pause_and_a_resume_by_an_operator_name_it_and_keep_the_fence() {
    let pause = operator(Step::Pause { reason: "lunch".to_owned() });
    let paused = decided(let_go(StateName::Active), &pause, &context(9));
    assert_eq!(
        paused.writes[0].events,
        [moved(StateName::Active, StateName::Paused, "lunch", Some("operator"))]
    );
    assert_eq!((paused.counters, written(&paused).last_activity_at), (KEPT, wall(9)));
    let resume = operator(Step::Resume { reason: "back".to_owned() });
    let resumed = decided(let_go(StateName::Paused), &resume, &context(9));
    assert_eq!(
        resumed.writes[0].events,
        [moved(StateName::Paused, StateName::Active, "back", Some("operator"))]
    );
}

fn update() -> Update {
    Update {
        labels: BTreeMap::from([("team".to_owned(), "web".to_owned())]),
        metadata: BTreeMap::from([("increment_iteration".to_owned(), "true".to_owned())]),
        progress: Some(Progress { current: 3, total: Some(10) }),
        timings: BTreeMap::from([("build".to_owned(), Duration::from_millis(1500))]),
        usage: USAGE,
        error: None,
    }
}

#[test]
fn an_update_keeps_facts_tells_progress_and_usage_and_is_the_owners_activity() {
    let step = Step::Update(Box::new(update()));
    let decision = decided(driven(), &owner(COUNTERS.fence, step.clone()), &context(9));
    let session = written(&decision);
    let usage = Usage { iterations: 3, ..USAGE };
    assert_eq!((session.facts.usage, session.facts.progress), (usage, update().progress));
    assert_eq!((&session.labels, &session.facts.timings), (&update().labels, &update().timings));
    assert_eq!((session.last_activity_at, decision.counters), (wall(9), KEPT));
    let told = [
        given("progress", r#"{"current":3,"total":10}"#),
        given(
            "usage",
            r#"{"iterations":3,"inputTokens":1200,"outputTokens":300,"toolCalls":4,"cost":0.025}"#,
        ),
    ];
    assert_eq!(decision.writes[0].events, told);
    let by_operator = decided(let_go(StateName::Active), &operator(step), &context(9));
    assert_eq!((by_operator.counters, written(&by_operator).last_activity_at), (KEPT, wall(0)));
    assert_eq!(by_operator.writes[0].events, told);
}

#[test]
fn a_run_keeps_facts_but_is_moved_only_by_its_runner() {
    let held = Box::new(Held::of(&agent(), &lease(&agent())));
    for step in crate::fixture::steps() {
        let keeps = matches!(&step, Step::Update(update) if update.error.is_none());
        let decided = crate::session::decide(
            &crate::fixture::stored(agent()),
            &owner(COUNTERS.fence, step),
            &context(0),
        );
        assert_eq!(decided.as_ref().err(), Some(&Refusal::HeldByRun(held.clone())).filter(|_| !keeps));
    }
}

#[test]
fn only_the_holder_by_hand_of_an_agent_session_renews_by_hand() {
    let current = crate::fixture::stored;
    let fence = COUNTERS.fence;
    assert_eq!(may_renew(&current(driven()), fence), Ok(()));
    let held = Box::new(Held::of(&agent(), &lease(&agent())));
    assert_eq!(may_renew(&current(agent()), fence), Err(Refusal::HeldByRun(held)));
    let workspace = Refusal::WrongKind { kind: Kind::Workspace, verb: "renew" };
    assert_eq!(may_renew(&current(crate::fixture::autonomous()), fence), Err(workspace));
    let others = [(driven(), Fence(2)), (let_go(StateName::Active), fence)];
    for (session, given) in others {
        assert!(matches!(may_renew(&current(session), given), Err(Refusal::Fenced { .. })));
    }
}

#[test]
fn an_update_that_is_too_much_is_refused_whole() {
    let many = (0..257).map(|n| (format!("t{n}"), Duration::ZERO)).collect();
    let updates = [
        (
            Update { timings: many, ..Update::default() },
            LimitRefusal::Count { what: "timings", count: 257, max: 256 },
        ),
        (
            Update { metadata: BTreeMap::from([("a".to_owned(), "1".repeat(65_536))]), ..Update::default() },
            LimitRefusal::Bytes { what: "metadata", length: 65_537, max: 65_536 },
        ),
        (
            Update { labels: BTreeMap::from([("a".to_owned(), "b".repeat(257))]), ..Update::default() },
            LimitRefusal::Bytes { what: "label", length: 257, max: 256 },
        ),
    ];
    for (update, limit) in updates {
        let command = owner(COUNTERS.fence, Step::Update(Box::new(update)));
        assert_eq!(refused(driven(), &command, &context(0)), Refusal::Limit(limit));
    }
}

#[test]
fn everything_by_hand_but_a_release_needs_a_usable_clock() {
    let commands = [Command::Start(claim()), Command::Acquire(claim())];
    for command in commands {
        assert_eq!(refused(let_go(StateName::Paused), &command, &clockless(0)), Refusal::Clock);
    }
    for step in crate::fixture::steps() {
        let name = if matches!(step, Step::Start | Step::Resume { .. }) {
            StateName::Paused
        } else {
            StateName::Active
        };
        let is_release = step == Step::Release;
        let current = crate::fixture::stored(in_state(driven(), name));
        let decided = crate::session::decide(&current, &owner(COUNTERS.fence, step), &clockless(0));
        assert_eq!(decided.err(), Some(Refusal::Clock).filter(|_| !is_release));
    }
}

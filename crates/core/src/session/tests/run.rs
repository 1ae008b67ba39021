//! Starting a run: opened, refused, or taken over for a reason.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, RAISED, RUN_TTL, agent, boot, clockless, context, decided, gone, id, in_state, key, lease,
    moment, nothing, other_boot, principal, refused, run, run_lease, runner, stored, taken_over, wall,
    written,
};
use crate::id::{Fence, Revision};
use crate::kind::{IdleRule, Kind};
use crate::lease::{Lease, Standing};
use crate::refusal::{Held, LimitRefusal, Refusal};
use crate::session::{
    Activity, Command, Context, Counters, Judged, Session, StartRun, State, StateName, decide,
};
use crate::time::Moment;

fn start() -> Command {
    Command::StartRun(Box::new(run()))
}

fn start_for(reason: &str) -> Command {
    Command::StartRun(Box::new(StartRun { takeover: Some(reason.to_owned()), ..run() }))
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn held() -> Box<Held> {
    Box::new(Held {
        session: id("ses_run"),
        key: Some(key()),
        state: StateName::Active,
        holder: runner(1).holder,
        fence: COUNTERS.fence,
        since: wall(0),
        expires_at: Some(wall(15_000)),
    })
}

fn abandoned(is_gone: bool) -> Refusal {
    Refusal::Abandoned { held: held(), is_gone }
}

/// The session of runner 2, as a start or takeover by it leaves it.
fn taken(session: Session, ms: u64) -> Session {
    Session {
        lease: Some(run_lease(2, RAISED.fence, RUN_TTL, ms)),
        counters: RAISED,
        state: State::Active,
        last_started_at: Some(wall(ms)),
        start_count: session.start_count + 1,
        last_activity_at: wall(ms),
        command: run().command,
        directory: run().directory,
        recipe: run().recipe,
        ..session
    }
}

#[test]
fn a_start_where_nothing_is_opens_an_active_session_under_the_first_fence() {
    let decision = decide(&nothing(), &start(), &context(9)).unwrap();
    let counters = Counters { revision: Revision(1), fence: Fence(1) };
    let fresh = Session { start_count: 0, created_at: wall(9), started_at: Some(wall(9)), ..agent() };
    let mut opened = Session { id: id("ses_next"), counters, ..taken(fresh, 9) };
    opened.lease = Some(Lease { fence: Fence(1), ..lease(&opened) });
    assert_eq!(*written(&decision), opened);
    assert_eq!((decision.counters, decision.judged), (counters, None));
    let (from, to) = (Some(StateName::Pending), StateName::Active);
    let (holder, ttl) = (runner(2).holder, Some(Duration::from_secs(15)));
    assert_eq!(
        decision.writes[0].events,
        [
            EventBody::LeaseGranted { holder, fence: Fence(1), ttl },
            EventBody::StateChanged { from, to, reason: "session started".to_owned(), by: None },
        ]
    );
}

#[test]
fn a_start_without_a_key_opens_a_session_without_a_slot() {
    let decision =
        decide(&nothing(), &Command::StartRun(Box::new(StartRun { key: None, ..run() })), &context(0))
            .unwrap();
    assert_eq!(written(&decision).key, None);
}

/// Whoever starts it next, a session is whose it was when it was opened.
#[test]
fn a_session_is_opened_on_behalf_of_a_principal_and_stays_so() {
    let by = |name: &str| StartRun { principal: Some(principal(name)), ..run() };
    let opened = begun(None, by("ann"));
    assert_eq!(opened.principal, Some(principal("ann")));
    let released = Session { lease: None, state: State::Pending, ..opened.clone() };
    for next in [by("ben"), run()] {
        assert_eq!(begun(Some(released.clone()), next).principal, Some(principal("ann")));
    }
    let taken = StartRun { takeover: Some("it died".to_owned()), ..by("ben") };
    let command = Command::StartRun(Box::new(taken));
    let decision = decide(&stored(opened), &command, &context(60_000)).unwrap();
    assert_eq!(written(&decision).principal, Some(principal("ann")));
    let ended = Session { state: State::Completed { at: wall(1) }, ..released };
    assert_eq!(begun(Some(ended), run()).principal, None, "the next one is its own");
}

fn begun(before: Option<Session>, start: StartRun) -> Session {
    let current = before.map_or_else(nothing, stored);
    written(&decide(&current, &Command::StartRun(Box::new(start)), &context(0)).unwrap()).clone()
}

#[test]
fn a_start_of_a_held_session_is_refused_naming_the_holder() {
    for command in [start(), start_for("hurry")] {
        for ms in [0, 14_999] {
            assert_eq!(refused(agent(), &command, &context(ms)), Refusal::Held(held()));
        }
    }
}

#[test]
fn a_start_of_an_abandoned_session_without_a_reason_is_refused_naming_the_last_holder() {
    for ms in [15_000, 1_000_000] {
        assert_eq!(refused(agent(), &start(), &context(ms)), abandoned(false));
    }
    assert_eq!(refused(agent(), &start(), &gone(1, 0)), abandoned(true));
}

#[test]
fn a_start_with_a_reason_takes_an_abandoned_session_over_under_the_same_id() {
    let said = Activity {
        text: "step 1".to_owned(),
        actor: runner(1).holder.id,
        at: wall(0),
        revision: COUNTERS.revision,
    };
    let abandoned = Session { activity: Some(said), ..agent() };
    for from in [StateName::Active, StateName::Paused] {
        let decision =
            decided(in_state(abandoned.clone(), from), &start_for(" runner died "), &context(15_000));
        assert_eq!(*written(&decision), taken(agent(), 15_000));
        assert_eq!(decision.counters, RAISED);
        assert_eq!(decision.judged, Some(Judged::Clock(Standing::Over)));
        assert_eq!(decision.writes[0].events[0], taken_over());
    }
}

#[test]
fn a_holder_that_is_proven_gone_is_taken_over_before_its_lease_is_over() {
    let decision = decided(agent(), &start_for("runner died"), &gone(1, 1));
    assert_eq!(*written(&decision), taken(agent(), 1));
    assert_eq!(decision.judged, Some(Judged::Gone(runner(1).incarnation)));
}

#[test]
fn proof_that_somebody_else_is_gone_proves_nothing() {
    assert_eq!(refused(agent(), &start_for("runner died"), &gone(3, 1)), Refusal::Held(held()));
}

#[test]
fn in_another_boot_a_run_is_abandoned_once_that_has_lasted_as_long_as_its_lease() {
    let at = |ms| {
        let now = Moment { boot: other_boot(ms), ..moment(1_000 + ms) };
        Context { now, gone: None, seen: None, group: Default::default() }
    };
    let held = || Box::new(Held { expires_at: Some(wall(16_000)), ..*held() });
    assert_eq!(refused(agent(), &start(), &at(14_999)), Refusal::Held(held()));
    let abandoned = Refusal::Abandoned { held: held(), is_gone: false };
    assert_eq!(refused(agent(), &start(), &at(15_000)), abandoned);
}

#[test]
fn proof_that_the_holder_is_gone_outlives_the_boot() {
    let now = Moment { boot: other_boot(0), ..moment(0) };
    let decision = decided(agent(), &start_for("the machine died"), &Context { now, ..gone(1, 0) });
    assert_eq!((decision.judged, decision.counters), (Some(Judged::Gone(runner(1).incarnation)), RAISED));
}

#[test]
fn a_jump_of_the_wall_clock_neither_ends_nor_extends_the_lease_of_a_run() {
    let at = |wall_ms, boot_ms| {
        let now = Moment { wall: Some(wall(wall_ms)), boot: boot(boot_ms) };
        Context { now, gone: None, seen: None, group: Default::default() }
    };
    assert_eq!(refused(agent(), &start(), &at(1_000_000_000, 14_999)), Refusal::Held(held()));
    assert_eq!(refused(agent(), &start(), &at(0, 15_000)), abandoned(false));
}

#[test]
fn a_session_that_nobody_holds_is_started_without_a_reason() {
    let decision = decided(in_state(agent(), StateName::Pending), &start(), &context(9));
    assert_eq!(*written(&decision), taken(agent(), 9));
    assert_eq!(decision.judged, None);
    assert_eq!(
        decision.writes[0].events.iter().map(EventBody::type_name).collect::<Vec<_>>(),
        ["lease_granted", "state_changed"]
    );
}

#[test]
fn a_start_after_the_end_opens_the_next_session_of_the_slot() {
    for name in StateName::ALL.into_iter().filter(|name| name.is_terminal()) {
        let decision = decided(in_state(agent(), name), &start(), &context(9));
        assert!(decision.writes[0].opens);
        assert_eq!((&written(&decision).id, decision.counters), (&id("ses_next"), RAISED));
    }
}

#[test]
fn a_start_adds_its_labels_and_says_what_runs_now_and_when_that_is_idle() {
    let strict = IdleRule { after: Duration::from_secs(5), spares_held: false };
    let before = Session { labels: labels(&[("a", "1"), ("b", "1")]), ..agent() };
    for (idle, expected) in [(None, Kind::Agent.rules().idle), (Some(strict), Some(strict))] {
        let reason = Some("runner died".to_owned());
        let wish = StartRun { labels: labels(&[("b", "2"), ("c", "2")]), idle, takeover: reason, ..run() };
        let decision = decided(before.clone(), &Command::StartRun(Box::new(wish)), &context(15_000));
        let session = written(&decision);
        assert_eq!(session.labels, labels(&[("a", "1"), ("b", "2"), ("c", "2")]));
        assert_eq!((&session.command, &session.directory), (&run().command, &run().directory));
        assert_eq!(session.idle, expected);
    }
}

#[test]
fn a_new_run_expires_when_idle_as_its_kind_says_unless_it_says_otherwise() {
    let rule = IdleRule { after: Duration::from_secs(1), spares_held: true };
    for (idle, expected) in [(None, Kind::Agent.rules().idle), (Some(rule), Some(rule))] {
        let command = Command::StartRun(Box::new(StartRun { idle, ..run() }));
        assert_eq!(written(&decide(&nothing(), &command, &context(0)).unwrap()).idle, expected);
    }
}

#[test]
fn a_start_needs_a_usable_clock_and_a_reason_that_says_something() {
    assert_eq!(decide(&nothing(), &start(), &clockless(0)), Err(Refusal::Clock));
    assert_eq!(refused(agent(), &start(), &clockless(15_000)), Refusal::Clock);
    for current in [nothing(), stored(agent())] {
        let refusal = decide(&current, &start_for(" \t"), &context(15_000)).unwrap_err();
        assert_eq!(refusal, Refusal::Limit(LimitRefusal::BlankReason));
    }
}

#[test]
fn of_two_starts_of_one_key_the_second_meets_the_holder_of_the_first() {
    let first = crate::fixture::after(&decide(&nothing(), &start(), &context(0)).unwrap());
    let second = StartRun { id: id("ses_second"), claimant: runner(3), ..run() };
    let refusal = decide(&first, &Command::StartRun(Box::new(second)), &context(1)).unwrap_err();
    let Refusal::Held(held) = refusal else { unreachable!("{refusal:?}") };
    assert_eq!((held.session, held.holder, held.fence), (id("ses_next"), runner(2).holder, Fence(1)));
}

//! Takeover and cancel of agent sessions.

use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, RAISED, RUN_TTL, activity, actor, agent, clockless, context, decided, gone, in_state, lease,
    nothing, refused, run_lease, runner, taken_over, takeover, ttl, wall, with_term, written,
};
use crate::lease::{Standing, Term};
use crate::refusal::{Held, LimitRefusal, Refusal, TakeoverRefusal};
use crate::session::{Command, Judged, Session, State, StateName, decide};

fn cancel(by: Option<&str>) -> Command {
    Command::Cancel { by: by.map(actor), reason: "enough".to_owned() }
}

/// `session` as a takeover by runner 2 leaves it.
fn taken(session: Session, length: Duration, ms: u64) -> Session {
    Session {
        lease: Some(run_lease(2, RAISED.fence, length, ms)),
        counters: RAISED,
        last_activity_at: wall(ms),
        activity: None,
        ..session
    }
}

#[test]
fn a_takeover_keeps_id_state_and_ttl_and_names_the_new_holder() {
    for name in [StateName::Active, StateName::Paused] {
        let abandoned = in_state(agent(), name);
        let decision = decided(abandoned.clone(), &takeover(), &context(15_000));
        assert_eq!(*written(&decision), taken(abandoned, RUN_TTL, 15_000));
        assert_eq!(decision.judged, Some(Judged::Clock(Standing::Over)));
        assert_eq!(decision.writes[0].events, [taken_over()]);
    }
}

#[test]
fn a_takeover_may_bring_its_own_ttl() {
    let length = Duration::from_secs(60);
    let command =
        Command::Takeover { claimant: runner(2), ttl: Some(ttl(length)), reason: "runner died".to_owned() };
    let decision = decided(agent(), &command, &context(15_000));
    assert_eq!(*written(&decision), taken(agent(), length, 15_000));
}

#[test]
fn a_takeover_drops_what_the_last_holder_said() {
    let note = Command::Note { fence: COUNTERS.fence, activity: activity("step 1") };
    let noted = crate::fixture::after(&decided(agent(), &note, &context(1)));
    assert!(noted.session.as_ref().is_some_and(|session| session.activity.is_some()));
    let decision = decide(&noted, &takeover(), &context(15_000)).unwrap();
    assert_eq!(written(&decision).activity, None);
}

#[test]
fn a_takeover_of_a_live_lease_is_refused_naming_the_holder() {
    for ms in [0, 14_999] {
        let held = Box::new(Held::of(&agent(), &lease(&agent())));
        let refusal = Refusal::Takeover(TakeoverRefusal::NotStale(held));
        assert_eq!(refused(agent(), &takeover(), &context(ms)), refusal);
    }
}

#[test]
fn a_takeover_from_a_holder_that_is_proven_gone_waits_for_no_expiry() {
    let decision = decided(agent(), &takeover(), &gone(1, 1));
    assert_eq!(*written(&decision), taken(agent(), RUN_TTL, 1));
    assert_eq!(decision.judged, Some(Judged::Gone(runner(1).incarnation)));
}

#[test]
fn what_nobody_holds_cannot_be_taken_over() {
    for state in
        StateName::ALL.into_iter().filter(|name| !matches!(name, StateName::Active | StateName::Paused))
    {
        let refusal = Refusal::Takeover(TakeoverRefusal::NotHeld { state });
        assert_eq!(refused(in_state(agent(), state), &takeover(), &context(15_000)), refusal);
    }
    assert_eq!(decide(&nothing(), &takeover(), &context(0)), Err(Refusal::NotFound));
}

#[test]
fn a_takeover_without_any_ttl_is_refused() {
    let session = with_term(agent(), Term::Incomplete { ttl: None, renewed: None });
    let refusal = Refusal::Takeover(TakeoverRefusal::NoTtl);
    assert_eq!(refused(session, &takeover(), &context(0)), refusal);
}

#[test]
fn a_takeover_needs_a_reason_that_says_something_and_a_usable_clock() {
    let command = Command::Takeover { claimant: runner(2), ttl: None, reason: "  ".to_owned() };
    let blank = Refusal::Limit(LimitRefusal::BlankReason);
    assert_eq!(refused(agent(), &command, &context(15_000)), blank);
    let long = Command::Takeover { claimant: runner(2), ttl: None, reason: "a".repeat(4097) };
    let refusal = LimitRefusal::Bytes { what: "reason", length: 4097, max: 4096 };
    assert_eq!(refused(agent(), &long, &context(15_000)), Refusal::Limit(refusal));
    assert_eq!(refused(agent(), &takeover(), &clockless(15_000)), Refusal::Clock);
}

#[test]
fn a_cancel_ends_every_open_session_live_or_not() {
    for from in [StateName::Pending, StateName::Active, StateName::Paused] {
        for ms in [0, 15_000] {
            let session = in_state(agent(), from);
            let decision = decided(session.clone(), &cancel(Some("op")), &context(ms));
            let state = State::Cancelled { at: wall(ms), reason: "enough".to_owned() };
            assert_eq!(
                *written(&decision),
                Session { state, lease: None, counters: RAISED, ..session.clone() }
            );
            let (by, reason) = (Some(actor("op")), "enough".to_owned());
            let moved = EventBody::StateChanged { from: Some(from), to: StateName::Cancelled, reason, by };
            let released = session.lease.map(|lease| EventBody::LeaseReleased { fence: lease.fence });
            let expected: Vec<EventBody> = [moved].into_iter().chain(released).collect();
            assert_eq!(decision.writes[0].events, expected);
            assert_eq!(decision.judged, None);
        }
    }
}

#[test]
fn a_cancel_may_come_from_nobody_in_particular_and_needs_a_usable_clock() {
    let decision = decided(agent(), &cancel(None), &context(0));
    assert!(matches!(&decision.writes[0].events[0], EventBody::StateChanged { by: None, .. }));
    assert_eq!(refused(agent(), &cancel(None), &clockless(0)), Refusal::Clock);
    assert_eq!(decide(&nothing(), &cancel(None), &context(0)), Err(Refusal::NotFound));
}

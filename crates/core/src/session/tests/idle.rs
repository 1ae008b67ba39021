//! Expiry of what was idle too long.

use std::time::Duration;

use proptest::prelude::*;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, IDLE_MS, RAISED, after, agent, cases, clockless, context, decided, in_state, interactive,
    no_wall, nothing, refused, run, stored, takeover, wall, with_lease, with_term, written,
};
use crate::kind::IdleRule;
use crate::lease::{Lease, Standing, Term};
use crate::refusal::Refusal;
use crate::session::{Command, Judged, Session, StartRun, State, StateName, decide};
use crate::time::WallTime;

const LIMIT: Duration = Duration::from_millis(IDLE_MS);

fn idle_by(rule: Option<IdleRule>) -> Session {
    Session { idle: rule, ..agent() }
}

const fn strict() -> Option<IdleRule> {
    Some(IdleRule { after: LIMIT, spares_held: false })
}

const fn sparing() -> Option<IdleRule> {
    Some(IdleRule { after: LIMIT, spares_held: true })
}

/// `session` with a lease that a person's hands hold for eight hours.
fn held(session: Session) -> Session {
    with_term(session, Term::Interactive { started: wall(0) })
}

#[test]
fn a_session_stays_at_its_idle_limit_and_expires_one_millisecond_later() {
    for name in [StateName::Active, StateName::Paused] {
        for ms in [0, IDLE_MS - 1, IDLE_MS] {
            let refusal = refused(in_state(agent(), name), &Command::ExpireIdle, &context(ms));
            assert_eq!(refusal, Refusal::NotIdle);
        }
        for ms in [IDLE_MS + 1, IDLE_MS + 60_000] {
            let session = in_state(agent(), name);
            let decision = decided(session.clone(), &Command::ExpireIdle, &context(ms));
            let state = State::Expired { at: wall(ms), reason: "session timeout".to_owned() };
            assert_eq!(*written(&decision), Session { state, lease: None, counters: RAISED, ..session });
        }
    }
}

#[test]
fn an_expiry_is_logged_with_its_reason_and_frees_the_lease() {
    let decision = decided(agent(), &Command::ExpireIdle, &context(IDLE_MS + 1));
    let (from, to) = (Some(StateName::Active), StateName::Expired);
    let reason = "session timeout".to_owned();
    assert_eq!(
        decision.writes[0].events,
        [
            EventBody::StateChanged { from, to, reason, by: None },
            EventBody::LeaseReleased { fence: COUNTERS.fence },
        ]
    );
    assert_eq!(decision.judged, Some(Judged::Idle { since: wall(0), standing: None }));
}

#[test]
fn pending_and_ended_sessions_are_never_idle() {
    for name in StateName::ALL {
        let session = in_state(agent(), name);
        let is_counted = matches!(name, StateName::Active | StateName::Paused);
        assert_eq!(session.due_at().is_some(), is_counted, "{name:?}");
        let expired = decide(&stored(session), &Command::ExpireIdle, &context(2 * IDLE_MS));
        assert_eq!(expired.is_ok(), is_counted, "{name:?}");
    }
}

#[test]
fn a_session_without_a_rule_is_never_idle() {
    assert_eq!(refused(idle_by(None), &Command::ExpireIdle, &context(100 * IDLE_MS)), Refusal::NotIdle);
    assert_eq!(idle_by(None).due_at(), None);
    assert_eq!(interactive().due_at(), None);
    assert_eq!(decide(&nothing(), &Command::ExpireIdle, &context(0)), Err(Refusal::NotIdle));
}

#[test]
fn a_rule_that_spares_the_held_waits_until_the_lease_is_over() {
    let session = held(idle_by(sparing()));
    assert_eq!(refused(session, &Command::ExpireIdle, &context(IDLE_MS + 1)), Refusal::NotIdle);
    let decision = decided(idle_by(sparing()), &Command::ExpireIdle, &context(IDLE_MS + 1));
    let judged = Judged::Idle { since: wall(0), standing: Some(Standing::Over) };
    assert_eq!(decision.judged, Some(judged));
}

#[test]
fn a_strict_rule_spares_nobody() {
    let decision = decided(held(idle_by(strict())), &Command::ExpireIdle, &context(IDLE_MS + 1));
    assert_eq!(written(&decision).state.name(), StateName::Expired);
}

#[test]
fn an_expiry_needs_a_usable_clock() {
    assert_eq!(refused(agent(), &Command::ExpireIdle, &clockless(2 * IDLE_MS)), Refusal::Clock);
    assert!(idle_by(sparing()).standing(&no_wall(0)).is_ok());
}

#[test]
fn a_wall_clock_that_went_back_makes_nobody_idle() {
    let session = Session { last_activity_at: wall(2 * IDLE_MS), ..agent() };
    assert_eq!(refused(session, &Command::ExpireIdle, &context(0)), Refusal::NotIdle);
}

#[test]
fn what_counts_as_activity_puts_the_expiry_off() {
    let fence = COUNTERS.fence;
    let reason = || "because".to_owned();
    let restart = StartRun { takeover: Some(reason()), ..run() };
    let commands = [
        (StateName::Active, Command::Pause { fence, reason: reason() }),
        (StateName::Paused, Command::Resume { fence, reason: reason() }),
        (StateName::Active, Command::Note { fence, activity: None }),
        (StateName::Active, takeover()),
        (StateName::Active, Command::StartRun(Box::new(restart))),
    ];
    for (name, command) in commands {
        let active = after(&decided(in_state(agent(), name), &command, &context(IDLE_MS)));
        let due = active.session.as_ref().and_then(Session::due_at);
        assert_eq!(due, Some(wall(2 * IDLE_MS + 1)), "{}", command.verb());
        let swept = decide(&active, &Command::ExpireIdle, &context(2 * IDLE_MS));
        assert_eq!(swept, Err(Refusal::NotIdle), "{}", command.verb());
    }
}

#[test]
fn a_renewal_is_no_activity() {
    let regranted = decided(agent(), &Command::Regrant { fence: COUNTERS.fence }, &context(IDLE_MS));
    let renewed = with_lease(agent(), |lease| Lease {
        term: lease.term.renewed(&context(IDLE_MS).now).unwrap(),
        ..lease
    });
    for session in [written(&regranted).clone(), renewed] {
        assert_eq!(session.due_at(), Some(wall(IDLE_MS + 1)));
        assert!(decide(&stored(session), &Command::ExpireIdle, &context(IDLE_MS + 1)).is_ok());
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_session_is_due_exactly_when_it_can_expire(
        since in 0u64..=1 << 50,
        (seconds, nanos) in (0u64..=1 << 30, 0u32..1_000_000_000),
        before in 1u64..=5_000,
        spares_held: bool,
    ) {
        let rule = IdleRule { after: Duration::new(seconds, nanos), spares_held };
        let last_activity_at = WallTime::from_epoch_ms(since);
        let over = with_term(agent(), Term::Incomplete { ttl: None, renewed: None });
        let session = Session { idle: Some(rule), last_activity_at, ..over };
        let due = session.due_at().unwrap();
        let at = |wall| crate::session::Context {
            now: crate::time::Moment { wall: Some(wall), ..context(0).now },
            ..context(0)
        };
        let early = WallTime::from_epoch_ms(due.epoch_ms().saturating_sub(before));
        let current = stored(session);
        prop_assert_eq!(decide(&current, &Command::ExpireIdle, &at(early)), Err(Refusal::NotIdle));
        prop_assert!(decide(&current, &Command::ExpireIdle, &at(due)).is_ok());
    }
}

//! Heartbeats of a workspace's owner.

use crate::event::EventBody;
use crate::fixture::{
    KEPT, WORKER_TTL, actor, autonomous, clear, clockless, context, decided, heartbeat, heartbeat_saying,
    interactive, lease, nothing, refused, stored, ttl, wall, with_term, written,
};
use crate::lease::{Lease, Standing, Term};
use crate::refusal::{HeartbeatRefusal, Refusal};
use crate::session::{Activity, Judged, Session, State, decide};

fn renewed(session: Session, ms: u64) -> Session {
    with_term(session, Term::Wall { ttl: ttl(WORKER_TTL), renewed: wall(ms) })
}

#[test]
fn a_heartbeat_renews_now_and_raises_the_revision_but_not_the_fence() {
    for ms in [0, 9, 59_999] {
        let decision = decided(autonomous(), &heartbeat("w1"), &context(ms));
        let beaten = Session { counters: KEPT, last_activity_at: wall(ms), ..renewed(autonomous(), ms) };
        assert_eq!(decision.counters, KEPT);
        assert_eq!(*written(&decision), beaten);
        assert_eq!(decision.judged, Some(Judged::Clock(Standing::Live)));
        assert!(decision.writes[0].events.is_empty());
    }
}

#[test]
fn a_heartbeat_without_a_session_is_refused() {
    let cleared = crate::fixture::after(&decided(autonomous(), &clear(Some("w1")), &context(0)));
    let ended = stored(Session { state: State::Completed { at: wall(0) }, ..autonomous() });
    for current in [nothing(), cleared, ended] {
        let refusal = decide(&current, &heartbeat("w1"), &context(0)).unwrap_err();
        assert_eq!(refusal, Refusal::Heartbeat(HeartbeatRefusal::NoSession));
    }
}

#[test]
fn a_heartbeat_of_an_interactive_session_is_refused() {
    for name in ["w1", "interactive"] {
        let refusal = refused(interactive(), &heartbeat(name), &context(0));
        assert_eq!(refusal, Refusal::Heartbeat(HeartbeatRefusal::NotAutonomous));
    }
}

#[test]
fn a_heartbeat_by_another_actor_or_by_the_supervisor_is_refused_naming_both() {
    for name in ["w2", "s1", "W1", "w1 "] {
        let refusal = HeartbeatRefusal::OtherOwner { owner: actor("w1"), actor: actor(name) };
        assert_eq!(refused(autonomous(), &heartbeat(name), &context(0)), Refusal::Heartbeat(refusal));
    }
}

#[test]
fn a_heartbeat_never_revives_a_lease_that_is_over() {
    let incomplete = with_term(autonomous(), Term::Incomplete { ttl: None, renewed: None });
    for (session, ms) in [(autonomous(), 60_000), (autonomous(), 60_001), (incomplete, 0)] {
        let refusal = HeartbeatRefusal::Stale { owner: actor("w1") };
        assert_eq!(refused(session, &heartbeat("w1"), &context(ms)), Refusal::Heartbeat(refusal));
    }
}

#[test]
fn a_heartbeat_is_refused_for_the_first_reason_that_holds() {
    let anonymous = |session| Session { anonymous: true, ..session };
    let other = HeartbeatRefusal::OtherOwner { owner: actor("w1"), actor: actor("w2") };
    let stale = HeartbeatRefusal::Stale { owner: actor("w1") };
    let table = [
        (anonymous(interactive()), "w2", HeartbeatRefusal::NotAutonomous),
        (anonymous(autonomous()), "w2", other),
        (anonymous(autonomous()), "w1", HeartbeatRefusal::NoSessionId),
        (autonomous(), "w1", stale),
    ];
    for (session, name, refusal) in table {
        assert_eq!(refused(session, &heartbeat(name), &context(60_000)), Refusal::Heartbeat(refusal));
    }
}

#[test]
fn a_heartbeat_needs_a_usable_clock() {
    assert_eq!(refused(autonomous(), &heartbeat("w1"), &clockless(0)), Refusal::Clock);
}

#[test]
fn a_heartbeat_with_text_keeps_who_said_what_when_at_which_revision() {
    let decision = decided(autonomous(), &heartbeat_saying("w1", "  step 2 "), &context(9));
    let said =
        Activity { text: "step 2".to_owned(), actor: actor("w1"), at: wall(9), revision: KEPT.revision };
    assert_eq!(written(&decision).activity, Some(said));
    assert_eq!(decision.counters, KEPT);
    assert_eq!(decision.writes[0].events, [EventBody::Activity { text: "step 2".to_owned() }]);
}

#[test]
fn a_heartbeat_without_text_keeps_what_was_said() {
    for text in ["", "  \n"] {
        let decision = decided(autonomous(), &heartbeat_saying("w1", text), &context(9));
        assert_eq!(written(&decision).activity, autonomous().activity);
        assert!(decision.writes[0].events.is_empty());
    }
}

#[test]
fn a_heartbeat_keeps_holder_incarnation_fence_id_and_starts() {
    let decision = decided(autonomous(), &heartbeat("w1"), &context(9));
    let (before, after) = (autonomous(), written(&decision));
    let term = lease(after).term;
    assert_eq!(lease(after), Lease { term, ..lease(&before) });
    assert_eq!((&after.id, after.start_count), (&before.id, before.start_count));
    assert_eq!((after.started_at, after.last_started_at), (before.started_at, before.last_started_at));
}

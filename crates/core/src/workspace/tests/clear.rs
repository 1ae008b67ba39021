//! Clearing a workspace: who may, and what becomes of it.

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, EIGHT_HOURS_MS, RAISED, WORKER_TTL, actor, autonomous, clear, clockless, context, decided,
    interactive, nothing, refused, stored, ttl, wall, with_lease, with_term, worker, workspace_start,
    workspace_takeover, written,
};
use crate::id::ActorId;
use crate::lease::{Holder, Lease, Term, Ttl};
use crate::refusal::{ClearRefusal, Refusal};
use crate::session::{Command, Context, Session, State, StateName, decide};
use crate::time::WallTime;
use crate::workspace::Clear;

fn owned_by(owner: &str, supervisor: Option<&str>) -> Session {
    with_lease(autonomous(), |lease| {
        let holder = Holder { id: actor(owner), supervisor: supervisor.map(actor), ..lease.holder };
        Lease { holder, ..lease }
    })
}

fn incomplete(ttl: Option<Ttl>, renewed: Option<WallTime>) -> Session {
    with_term(autonomous(), Term::Incomplete { ttl, renewed })
}

fn active(owner: &str, name: &str) -> Refusal {
    Refusal::Clear(ClearRefusal::ActiveAutonomous { owner: actor(owner), actor: actor(name) })
}

fn stale(owner: &str, name: &str) -> Refusal {
    Refusal::Clear(ClearRefusal::StaleAutonomous { owner: actor(owner), actor: actor(name) })
}

/// Every way in which a session of `w1` under `s1` can stand, each with when it is looked at.
fn standings() -> Vec<(Session, Context)> {
    let anonymous = Session { anonymous: true, ..autonomous() };
    vec![
        (autonomous(), context(0)),
        (autonomous(), context(59_999)),
        (autonomous(), context(60_000)),
        (autonomous(), clockless(0)),
        (anonymous, context(0)),
        (incomplete(None, Some(wall(0))), context(0)),
        (incomplete(Some(ttl(WORKER_TTL)), None), clockless(0)),
    ]
}

#[test]
fn clearing_nothing_is_no_error_and_writes_nothing() {
    let ended = stored(Session { state: State::Completed { at: wall(0) }, lease: None, ..interactive() });
    for current in [nothing(), ended] {
        for name in [None, Some("anybody")] {
            for context in [context(0), clockless(0)] {
                let decision = decide(&current, &clear(name), &context).unwrap();
                assert!(decision.writes.is_empty());
                assert_eq!((decision.session(), decision.counters), (None, current.counters));
            }
        }
    }
}

#[test]
fn an_interactive_session_is_anyones_to_clear() {
    for name in [None, Some("anybody"), Some("interactive")] {
        for context in [context(0), context(EIGHT_HOURS_MS + 1), clockless(0)] {
            let decision = decided(interactive(), &clear(name), &context);
            assert!(written(&decision).is_terminal());
        }
    }
}

#[test]
fn an_autonomous_session_is_cleared_only_by_somebody_who_says_who() {
    for (session, context) in standings() {
        let refusal = ClearRefusal::ActorRequired { owner: actor("w1") };
        assert_eq!(refused(session, &clear(None), &context), Refusal::Clear(refusal));
    }
}

#[test]
fn owner_and_supervisor_may_clear_live_or_stale_even_without_a_usable_clock() {
    for (session, context) in standings() {
        for name in ["w1", "s1"] {
            let decision = decided(session.clone(), &clear(Some(name)), &context);
            assert_eq!(written(&decision).state.name(), StateName::Completed);
        }
    }
}

#[test]
fn without_a_supervisor_only_the_owner_may_clear() {
    let session = owned_by("w1", None);
    assert_eq!(refused(session.clone(), &clear(Some("s1")), &context(0)), active("w1", "s1"));
    assert!(decide(&stored(session), &clear(Some("w1")), &context(0)).is_ok());
}

#[test]
fn another_actor_is_told_that_an_active_session_is_active() {
    for ms in [0, 59_999] {
        assert_eq!(refused(autonomous(), &clear(Some("w2")), &context(ms)), active("w1", "w2"));
    }
}

#[test]
fn another_actor_is_pointed_to_takeover_when_the_session_can_be_taken_over() {
    let table = [
        (autonomous(), context(60_000)),
        (autonomous(), context(EIGHT_HOURS_MS)),
        (incomplete(Some(ttl(WORKER_TTL)), None), context(0)),
    ];
    for (session, context) in table {
        assert_eq!(refused(session.clone(), &clear(Some("w2")), &context), stale("w1", "w2"));
        let takeover = Command::WorkspaceTakeover(workspace_takeover("w2"));
        assert!(decide(&stored(session), &takeover, &context).is_ok());
    }
}

#[test]
fn another_actor_is_not_pointed_to_takeover_without_ttl_id_or_clock() {
    let table = [
        (incomplete(None, Some(wall(0))), context(60_000)),
        (incomplete(None, None), context(60_000)),
        (Session { anonymous: true, ..autonomous() }, context(60_000)),
        (autonomous(), clockless(60_000)),
        (incomplete(Some(ttl(WORKER_TTL)), None), clockless(60_000)),
    ];
    for (session, context) in table {
        assert_eq!(refused(session.clone(), &clear(Some("w2")), &context), active("w1", "w2"));
        let takeover = Command::WorkspaceTakeover(workspace_takeover("w2"));
        assert!(decide(&stored(session), &takeover, &context).is_err());
    }
}

#[test]
fn a_refused_clear_names_hostile_ids_in_escaped_form() {
    let (owner, actor_id) = ("attacker\nroot", "foo; rm -rf /\x1b[2J");
    for ms in [0, 60_000] {
        let refusal = refused(owned_by(owner, None), &clear(Some(actor_id)), &context(ms));
        let Refusal::Clear(
            ClearRefusal::ActiveAutonomous { owner, actor } | ClearRefusal::StaleAutonomous { owner, actor },
        ) = refusal
        else {
            unreachable!("{refusal:?}")
        };
        assert_eq!(owner.to_string(), "attacker\\nroot");
        assert_eq!(actor.to_string(), "foo; rm -rf /\\x1B[2J");
    }
}

#[test]
fn an_owner_that_the_record_does_not_name_is_unknown() {
    let session = with_lease(owned_by("w1", None), |lease| Lease {
        holder: Holder { id: ActorId::unknown(), ..lease.holder },
        ..lease
    });
    assert_eq!(refused(session, &clear(Some("w1")), &context(0)), active("unknown", "w1"));
}

#[test]
fn a_cleared_session_is_completed_and_let_go_with_the_next_revision_and_fence() {
    let clear = Clear { actor: Some(actor("s1")), reason: Some("done".to_owned()) };
    let decision = decided(autonomous(), &Command::WorkspaceClear(clear), &context(9));
    let cleared = Session {
        state: State::Completed { at: wall(9) },
        lease: None,
        activity: None,
        counters: RAISED,
        ..autonomous()
    };
    assert_eq!(decision.counters, RAISED);
    assert_eq!(*written(&decision), cleared);
    let (from, to) = (Some(StateName::Active), StateName::Completed);
    assert_eq!(
        decision.writes[0].events,
        [
            EventBody::StateChanged { from, to, reason: "done".to_owned(), by: Some(actor("s1")) },
            EventBody::LeaseReleased { fence: COUNTERS.fence },
        ]
    );
}

#[test]
fn a_clear_without_a_usable_clock_ends_at_the_last_known_activity() {
    let session = Session { last_activity_at: wall(5), ..autonomous() };
    let decision = decided(session, &clear(Some("w1")), &clockless(60_000));
    assert_eq!(written(&decision).state, State::Completed { at: wall(5) });
}

#[test]
fn a_cleared_workspace_is_free_for_a_fresh_start_by_anybody() {
    let cleared = crate::fixture::after(&decided(autonomous(), &clear(Some("w1")), &context(0)));
    let start = Command::WorkspaceStart(workspace_start(worker("w2")));
    let decision = decide(&cleared, &start, &context(1)).unwrap();
    let session = written(&decision);
    assert_eq!((session.start_count, session.counters.revision), (1, RAISED.revision.next()));
    assert_eq!((session.counters.fence, &session.predecessor), (RAISED.fence.next(), &None));
}

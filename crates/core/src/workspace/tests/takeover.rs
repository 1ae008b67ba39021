//! Takeovers of a workspace.

use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, RAISED, WORKER_TTL, actor, autonomous, clockless, context, decided, id, interactive, lease,
    nothing, principal, refused, stored, ttl, wall, with_term, worker, workspace_start, workspace_takeover,
};
use crate::id::{Incarnation, SessionId};
use crate::lease::{Holder, HolderKind, Lease, Standing, Term};
use crate::refusal::{Held, LimitRefusal, Refusal, TakeoverRefusal};
use crate::session::{Command, Judged, Mode, Session, State, StateName, decide};
use crate::workspace::{Start, Takeover};

fn takeover(name: &str) -> Command {
    Command::WorkspaceTakeover(workspace_takeover(name))
}

fn incomplete(session: Session, length: Option<Duration>) -> Session {
    with_term(session, Term::Incomplete { ttl: length.map(ttl), renewed: None })
}

#[test]
fn a_workspace_stays_its_principals_when_it_is_refreshed_or_taken_over_and_not_when_started_afresh() {
    let before = Session { principal: Some(principal("ann")), ..autonomous() };
    let of = |command: &Command, ms| {
        decided(before.clone(), command, &context(ms)).writes.last().unwrap().session.principal.clone()
    };
    let owner = worker("w1");
    let start =
        Command::WorkspaceStart(Start { principal: Some(principal("ben")), ..workspace_start(owner) });
    assert_eq!(of(&start, 0), Some(principal("ann")), "refreshed");
    assert_eq!(of(&takeover("w2"), 60_000), Some(principal("ann")), "taken over");
    assert_eq!(of(&start, 60_000), Some(principal("ben")), "started afresh");
}

#[test]
fn a_takeover_opens_a_new_id_that_counts_on_revision_and_fence() {
    let decision = decided(autonomous(), &takeover("w2"), &context(60_000));
    let [ended, opened] = decision.writes.as_slice() else { unreachable!("one ends, one opens") };
    let now = wall(60_000);
    let holder = Holder {
        kind: HolderKind::RuntimeWorker,
        id: actor("w2"),
        supervisor: Some(actor("s1")),
        place: None,
    };
    let taken = Session {
        id: id("ses_fresh"),
        lease: Some(Lease {
            holder,
            incarnation: Incarnation([9; 16]),
            fence: RAISED.fence,
            term: Term::Wall { ttl: ttl(WORKER_TTL), renewed: now },
        }),
        counters: RAISED,
        created_at: now,
        started_at: Some(now),
        last_started_at: Some(now),
        start_count: 1,
        last_activity_at: now,
        activity: None,
        predecessor: Some(autonomous().id),
        ..autonomous()
    };
    assert_eq!(opened.session, taken);
    assert_eq!(opened.session.mode, Mode::Research);
    let old = Session {
        state: State::Expired { at: now, reason: "taken over".to_owned() },
        lease: None,
        counters: RAISED,
        successor: Some(taken.id),
        ..autonomous()
    };
    assert_eq!(ended.session, old);
    assert_eq!(decision.counters, RAISED);
    assert_eq!(decision.judged, Some(Judged::Clock(Standing::Over)));
}

#[test]
fn a_takeover_logs_who_took_it_from_whom_and_why() {
    let decision = decided(autonomous(), &takeover("w2"), &context(60_000));
    let [ended, opened] = decision.writes.as_slice() else { unreachable!("one ends, one opens") };
    let moved = |from, to, reason: &str| EventBody::StateChanged {
        from: Some(from),
        to,
        reason: reason.to_owned(),
        by: None,
    };
    assert_eq!(
        opened.events,
        [
            EventBody::LeaseTakenOver {
                from: actor("w1"),
                holder: lease(&opened.session).holder,
                fence: RAISED.fence,
                reason: "worker died".to_owned(),
            },
            moved(StateName::Pending, StateName::Active, "session taken over"),
        ]
    );
    assert_eq!(
        ended.events,
        [
            moved(StateName::Active, StateName::Expired, "taken over"),
            EventBody::LeaseReleased { fence: COUNTERS.fence },
            EventBody::Succeeded { by: id("ses_fresh") },
        ]
    );
}

#[test]
fn a_taker_may_bring_its_own_supervisor_and_is_always_a_worker() {
    let supervised = Takeover { supervisor: Some(actor("s2")), ..workspace_takeover("w2") };
    let supervisors = crate::fixture::with_lease(autonomous(), |lease| Lease {
        holder: Holder { kind: HolderKind::RuntimeSupervisor, ..lease.holder },
        ..lease
    });
    let decision = decided(supervisors, &Command::WorkspaceTakeover(supervised), &context(60_000));
    let holder = lease(decision.session().unwrap()).holder;
    assert_eq!((holder.kind, holder.supervisor), (HolderKind::RuntimeWorker, Some(actor("s2"))));
}

#[test]
fn each_takeover_that_is_not_allowed_is_refused_for_its_own_reason() {
    let held = || Box::new(Held::of(&autonomous(), &lease(&autonomous())));
    let anonymous = Session { anonymous: true, ..autonomous() };
    let table = [
        (interactive(), "w2", 60_000, TakeoverRefusal::NotAutonomous),
        (autonomous(), "w2", 59_999, TakeoverRefusal::NotStale(held())),
        (autonomous(), "w1", 60_000, TakeoverRefusal::SameActor { owner: actor("w1") }),
        (incomplete(autonomous(), None), "w2", 60_000, TakeoverRefusal::NoTtl),
        (anonymous, "w2", 60_000, TakeoverRefusal::NoSessionId),
    ];
    for (session, name, ms, refusal) in table {
        assert_eq!(refused(session, &takeover(name), &context(ms)), Refusal::Takeover(refusal));
    }
    let nothing_there = decide(&nothing(), &takeover("w2"), &context(0));
    assert_eq!(nothing_there, Err(Refusal::Takeover(TakeoverRefusal::NoSession)));
}

#[test]
fn a_takeover_is_refused_for_the_first_reason_that_holds() {
    let anonymous = |session| Session { anonymous: true, ..session };
    let nameless = incomplete(anonymous(autonomous()), None);
    let held = Box::new(Held::of(&autonomous(), &lease(&autonomous())));
    let same = || TakeoverRefusal::SameActor { owner: actor("w1") };
    let table = [
        (anonymous(interactive()), "w1", 60_000, TakeoverRefusal::NotAutonomous),
        (autonomous(), "w1", 0, TakeoverRefusal::NotStale(held)),
        (nameless.clone(), "w1", 0, same()),
        (anonymous(autonomous()), "w1", 0, same()),
        (nameless, "w2", 0, TakeoverRefusal::NoTtl),
    ];
    for (session, name, ms, refusal) in table {
        assert_eq!(refused(session, &takeover(name), &context(ms)), Refusal::Takeover(refusal));
    }
}

#[test]
fn a_live_workspace_is_held_by_name_fence_and_expiry() {
    let refusal = refused(autonomous(), &takeover("w2"), &context(0));
    let held = Held {
        session: id("ses_worker"),
        key: autonomous().key,
        state: StateName::Active,
        holder: lease(&autonomous()).holder,
        fence: COUNTERS.fence,
        since: wall(0),
        expires_at: Some(wall(60_000)),
    };
    assert_eq!(refusal, Refusal::Takeover(TakeoverRefusal::NotStale(Box::new(held))));
}

#[test]
fn a_cleared_workspace_cannot_be_taken_over() {
    let ended = Session { state: State::Completed { at: wall(0) }, lease: None, ..autonomous() };
    let refusal = refused(ended, &takeover("w2"), &context(60_000));
    assert_eq!(refusal, Refusal::Takeover(TakeoverRefusal::NoSession));
}

#[test]
fn a_takeover_needs_a_reason_and_a_usable_clock() {
    for blank in ["", " \n"] {
        let command = Takeover { reason: blank.to_owned(), ..workspace_takeover("w2") };
        let refusal = refused(autonomous(), &Command::WorkspaceTakeover(command), &context(60_000));
        assert_eq!(refusal, Refusal::Limit(LimitRefusal::BlankReason));
    }
    assert_eq!(refused(autonomous(), &takeover("w2"), &clockless(60_000)), Refusal::Clock);
    let undated = incomplete(autonomous(), Some(WORKER_TTL));
    assert_eq!(refused(undated, &takeover("w2"), &clockless(0)), Refusal::Clock);
}

#[test]
fn a_takeover_of_a_lease_without_a_recorded_renewal_keeps_its_ttl() {
    let decision = decided(incomplete(autonomous(), Some(WORKER_TTL)), &takeover("w2"), &context(5));
    let term = Term::Wall { ttl: ttl(WORKER_TTL), renewed: wall(5) };
    assert_eq!(lease(decision.session().unwrap()).term, term);
    assert_eq!(stored(decision.session().unwrap().clone()).open().map(|s| s.id.as_str()), Some("ses_fresh"));
    assert_ne!(SessionId::parse("ses_fresh"), Ok(autonomous().id));
}

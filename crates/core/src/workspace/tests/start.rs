//! Starts of a workspace: counts, modes, warnings, log.

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, EIGHT_HOURS_MS, KEPT, RAISED, actor, autonomous, clockless, context, decided, id, import,
    interactive, lease, nothing, refused, stored, ttl, unrecorded_owner, wall, with_lease, worker,
    workspace_start, written,
};
use crate::id::{ActorId, Fence, Incarnation, Revision, SessionId};
use crate::lease::{Holder, HolderKind, Lease, Lifecycle, Standing, Term};
use crate::refusal::Refusal;
use crate::session::{Command, Counters, Current, Judged, Mode, Session, StateName, Warning, decide};
use crate::workspace::{Import, Owner, Start};

use std::time::Duration;

fn start(owner: Owner) -> Command {
    Command::WorkspaceStart(workspace_start(owner))
}

fn start_as(owner: Owner, mode: Mode) -> Command {
    Command::WorkspaceStart(Start { mode: Some(mode), ..workspace_start(owner) })
}

fn shown(session: &Session) -> (u64, Mode, &str, Revision) {
    (session.start_count, session.mode, session.id.as_str(), session.counters.revision)
}

/// Record version 2, without an id, owner, or revision, last started now.
fn recent_record_without_id() -> Current {
    let revision = Revision(0);
    let import = Import { recorded_id: None, owner: unrecorded_owner(), revision, ..import() };
    let decision = decide(&nothing(), &Command::WorkspaceImport(import), &context(5)).unwrap();
    crate::fixture::after(&decision)
}

#[test]
fn the_first_start_counts_one_in_mode_general_for_the_interactive_owner() {
    let fresh = Start { id: id("ses_01ARZ3NDEKTSV4RRFFQ69G5FAV"), ..workspace_start(Owner::Interactive) };
    let decision = decide(&nothing(), &Command::WorkspaceStart(fresh), &context(5)).unwrap();
    let session = written(&decision);
    assert_eq!(shown(session), (1, Mode::General, "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV", Revision(1)));
    assert!(session.id.as_str().starts_with(SessionId::PREFIX));
    assert_eq!((session.started_at, session.last_started_at), (Some(wall(5)), Some(wall(5))));
    let holder = lease(session).holder;
    assert_eq!((holder.kind, holder.id), (HolderKind::Interactive, ActorId::interactive()));
    assert_eq!(decision.counters, Counters { revision: Revision(1), fence: Fence(1) });
    assert_eq!((decision.judged, decision.warning), (None, None));
}

#[test]
fn an_active_interactive_session_goes_on_with_its_id_and_mode_and_counts_on() {
    let session = Session { started_at: Some(wall(0)), ..interactive() };
    let decision = decided(session, &start(Owner::Interactive), &context(9));
    let session = written(&decision);
    assert_eq!(shown(session), (3, Mode::Research, "ses_person", Revision(8)));
    assert_eq!((session.started_at, session.last_started_at), (Some(wall(0)), Some(wall(9))));
}

#[test]
fn past_eight_hours_an_interactive_start_is_fresh_in_mode_general() {
    let decision = decided(interactive(), &start(Owner::Interactive), &context(EIGHT_HOURS_MS + 1000));
    assert_eq!(shown(decision.session().unwrap()), (1, Mode::General, "ses_fresh", Revision(8)));
}

#[test]
fn a_recent_record_without_an_id_is_started_afresh_with_revision_one() {
    let current = recent_record_without_id();
    let decision = decide(&current, &start(Owner::Interactive), &context(1000)).unwrap();
    assert_eq!(shown(decision.session().unwrap()), (1, Mode::General, "ses_fresh", Revision(1)));
    assert_eq!(decision.warning, Some(Warning::LegacyReplaced));
}

#[test]
fn an_explicit_mode_replaces_the_kept_one() {
    for mode in Mode::ALL {
        let decision = decided(interactive(), &start_as(Owner::Interactive, mode), &context(9));
        assert_eq!(shown(written(&decision)), (3, mode, "ses_person", Revision(8)));
        let stale = context(EIGHT_HOURS_MS + 1);
        let decision = decided(interactive(), &start_as(Owner::Interactive, mode), &stale);
        assert_eq!(shown(decision.session().unwrap()), (1, mode, "ses_fresh", Revision(8)));
    }
}

#[test]
fn a_start_is_a_reset_exactly_when_the_count_is_one_afterwards() {
    let count =
        |session, owner, ms| decided(session, &start(owner), &context(ms)).session().unwrap().start_count;
    let once = Session { start_count: 1, ..autonomous() };
    assert_eq!(count(once.clone(), worker("w1"), 0), 2);
    assert_eq!(count(once, worker("w1"), 60_000), 1);
    assert_eq!(count(interactive(), Owner::Interactive, EIGHT_HOURS_MS), 3);
    assert_eq!(count(interactive(), worker("w1"), EIGHT_HOURS_MS + 1), 1);
}

#[test]
fn the_start_count_saturates() {
    let session = Session { start_count: u64::MAX, ..interactive() };
    let decision = decided(session, &start(Owner::Interactive), &context(9));
    assert_eq!(written(&decision).start_count, u64::MAX);
}

#[test]
fn the_revision_saturates() {
    let counters = Counters { revision: Revision(u64::MAX), ..COUNTERS };
    let session = Session { counters, ..interactive() };
    let decision = decided(session, &start(Owner::Interactive), &context(9));
    assert_eq!(decision.counters, counters);
}

#[test]
fn a_fresh_start_in_a_used_slot_goes_on_counting_revisions_and_fences() {
    let current = Current { session: None, counters: COUNTERS };
    let decision = decide(&current, &start(Owner::Interactive), &context(9)).unwrap();
    assert_eq!(decision.counters, RAISED);
    assert_eq!(written(&decision).predecessor, None);
}

#[test]
fn an_autonomous_start_renews_its_lease_now_and_an_interactive_one_has_none() {
    let half = ttl(Duration::from_secs(30));
    let decision = decided(autonomous(), &start(worker("w1")), &context(9));
    assert_eq!(lease(written(&decision)).term, Term::Wall { ttl: half, renewed: wall(9) });
    let decision = decided(interactive(), &start(Owner::Interactive), &context(9));
    assert_eq!(lease(written(&decision)).term, Term::Interactive { started: wall(9) });
}

#[test]
fn a_refresh_keeps_the_activity_of_a_runtime_and_drops_that_of_a_person() {
    let said = autonomous().activity;
    let decision = decided(autonomous(), &start(worker("w1")), &context(9));
    assert_eq!(written(&decision).activity, said);
    let session = Session { activity: said, ..interactive() };
    let decision = decided(session, &start(Owner::Interactive), &context(9));
    assert_eq!(written(&decision).activity, None);
}

#[test]
fn a_start_in_spite_of_an_open_session_says_so() {
    let anonymous = |session| Session { anonymous: true, ..session };
    let table = [
        (interactive(), Owner::Interactive, 0, Some(Warning::InteractiveRefreshed)),
        (autonomous(), worker("w1"), 0, Some(Warning::AutonomousRefreshed { owner: actor("w1") })),
        (interactive(), Owner::Interactive, EIGHT_HOURS_MS + 1, None),
        (autonomous(), worker("w1"), 60_000, None),
        (anonymous(interactive()), Owner::Interactive, 0, Some(Warning::LegacyReplaced)),
        (anonymous(interactive()), worker("w1"), EIGHT_HOURS_MS + 1, Some(Warning::LegacyReplaced)),
        (anonymous(autonomous()), worker("w1"), 0, Some(Warning::LegacyReplaced)),
    ];
    for (session, owner, ms, warning) in table {
        assert_eq!(decided(session, &start(owner), &context(ms)).warning, warning, "{ms}");
    }
}

#[test]
fn a_start_relies_on_the_standing_that_it_saw() {
    let table = [
        (interactive(), Owner::Interactive, 0, Some(Judged::Clock(Standing::Live))),
        (interactive(), Owner::Interactive, EIGHT_HOURS_MS + 1, Some(Judged::Clock(Standing::Over))),
        (autonomous(), worker("w1"), 0, Some(Judged::Clock(Standing::Live))),
        (autonomous(), worker("w1"), 60_000, Some(Judged::Clock(Standing::Over))),
        (Session { anonymous: true, ..autonomous() }, worker("w1"), 0, None),
    ];
    for (session, owner, ms, judged) in table {
        assert_eq!(decided(session, &start(owner), &context(ms)).judged, judged, "{ms}");
    }
}

#[test]
fn a_start_needs_a_usable_clock() {
    for owner in [Owner::Interactive, worker("w1")] {
        for session in [interactive(), autonomous()] {
            assert_eq!(refused(session, &start(owner.clone()), &clockless(0)), Refusal::Clock);
        }
        assert_eq!(decide(&nothing(), &start(owner), &clockless(0)), Err(Refusal::Clock));
    }
}

#[test]
fn the_fence_grows_with_a_fresh_session_and_stays_on_a_refresh() {
    assert_eq!(decided(autonomous(), &start(worker("w1")), &context(0)).counters, KEPT);
    assert_eq!(decided(autonomous(), &start(worker("w1")), &context(60_000)).counters, RAISED);
    assert_eq!(decided(interactive(), &start(Owner::Interactive), &context(0)).counters, KEPT);
    assert_eq!(decided(interactive(), &start(worker("w1")), &context(EIGHT_HOURS_MS + 1)).counters, RAISED);
}

#[test]
fn a_recovered_lease_has_a_new_id_incarnation_and_fence() {
    let decision = decided(autonomous(), &start(worker("w1")), &context(60_000));
    let held = lease(decision.session().unwrap());
    assert_eq!(decision.session().unwrap().id, id("ses_fresh"));
    assert_eq!((held.incarnation, held.fence), (Incarnation([9; 16]), RAISED.fence));
    assert_eq!(held.holder.supervisor, Some(actor("s1")));
}

#[test]
fn a_fresh_start_logs_the_grant_and_the_move_and_ends_the_old_log_with_the_successor() {
    let decision = decided(interactive(), &start(worker("w1")), &context(EIGHT_HOURS_MS + 1));
    let [ended, opened] = decision.writes.as_slice() else { unreachable!("one ends, one opens") };
    assert!(!ended.opens && opened.opens);
    let stale = "stale, started afresh".to_owned();
    let (active, expired) = (StateName::Active, StateName::Expired);
    assert_eq!(
        ended.events,
        [
            EventBody::StateChanged { from: Some(active), to: expired, reason: stale, by: None },
            EventBody::LeaseReleased { fence: COUNTERS.fence },
            EventBody::Succeeded { by: id("ses_fresh") },
        ]
    );
    let holder = Holder { kind: HolderKind::RuntimeWorker, id: actor("w1"), supervisor: None, place: None };
    let reason = "session started".to_owned();
    assert_eq!(
        opened.events,
        [
            EventBody::LeaseGranted { holder, fence: RAISED.fence, ttl: Some(Duration::from_secs(30)) },
            EventBody::StateChanged { from: Some(StateName::Pending), to: active, reason, by: None },
        ]
    );
}

#[test]
fn a_refresh_logs_the_grant_and_no_move() {
    let decision = decided(interactive(), &start(Owner::Interactive), &context(9));
    let holder = lease(&interactive()).holder;
    let granted = EventBody::LeaseGranted { holder, fence: COUNTERS.fence, ttl: None };
    assert_eq!(decision.writes[0].events, [granted]);
}

#[test]
fn a_start_keeps_where_the_caller_runs() {
    let place = crate::fixture::runner(1).holder.place;
    let command = Start { place: place.clone(), ..workspace_start(worker("w1")) };
    let held = with_lease(autonomous(), |lease| Lease { incarnation: Incarnation([5; 16]), ..lease });
    let decision = decide(&stored(held), &Command::WorkspaceStart(command), &context(0)).unwrap();
    let refreshed = lease(written(&decision));
    assert_eq!((refreshed.holder.place, refreshed.incarnation), (place, Incarnation([5; 16])));
    assert_eq!(refreshed.holder.kind.lifecycle(), Lifecycle::Autonomous);
}

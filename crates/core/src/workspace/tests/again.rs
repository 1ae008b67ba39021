//! Deciding again: what somebody else wrote in between is judged afresh.

use crate::fixture::{
    KEPT, actor, after, after_seeing, autonomous, clear, context, decided, heartbeat, interactive, nothing,
    stored, worker, workspace_start, workspace_takeover,
};
use crate::refusal::{ClearRefusal, HeartbeatRefusal, Refusal, StartRefusal, TakeoverRefusal};
use crate::session::{Command, Counters, Current, Seen, Session, State, decide};
use crate::workspace::Owner;

use crate::lease::Lifecycle;

fn start(owner: Owner) -> Command {
    Command::WorkspaceStart(workspace_start(owner))
}

fn takeover(name: &str) -> Command {
    Command::WorkspaceTakeover(workspace_takeover(name))
}

/// What is stored after `command` was carried out on `current`.
fn then(current: &Current, command: &Command, ms: u64) -> Current {
    after(&decide(current, command, &context(ms)).unwrap())
}

/// What is stored after somebody cleared the workspace.
fn cleared() -> Current {
    then(&stored(autonomous()), &clear(Some("w1")), 0)
}

#[test]
fn of_two_first_starts_the_second_meets_the_session_of_the_first() {
    let first = then(&nothing(), &start(worker("w1")), 0);
    let second = decide(&first, &start(worker("w2")), &after_seeing(&nothing(), 1));
    let (tried, owner) = (Lifecycle::Autonomous, Some(actor("w1")));
    assert_eq!(second, Err(Refusal::Start(StartRefusal::ActiveAutonomous { tried, owner })));
}

#[test]
fn a_start_that_was_refused_can_be_granted_on_a_second_look() {
    assert!(decide(&stored(autonomous()), &start(Owner::Interactive), &context(0)).is_err());
    let decision = decide(&cleared(), &start(Owner::Interactive), &context(1)).unwrap();
    assert_eq!(decision.session().unwrap().start_count, 1);
}

#[test]
fn a_start_judges_the_clock_of_its_second_look() {
    let seen = stored(autonomous());
    let live = decide(&seen, &start(worker("w1")), &after_seeing(&seen, 59_999)).unwrap();
    let over = decide(&seen, &start(worker("w1")), &after_seeing(&seen, 60_000)).unwrap();
    assert_eq!((live.writes.len(), over.writes.len()), (1, 2));
}

#[test]
fn a_decision_is_to_be_written_on_the_revision_it_was_made_on() {
    let decision = decide(&nothing(), &start(worker("w1")), &context(0)).unwrap();
    assert_eq!(decision.counters.revision, nothing().counters.revision.next());
    let decision = decided(autonomous(), &start(worker("w1")), &context(0));
    assert_eq!(decision.counters.revision, autonomous().counters.revision.next());
}

#[test]
fn of_two_takers_the_second_meets_the_live_lease_of_the_first() {
    let seen = stored(autonomous());
    let taken = then(&seen, &takeover("w2"), 60_000);
    let second = decide(&taken, &takeover("w3"), &after_seeing(&seen, 60_001)).unwrap_err();
    let Refusal::Takeover(TakeoverRefusal::NotStale(held)) = second else { unreachable!("{second:?}") };
    assert_eq!(held.holder.id, actor("w2"));
}

#[test]
fn a_clear_is_refused_when_the_session_it_saw_was_changed_replaced_or_cleared() {
    let seen = stored(autonomous());
    let beaten = then(&seen, &heartbeat("w1"), 1);
    let refreshed = then(&seen, &start(worker("w1")), 1);
    let recovered = then(&seen, &start(worker("w1")), 60_000);
    for found in [beaten, refreshed, recovered, cleared()] {
        let again = decide(&found, &clear(Some("w1")), &after_seeing(&seen, 60_000));
        assert_eq!(again, Err(Refusal::IdentityChanged));
    }
}

#[test]
fn a_clear_is_refused_when_a_session_appeared_where_none_was_seen() {
    let found = then(&nothing(), &start(Owner::Interactive), 0);
    let again = decide(&found, &clear(None), &after_seeing(&nothing(), 1));
    assert_eq!(again, Err(Refusal::IdentityChanged));
}

#[test]
fn a_clear_is_authorised_again_before_identities_are_compared() {
    let seen = stored(autonomous());
    let taken = then(&seen, &takeover("w2"), 60_000);
    let again = decide(&taken, &clear(Some("w1")), &after_seeing(&seen, 60_001));
    let refusal = ClearRefusal::ActiveAutonomous { owner: actor("w2"), actor: actor("w1") };
    assert_eq!(again, Err(Refusal::Clear(refusal)));
}

#[test]
fn a_clear_goes_on_when_what_it_saw_is_still_there() {
    let seen = stored(autonomous());
    let decision = decide(&seen, &clear(Some("w1")), &after_seeing(&seen, 1)).unwrap();
    assert!(decision.session().unwrap().is_terminal());
}

#[test]
fn a_heartbeat_tells_that_the_session_disappeared_meanwhile() {
    let seen = stored(autonomous());
    for found in [cleared(), nothing()] {
        let again = decide(&found, &heartbeat("w1"), &after_seeing(&seen, 1));
        assert_eq!(again, Err(Refusal::Heartbeat(HeartbeatRefusal::Disappeared)));
    }
}

#[test]
fn a_heartbeat_tells_that_ownership_changed_meanwhile() {
    let seen = stored(autonomous());
    let other_owner = then(&seen, &takeover("w2"), 60_000);
    let other_id = then(&seen, &start(worker("w1")), 60_000);
    let other_lifecycle = then(&cleared(), &start(Owner::Interactive), 60_000);
    let without_id = stored(Session { anonymous: true, ..autonomous() });
    for found in [other_owner, other_id, other_lifecycle, without_id] {
        let again = decide(&found, &heartbeat("w1"), &after_seeing(&seen, 60_001));
        assert_eq!(again, Err(Refusal::Heartbeat(HeartbeatRefusal::OwnershipChanged)));
    }
}

#[test]
fn a_heartbeat_tells_that_the_lease_ran_out_meanwhile() {
    let seen = stored(autonomous());
    let again = decide(&seen, &heartbeat("w1"), &after_seeing(&seen, 60_000));
    let refusal = HeartbeatRefusal::BecameStale { owner: actor("w1") };
    assert_eq!(again, Err(Refusal::Heartbeat(refusal)));
}

#[test]
fn a_heartbeat_goes_on_after_another_one_of_the_same_owner() {
    let seen = stored(autonomous());
    let beaten = then(&seen, &heartbeat("w1"), 1);
    let decision = decide(&beaten, &heartbeat("w1"), &after_seeing(&seen, 2)).unwrap();
    assert_eq!(decision.counters, Counters { revision: KEPT.revision.next(), ..KEPT });
}

#[test]
fn what_was_seen_is_the_open_session_and_the_revision() {
    let seen = Seen::of(&stored(autonomous()));
    assert!(seen.is(&stored(autonomous())));
    assert_eq!(seen.session(), Some(&autonomous().id));
    assert!(!seen.is(&stored(interactive())));
    assert!(!seen.is(&stored(Session { counters: KEPT, ..autonomous() })));
    let state = State::Completed { at: crate::fixture::wall(0) };
    assert!(!seen.is(&stored(Session { state, lease: None, ..autonomous() })));
    assert_eq!(Seen::of(&nothing()).session(), None);
}

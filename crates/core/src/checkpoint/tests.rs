//! Tests of the rules about checkpoints and forks.

use std::time::Duration;

use super::{Fork, Kept, Permit, Record, Restore, keep, permit};
use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, KEPT, RUN_TTL, actor, agent, context, id, in_state, interactive, lease, moment, no_wall,
    nothing, principal, stored, wall,
};
use crate::id::{CheckpointId, Fence, Incarnation, Seq};
use crate::kind::Kind;
use crate::refusal::{Existing, Refusal};
use crate::session::{
    Activity, Command, Context, Current, Decision, Drive, Progress, Session, StateName, Step, Usage, Writer,
    decide,
};
use crate::time::millis;

fn checkpoint() -> CheckpointId {
    CheckpointId::parse("ckp_1").unwrap()
}

/// Brings back what was given, or the session's own record.
fn restore(
    current: &Current,
    (record, fence): (Option<Record>, Option<Fence>),
    context: &Context,
) -> Result<Decision, Refusal> {
    let writer = fence.map_or(Writer::Operator(None), Writer::Owner);
    let step = Step::Restore(Box::new(Restore { id: checkpoint(), record }));
    decide(current, &Command::Drive(Box::new(Drive { writer, step })), context)
}

fn free() -> Session {
    Session { lease: None, ..agent() }
}

/// One millisecond after the run's lease is over.
fn late() -> u64 {
    millis(RUN_TTL) + 1
}

#[test]
fn only_the_owner_saves_what_somebody_holds() {
    let session = agent();
    let fence = lease(&session).fence;
    assert_eq!(permit(&session, Some(fence), None, &moment(0)), Permit::Granted);
    assert_eq!(permit(&session, Some(fence), None, &moment(late())), Permit::Granted, "late, lost to nobody");
    assert_eq!(permit(&session, Some(fence.next()), None, &moment(0)), Permit::Fenced);
    assert_eq!(permit(&session, None, None, &moment(0)), Permit::Held);
    assert_eq!(permit(&interactive(), None, None, &no_wall(0)), Permit::Held, "no clock says otherwise");
}

#[test]
fn an_operator_saves_what_nobody_holds() {
    let session = agent();
    assert_eq!(permit(&session, None, None, &moment(late())), Permit::Granted);
    assert_eq!(permit(&session, None, Some(lease(&session).incarnation), &moment(0)), Permit::Granted);
    assert_eq!(permit(&session, None, Some(Incarnation([9; 16])), &moment(0)), Permit::Held);
    assert_eq!(permit(&free(), None, None, &moment(0)), Permit::Granted);
    assert_eq!(permit(&free(), Some(Fence(3)), None, &moment(0)), Permit::Fenced);
}

#[test]
fn what_has_ended_is_neither_saved_nor_brought_back() {
    for state in StateName::ALL.into_iter().filter(|state| state.is_terminal()) {
        let session = in_state(agent(), state);
        assert_eq!(permit(&session, None, None, &moment(0)), Permit::Ended);
        assert_eq!(permit(&session, Some(COUNTERS.fence), None, &moment(0)), Permit::Ended);
        let refusal = Refusal::Ended(Box::new(Existing::of(&session)));
        assert_eq!(restore(&stored(session), (None, None), &context(0)), Err(refusal));
    }
    assert_eq!(restore(&nothing(), (None, None), &context(0)), Err(Refusal::NotFound));
}

#[test]
fn a_restore_is_one_event_and_the_next_revision() {
    let fence = lease(&agent()).fence;
    let decision = restore(&stored(agent()), (None, Some(fence)), &context(1)).unwrap();
    assert_eq!((decision.counters, decision.judged), (KEPT, None));
    let write = &decision.writes[0];
    assert_eq!(write.events, [EventBody::CheckpointRestored { id: checkpoint(), is_record: false }]);
    assert_eq!(Record::of(&write.session), Record::of(&agent()), "a given payload changes nothing");
    assert_eq!(write.session.last_activity_at, wall(1));
}

#[test]
fn a_restore_of_a_record_brings_back_what_the_session_is_about_and_nothing_else() {
    let mut then = agent();
    then.labels.insert("step".to_owned(), "1".to_owned());
    then.command = vec!["then".to_owned()];
    then.activity = Some(Activity {
        text: "sorting".to_owned(),
        actor: actor("w1"),
        at: wall(0),
        revision: COUNTERS.revision,
    });
    then.facts.metadata.insert("goal".to_owned(), "1".to_owned());
    then.facts.progress = Some(Progress { current: 3, total: Some(4) });
    then.facts.timings.insert("build".to_owned(), Duration::from_secs(2));
    then.facts.usage.iterations = 9;
    let fence = Some(lease(&agent()).fence);
    let decision = restore(&stored(agent()), (Some(Record::of(&then)), fence), &context(1)).unwrap();
    assert_eq!(
        decision.writes[0].events,
        [EventBody::CheckpointRestored { id: checkpoint(), is_record: true }]
    );
    let restored = &decision.writes[0].session;
    assert_eq!(Record::of(restored), Record::of(&then));
    let gone_on = Session { counters: KEPT, last_activity_at: wall(1), ..agent() };
    let mut expected = gone_on;
    Record::of(&then).bring_back(&mut expected);
    assert_eq!(*restored, expected);
}

#[test]
fn an_operator_restores_only_what_nobody_holds() {
    let session = agent();
    let held = restore(&stored(session.clone()), (None, None), &context(0));
    assert!(matches!(held, Err(Refusal::Held(_))), "{held:?}");
    let over = restore(&stored(session.clone()), (None, None), &context(late()));
    assert!(matches!(over, Err(Refusal::Abandoned { is_gone: false, .. })), "{over:?}");
    let mut dead = context(0);
    dead.gone = Some(lease(&session).incarnation);
    let gone = restore(&stored(session), (None, None), &dead);
    assert!(matches!(gone, Err(Refusal::Abandoned { is_gone: true, .. })), "{gone:?}");
    let nobody = restore(&stored(free()), (None, None), &context(1)).unwrap();
    assert_eq!(
        nobody.writes[0].session.last_activity_at,
        free().last_activity_at,
        "not the owner's activity"
    );
}

#[test]
fn a_workspace_is_not_changed_by_a_restore() {
    let refused = restore(&stored(interactive()), (None, None), &context(0));
    assert!(matches!(refused, Err(Refusal::WrongKind { kind: Kind::Workspace, .. })), "{refused:?}");
}

#[test]
fn a_restore_under_an_old_fence_names_the_holder() {
    let given = Fence(lease(&agent()).fence.0 - 1);
    match restore(&stored(agent()), (None, Some(given)), &context(0)) {
        Err(Refusal::Fenced { given: told, current, holder: Some(holder) }) => {
            assert_eq!((told, current, holder.session), (given, COUNTERS.fence, agent().id));
        }
        other => panic!("expected to hear of the holder, not {other:?}"),
    }
}

#[test]
fn a_fork_is_a_pending_session_of_its_own_that_says_where_it_comes_from() {
    for parent in [agent(), in_state(agent(), StateName::Failed), interactive()] {
        let fork = Fork { id: id("ses_fork"), at: Seq(5), record: None, principal: None };
        let write = fork.opening(&parent, wall(9));
        let session = &write.session;
        assert!(write.opens && session.lease.is_none() && session.key.is_none());
        assert_eq!((session.kind, session.state.name()), (Kind::Agent, StateName::Pending));
        assert_eq!((&session.predecessor, session.created_at), (&Some(parent.id.clone()), wall(9)));
        assert_eq!((&session.labels, &session.command), (&parent.labels, &parent.command));
        let reason = format!("forked from {} at 5", parent.id);
        let opened = EventBody::StateChanged { from: None, to: StateName::Pending, reason, by: None };
        assert_eq!(write.events, [opened]);
    }
}

#[test]
fn a_fork_has_used_nothing_and_has_as_long_to_live_as_its_parent_had() {
    let hour = Duration::from_secs(3600);
    let mut parent = agent();
    parent.facts.usage.tool_calls = 4;
    parent.facts.metadata.insert("goal".to_owned(), "1".to_owned());
    (parent.pending_timeout, parent.expires_at) = (Some(hour), Some(parent.created_at.after(hour)));
    let fork = Fork { id: id("ses_fork"), at: Seq(5), record: None, principal: None }
        .opening(&parent, wall(9))
        .session;
    assert_eq!(fork.facts.usage, Usage::default());
    assert_eq!(fork.facts.metadata, parent.facts.metadata);
    assert_eq!((fork.pending_timeout, fork.expires_at), (Some(hour), Some(wall(9).after(hour))));
}

#[test]
fn a_fork_is_its_parents_principals_unless_another_is_given() {
    let parent = Session { principal: Some(principal("ann")), ..agent() };
    for (given, expected) in [(None, "ann"), (Some(principal("ben")), "ben")] {
        let fork = Fork { id: id("ses_fork"), at: Seq(5), record: None, principal: given };
        assert_eq!(fork.opening(&parent, wall(9)).session.principal, Some(principal(expected)));
    }
}

#[test]
fn a_fork_of_a_record_is_about_what_was_saved() {
    let said =
        Activity { text: "sorting".to_owned(), actor: actor("w1"), at: wall(0), revision: COUNTERS.revision };
    let record = Record { command: vec!["then".to_owned()], activity: Some(said), ..Record::of(&agent()) };
    let fork = Fork { id: id("ses_fork"), at: Seq(5), record: Some(record.clone()), principal: None };
    assert_eq!(Record::of(&fork.opening(&agent(), wall(0)).session), record);
}

#[test]
fn the_newest_are_kept_and_the_newest_valid_one_in_any_case() {
    use Kept::{LastValid, Newest, No};
    assert_eq!(keep(4, 2, Some(0)), [Newest, Newest, No, No]);
    assert_eq!(keep(4, 2, Some(3)), [Newest, Newest, No, LastValid]);
    assert_eq!(keep(4, 2, None), [Newest, Newest, No, No]);
    assert_eq!(keep(3, 0, Some(1)), [No, LastValid, No]);
    assert_eq!(keep(3, 0, None), [No, No, No]);
    assert_eq!(keep(0, 10, None), []);
}

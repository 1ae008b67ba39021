//! Retained sessions, and policies that let others go.

use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    actor, agent, agent_commands, autonomous, context, decided, in_state, refused, shut_down, stored, wall,
    workspace_commands, written,
};
use crate::id::{Fence, GroupName, HandoverId, Key, SessionId};
use crate::kind::Kind;
use crate::limits;
use crate::refusal::{LimitRefusal, Refusal};
use crate::session::{
    Command, HandOver, Needed, PrunePolicy, Pruner, Session, State, StateName, Verdict, may_renew, may_stop,
};
use crate::time::WallTime;

fn retain(reason: &str) -> Command {
    Command::Retain { by: Some(actor("counsel")), reason: reason.to_owned() }
}

fn end_retention() -> Command {
    Command::EndRetention { by: None }
}

fn handing_over() -> Command {
    let (id, to) = (HandoverId([7; 16]), "/there/tenure.db".to_owned());
    Command::HandOver(Box::new(HandOver { id, to, by: None }))
}

fn arrived() -> Command {
    Command::Arrived { id: HandoverId([7; 16]) }
}

fn every_state() -> impl Iterator<Item = Session> {
    StateName::ALL.into_iter().map(|name| in_state(agent(), name))
}

#[test]
fn any_session_is_retained_and_let_go_and_its_log_says_so() {
    for session in every_state().chain([autonomous()]) {
        let before = session.clone();
        let decision = decided(session, &retain(" a case "), &context(500));
        let retained = written(&decision).retained.clone().unwrap();
        assert_eq!((retained.reason.as_str(), retained.by), ("a case", Some(actor("counsel"))));
        assert_eq!(
            (written(&decision).state.clone(), written(&decision).lease.clone()),
            (before.state, before.lease)
        );
        assert!(
            matches!(&decision.writes[0].events[..], [EventBody::Retained { reason, .. }] if reason == "a case")
        );
        assert_eq!(decision.counters.revision, before.counters.revision.next());
        let decision = decided(written(&decision).clone(), &end_retention(), &context(600));
        assert_eq!(written(&decision).retained, None);
        assert_eq!(decision.writes[0].events, [EventBody::RetentionEnded { by: None }]);
    }
}

#[test]
fn the_same_reason_again_changes_nothing_and_another_one_replaces_it() {
    let decision = decided(agent(), &retain("a"), &context(500));
    let retained = written(&decision).clone();
    assert_eq!(decided(retained.clone(), &retain("a"), &context(600)).writes, []);
    let decision = decided(retained, &retain("b"), &context(600));
    assert_eq!(written(&decision).retained.as_ref().unwrap().reason, "b");
}

#[test]
fn a_retention_needs_a_reason_and_only_what_is_retained_is_let_go() {
    assert_eq!(refused(agent(), &retain("  "), &context(500)), Refusal::Limit(LimitRefusal::BlankReason));
    assert!(matches!(refused(agent(), &end_retention(), &context(500)), Refusal::NotRetained(_)));
}

#[test]
fn nothing_is_removed_of_what_is_retained_or_on_its_way() {
    for session in every_state() {
        let is_open = !session.is_terminal();
        assert_eq!(session.needed(), is_open.then_some(Needed::Open));
        assert_eq!(session.needed_parts(), None);
        let retained = written(&decided(session.clone(), &retain("a"), &context(500))).clone();
        assert_eq!(
            (retained.needed(), retained.needed_parts()),
            (Some(Needed::Retained), Some(Needed::Retained))
        );
        let leaving = written(&decided(session, &handing_over(), &context(500))).clone();
        assert_eq!(
            (leaving.needed(), leaving.needed_parts()),
            (Some(Needed::OnItsWay), Some(Needed::OnItsWay))
        );
        let gone = written(&decided(leaving, &arrived(), &context(600))).clone();
        assert_eq!((gone.needed(), gone.needed_parts()), (None, None));
    }
}

#[test]
fn handing_over_lets_the_owner_go_under_a_higher_fence() {
    for session in [agent(), autonomous()] {
        let (before, held) = (session.counters, session.lease.is_some());
        let decision = decided(session, &handing_over(), &context(500));
        let gone = written(&decision);
        assert!(held && gone.lease.is_none() && gone.is_closed());
        assert_eq!(decision.counters.fence, before.fence.next());
        let handover = gone.handover.as_ref().unwrap();
        assert_eq!(
            (handover.fence, handover.at, handover.has_arrived),
            (before.fence.next(), wall(500), false)
        );
        assert!(matches!(
            &decision.writes[0].events[..],
            [EventBody::LeaseReleased { .. }, EventBody::HandedOver { fence, .. }] if *fence == before.fence.next()
        ));
        assert_eq!(gone.due_at(), None);
    }
}

#[test]
fn every_command_to_what_was_handed_over_is_told_where_it_is() {
    for session in [agent(), autonomous(), in_state(agent(), StateName::Completed)] {
        let commands = match session.kind {
            Kind::Agent | Kind::Workflow => agent_commands(Fence(1)),
            Kind::Workspace => workspace_commands(),
        };
        let leaving = written(&decided(session, &handing_over(), &context(500))).clone();
        let gone = written(&decided(leaving.clone(), &arrived(), &context(600))).clone();
        for (session, has_arrived) in [(leaving, false), (gone, true)] {
            for command in &commands {
                let refusal = refused(session.clone(), command, &context(700));
                let Refusal::HandedOver(told) = refusal else { panic!("{command:?}: {refusal:?}") };
                assert_eq!((told.to.as_str(), told.has_arrived), ("/there/tenure.db", has_arrived));
            }
            let current = stored(session);
            assert!(matches!(may_stop(&current, &context(700)), Err(Refusal::HandedOver(_))));
            assert!(matches!(may_renew(&current, Fence(1)), Err(Refusal::HandedOver(_))));
        }
    }
}

#[test]
fn what_was_shut_down_goes_on_by_itself_only_where_it_belongs() {
    assert!(shut_down().is_auto_resumed());
    let leaving = written(&decided(shut_down(), &handing_over(), &context(500))).clone();
    assert!(leaving.is_shut_down() && !leaving.is_auto_resumed());
}

#[test]
fn a_hand_over_gives_back_the_place_in_the_group_or_the_one_in_its_queue() {
    let group = GroupName::parse("web").ok();
    for is_queued in [false, true] {
        let member = Session { group: group.clone(), is_queued, ..agent() };
        assert!(member.is_member());
        let gone = written(&decided(member, &handing_over(), &context(500))).clone();
        assert_eq!((gone.group.clone(), gone.is_queued, gone.is_member()), (group.clone(), false, false));
    }
}

#[test]
fn a_hand_over_is_asked_for_again_without_effect_and_never_in_two_directions() {
    let leaving = written(&decided(agent(), &handing_over(), &context(500))).clone();
    assert_eq!(decided(leaving.clone(), &handing_over(), &context(600)).writes, []);
    let other = HandOver { id: HandoverId([8; 16]), to: "/elsewhere".to_owned(), by: None };
    let other = Command::HandOver(Box::new(other));
    assert!(matches!(refused(leaving.clone(), &other, &context(600)), Refusal::HandedOver(_)));
    let wrong = Command::Arrived { id: HandoverId([8; 16]) };
    assert!(matches!(refused(leaving.clone(), &wrong, &context(600)), Refusal::HandedOver(_)));
    assert_eq!(refused(agent(), &arrived(), &context(600)), Refusal::NotFound);
    let gone = written(&decided(leaving, &arrived(), &context(600))).clone();
    assert_eq!(decided(gone, &arrived(), &context(700)).writes, []);
}

#[test]
fn what_arrived_has_ended_here_and_what_had_ended_stays_as_it_was() {
    for session in every_state() {
        let before = session.state.clone();
        let leaving = written(&decided(session, &handing_over(), &context(500))).clone();
        assert_eq!(leaving.state, before);
        let decision = decided(leaving, &arrived(), &context(600));
        let gone = written(&decision);
        if before.name().is_terminal() {
            assert_eq!((&gone.state, &decision.writes[0].events[..]), (&before, &[][..]));
        } else {
            let reason = "handed over to /there/tenure.db".to_owned();
            assert_eq!(gone.state, State::Expired { at: wall(600), reason });
        }
        assert!(gone.handover.as_ref().unwrap().has_arrived);
    }
}

#[test]
fn a_hand_over_is_named_by_what_it_shows() {
    let id = HandoverId([0xAB; 16]);
    assert_eq!(HandoverId::parse(&id.to_string()), Some(id));
    for wrong in ["", "ab", &"g".repeat(32), &"A".repeat(32), &"+".repeat(32)] {
        assert_eq!(HandoverId::parse(wrong), None, "{wrong}");
    }
}

fn ended(name: &str, key: Option<&str>, state: State) -> Session {
    let key = key.map(|key| Key::parse(key).unwrap());
    Session { id: SessionId::parse(name).unwrap(), key, state, lease: None, ..agent() }
}

fn completed(name: &str, key: Option<&str>, at: WallTime) -> Session {
    ended(name, key, State::Completed { at })
}

fn failed(at: WallTime) -> Session {
    ended("f", None, State::Failed { at, error: "no".to_owned() })
}

#[test]
fn by_default_completed_sessions_stay_seven_days_and_failed_ones_thirty() {
    let policy = PrunePolicy::default();
    let begin = wall(0);
    let day = Duration::from_secs(24 * 60 * 60);
    let table = [
        (completed("a", None, begin), limits::COMPLETED_KEPT_FOR),
        (failed(begin), limits::FAILED_KEPT_FOR),
        (in_state(agent(), StateName::Cancelled), limits::FAILED_KEPT_FOR),
        (in_state(agent(), StateName::Expired), limits::FAILED_KEPT_FOR),
    ];
    assert_eq!((limits::COMPLETED_KEPT_FOR, limits::FAILED_KEPT_FOR), (day * 7, day * 30));
    for (session, length) in table {
        let due = session.state.completed_at().unwrap().after(length);
        let early = WallTime::from_epoch_ms(due.epoch_ms() - 1);
        assert_eq!(Pruner::new(&policy, early).judge(&session), Verdict::TooYoung);
        assert_eq!(Pruner::new(&policy, due).judge(&session), Verdict::Goes);
    }
}

#[test]
fn what_is_open_is_never_meant_by_any_policy() {
    let all = StateName::ALL.into_iter().map(|state| (state, Duration::ZERO)).collect();
    let policy = PrunePolicy { ages: all, ..PrunePolicy::default() };
    for session in every_state().filter(|session| !session.is_terminal()) {
        assert_eq!(Pruner::new(&policy, wall(u64::MAX / 2)).judge(&session), Verdict::NotMeant);
    }
}

#[test]
fn the_newest_of_each_key_stay_whatever_their_age() {
    let policy = PrunePolicy { keep: 2, ..PrunePolicy::default() };
    let later = wall(0).after(limits::FAILED_KEPT_FOR);
    let mut pruner = Pruner::new(&policy, later);
    let of = |key: Option<&str>| completed("s", key, wall(0));
    let keys = [Some("a"), None, Some("a"), Some("b"), Some("a"), None, None, Some("a")];
    let verdicts: Vec<_> = keys.into_iter().map(|key| pruner.judge(&of(key))).collect();
    let (stays, goes) = (Verdict::Counted, Verdict::Goes);
    assert_eq!(verdicts, [stays, stays, stays, stays, goes, stays, goes, goes]);
}

#[test]
fn a_policy_is_about_its_states_and_kinds_only() {
    let ages = vec![(StateName::Failed, Duration::ZERO)];
    let policy = PrunePolicy { ages, kinds: vec![Kind::Workspace], keep: 0 };
    let mut pruner = Pruner::new(&policy, wall(1_000_000));
    assert_eq!(pruner.judge(&completed("a", None, wall(0))), Verdict::NotMeant);
    assert_eq!(pruner.judge(&failed(wall(0))), Verdict::NotMeant);
    assert_eq!(pruner.judge(&Session { kind: Kind::Workspace, ..failed(wall(0)) }), Verdict::Goes);
}

#[test]
fn what_is_needed_stays_and_says_why() {
    let policy = PrunePolicy::default();
    let later = wall(0).after(limits::FAILED_KEPT_FOR).after(limits::FAILED_KEPT_FOR);
    let retained = written(&decided(failed(wall(0)), &retain("a"), &context(500))).clone();
    assert_eq!(Pruner::new(&policy, later).judge(&retained), Verdict::Needed(Needed::Retained));
}

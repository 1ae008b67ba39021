//! Any command on any session: no panic, one answer.

use std::time::Duration;

use proptest::prelude::*;

use crate::fixture::{
    agent, agent_commands, autonomous, cases, interactive, lease, with_term, workspace_commands,
};
use crate::id::{Fence, Incarnation, Revision};
use crate::kind::IdleRule;
use crate::lease::{Term, Ttl};
use crate::session::{Command, Context, Counters, Current, Seen, Session, State, Write, decide, evolve};
use crate::time::{BootId, BootMoment, Moment, WallTime};
use crate::workspace::current_id;

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(u64::MAX - 1), any::<u64>()]
}

fn any_wall() -> impl Strategy<Value = WallTime> {
    number().prop_map(WallTime::from_epoch_ms)
}

fn any_boot() -> impl Strategy<Value = BootMoment> {
    (0u8..2, number()).prop_map(|(id, ms)| BootMoment { boot: BootId([id; 16]), ms })
}

fn any_ttl() -> impl Strategy<Value = Ttl> {
    prop_oneof![Just(Duration::MAX), Just(Duration::from_nanos(1)), any::<Duration>()]
        .prop_filter_map("a ttl is not zero", Ttl::stored)
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        any_wall().prop_map(|started| Term::Interactive { started }),
        (any_ttl(), any_wall()).prop_map(|(ttl, renewed)| Term::Wall { ttl, renewed }),
        (any_ttl(), any_boot(), any_wall()).prop_map(|(ttl, renewed, renewed_wall)| Term::Boot {
            ttl,
            renewed,
            renewed_wall
        }),
        (proptest::option::of(any_ttl()), proptest::option::of(any_wall()))
            .prop_map(|(ttl, renewed)| Term::Incomplete { ttl, renewed }),
    ]
}

fn any_state() -> impl Strategy<Value = State> {
    let reason = String::new;
    prop_oneof![
        Just(State::Pending),
        Just(State::Active),
        Just(State::Paused { reason: reason() }),
        any_wall().prop_map(|at| State::Completed { at }),
        any_wall().prop_map(move |at| State::Failed { at, error: reason() }),
        any_wall().prop_map(move |at| State::Cancelled { at, reason: reason() }),
        any_wall().prop_map(move |at| State::Expired { at, reason: reason() }),
    ]
}

fn any_idle() -> impl Strategy<Value = Option<IdleRule>> {
    let rule = (any::<Duration>(), any::<bool>());
    proptest::option::of(rule.prop_map(|(after, spares_held)| IdleRule { after, spares_held }))
}

fn any_session() -> BoxedStrategy<Session> {
    let numbers = (number(), number(), number()).boxed();
    let facts = (any_state().boxed(), any_term().boxed(), any_idle().boxed(), any_wall(), any::<[bool; 3]>());
    let session = (0usize..3, numbers, facts.boxed()).prop_map(|(kind, numbers, facts)| {
        let (revision, fence, start_count) = numbers;
        let (state, term, idle, last_activity_at, [held, anonymous, started]) = facts;
        let counters = Counters { revision: Revision(revision), fence: Fence(fence) };
        let session = with_term([agent, interactive, autonomous][kind](), term);
        Session {
            state,
            lease: session.lease.filter(|_| held),
            counters,
            start_count,
            last_activity_at,
            idle,
            anonymous,
            last_started_at: started.then_some(last_activity_at),
            ..session
        }
    });
    session.boxed()
}

fn any_current() -> BoxedStrategy<Current> {
    let stored = (proptest::option::of(any_session()), number(), number());
    let current = stored.prop_map(|(session, revision, fence)| Current {
        session,
        counters: Counters { revision: Revision(revision), fence: Fence(fence) },
    });
    current.boxed()
}

fn any_command() -> impl Strategy<Value = Command> {
    let fence = prop_oneof![Just(Fence(3)), number().prop_map(Fence)];
    (fence, any::<prop::sample::Index>()).prop_map(|(fence, index)| {
        let commands = [agent_commands(fence), workspace_commands()].concat();
        index.get(&commands).clone()
    })
}

fn any_context() -> BoxedStrategy<Context> {
    let now = (proptest::option::of(any_wall()), any_boot()).prop_map(|(wall, boot)| Moment { wall, boot });
    let gone = prop_oneof![
        Just(None),
        Just(Some(lease(&agent()).incarnation)),
        any::<[u8; 16]>().prop_map(|bytes| Some(Incarnation(bytes))),
    ];
    let seen = proptest::option::of(any_current().prop_map(|current| Seen::of(&current)));
    (now.boxed(), gone.boxed(), seen.boxed())
        .prop_map(|(now, gone, seen)| Context { now, gone, seen, group: Default::default() })
        .boxed()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn any_command_on_anything_has_one_answer_and_never_panics(
        current in any_current(),
        command in any_command(),
        context in any_context(),
    ) {
        let first = decide(&current, &command, &context);
        prop_assert_eq!(&first, &decide(&current, &command, &context));
        if let Ok(decision) = first {
            prop_assert!(decision.counters.fence >= current.counters.fence);
            prop_assert!(decision.counters.revision >= current.counters.revision);
            prop_assert!(decision.writes.iter().all(|write| write.session.counters == decision.counters));
        }
    }

    #[test]
    fn any_session_can_be_asked_anything_at_any_time(current in any_current(), context in any_context()) {
        let now = &context.now;
        prop_assert_eq!(current_id(&current, now).is_some(), {
            let open = current.open();
            open.is_some_and(|open| open.standing(now) == Ok(crate::lease::Standing::Live))
        });
        if let Some(session) = &current.session {
            prop_assert_eq!(session.is_terminal(), session.state.completed_at().is_some());
            prop_assert_eq!(session.due_at().is_some(), session.idle.is_some() && {
                matches!(session.state, State::Active | State::Paused { .. })
            });
            let term = session.lease.as_ref().map(|lease| lease.term);
            let renewed = term.and_then(|term| term.renewed(now).ok());
            let kept = term.filter(|_| renewed.is_some()).and_then(|term| term.ttl());
            prop_assert_eq!(renewed.and_then(|renewed| renewed.ttl()), kept);
        }
    }

    #[test]
    fn a_write_is_what_its_changes_make_of_any_session(session in any_session(), command in any_command()) {
        let source = Current { session: Some(agent()), counters: agent().counters };
        let context = crate::fixture::context(20_000);
        let changes = decide(&source, &command, &context).map(|decision| decision.writes).unwrap_or_default();
        for change in changes.into_iter().flat_map(|write| write.changes) {
            let write = Write::of(session.clone()).then(change.clone());
            prop_assert_eq!(&write.session, &evolve(session.clone(), &change));
            prop_assert_eq!(write.events, change.event(&session).into_iter().collect::<Vec<_>>());
        }
    }
}

//! What holds after any sequence of commands.

use proptest::prelude::*;

use super::world::{Taken, steps, walk};
use crate::event::EventBody;
use crate::fixture::cases;
use crate::kind::{Kind, Transition};
use crate::lease::{Lease, Standing};
use crate::session::{
    Change, Command, Session, State, StateName, Step, Usage, Write, Writer, decide, evolve,
};

/// Judges every step of a walk through a slot of each kind.
fn always(
    steps: &[super::world::Step],
    holds: impl Fn(&Taken) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    for kind in Kind::ALL {
        walk(kind, steps).iter().try_for_each(&holds)?;
    }
    Ok(())
}

fn writes(taken: &Taken) -> &[Write] {
    taken.decided.as_ref().map_or(&[], |decision| &decision.writes)
}

/// What a write started from: what was stored, or the session as it was when just opened.
fn beginning(taken: &Taken, write: &Write) -> Session {
    if !write.opens {
        return taken.before.session.clone().unwrap();
    }
    let opened = Session { state: State::Pending, lease: None, activity: None, ..write.session.clone() };
    if matches!(taken.command, Command::WorkspaceImport(_)) {
        return opened;
    }
    let last_activity_at = opened.created_at;
    Session { started_at: None, last_started_at: None, start_count: 0, last_activity_at, ..opened }
}

fn lease(session: Option<&Session>) -> Option<&Lease> {
    session.and_then(|session| session.lease.as_ref())
}

/// Whether the command ends what somebody else may hold, or moves it on.
fn ends_ownership(taken: &Taken) -> bool {
    let by_operator =
        matches!(&taken.command, Command::Drive(drive) if matches!(drive.writer, Writer::Operator(_)));
    let ends =
        matches!(taken.command, Command::Cancel { .. } | Command::ExpireIdle | Command::WorkspaceClear(_));
    let is_over = taken.after.session.as_ref().is_some_and(Session::is_terminal);
    (ends || by_operator && is_over) && !writes(taken).is_empty()
}

fn has_new_holder(taken: &Taken) -> bool {
    let now = lease(taken.after.session.as_ref()).map(|lease| lease.incarnation);
    let before = lease(taken.before.session.as_ref()).map(|lease| lease.incarnation);
    now.is_some() && now != before
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn the_changes_of_a_write_add_up_to_the_session_it_writes(steps in steps()) {
        always(&steps, |taken| {
            for write in writes(taken) {
                let begun = beginning(taken, write);
                let counters = write.session.counters;
                let folded = write.changes.iter().fold(begun, evolve);
                prop_assert_eq!(&Session { counters, ..folded }, &write.session);
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_events_of_a_write_are_those_of_its_changes_in_order(steps in steps()) {
        always(&steps, |taken| {
            for write in writes(taken) {
                let mut session = beginning(taken, write);
                let mut events = Vec::new();
                for change in &write.changes {
                    events.extend(change.event(&session));
                    session = evolve(session, change);
                }
                prop_assert_eq!(&events, &write.events);
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_revision_grows_by_one_with_every_write_but_a_note(steps in steps()) {
        always(&steps, |taken| {
            let before = taken.before.counters.revision.0;
            let is_first_import = matches!(taken.command, Command::WorkspaceImport(_)) && before == 0;
            let grown = match (writes(taken), &taken.command) {
                ([], _) | (_, Command::Note { .. }) => before,
                (_, Command::WorkspaceImport(import)) if is_first_import => import.revision.0,
                _ => before + 1,
            };
            prop_assert_eq!(taken.after.counters.revision.0, grown);
            Ok(())
        })?;
    }

    #[test]
    fn the_fence_grows_with_a_new_holder_or_an_operators_end_and_never_otherwise(steps in steps()) {
        always(&steps, |taken| {
            let (before, after) = (taken.before.counters.fence.0, taken.after.counters.fence.0);
            let grows = has_new_holder(taken) || ends_ownership(taken);
            prop_assert_eq!(after, before + u64::from(grows), "{:?}", &taken.command);
            let held = lease(taken.after.session.as_ref());
            prop_assert!(held.is_none_or(|lease| lease.fence == taken.after.counters.fence));
            Ok(())
        })?;
    }

    #[test]
    fn nobody_becomes_the_holder_while_another_is_live(steps in steps()) {
        always(&steps, |taken| {
            let Some(session) = taken.before.open().filter(|session| session.lease.is_some()) else {
                return Ok(());
            };
            let is_gone = taken.context.gone.is_some() && session.kind == Kind::Agent;
            let is_live = session.standing(&taken.context.now) == Ok(Standing::Live) && !is_gone;
            prop_assert!(!(is_live && has_new_holder(taken)), "{:?}", &taken.command);
            Ok(())
        })?;
    }

    #[test]
    fn at_most_one_session_of_a_slot_is_open_and_it_is_the_current_one(steps in steps()) {
        always(&steps, |taken| {
            let open: Vec<_> = taken.kept.values().filter(|session| !session.is_terminal()).collect();
            prop_assert_eq!(open.first().copied(), taken.after.open());
            prop_assert!(open.len() <= 1);
            Ok(())
        })?;
    }

    #[test]
    fn an_ended_session_has_an_end_and_no_holder_and_is_never_written_again(steps in steps()) {
        always(&steps, |taken| {
            for session in taken.kept.values().filter(|session| session.is_terminal()) {
                prop_assert!(session.state.completed_at().is_some() && session.lease.is_none());
            }
            let rewritten = writes(taken).iter().find(|write| {
                !write.opens && taken.before.open().is_none_or(|open| open.id != write.session.id)
            });
            prop_assert_eq!(rewritten, None);
            Ok(())
        })?;
    }

    #[test]
    fn an_open_session_is_held_unless_it_was_only_created_or_let_go(steps in steps()) {
        always(&steps, |taken| {
            let Some(open) = taken.after.open().filter(|open| open.lease.is_none()) else { return Ok(()) };
            let was_held = lease(taken.before.session.as_ref().filter(|before| before.id == open.id)).is_some();
            let released = matches!(&taken.command, Command::Drive(drive) if drive.step == Step::Release);
            let shut_down = matches!(taken.command, Command::ShutDown { .. });
            prop_assert!(!was_held || released || shut_down, "{:?}", &taken.command);
            Ok(())
        })?;
    }

    #[test]
    fn only_what_was_never_started_is_pending(steps in steps()) {
        always(&steps, |taken| {
            for session in taken.kept.values() {
                let is_pending = session.state.name() == StateName::Pending;
                prop_assert!(!is_pending || session.started_at.is_none() && session.start_count == 0);
                prop_assert!(session.started_at.is_some() || is_pending || session.is_terminal());
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_was_used_only_grows_and_is_told_with_the_end(steps in steps()) {
        always(&steps, |taken| {
            for write in writes(taken).iter().filter(|write| !write.opens) {
                let (before, after) = (beginning(taken, write).facts.usage, write.session.facts.usage);
                prop_assert_eq!(after, before.plus(Usage {
                    iterations: after.iterations - before.iterations,
                    input_tokens: after.input_tokens - before.input_tokens,
                    output_tokens: after.output_tokens - before.output_tokens,
                    tool_calls: after.tool_calls - before.tool_calls,
                    cost_micros: after.cost_micros - before.cost_micros,
                }));
                for event in &write.events {
                    let (EventBody::Completion { stats, .. } | EventBody::Error { stats, .. }) = event else { continue };
                    prop_assert_eq!(stats.usage, after);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn every_logged_move_is_in_the_table_and_starts_where_the_last_one_ended(steps in steps()) {
        always(&steps, |taken| {
            for write in writes(taken) {
                let mut state = beginning(taken, write).state.name();
                for event in &write.events {
                    let EventBody::StateChanged { from: Some(from), to, .. } = event else { continue };
                    prop_assert_eq!(*from, state);
                    let judged = write.session.kind.rules().transition(state, *to);
                    prop_assert_eq!(judged, Transition::Allowed, "{:?} to {:?}", state, to);
                    state = *to;
                }
                prop_assert_eq!(state, write.session.state.name());
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_a_decision_relied_on_holds_when_it_is_made(steps in steps()) {
        always(&steps, |taken| {
            if let Some(judged) = taken.decided.as_ref().ok().and_then(|decision| decision.judged) {
                let holds = judged.holds(taken.before.session.as_ref(), &taken.context.now);
                prop_assert_eq!(holds, Ok(true));
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_same_question_is_always_decided_the_same(steps in steps()) {
        always(&steps, |taken| {
            prop_assert_eq!(&decide(&taken.before, &taken.command, &taken.context), &taken.decided);
            Ok(())
        })?;
    }

    #[test]
    fn a_successor_and_its_predecessor_name_each_other(steps in steps()) {
        always(&steps, |taken| {
            for session in taken.kept.values() {
                let successor = session.successor.as_ref().map(|next| &taken.kept[next]);
                prop_assert!(successor.is_none_or(|next| next.predecessor.as_ref() == Some(&session.id)));
                let predecessor = session.predecessor.as_ref().map(|last| &taken.kept[last]);
                prop_assert!(predecessor.is_none_or(|last| last.successor.as_ref() == Some(&session.id)));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_session_ends_with_one_completion_or_error_at_most(steps in steps()) {
        always(&steps, |taken| {
            for write in writes(taken) {
                let ends = write.changes.iter().filter(|change| matches!(change, Change::Finished { .. })).count();
                let is_finished = matches!(write.session.state, State::Completed { .. } | State::Failed { .. });
                let is_agents = write.session.kind == Kind::Agent;
                prop_assert_eq!(ends, usize::from(is_finished && is_agents));
            }
            Ok(())
        })?;
    }
}

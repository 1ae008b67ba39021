//! The fence grows with every new holder and guards every owner write.

use crate::fixture::{
    COUNTERS, KEPT, RAISED, RUN_TTL, after, agent, agent_commands, boot, context, decided, driven, in_state,
    lease, moment, nothing, other_boot, refused, run, runner, stored, takeover, ttl, wall, with_lease,
    written,
};
use crate::id::{Fence, Incarnation, Revision};
use crate::lease::{Lease, Standing, Term};
use crate::refusal::{Held, Refusal};
use crate::session::{Command, Context, Counters, Current, Session, StartRun, StateName, decide};
use crate::time::Moment;

/// The owner's commands under `fence`.
fn owner_commands(fence: Fence) -> Vec<Command> {
    agent_commands(fence).into_iter().filter(|command| command.fence().is_some()).collect()
}

fn start() -> Command {
    Command::StartRun(Box::new(run()))
}

#[test]
fn every_owner_command_under_another_fence_is_refused_naming_the_current_one_and_its_holder() {
    let held = Some(Box::new(Held::of(&agent(), &lease(&agent()))));
    for given in [Fence(0), Fence(2), Fence(4), Fence(u64::MAX)] {
        let commands = owner_commands(given);
        assert_eq!(commands.len(), 17);
        for command in commands {
            let refusal = Refusal::Fenced { given, current: COUNTERS.fence, holder: held.clone() };
            assert_eq!(refused(agent(), &command, &context(0)), refusal, "{}", command.verb());
        }
    }
}

#[test]
fn every_owner_command_after_a_terminal_state_is_fenced() {
    for name in StateName::ALL.into_iter().filter(|name| name.is_terminal()) {
        let leftover = Session { state: in_state(agent(), name).state, ..agent() };
        for session in [in_state(agent(), name), leftover] {
            for command in owner_commands(COUNTERS.fence) {
                let refusal =
                    Refusal::Fenced { given: COUNTERS.fence, current: COUNTERS.fence, holder: None };
                assert_eq!(refused(session.clone(), &command, &context(0)), refusal, "{}", command.verb());
            }
        }
    }
}

#[test]
fn a_takeover_a_cancel_and_a_sweep_raise_the_fence_in_the_same_decision() {
    let taken_by_start = StartRun { takeover: Some("runner died".to_owned()), ..run() };
    let commands = [
        takeover(),
        Command::StartRun(Box::new(taken_by_start)),
        Command::Cancel { by: None, reason: "enough".to_owned() },
        Command::ExpireIdle,
    ];
    for command in commands {
        let decision = decided(agent(), &command, &context(crate::fixture::IDLE_MS + 1));
        assert_eq!(decision.counters, RAISED, "{}", command.verb());
        assert_eq!(written(&decision).counters, RAISED);
        for late in owner_commands(COUNTERS.fence) {
            let refusal = decide(&after(&decision), &late, &context(0)).unwrap_err();
            assert!(matches!(refusal, Refusal::Fenced { given: Fence(3), current: Fence(4), .. }));
        }
    }
}

#[test]
fn a_cancel_raises_the_fence_even_where_nobody_holds() {
    let command = Command::Cancel { by: None, reason: "enough".to_owned() };
    let decision = decided(in_state(agent(), StateName::Pending), &command, &context(0));
    assert_eq!(decision.counters, RAISED);
}

#[test]
fn the_owners_own_writes_keep_the_fence() {
    let fence = COUNTERS.fence;
    for command in owner_commands(fence) {
        for name in [StateName::Active, StateName::Paused] {
            if let Ok(decision) = decide(&stored(in_state(agent(), name)), &command, &context(0)) {
                assert_eq!(decision.counters.fence, fence, "{}", command.verb());
            }
        }
    }
}

#[test]
fn a_regrant_keeps_fence_and_incarnation_and_renews_a_late_lease() {
    for ms in [0, 14_999, 15_000, 1_000_000] {
        let decision = decided(agent(), &Command::Regrant { fence: COUNTERS.fence }, &context(ms));
        let term = Term::Boot { ttl: ttl(RUN_TTL), renewed: boot(ms), renewed_wall: wall(ms) };
        let regranted = with_lease(Session { counters: KEPT, ..agent() }, |lease| Lease { term, ..lease });
        assert_eq!(*written(&decision), regranted);
        assert_eq!(written(&decision).standing(&moment(ms)), Ok(Standing::Live));
    }
}

#[test]
fn a_regrant_on_another_boot_is_live_there() {
    let now = Moment { boot: other_boot(15_000), ..moment(0) };
    let context = Context { now, gone: None, seen: None, group: Default::default() };
    let decision = decided(agent(), &Command::Regrant { fence: COUNTERS.fence }, &context);
    assert_eq!(written(&decision).standing(&now), Ok(Standing::Live));
    assert_eq!(agent().standing(&now), Ok(Standing::Over));
}

#[test]
fn what_was_taken_over_is_not_granted_back() {
    let taken = after(&decided(agent(), &takeover(), &context(15_000)));
    let refusal = decide(&taken, &Command::Regrant { fence: COUNTERS.fence }, &context(15_001)).unwrap_err();
    let holder = taken.session.as_ref().map(|session| Box::new(Held::of(session, &lease(session))));
    assert_eq!(refusal, Refusal::Fenced { given: COUNTERS.fence, current: RAISED.fence, holder });
}

#[test]
fn a_holder_that_takes_its_own_session_over_gets_a_new_fence_and_incarnation() {
    let again = crate::session::Claimant { incarnation: Incarnation([9; 16]), ..runner(1) };
    let command = Command::Takeover { claimant: again, ttl: None, reason: "restarted".to_owned() };
    let held = lease(written(&decided(agent(), &command, &context(15_000))));
    assert_eq!((held.fence, held.incarnation), (RAISED.fence, Incarnation([9; 16])));
    assert_eq!(held.holder, lease(&agent()).holder);
}

#[test]
fn the_first_holder_gets_the_fence_one_and_later_sessions_of_a_slot_count_on() {
    let first = decide(&nothing(), &start(), &context(0)).unwrap();
    assert_eq!(first.counters, Counters { revision: Revision(1), fence: Fence(1) });
    assert_eq!(lease(written(&first)).fence, Fence(1));
    let purged = Current { session: None, counters: COUNTERS };
    let ended = stored(in_state(agent(), StateName::Completed));
    for current in [purged, ended] {
        let next = decide(&current, &start(), &context(0)).unwrap();
        assert_eq!((next.counters, lease(written(&next)).fence), (RAISED, RAISED.fence));
    }
}

#[test]
fn a_fence_is_not_lost_with_the_lease() {
    let fence = COUNTERS.fence;
    let stats = crate::session::Stats::default();
    let complete = Command::Complete { fence, message: "done".to_owned(), stats };
    let completed = after(&decided(agent(), &complete, &context(0)));
    assert_eq!(completed.counters, KEPT);
    let next = decide(&completed, &start(), &context(1)).unwrap();
    assert_eq!(next.counters.fence, RAISED.fence);
}

#[test]
fn an_owner_that_is_late_but_lost_nothing_may_still_write() {
    for command in owner_commands(COUNTERS.fence) {
        let name =
            if matches!(command.verb(), "resume" | "start") { StateName::Paused } else { StateName::Active };
        let holder = if matches!(command, Command::Drive(_)) { driven() } else { agent() };
        let decided = decide(&stored(in_state(holder, name)), &command, &context(1_000_000));
        assert!(decided.is_ok(), "{}", command.verb());
    }
}

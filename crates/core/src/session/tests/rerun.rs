//! Shutting a run down, and running it again in the same session.

use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, IDLE_MS, KEPT, RAISED, RUN_TTL, agent, context, decided, driven, gone, id, in_state, recipe,
    refused, rerun, run, run_lease, shut_down, stored, wall, written,
};
use crate::id::Fence;
use crate::kind::IdleRule;
use crate::refusal::{Existing, Held, Refusal};
use crate::session::{
    Command, Exit, Recipe, SHUTDOWN, Session, StartRun, State, StateName, Stopping, may_stop,
};

fn start() -> Command {
    Command::StartRun(Box::new(run()))
}

fn fresh() -> Command {
    Command::StartRun(Box::new(StartRun { is_fresh: true, ..run() }))
}

fn existing(session: &Session) -> Box<Existing> {
    Box::new(Existing::of(session))
}

fn held(session: &Session) -> Box<Held> {
    Box::new(Held::of(session, session.lease.as_ref().unwrap()))
}

/// A run at work that can be run again.
fn at_work() -> Session {
    Session { recipe: Some(recipe()), ..agent() }
}

/// A run that a person paused, and whose runner shut down then.
fn put_aside() -> Session {
    Session { state: State::Paused { reason: "lunch".to_owned() }, ..shut_down() }
}

/// A run that does not go on by itself.
fn opted_out() -> Session {
    let recipe = Recipe { auto_resume: false, ..*recipe() };
    Session { recipe: Some(Box::new(recipe)), ..shut_down() }
}

fn let_go() -> EventBody {
    EventBody::LeaseReleased { fence: COUNTERS.fence }
}

fn moved(from: StateName, to: StateName, reason: &str) -> EventBody {
    EventBody::StateChanged { from: Some(from), to, reason: reason.to_owned(), by: None }
}

#[test]
fn a_shutdown_pauses_an_active_session_and_lets_it_go_in_one_commit() {
    let decision = decided(at_work(), &Command::ShutDown { fence: COUNTERS.fence }, &context(9));
    let paused = Session { counters: KEPT, last_activity_at: wall(9), ..shut_down() };
    assert_eq!(*written(&decision), paused);
    assert_eq!(decision.writes[0].events, [moved(StateName::Active, StateName::Paused, SHUTDOWN), let_go()]);
    assert!(paused.is_auto_resumed());
}

#[test]
fn a_shutdown_leaves_a_session_that_a_person_paused_as_that_person_did() {
    let paused = Session { lease: agent().lease, ..put_aside() };
    let decision = decided(paused, &Command::ShutDown { fence: COUNTERS.fence }, &context(9));
    assert_eq!(written(&decision).state, put_aside().state);
    assert_eq!(decision.writes[0].events, [let_go()]);
    assert!(!written(&decision).is_auto_resumed());
}

#[test]
fn only_the_holder_shuts_down() {
    let command = Command::ShutDown { fence: Fence(2) };
    assert!(matches!(refused(at_work(), &command, &context(0)), Refusal::Fenced { .. }));
}

/// The session of runner 2, as it runs its command again.
fn resumed(session: Session, ms: u64) -> Session {
    Session {
        lease: Some(run_lease(2, RAISED.fence, RUN_TTL, ms)),
        counters: RAISED,
        state: State::Active,
        last_started_at: Some(wall(ms)),
        start_count: 2,
        last_activity_at: wall(ms),
        ..session
    }
}

#[test]
fn what_a_shutdown_paused_goes_on_under_the_same_id_the_next_fence_and_one_start_more() {
    for automatic in [false, true] {
        let decision = decided(shut_down(), &rerun(automatic), &context(9));
        assert_eq!(*written(&decision), resumed(shut_down(), 9));
        assert_eq!(decision.judged, None);
        assert_eq!(
            decision.writes[0].events[1],
            moved(StateName::Paused, StateName::Active, "session resumed")
        );
    }
}

#[test]
fn what_a_person_paused_goes_on_when_somebody_asks_for_it_and_never_by_itself() {
    for session in [put_aside(), opted_out()] {
        assert_eq!(
            *written(&decided(session.clone(), &rerun(false), &context(9))),
            resumed(session.clone(), 9)
        );
        assert_eq!(
            refused(session.clone(), &rerun(true), &context(9)),
            Refusal::NotShutDown(existing(&session))
        );
        for command in [start(), fresh()] {
            let refusal = refused(put_aside(), &command, &context(9));
            assert_eq!(refusal, Refusal::Paused(existing(&put_aside())));
        }
    }
    assert_eq!(refused(opted_out(), &start(), &context(9)), Refusal::Paused(existing(&opted_out())));
}

#[test]
fn a_run_whose_runner_is_gone_is_run_again_when_somebody_asks_for_it_and_never_by_itself() {
    let decision = decided(at_work(), &rerun(false), &gone(1, 9));
    assert_eq!(*written(&decision), resumed(at_work(), 9));
    assert_eq!(decision.writes[0].events[0].type_name(), "lease_taken_over");
    assert_eq!(refused(at_work(), &rerun(true), &gone(1, 9)), Refusal::NotShutDown(existing(&at_work())));
}

#[test]
fn what_somebody_holds_is_not_run_again() {
    for automatic in [false, true] {
        assert_eq!(refused(at_work(), &rerun(automatic), &context(9)), Refusal::Held(held(&at_work())));
    }
}

#[test]
fn what_no_run_started_or_what_has_ended_is_not_run_again() {
    let by_hand = Session { recipe: None, ..shut_down() };
    assert_eq!(refused(by_hand.clone(), &rerun(false), &context(0)), Refusal::NotARun(existing(&by_hand)));
    for name in StateName::ALL.into_iter().filter(|name| name.is_terminal()) {
        let ended = in_state(at_work(), name);
        assert_eq!(refused(ended.clone(), &rerun(false), &context(0)), Refusal::Ended(existing(&ended)));
    }
}

#[test]
fn a_run_of_its_key_goes_on_with_what_a_shutdown_paused_with_the_new_command() {
    let decision = decided(shut_down(), &start(), &context(9));
    let (command, directory) = (run().command, run().directory);
    assert_eq!(*written(&decision), Session { command, directory, ..resumed(shut_down(), 9) });
    assert_eq!(decision.writes[0].events[1], moved(StateName::Paused, StateName::Active, "session resumed"));
}

#[test]
fn a_fresh_run_ends_what_a_shutdown_paused_and_opens_a_new_session_in_one_commit() {
    let decision = decided(shut_down(), &fresh(), &context(9));
    let [ended, opened] = &decision.writes[..] else { unreachable!("{decision:?}") };
    assert_eq!((&ended.session.id, ended.session.state.name()), (&id("ses_run"), StateName::Cancelled));
    assert_eq!((&opened.session.id, opened.opens, opened.session.start_count), (&id("ses_next"), true, 1));
    assert_eq!(decision.counters, RAISED);
    // Where nothing is paused, it is a run like any other.
    assert_eq!(refused(at_work(), &fresh(), &context(9)), Refusal::Held(held(&at_work())));
}

#[test]
fn only_an_owner_that_is_there_is_asked_to_stop() {
    let ask = |session: Session, ms| may_stop(&stored(session), &context(ms));
    assert_eq!(ask(at_work(), 0), Ok(Stopping::Ask));
    assert_eq!(ask(driven(), 0), Ok(Stopping::Ask));
    assert_eq!(ask(shut_down(), 0), Ok(Stopping::Done));
    assert_eq!(ask(put_aside(), 0), Err(Refusal::NotHeld(existing(&put_aside()))));
    let left = |is_gone| Err(Refusal::Abandoned { held: held(&at_work()), is_gone });
    assert_eq!(ask(at_work(), 15_000), left(false));
    assert_eq!(may_stop(&stored(at_work()), &gone(1, 0)), left(true));
    let ended = in_state(at_work(), StateName::Failed);
    assert_eq!(ask(ended.clone(), 0), Err(Refusal::Ended(existing(&ended))));
}

#[test]
fn a_shutdown_is_no_neglect_unless_a_time_out_was_asked_for() {
    let after = Duration::from_millis(IDLE_MS);
    let idle = |spares_held| Session { idle: Some(IdleRule { after, spares_held }), ..shut_down() };
    let command = Command::ExpireIdle;
    assert_eq!(refused(idle(true), &command, &context(100 * IDLE_MS)), Refusal::NotIdle);
    assert_eq!(idle(true).due_at(), None);
    assert_eq!(
        written(&decided(idle(false), &command, &context(IDLE_MS + 1))).state.name(),
        StateName::Expired
    );
}

#[test]
fn a_command_was_interrupted_if_the_signal_ended_it_or_it_says_so() {
    let interrupted = [Exit::Signal(1), Exit::Signal(9), Exit::Signal(15)];
    let said = [129, 137, 143, 75].map(Exit::Code);
    assert!(interrupted.into_iter().chain(said).all(Exit::is_interruption));
    let own = [0, 1, 2, 3, 15, 124, 126, 127, 128, 130, 139, 255, i32::MIN, -1].map(Exit::Code);
    let other = [Exit::Signal(2), Exit::Signal(3), Exit::Signal(6), Exit::Signal(11)];
    assert!(!own.into_iter().chain(other).any(Exit::is_interruption));
}

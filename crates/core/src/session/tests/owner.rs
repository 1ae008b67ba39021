//! What the owner of an agent session may do.

use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, KEPT, activity, actor, agent, clockless, context, decided, id, in_state, lease, refused, wall,
    written,
};
use crate::refusal::Refusal;
use crate::session::{Activity, Command, Exit, Session, State, StateName, Stats, Usage};

const STATS: Stats = Stats {
    duration: Duration::from_secs(61),
    exit: Some(Exit::Code(0)),
    output_bytes: 1024,
    usage: Usage { iterations: 0, input_tokens: 0, output_tokens: 0, tool_calls: 0, cost_micros: 0 },
};

fn pause() -> Command {
    Command::Pause { fence: COUNTERS.fence, reason: "lunch".to_owned() }
}

fn resume() -> Command {
    Command::Resume { fence: COUNTERS.fence, reason: "back".to_owned() }
}

fn note(text: Option<&str>) -> Command {
    Command::Note { fence: COUNTERS.fence, activity: text.and_then(activity) }
}

fn complete() -> Command {
    Command::Complete { fence: COUNTERS.fence, message: "done".to_owned(), stats: STATS }
}

fn fail() -> Command {
    Command::Fail { fence: COUNTERS.fence, message: "broken".to_owned(), stats: STATS }
}

fn moved(from: StateName, to: StateName, reason: &str) -> EventBody {
    EventBody::StateChanged { from: Some(from), to, reason: reason.to_owned(), by: None }
}

#[test]
fn a_pause_keeps_the_lease_and_counts_as_activity() {
    let decision = decided(agent(), &pause(), &context(9));
    let state = State::Paused { reason: "lunch".to_owned() };
    let paused = Session { state, counters: KEPT, last_activity_at: wall(9), ..agent() };
    assert_eq!(*written(&decision), paused);
    assert_eq!(decision.counters, KEPT);
    assert_eq!(decision.writes[0].events, [moved(StateName::Active, StateName::Paused, "lunch")]);
}

#[test]
fn a_resume_keeps_the_lease_and_counts_as_activity() {
    let decision = decided(in_state(agent(), StateName::Paused), &resume(), &context(9));
    assert_eq!(*written(&decision), Session { counters: KEPT, last_activity_at: wall(9), ..agent() });
    assert_eq!(decision.writes[0].events, [moved(StateName::Paused, StateName::Active, "back")]);
}

#[test]
fn a_note_is_activity_and_leaves_the_revision() {
    let decision = decided(agent(), &note(None), &context(9));
    assert_eq!(*written(&decision), Session { last_activity_at: wall(9), ..agent() });
    assert_eq!(decision.counters, COUNTERS);
    assert!(decision.writes[0].events.is_empty());
}

#[test]
fn a_note_with_words_is_kept_and_logged_with_actor_time_and_revision() {
    let decision = decided(agent(), &note(Some(" step 2 ")), &context(9));
    let said = Activity {
        text: "step 2".to_owned(),
        actor: actor("run/host/1"),
        at: wall(9),
        revision: COUNTERS.revision,
    };
    let noted = Session { activity: Some(said), last_activity_at: wall(9), ..agent() };
    assert_eq!(*written(&decision), noted);
    assert_eq!(decision.counters, COUNTERS);
    assert_eq!(decision.writes[0].events, [EventBody::Activity { text: "step 2".to_owned() }]);
}

#[test]
fn a_completion_writes_the_move_and_one_completion_event_and_lets_go() {
    let decision = decided(agent(), &complete(), &context(9));
    let completed = Session {
        state: State::Completed { at: wall(9) },
        lease: None,
        counters: KEPT,
        last_activity_at: wall(9),
        ..agent()
    };
    assert_eq!(*written(&decision), completed);
    assert_eq!(
        decision.writes[0].events,
        [
            moved(StateName::Active, StateName::Completed, "session completed"),
            EventBody::Completion { message: "done".to_owned(), stats: STATS },
            EventBody::LeaseReleased { fence: COUNTERS.fence },
        ]
    );
}

#[test]
fn a_failure_writes_the_move_and_one_error_event_and_lets_go() {
    for from in [StateName::Active, StateName::Paused] {
        let decision = decided(in_state(agent(), from), &fail(), &context(9));
        let failed = Session {
            state: State::Failed { at: wall(9), error: "broken".to_owned() },
            lease: None,
            counters: KEPT,
            last_activity_at: wall(9),
            ..agent()
        };
        assert_eq!(*written(&decision), failed);
        assert_eq!(
            decision.writes[0].events,
            [
                moved(from, StateName::Failed, "session failed"),
                EventBody::Error { message: "broken".to_owned(), stats: STATS },
                EventBody::LeaseReleased { fence: COUNTERS.fence },
            ]
        );
    }
}

#[test]
fn an_owner_relies_on_its_fence_and_on_no_clock() {
    for command in [pause(), note(None), complete(), fail()] {
        assert_eq!(decided(agent(), &command, &context(0)).judged, None, "{}", command.verb());
    }
}

#[test]
fn an_owner_needs_a_usable_clock_for_everything_but_its_lease() {
    for command in [pause(), note(None), note(Some("step")), complete(), fail()] {
        assert_eq!(refused(agent(), &command, &clockless(0)), Refusal::Clock, "{}", command.verb());
    }
    let regrant = Command::Regrant { fence: COUNTERS.fence };
    assert_eq!(decided(agent(), &regrant, &clockless(9)).counters, KEPT);
}

#[test]
fn a_regrant_is_logged_as_a_grant_under_the_same_fence() {
    let decision = decided(agent(), &Command::Regrant { fence: COUNTERS.fence }, &context(20_000));
    let (holder, ttl) = (lease(&agent()).holder, Some(Duration::from_secs(15)));
    let granted = EventBody::LeaseGranted { holder, fence: COUNTERS.fence, ttl };
    assert_eq!(decision.writes[0].events, [granted]);
    assert_eq!((decision.judged, written(&decision).last_activity_at), (None, wall(0)));
}

#[test]
fn a_completion_of_a_paused_session_is_refused() {
    let refusal = refused(in_state(agent(), StateName::Paused), &complete(), &context(0));
    let (from, to) = (StateName::Paused, StateName::Completed);
    assert_eq!(refusal, Refusal::Transition { session: id("ses_run"), from, to });
}

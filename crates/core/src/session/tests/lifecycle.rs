//! What each command does in each state of an agent session.

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, IDLE_MS, agent, agent_commands, context, decided, id, in_state, refused, run, stored, wall,
    workspace_commands,
};
use crate::id::Fence;
use crate::kind::Kind;
use crate::refusal::{HeartbeatRefusal, Refusal, TakeoverRefusal};
use crate::session::{Command, Session, State, StateName, decide};

/// What every command does to a session whose holder is late and whose idle limit has passed: the state it
/// leads to, or the refusal. `next` opens another session.
const AGENT: &str = "
    command        pending    active     paused     completed  failed     cancelled  expired
    run            active     abandoned  abandoned  next       next       next       next
    run:takeover   active     active     active     next       next       next       next
    takeover       unheld     active     paused     unheld     unheld     unheld     unheld
    cancel         cancelled  cancelled  cancelled  no_move    no_move    no_move    no_move
    expire         not_idle   expired    expired    not_idle   not_idle   not_idle   not_idle
    renew          fenced     active     paused     fenced     fenced     fenced     fenced
    pause          fenced     paused     no_move    fenced     fenced     fenced     fenced
    resume         fenced     no_move    active     fenced     fenced     fenced     fenced
    heartbeat      fenced     active     paused     fenced     fenced     fenced     fenced
    heartbeat:text fenced     active     paused     fenced     fenced     fenced     fenced
    complete       fenced     completed  no_move    fenced     fenced     fenced     fenced
    fail           fenced     failed     failed     fenced     fenced     fenced     fenced
";

/// The session as it is under the holder that a table row speaks about.
fn late(name: StateName) -> Session {
    in_state(agent(), name)
}

/// A word for what was decided.
fn said(session: &Session, command: &Command) -> String {
    match decide(&stored(session.clone()), command, &context(IDLE_MS + 1)) {
        Ok(decision) if decision.session().unwrap().id != session.id => "next".to_owned(),
        Ok(decision) => decision.session().unwrap().state.name().name().to_owned(),
        Err(refusal) => word(&refusal).to_owned(),
    }
}

fn word(refusal: &Refusal) -> &'static str {
    let words = [
        ("abandoned", matches!(refusal, Refusal::Abandoned { .. })),
        ("unheld", matches!(refusal, Refusal::Takeover(TakeoverRefusal::NotHeld { .. }))),
        ("no_move", matches!(refusal, Refusal::Transition { .. })),
        ("not_idle", *refusal == Refusal::NotIdle),
        ("fenced", matches!(refusal, Refusal::Fenced { .. })),
    ];
    words.into_iter().find_map(|(word, fits)| fits.then_some(word)).unwrap_or("another refusal")
}

#[test]
fn every_command_does_in_every_state_what_the_table_says() {
    let mut lines = AGENT.lines().filter(|line| !line.trim().is_empty());
    let states: Vec<StateName> = lines
        .next()
        .unwrap()
        .split_whitespace()
        .skip(1)
        .map(|name| StateName::parse(name).unwrap())
        .collect();
    assert_eq!(states, StateName::ALL);
    let commands = agent_commands(COUNTERS.fence);
    assert_eq!(lines.clone().count(), commands.len());
    for (line, command) in lines.zip(commands) {
        let mut cells = line.split_whitespace();
        let name = cells.next().unwrap();
        assert_eq!(name.split(':').next(), Some(command.verb()));
        for (state, cell) in states.iter().zip(cells) {
            assert_eq!(said(&late(*state), &command), cell, "{name} of a session that is {state:?}");
        }
    }
}

#[test]
fn no_command_leaves_a_terminal_state() {
    for name in StateName::ALL.into_iter().filter(|name| name.is_terminal()) {
        for session in [late(name), Session { state: late(name).state, ..agent() }] {
            for command in agent_commands(COUNTERS.fence) {
                let Ok(decision) = decide(&stored(session.clone()), &command, &context(IDLE_MS + 1)) else {
                    continue;
                };
                let opened: Vec<bool> = decision.writes.iter().map(|write| write.opens).collect();
                assert_eq!((opened, command.verb()), (vec![true], "run"));
            }
        }
    }
}

#[test]
fn no_command_leaves_a_terminal_state_of_a_workspace() {
    let held = crate::fixture::autonomous();
    for name in StateName::ALL.into_iter().filter(|name| name.is_terminal()) {
        let session = in_state(held.clone(), name);
        for command in workspace_commands() {
            let decided = decide(&stored(session.clone()), &command, &context(IDLE_MS + 1))
                .map(|decision| decision.writes.iter().map(|write| write.opens).collect::<Vec<_>>());
            let expected = match command.verb() {
                "start" => Ok(vec![true]),
                "clear" => Ok(vec![]),
                "heartbeat" => Err(Refusal::Heartbeat(HeartbeatRefusal::NoSession)),
                "takeover" => Err(Refusal::Takeover(TakeoverRefusal::NoSession)),
                _ => Err(Refusal::ImportNotEmpty),
            };
            assert_eq!(decided, expected, "{}", command.verb());
        }
    }
}

#[test]
fn a_move_that_the_table_lacks_is_refused_naming_session_and_states() {
    let fence = COUNTERS.fence;
    let stats = crate::session::Stats::default();
    let text = || "words".to_owned();
    let table = [
        (StateName::Active, Command::Resume { fence, reason: text() }, StateName::Active),
        (StateName::Paused, Command::Pause { fence, reason: text() }, StateName::Paused),
        (StateName::Paused, Command::Complete { fence, message: text(), stats }, StateName::Completed),
        (StateName::Completed, Command::Cancel { by: None, reason: text() }, StateName::Cancelled),
        (StateName::Failed, Command::Cancel { by: None, reason: text() }, StateName::Cancelled),
        (StateName::Cancelled, Command::Cancel { by: None, reason: text() }, StateName::Cancelled),
        (StateName::Expired, Command::Cancel { by: None, reason: text() }, StateName::Cancelled),
    ];
    for (from, command, to) in table {
        let refusal = Refusal::Transition { session: id("ses_run"), from, to };
        assert_eq!(refused(late(from), &command, &context(0)), refusal);
    }
}

#[test]
fn a_move_is_one_state_changed_event_with_both_states_and_its_reason() {
    let reason = "session started".to_owned();
    let (from, to) = (Some(StateName::Paused), StateName::Active);
    let taken = crate::session::StartRun { takeover: Some("runner died".to_owned()), ..run() };
    let decision = decided(late(StateName::Paused), &Command::StartRun(Box::new(taken)), &context(15_000));
    let moved = EventBody::StateChanged { from, to, reason, by: None };
    let events = &decision.writes[0].events;
    assert_eq!(
        events.iter().filter(|event| event.type_name() == "state_changed").collect::<Vec<_>>(),
        [&moved]
    );
}

#[test]
fn every_terminal_state_knows_when_it_was_reached_and_no_other_does() {
    for name in StateName::ALL {
        let expected = name.is_terminal().then(|| wall(0));
        assert_eq!(late(name).state.completed_at(), expected);
        assert_eq!(late(name).state.name(), name);
        assert_eq!(late(name).is_terminal(), name.is_terminal());
    }
    assert_eq!(State::Pending.completed_at(), None);
}

#[test]
fn a_command_for_another_kind_is_refused() {
    for command in workspace_commands() {
        let refusal = Refusal::WrongKind { kind: Kind::Agent, verb: command.verb() };
        assert_eq!(refused(agent(), &command, &context(0)), refusal);
    }
    for command in agent_commands(Fence(1)) {
        let refusal = Refusal::WrongKind { kind: Kind::Workspace, verb: command.verb() };
        assert_eq!(refused(crate::fixture::interactive(), &command, &context(0)), refusal);
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    for command in agent_commands(Fence(1)) {
        let decided = decide(&crate::fixture::nothing(), &command, &context(0));
        let expected = match command.verb() {
            "run" => None,
            "expire" => Some(Refusal::NotIdle),
            _ => Some(Refusal::NotFound),
        };
        assert_eq!(decided.err(), expected, "{}", command.verb());
    }
}

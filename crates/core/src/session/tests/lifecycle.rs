//! What each command does in each state of an agent session.

use std::collections::BTreeMap;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, IDLE_MS, agent, agent_commands, context, decided, driven, id, in_state, refused, run, stored,
    wall, workspace_commands,
};
use crate::id::Fence;
use crate::kind::Kind;
use crate::refusal::{HeartbeatRefusal, Refusal, TakeoverRefusal};
use crate::session::{Command, Session, State, StateName, Step, Writer, decide};

/// What every command does to a session of `tenure run` whose holder is late and whose idle limit has passed:
/// the state it leads to, or the refusal. `next` opens another session.
const AGENT: &str = "
    command         pending    active     paused     completed  failed     cancelled  expired
    run             active     abandoned  abandoned  next       next       next       next
    run:takeover    active     active     active     next       next       next       next
    run:fresh       active     abandoned  abandoned  next       next       next       next
    resume:run      no_run     no_run     no_run     ended      ended      ended      ended
    resume:auto     no_run     no_run     no_run     ended      ended      ended      ended
    stop            fenced     paused     paused     fenced     fenced     fenced     fenced
    start:enter     fenced     no_move    active     fenced     fenced     fenced     fenced
    takeover        unheld     active     paused     unheld     unheld     unheld     unheld
    cancel          cancelled  cancelled  cancelled  no_move    no_move    no_move    no_move
    expire          not_idle   expired    expired    not_idle   not_idle   not_idle   not_idle
    renew           fenced     active     paused     fenced     fenced     fenced     fenced
    pause           fenced     paused     no_move    fenced     fenced     fenced     fenced
    resume          fenced     no_move    active     fenced     fenced     fenced     fenced
    heartbeat       fenced     active     paused     fenced     fenced     fenced     fenced
    heartbeat:text  fenced     active     paused     fenced     fenced     fenced     fenced
    complete        fenced     completed  no_move    fenced     fenced     fenced     fenced
    fail            fenced     failed     failed     fenced     fenced     fenced     fenced
    create          key        key        key        next       next       next       next
    start           active     abandoned  abandoned  no_move    no_move    no_move    no_move
    acquire         pending    abandoned  abandoned  ended      ended      ended      ended
    start:owner     fenced     by_run     by_run     fenced     fenced     fenced     fenced
    pause:owner     fenced     by_run     by_run     fenced     fenced     fenced     fenced
    resume:owner    fenced     by_run     by_run     fenced     fenced     fenced     fenced
    complete:owner  fenced     by_run     by_run     fenced     fenced     fenced     fenced
    fail:owner      fenced     by_run     by_run     fenced     fenced     fenced     fenced
    release:owner   fenced     by_run     by_run     fenced     fenced     fenced     fenced
    update:owner    fenced     active     paused     fenced     fenced     fenced     fenced
    update:error    fenced     by_run     by_run     fenced     fenced     fenced     fenced
    start:other     unheld     abandoned  abandoned  unheld     unheld     unheld     unheld
    pause:other     no_move    abandoned  abandoned  no_move    no_move    no_move    no_move
    resume:other    unstarted  abandoned  abandoned  no_move    no_move    no_move    no_move
    complete:other  no_move    abandoned  abandoned  no_move    no_move    no_move    no_move
    fail:other      no_move    abandoned  abandoned  no_move    no_move    no_move    no_move
    release:other   unheld     abandoned  abandoned  unheld     unheld     unheld     unheld
    update:other    pending    abandoned  abandoned  ended      ended      ended      ended
    update:failing  no_move    abandoned  abandoned  ended      ended      ended      ended
";

/// The same for a session that an actor drives by hand, pending ones included: how it differs.
const BY_HAND: &str = "
    command         pending    active     paused     completed  failed     cancelled  expired
    run             abandoned  abandoned  abandoned  next       next       next       next
    start:enter     active     no_move    active     fenced     fenced     fenced     fenced
    stop            pending    paused     paused     fenced     fenced     fenced     fenced
    takeover        pending    active     paused     unheld     unheld     unheld     unheld
    resume          unstarted  no_move    active     fenced     fenced     fenced     fenced
    start           abandoned  abandoned  abandoned  no_move    no_move    no_move    no_move
    acquire         abandoned  abandoned  abandoned  ended      ended      ended      ended
    start:owner     active     no_move    active     fenced     fenced     fenced     fenced
    pause:owner     no_move    paused     no_move    fenced     fenced     fenced     fenced
    resume:owner    unstarted  no_move    active     fenced     fenced     fenced     fenced
    complete:owner  no_move    completed  no_move    fenced     fenced     fenced     fenced
    fail:owner      no_move    failed     failed     fenced     fenced     fenced     fenced
    release:owner   pending    active     paused     fenced     fenced     fenced     fenced
    update:owner    pending    active     paused     fenced     fenced     fenced     fenced
    update:error    no_move    failed     failed     fenced     fenced     fenced     fenced
";

/// The same for one that nobody holds.
const LET_GO: &str = "
    command         pending    active     paused     completed  failed     cancelled  expired
    run             active     active     put_aside  next       next       next       next
    run:takeover    active     active     put_aside  next       next       next       next
    run:fresh       active     active     put_aside  next       next       next       next
    takeover        unheld     unheld     unheld     unheld     unheld     unheld     unheld
    start           active     active     active     no_move    no_move    no_move    no_move
    acquire         pending    active     paused     ended      ended      ended      ended
    start:other     unheld     unheld     unheld     unheld     unheld     unheld     unheld
    pause:other     no_move    paused     no_move    no_move    no_move    no_move    no_move
    resume:other    unstarted  no_move    active     no_move    no_move    no_move    no_move
    complete:other  no_move    completed  no_move    no_move    no_move    no_move    no_move
    fail:other      no_move    failed     failed     no_move    no_move    no_move    no_move
    release:other   unheld     unheld     unheld     unheld     unheld     unheld     unheld
    update:other    pending    active     paused     ended      ended      ended      ended
    update:failing  no_move    failed     failed     ended      ended      ended      ended
";

/// The session as it is under the holder that a table row speaks about.
fn late(name: StateName) -> Session {
    in_state(agent(), name)
}

/// The same under an actor's hand, pending ones too.
fn late_by_hand(name: StateName) -> Session {
    let session = in_state(driven(), name);
    Session { lease: driven().lease.filter(|_| !name.is_terminal()), ..session }
}

fn let_go(name: StateName) -> Session {
    Session { lease: None, ..late(name) }
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
        ("key", matches!(refusal, Refusal::KeyInUse(_))),
        ("ended", matches!(refusal, Refusal::Ended(_))),
        ("by_run", matches!(refusal, Refusal::HeldByRun(_))),
        ("put_aside", matches!(refusal, Refusal::Paused(_))),
        ("no_run", matches!(refusal, Refusal::NotARun(_))),
        ("unstarted", matches!(refusal, Refusal::NotStarted(_))),
    ];
    words.into_iter().find_map(|(word, fits)| fits.then_some(word)).unwrap_or("another refusal")
}

/// The lines of a table: the row's name, and what it says of each state.
fn rows(table: &'static str) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut lines = table.lines().filter(|line| !line.trim().is_empty());
    let mut heading = lines.next().unwrap_or_default().split_whitespace().skip(1);
    assert!(heading.by_ref().map(StateName::parse).eq(StateName::ALL.map(Some)));
    let row = |line: &'static str| {
        let mut words = line.split_whitespace();
        (words.next().unwrap_or_default(), words.collect())
    };
    lines.map(row).collect()
}

/// The name of a command's row: its verb, and what tells it from others of that verb.
fn row_name(command: &Command) -> String {
    let verb = command.verb();
    if let Command::Drive(drive) = command {
        let fails = matches!(&drive.step, Step::Update(update) if update.error.is_some());
        return match (&drive.writer, fails) {
            (Writer::Owner(_), true) => "update:error".to_owned(),
            (Writer::Operator(_), true) => "update:failing".to_owned(),
            (Writer::Owner(_), false) => format!("{verb}:owner"),
            (Writer::Operator(_), false) => format!("{verb}:other"),
        };
    }
    let takes_over = matches!(command, Command::StartRun(start) if start.takeover.is_some());
    if let Command::Rerun(again) = command {
        return format!("{verb}:{}", if again.is_automatic { "auto" } else { "run" });
    }
    if matches!(command, Command::Enter { .. }) {
        return "start:enter".to_owned();
    }
    if matches!(command, Command::StartRun(start) if start.is_fresh) {
        return "run:fresh".to_owned();
    }
    let says = matches!(command, Command::Note { activity: Some(_), .. });
    format!("{verb}{}{}", if takes_over { ":takeover" } else { "" }, if says { ":text" } else { "" })
}

/// Every command under the name of its row.
fn named_commands() -> Vec<(String, Command)> {
    let mut seen = std::collections::BTreeSet::new();
    let name = |command: Command| {
        let name = row_name(&command);
        assert!(seen.insert(name.clone()), "{name}");
        (name, command)
    };
    agent_commands(COUNTERS.fence).into_iter().map(name).collect()
}

#[test]
fn every_command_does_in_every_state_what_the_table_says() {
    let commands = named_commands();
    let (all, by_hand, unheld) = (rows(AGENT), rows(BY_HAND), rows(LET_GO));
    let unknown = [&all, &by_hand, &unheld].into_iter().flat_map(BTreeMap::keys);
    let unknown = unknown.filter(|name| commands.iter().all(|(command, _)| command != *name));
    assert_eq!(unknown.count(), 0);
    for (name, command) in &commands {
        for (state, cell) in StateName::ALL.into_iter().zip(&all[name.as_str()]) {
            assert_eq!(said(&late(state), command), *cell, "{name} of a session that is {state:?}");
        }
        for (state, cell) in StateName::ALL.into_iter().zip(by_hand.get(name.as_str()).into_iter().flatten())
        {
            assert_eq!(said(&late_by_hand(state), command), *cell, "{name} of {state:?}, held by hand");
        }
        for (state, cell) in StateName::ALL.into_iter().zip(unheld.get(name.as_str()).into_iter().flatten()) {
            assert_eq!(said(&let_go(state), command), *cell, "{name} of {state:?}, held by nobody");
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
                let is_opening = matches!(command.verb(), "run" | "create");
                assert_eq!((opened, is_opening), (vec![true], true), "{}", command.verb());
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
    for command in agent_commands(Fence(1)).into_iter().filter(|command| command.verb() != "create") {
        let refusal = Refusal::WrongKind { kind: Kind::Workspace, verb: command.verb() };
        assert_eq!(refused(crate::fixture::interactive(), &command, &context(0)), refusal);
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    for command in agent_commands(Fence(1)) {
        let decided = decide(&crate::fixture::nothing(), &command, &context(0));
        let expected = match command.verb() {
            "run" | "create" => None,
            "expire" => Some(Refusal::NotIdle),
            _ => Some(Refusal::NotFound),
        };
        assert_eq!(decided.err(), expected, "{}", command.verb());
    }
}

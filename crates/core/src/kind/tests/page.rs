//! The page of states, drawn from the tables and from what commands decide.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, EIGHT_HOURS_MS, IDLE_MS, agent, agent_commands, autonomous, context, driven, in_state,
    interactive, nothing, shut_down, stored, workspace_commands,
};
use crate::id::CodeName;
use crate::kind::{Kind, Transition};
use crate::orchestration::{Cause, End, Failure, Opening, Version, end, open, start};
use crate::session::{Command, Current, Session, StateName, Write, decide};

const PAGE: &str = "docs/reference/session-states.md";
/// While this file exists, the test writes the page instead of judging it. `cargo xtask fix` makes it.
const REWRITE: &str = "target/update-references";

const INTRODUCTION: &str = "# Session states

<!-- Generated from the rules; `cargo xtask fix` rewrites it. -->

Each kind of session has a table of the moves between states that it allows; every other move is refused. A cell names
the verbs that make the move, `allowed` is a move without a verb, and `-` is a move that is refused. `create` leaves a
session pending; every other verb that opens one moves it to active in the same commit. `update` moves a session only
when it is told an error. `expire` is the sweep, which ends what was idle too long, was not started in time, or is past
its time. A workspace's `start` and `takeover` end a stale session when they open the one that takes its place. `turn` is
what a worker does for the code of an orchestration.
";

/// The verbs that make each move.
type Arrows = BTreeMap<(StateName, StateName), BTreeSet<&'static str>>;

fn arrows(kind: Kind) -> Arrows {
    let mut arrows = Arrows::new();
    for current in situations(kind) {
        for command in commands(kind) {
            for (from, to) in moves(&current, &command) {
                arrows.entry((from, to)).or_default().insert(command.verb());
            }
        }
    }
    for write in if kind == Kind::Workflow { turns() } else { Vec::new() } {
        for (from, to) in moved(write.events) {
            arrows.entry((from, to)).or_default().insert("turn");
        }
    }
    arrows
}

/// What turns do to the session of an instance.
fn turns() -> Vec<Write> {
    let at = instance().created_at;
    let failed = End::Failed(Failure::new(Cause::Failed, "no"));
    let cancelled = End::Cancelled { reason: "enough".to_owned(), by: None };
    let active = in_state(instance(), StateName::Active);
    let ends = [End::Completed, failed, cancelled].map(|how| end(Write::of(active.clone()), &how, at));
    [vec![start(Write::of(instance()), at)], ends.to_vec()].concat()
}

/// An instance of an orchestration that has not begun.
fn instance() -> Session {
    let opening = Opening {
        id: agent().id,
        namespace: agent().namespace,
        principal: None,
        name: CodeName::parse("greet").unwrap(),
        version: Version::FIRST,
        labels: BTreeMap::new(),
        parent: None,
        at: agent().created_at,
    };
    open(opening, false).session
}

/// Nothing, and a session of each sort in each state in which one can be stored.
fn situations(kind: Kind) -> Vec<Current> {
    use StateName::{Active, Completed, Expired};
    let (sessions, states) = match kind {
        Kind::Agent => (vec![agent(), driven(), let_go()], StateName::ALL.to_vec()),
        // A workspace is active in the commit that opens it.
        Kind::Workspace => (vec![interactive(), autonomous()], vec![Active, Completed, Expired]),
        Kind::Workflow => (vec![instance()], StateName::ALL.to_vec()),
    };
    let in_states =
        |session: Session| states.clone().into_iter().map(move |name| in_state(session.clone(), name));
    let shut_down = (kind == Kind::Agent).then(shut_down);
    sessions.into_iter().flat_map(in_states).chain(shut_down).map(stored).chain([nothing()]).collect()
}

/// A session that nobody holds, and that may be pending for a while only.
fn let_go() -> Session {
    Session { lease: None, pending_timeout: Some(Duration::from_millis(IDLE_MS)), ..driven() }
}

fn commands(kind: Kind) -> Vec<Command> {
    match kind {
        Kind::Agent => agent_commands(COUNTERS.fence),
        Kind::Workspace => workspace_commands(),
        Kind::Workflow => {
            let commands = agent_commands(COUNTERS.fence).into_iter();
            commands.filter(|command| command.applies_to(kind)).collect()
        }
    }
}

/// Every move that the command makes early or late.
fn moves(current: &Current, command: &Command) -> Vec<(StateName, StateName)> {
    let decisions = [0, IDLE_MS + 1, EIGHT_HOURS_MS + 1].map(|ms| decide(current, command, &context(ms)));
    let events =
        decisions.into_iter().flatten().flat_map(|decision| decision.writes).flat_map(|write| write.events);
    moved(events)
}

fn moved(events: impl IntoIterator<Item = EventBody>) -> Vec<(StateName, StateName)> {
    let moves = events.into_iter().filter_map(|event| {
        let EventBody::StateChanged { from: Some(from), to, .. } = event else { return None };
        Some((from, to))
    });
    moves.collect()
}

fn rendered() -> String {
    let sections = Kind::ALL.map(|kind| section(kind, &arrows(kind)));
    format!("{INTRODUCTION}{}", sections.concat())
}

fn section(kind: Kind, arrows: &Arrows) -> String {
    let (table, diagram) = (table(kind, arrows), diagram(arrows));
    format!("\n## {}\n\n{table}\n```mermaid\n{diagram}```\n", kind.name())
}

fn table(kind: Kind, arrows: &Arrows) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let names = StateName::ALL.map(|state| state.name().to_owned());
    let heading = row([vec!["from \\ to".to_owned()], names.to_vec()].concat());
    let rule = format!("|{}\n", "---|".repeat(1 + names.len()));
    let rows = StateName::ALL.map(|from| {
        let cells = StateName::ALL.map(|to| cell(kind, arrows, from, to));
        row([vec![from.name().to_owned()], cells.to_vec()].concat())
    });
    format!("{heading}{rule}{}", rows.concat())
}

fn cell(kind: Kind, arrows: &Arrows, from: StateName, to: StateName) -> String {
    match (kind.rules().transition(from, to), arrows.get(&(from, to))) {
        (Transition::Allowed, Some(verbs)) => joined(verbs),
        (Transition::Allowed, None) => "allowed".to_owned(),
        (Transition::NoOp | Transition::Refused, _) => "-".to_owned(),
    }
}

fn diagram(arrows: &Arrows) -> String {
    let moves = arrows
        .iter()
        .map(|((from, to), verbs)| format!("    {} --> {}: {}\n", from.name(), to.name(), joined(verbs)));
    let reached: BTreeSet<StateName> = arrows.keys().map(|(_, to)| *to).collect();
    let ends = reached.iter().filter(|state| state.is_terminal());
    let ends = ends.map(|state| format!("    {} --> [*]\n", state.name()));
    format!("stateDiagram-v2\n    [*] --> pending\n{}{}", moves.collect::<String>(), ends.collect::<String>())
}

fn joined(verbs: &BTreeSet<&'static str>) -> String {
    verbs.iter().copied().collect::<Vec<_>>().join(", ")
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_move_that_a_command_makes_is_in_its_kinds_table() {
    for kind in Kind::ALL {
        for ((from, to), verbs) in arrows(kind) {
            assert_eq!(
                kind.rules().transition(from, to),
                Transition::Allowed,
                "{verbs:?}: {from:?} to {to:?}"
            );
        }
    }
}

#[test]
fn every_move_of_a_table_has_a_verb() {
    use StateName::{Active, Completed, Expired, Failed, Paused, Pending};
    let without_verb = Kind::ALL.map(|kind| {
        let arrows = arrows(kind);
        let allowed = kind.rules().transitions.iter();
        allowed.filter(|pair| !arrows.contains_key(pair)).copied().collect::<Vec<_>>()
    });
    // Nothing makes these moves of an instance yet.
    let waiting = vec![
        (Pending, Completed),
        (Pending, Failed),
        (Pending, Expired),
        (Active, Paused),
        (Active, Expired),
        (Paused, Active),
        (Paused, Completed),
        (Paused, Failed),
        (Paused, Expired),
    ];
    assert_eq!(without_verb, [vec![], vec![], waiting]);
}

#[test]
fn the_page_of_session_states_is_what_the_rules_say() {
    let (page, rendered) = (checkout().join(PAGE), rendered());
    if checkout().join(REWRITE).exists() {
        std::fs::write(&page, &rendered).unwrap();
    }
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == rendered,
        "{PAGE} is not what the rules say: run `cargo xtask fix`, or this test while {REWRITE} exists"
    );
}

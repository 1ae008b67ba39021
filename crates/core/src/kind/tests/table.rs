//! The transition tables and policies of the kinds, against independent ones.

use std::time::Duration;

use crate::fixture::{agent_commands, workspace_commands};
use crate::id::Fence;
use crate::kind::{ClaimPolicy, IdleRule, Kind, LeaseClock, SameState, Transition};
use crate::limits;
use crate::session::StateName;

const AGENT: &str = "
    from \\ to  pending active paused completed failed cancelled expired
    pending     -       yes    -      -         -      yes       yes
    active      -       -      yes    yes       yes    yes       yes
    paused      -       yes    -      -         yes    yes       yes
    completed   -       -      -      -         -      -         -
    failed      -       -      -      -         -      -         -
    cancelled   -       -      -      -         -      -         -
    expired     -       -      -      -         -      -         -
";

const WORKSPACE: &str = "
    from \\ to  pending active paused completed failed cancelled expired
    pending     -       yes    -      -         -      -         -
    active      -       -      -      yes       -      -         yes
    paused      -       -      -      -         -      -         -
    completed   -       -      -      -         -      -         -
    failed      -       -      -      -         -      -         -
    cancelled   -       -      -      -         -      -         -
    expired     -       -      -      -         -      -         -
";

/// Every pair of states, and whether the table allows that move.
fn pairs(table: &str) -> Vec<(StateName, StateName, bool)> {
    let mut lines = table.lines().filter(|line| !line.trim().is_empty());
    let heading = lines.next().unwrap_or_default();
    let columns: Vec<StateName> = heading.split_whitespace().skip(3).map(state).collect();
    let rows = lines.flat_map(|line| {
        let mut words = line.split_whitespace();
        let from = state(words.next().unwrap_or_default());
        words.zip(columns.clone()).map(move |(cell, to)| (from, to, cell == "yes")).collect::<Vec<_>>()
    });
    rows.collect()
}

fn state(name: &str) -> StateName {
    StateName::parse(name).unwrap()
}

#[test]
fn every_pair_of_states_is_judged_as_the_tables_say() {
    for (kind, table) in [(Kind::Agent, AGENT), (Kind::Workspace, WORKSPACE)] {
        let pairs = pairs(table);
        assert_eq!(pairs.len(), 49);
        for (from, to, allowed) in pairs {
            let expected = if allowed { Transition::Allowed } else { Transition::Refused };
            assert_eq!(kind.rules().transition(from, to), expected, "{kind:?}: {from:?} to {to:?}");
        }
    }
}

#[test]
fn nothing_leaves_a_terminal_state_and_nothing_stays_in_place() {
    for kind in Kind::ALL {
        for from in StateName::ALL {
            assert_eq!(kind.rules().transition(from, from), Transition::Refused);
            for to in StateName::ALL.into_iter().filter(|_| from.is_terminal()) {
                assert_eq!(kind.rules().transition(from, to), Transition::Refused);
            }
        }
    }
}

#[test]
fn a_kind_can_let_a_move_to_the_same_state_do_nothing() {
    let idempotent = crate::kind::KindRules { same_state: SameState::NoOp, ..*Kind::Agent.rules() };
    for from in StateName::ALL {
        assert_eq!(idempotent.transition(from, from), Transition::NoOp);
    }
    assert_eq!(idempotent.transition(StateName::Completed, StateName::Active), Transition::Refused);
}

#[test]
fn states_are_known_by_name_and_four_of_them_are_terminal() {
    let table = [
        ("pending", StateName::Pending, false),
        ("active", StateName::Active, false),
        ("paused", StateName::Paused, false),
        ("completed", StateName::Completed, true),
        ("failed", StateName::Failed, true),
        ("cancelled", StateName::Cancelled, true),
        ("expired", StateName::Expired, true),
    ];
    assert_eq!(table.map(|(_, state, _)| state), StateName::ALL);
    for (name, state, terminal) in table {
        assert_eq!((state.name(), StateName::parse(name)), (name, Some(state)));
        assert_eq!(state.is_terminal(), terminal);
    }
    assert_eq!(StateName::parse("Active"), None);
}

#[test]
fn agents_are_judged_by_the_boot_clock_and_expire_when_idle() {
    let rules = Kind::Agent.rules();
    assert_eq!((Kind::parse("agent"), Kind::Agent.name()), (Some(Kind::Agent), "agent"));
    assert_eq!((rules.claim, rules.lease_clock), (ClaimPolicy::Explicit, LeaseClock::Boot));
    let idle = IdleRule { after: Duration::from_secs(1800), spares_held: false };
    assert_eq!((rules.idle, limits::AGENT_IDLE_AFTER), (Some(idle), idle.after));
    assert!(rules.has_lifecycle);
}

#[test]
fn workspaces_are_judged_by_the_wall_clock_and_never_idle() {
    let rules = Kind::Workspace.rules();
    assert_eq!((Kind::parse("workspace"), Kind::Workspace.name()), (Some(Kind::Workspace), "workspace"));
    assert_eq!((rules.claim, rules.lease_clock), (ClaimPolicy::Explicit, LeaseClock::Wall));
    assert_eq!(rules.idle, None);
    assert!(!rules.has_lifecycle);
    assert_eq!(Kind::parse("socket"), None);
}

#[test]
fn every_command_is_for_one_kind_and_has_a_verb() {
    let agent = "run run run resume resume stop start takeover cancel expire renew pause resume heartbeat heartbeat complete fail \
                 create start acquire \
                 start pause resume complete fail release update update \
                 start pause resume complete fail release update update";
    let workspace = "start start heartbeat heartbeat takeover clear import";
    let table =
        [(Kind::Agent, agent_commands(Fence(1)), agent), (Kind::Workspace, workspace_commands(), workspace)];
    for (kind, commands, verbs) in table {
        assert!(commands.iter().all(|command| command.kind() == Some(kind)));
        let named: Vec<&str> = commands.iter().map(crate::session::Command::verb).collect();
        assert_eq!(named.join(" "), verbs);
    }
}

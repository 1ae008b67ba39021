//! The decision table of a start: what is found × who starts.

use std::collections::BTreeMap;

use crate::fixture::{
    COUNTERS, EIGHT_HOURS_MS, actor, autonomous, context, id, interactive, nothing, person, stored, ttl,
    wall, with_lease, with_term, worker, workspace_start,
};
use crate::id::{ActorId, Fence, Revision};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind, Lease, Lifecycle, Standing, Term};
use crate::refusal::{Refusal, StartRefusal};
use crate::session::{Command, Context, Counters, Current, Decision, Facts, Mode, Session, State, decide};
use crate::workspace::{Autonomous, Existing, Owner, Start, StartMove, start_move};

/// The table as it was agreed on: one row for what is found, one column for each lifecycle.
const TABLE: &str = "
    existing                    | interactive start        | autonomous start
    none                        | fresh                    | fresh
    active interactive          | refresh                  | refuse active interactive
    active autonomous, same     | refuse active autonomous | refresh
    active autonomous, other    | refuse active autonomous | refuse active autonomous
    active autonomous, unknown  | refuse active autonomous | refuse active autonomous
    stale interactive           | fresh                    | fresh
    stale autonomous, same      | refuse stale autonomous  | fresh
    stale autonomous, other     | refuse stale autonomous  | refuse stale autonomous
    stale autonomous, unknown   | refuse stale autonomous  | refuse stale autonomous
";

/// One cell: what is found, who starts, and what the table says.
struct Cell {
    row: String,
    tried: Lifecycle,
    says: String,
}

fn cells() -> Vec<Cell> {
    let rows = TABLE.lines().filter(|line| line.contains('|')).skip(1);
    let cells = rows.flat_map(|line| {
        let columns: Vec<String> = line.split('|').map(|column| column.trim().to_owned()).collect();
        [(Lifecycle::Interactive, 1), (Lifecycle::Autonomous, 2)].map(|(tried, column)| Cell {
            row: columns[0].clone(),
            tried,
            says: columns[column].clone(),
        })
    });
    cells.collect()
}

/// Who starts: every sort of owner of that lifecycle, with and without mode and supervisor.
fn starts(tried: Lifecycle) -> Vec<Start> {
    let modes = [None, Some(Mode::General), Some(Mode::Implement)];
    let owners = match tried {
        Lifecycle::Interactive => vec![Owner::Interactive],
        Lifecycle::Autonomous => autonomous_owners(),
    };
    let with_mode = |owner: &Owner| modes.map(|mode| Start { mode, ..workspace_start(owner.clone()) });
    owners.iter().flat_map(with_mode).collect()
}

fn autonomous_owners() -> Vec<Owner> {
    let Owner::Autonomous(plain) = worker("w1") else { unreachable!("a worker is autonomous") };
    let kinds = [HolderKind::RuntimeWorker, HolderKind::RuntimeSupervisor];
    let owner = |kind, supervisor: Option<&str>| {
        Owner::Autonomous(Autonomous { kind, supervisor: supervisor.map(actor), ..plain.clone() })
    };
    kinds.into_iter().flat_map(|kind| [owner(kind, None), owner(kind, Some("s2"))]).collect()
}

/// Everything that a row of the table stands for, and when it is looked at.
fn found(row: &str) -> Vec<(Current, u64)> {
    let owner = row.split(", ").nth(1).unwrap_or("same");
    match row.split(',').next().unwrap_or_default() {
        "none" => {
            let ended = Session { state: State::Completed { at: wall(0) }, lease: None, ..interactive() };
            vec![(nothing(), 0), (Current { session: None, counters: COUNTERS }, 0), (stored(ended), 0)]
        }
        "active interactive" => looks(interactive(), &[0, EIGHT_HOURS_MS]),
        "active autonomous" => looks(owned_by(owner), &[0, 59_999]),
        "stale interactive" => {
            let anonymous = Session { anonymous: true, ..interactive() };
            [looks(interactive(), &[EIGHT_HOURS_MS + 1]), looks(anonymous, &[0])].concat()
        }
        "stale autonomous" => stale(&owned_by(owner)),
        other => unreachable!("the table has no row {other}"),
    }
}

fn looks(session: Session, at: &[u64]) -> Vec<(Current, u64)> {
    at.iter().map(|ms| (stored(session.clone()), *ms)).collect()
}

fn stale(session: &Session) -> Vec<(Current, u64)> {
    let anonymous = Session { anonymous: true, ..session.clone() };
    let without_ttl = Term::Incomplete { ttl: None, renewed: Some(wall(0)) };
    let without_renewal = Term::Incomplete { ttl: Some(ttl(crate::fixture::WORKER_TTL)), renewed: None };
    let incomplete = [without_ttl, without_renewal].map(|term| with_term(session.clone(), term));
    let mut found = looks(session.clone(), &[60_000, 60_001]);
    found.extend(looks(anonymous, &[0]));
    found.extend(incomplete.into_iter().flat_map(|session| looks(session, &[0])));
    found
}

fn owned_by(owner: &str) -> Session {
    let name = match owner {
        "same" => actor("w1"),
        "other" => actor("w2\n"),
        "unknown" => ActorId::unknown(),
        other => unreachable!("the table has no owner {other}"),
    };
    with_lease(autonomous(), |lease| Lease { holder: Holder { id: name, ..lease.holder.clone() }, ..lease })
}

#[test]
fn every_cell_of_the_start_table_decides_as_it_says() {
    for Cell { row, tried, says } in cells() {
        for (current, ms) in found(&row) {
            for start in starts(tried) {
                let context = context(ms);
                let decision = decide(&current, &Command::WorkspaceStart(start.clone()), &context);
                let case = format!("{row} at {ms}, {start:?}");
                match says.as_str() {
                    "fresh" => assert_fresh(&current, &start, &context, &decision.unwrap(), &case),
                    "refresh" => assert_refreshed(&current, &start, &context, &decision.unwrap(), &case),
                    refusal => assert_eq!(decision, Err(refused(refusal, &current, tried)), "{case}"),
                }
            }
        }
    }
    assert_eq!(cells().len(), 18);
}

fn refused(says: &str, current: &Current, tried: Lifecycle) -> Refusal {
    let owner = current.open().and_then(|open| open.lease.as_ref()).map(|lease| lease.holder.id.clone());
    Refusal::Start(match says {
        "refuse active interactive" => StartRefusal::ActiveInteractive,
        "refuse active autonomous" => StartRefusal::ActiveAutonomous { tried, owner },
        "refuse stale autonomous" => StartRefusal::StaleAutonomous { tried, owner },
        other => unreachable!("the table does not say {other}"),
    })
}

/// A fresh session: new id, counted from one, started now, its mode given or general, its supervisor given or
/// the old one's, revision and fence one further; an old session ends in its favour.
fn assert_fresh(before: &Current, start: &Start, context: &Context, decision: &Decision, case: &str) {
    let now = context.now.wall.unwrap();
    let old = before.open();
    let counters = Counters {
        revision: Revision(before.counters.revision.0 + 1),
        fence: Fence(before.counters.fence.0 + 1),
    };
    let kept = old.and_then(|old| old.lease.as_ref()).and_then(|lease| lease.holder.supervisor.clone());
    let fresh = Session {
        id: id("ses_fresh"),
        namespace: start.namespace.clone(),
        kind: Kind::Workspace,
        key: Some(start.key.clone()),
        state: State::Active,
        group: None,
        is_queued: false,
        mode: start.mode.unwrap_or(Mode::General),
        lease: Some(Lease {
            holder: holder(start, kept),
            incarnation: start.incarnation,
            fence: counters.fence,
            term: term(start, context),
        }),
        counters,
        created_at: now,
        started_at: Some(now),
        last_started_at: Some(now),
        start_count: 1,
        last_activity_at: now,
        activity: None,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: Some("/repo".to_owned()),
        recipe: None,
        facts: Facts::default(),
        execution: None,
        parent: None,
        idle: None,
        pending_timeout: None,
        expires_at: None,
        created_as: None,
        predecessor: old.map(|old| old.id.clone()),
        successor: None,
        anonymous: false,
        retained: None,
        handover: None,
        principal: None,
    };
    assert_eq!(decision.counters, counters, "{case}");
    assert_eq!(decision.session(), Some(&fresh), "{case}");
    assert_eq!(decision.writes.len(), 1 + usize::from(old.is_some()), "{case}");
    if let Some(old) = old {
        let ended = &decision.writes[0].session;
        assert!(matches!(&ended.state, State::Expired { at, .. } if *at == now), "{case}");
        let expected = Session {
            state: ended.state.clone(),
            lease: None,
            successor: Some(fresh.id),
            counters,
            ..old.clone()
        };
        assert_eq!(*ended, expected, "{case}");
    }
}

/// The same session once more: id, start and incarnation kept, counted once more, owner and term of the new
/// call, supervisor and mode given or kept, revision one further, the fence as it was.
fn assert_refreshed(before: &Current, start: &Start, context: &Context, decision: &Decision, case: &str) {
    let (now, old) = (context.now.wall, before.open().unwrap());
    let held = crate::fixture::lease(old);
    let counters =
        Counters { revision: Revision(before.counters.revision.0 + 1), fence: before.counters.fence };
    let refreshed = Session {
        mode: start.mode.unwrap_or(old.mode),
        lease: Some(Lease {
            holder: holder(start, held.holder.supervisor),
            incarnation: held.incarnation,
            fence: held.fence,
            term: term(start, context),
        }),
        counters,
        last_started_at: now,
        start_count: old.start_count + 1,
        last_activity_at: now.unwrap(),
        activity: old.activity.clone().filter(|_| start.owner != Owner::Interactive),
        ..old.clone()
    };
    assert_eq!(decision.counters, counters, "{case}");
    assert_eq!(
        decision.writes.iter().map(|write| &write.session).collect::<Vec<_>>(),
        [&refreshed],
        "{case}"
    );
}

fn holder(start: &Start, kept: Option<ActorId>) -> Holder {
    match &start.owner {
        Owner::Interactive => person(),
        Owner::Autonomous(new) => Holder {
            kind: new.kind,
            id: new.actor.clone(),
            supervisor: new.supervisor.clone().or(kept),
            place: None,
        },
    }
}

fn term(start: &Start, context: &Context) -> Term {
    let now = context.now.wall.unwrap();
    match &start.owner {
        Owner::Interactive => Term::Interactive { started: now },
        Owner::Autonomous(new) => Term::Wall { ttl: new.ttl, renewed: now },
    }
}

#[test]
fn the_pure_start_table_agrees_with_the_agreed_one() {
    for Cell { row, tried, says } in cells() {
        let standing = if row.starts_with("active") { Standing::Live } else { Standing::Over };
        let existing = match row.trim_start_matches("active ").trim_start_matches("stale ") {
            "none" => Existing::Nothing,
            "interactive" => Existing::Interactive(standing),
            "autonomous, same" => Existing::SameOwner(standing),
            _ => Existing::OtherOwner(standing),
        };
        let expected = match says.as_str() {
            "fresh" => StartMove::Fresh,
            "refresh" => StartMove::Refresh,
            "refuse active interactive" => StartMove::RefuseActiveInteractive,
            "refuse active autonomous" => StartMove::RefuseActiveAutonomous,
            _ => StartMove::RefuseStaleAutonomous,
        };
        assert_eq!(start_move(existing, tried), expected, "{row}");
    }
}

#[test]
fn a_refused_start_names_the_owner_in_escaped_form_or_unknown() {
    let named = |owner: &str, ms| {
        let start = Command::WorkspaceStart(workspace_start(Owner::Interactive));
        let refusal = crate::fixture::refused(owned_by(owner), &start, &context(ms));
        let Refusal::Start(
            StartRefusal::ActiveAutonomous { owner, .. } | StartRefusal::StaleAutonomous { owner, .. },
        ) = refusal
        else {
            unreachable!("{refusal:?}")
        };
        owner.map(|owner| owner.to_string())
    };
    let table = [("same", "w1"), ("other", "w2\\n"), ("unknown", "unknown")];
    for (owner, shown) in table {
        assert_eq!(named(owner, 0).as_deref(), Some(shown));
        assert_eq!(named(owner, 60_000).as_deref(), Some(shown));
    }
}

//! Records of an earlier tool.

use crate::fixture::{
    COUNTERS, WORKER_TTL, actor, after, autonomous, context, import, interactive, lease, nothing, stored,
    ttl, unrecorded_owner, wall, written,
};
use crate::id::{ActorId, Fence, Revision};
use crate::lease::{HolderKind, Standing, Term};
use crate::refusal::Refusal;
use crate::session::{Command, Counters, Current, Mode, Session, State, decide};
use crate::workspace::{Import, RecordedOwner, current_id};

fn worker() -> RecordedOwner {
    import().owner
}

fn record(owner: RecordedOwner) -> Import {
    Import { owner, ..import() }
}

fn imported(import: Import) -> Session {
    let decision = decide(&nothing(), &Command::WorkspaceImport(import), &context(9)).unwrap();
    written(&decision).clone()
}

#[test]
fn a_record_keeps_its_id_counts_times_mode_and_revision() {
    let session = imported(record(worker()));
    assert_eq!((session.id.as_str(), session.anonymous), ("ses_recorded", false));
    assert_eq!((session.start_count, session.mode), (3, Mode::Research));
    assert_eq!((session.started_at, session.last_started_at), (Some(wall(1)), Some(wall(5))));
    assert_eq!(session.counters, Counters { revision: Revision(4), fence: Fence(1) });
    assert_eq!(session.state, State::Active);
    assert_eq!(current_id(&stored(session.clone()), &crate::fixture::moment(9)), Some(&session.id));
}

#[test]
fn a_record_without_an_id_is_kept_under_a_made_one_and_is_never_current() {
    let session = imported(Import { recorded_id: None, ..record(unrecorded_owner()) });
    assert_eq!((session.id.as_str(), session.anonymous), ("ses_made", true));
    assert_eq!(session.start_count, 3);
    assert_eq!(current_id(&stored(session), &crate::fixture::moment(9)), None);
}

#[test]
fn a_record_keeps_its_owner_supervisor_ttl_and_renewal() {
    let held = lease(&imported(record(worker())));
    assert_eq!((held.holder.kind, held.holder.id), (HolderKind::RuntimeWorker, actor("w1")));
    assert_eq!(held.holder.supervisor, Some(actor("s1")));
    assert_eq!(held.term, Term::Wall { ttl: ttl(WORKER_TTL), renewed: wall(9) });
    let held = lease(&imported(record(unrecorded_owner())));
    assert_eq!(held.holder, crate::fixture::person());
    assert_eq!(held.term, Term::Interactive { started: wall(5) });
}

#[test]
fn a_runtime_record_that_names_no_owner_is_held_by_an_unknown_one() {
    let session = imported(record(RecordedOwner { id: None, ..worker() }));
    assert_eq!(lease(&session).holder.id, ActorId::unknown());
}

#[test]
fn a_record_without_ttl_or_renewal_is_stale_from_the_beginning() {
    let owners = [
        (RecordedOwner { ttl: None, ..worker() }, None, Some(wall(9))),
        (RecordedOwner { heartbeat: None, ..worker() }, Some(ttl(WORKER_TTL)), None),
        (RecordedOwner { ttl: None, heartbeat: None, ..worker() }, None, None),
    ];
    for (owner, ttl, renewed) in owners {
        let session = imported(record(owner));
        assert_eq!(lease(&session).term, Term::Incomplete { ttl, renewed });
        assert_eq!(session.standing(&crate::fixture::moment(9)), Ok(Standing::Over));
    }
}

#[test]
fn a_record_is_not_brought_in_where_a_session_is_or_was() {
    let ended = Session { state: State::Completed { at: wall(0) }, lease: None, ..interactive() };
    for session in [interactive(), autonomous(), ended] {
        let command = Command::WorkspaceImport(record(worker()));
        assert_eq!(decide(&stored(session), &command, &context(9)), Err(Refusal::ImportNotEmpty));
    }
}

#[test]
fn an_import_never_lowers_the_revision_or_the_fence_of_its_slot() {
    let used = Current { session: None, counters: COUNTERS };
    for (recorded, revision) in [(0, 8), (7, 8), (8, 8), (9, 9)] {
        let import = Import { revision: Revision(recorded), ..record(worker()) };
        let decision = decide(&used, &Command::WorkspaceImport(import), &context(9)).unwrap();
        let counters = Counters { revision: Revision(revision), fence: COUNTERS.fence.next() };
        assert_eq!(after(&decision).counters, counters);
    }
}

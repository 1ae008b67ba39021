//! When a workspace session is stale, and which id is current.

use crate::fixture::{
    COUNTERS, EIGHT_HOURS_MS, autonomous, clockless, interactive, moment, no_wall, nothing, stored, wall,
    with_term,
};
use crate::lease::{Standing, Term};
use crate::session::{Current, Session, State, StateName};
use crate::time::UnusableClock;
use crate::workspace::{current_id, lifecycle};

use crate::lease::Lifecycle;

fn anonymous(session: Session) -> Session {
    Session { anonymous: true, ..session }
}

fn ended(session: Session) -> Session {
    Session { state: State::Completed { at: wall(0) }, lease: None, ..session }
}

#[test]
fn a_session_without_an_id_is_always_stale() {
    for session in [anonymous(interactive()), anonymous(autonomous())] {
        assert_eq!(session.standing(&moment(0)), Ok(Standing::Over));
        assert_eq!(session.standing(&no_wall(0)), Ok(Standing::Over));
    }
}

#[test]
fn a_session_without_a_holder_is_stale_and_counts_as_interactive() {
    let session = Session { lease: None, ..autonomous() };
    assert_eq!(session.standing(&moment(0)), Ok(Standing::Over));
    assert_eq!(lifecycle(&session), Lifecycle::Interactive);
    assert_eq!(lifecycle(&autonomous()), Lifecycle::Autonomous);
    assert_eq!(lifecycle(&interactive()), Lifecycle::Interactive);
}

#[test]
fn staleness_without_a_usable_clock_is_an_error() {
    for session in [interactive(), autonomous()] {
        assert_eq!(session.standing(&clockless(0).now), Err(UnusableClock));
    }
}

#[test]
fn the_current_id_is_that_of_an_open_session_that_is_not_stale() {
    let incomplete = with_term(autonomous(), Term::Incomplete { ttl: None, renewed: Some(wall(0)) });
    let table = [
        (interactive(), 0, Some("ses_person")),
        (interactive(), EIGHT_HOURS_MS, Some("ses_person")),
        (interactive(), EIGHT_HOURS_MS + 1, None),
        (autonomous(), 0, Some("ses_worker")),
        (autonomous(), 59_999, Some("ses_worker")),
        (autonomous(), 60_000, None),
        (anonymous(interactive()), 0, None),
        (anonymous(autonomous()), 0, None),
        (incomplete, 0, None),
        (ended(interactive()), 0, None),
    ];
    for (session, ms, current) in table {
        assert_eq!(current_id(&stored(session), &moment(ms)).map(|id| id.as_str()), current);
    }
}

#[test]
fn nothing_is_current_where_nothing_is_stored_or_the_clock_is_unusable() {
    assert_eq!(current_id(&nothing(), &moment(0)), None);
    assert_eq!(current_id(&Current { session: None, counters: COUNTERS }, &moment(0)), None);
    assert_eq!(current_id(&stored(interactive()), &no_wall(0)), None);
}

#[test]
fn an_ended_session_is_not_open() {
    for session in [interactive(), autonomous()] {
        assert_eq!(stored(ended(session.clone())).open(), None);
        assert_eq!(stored(session.clone()).open().map(|open| open.state.name()), Some(StateName::Active));
    }
}

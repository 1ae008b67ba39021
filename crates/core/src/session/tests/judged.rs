//! What a decision relied on, judged again when it is written.

use crate::fixture::{
    EIGHT_HOURS_MS, IDLE_MS, agent, autonomous, in_state, interactive, lease, moment, no_wall, runner, wall,
    with_lease,
};
use crate::id::Incarnation;
use crate::lease::{Lease, Standing};
use crate::session::{Judged, Session, StateName};
use crate::time::UnusableClock;

use Standing::{Live, Over};

#[test]
fn a_standing_must_still_be_what_it_was() {
    let cases = [
        (agent(), 14_999, Live),
        (agent(), 15_000, Over),
        (autonomous(), 59_999, Live),
        (autonomous(), 60_000, Over),
        (interactive(), EIGHT_HOURS_MS, Live),
        (interactive(), EIGHT_HOURS_MS + 1, Over),
    ];
    for (session, ms, standing) in cases {
        for relied_on in [Live, Over] {
            let holds = Judged::Clock(relied_on).holds(Some(&session), &moment(ms));
            assert_eq!(holds, Ok(relied_on == standing), "{ms}");
        }
    }
}

#[test]
fn a_lease_that_was_renewed_in_between_is_not_over() {
    let renewed =
        with_lease(agent(), |lease| Lease { term: lease.term.renewed(&moment(14_000)).unwrap(), ..lease });
    assert_eq!(Judged::Clock(Over).holds(Some(&renewed), &moment(15_000)), Ok(false));
}

#[test]
fn what_was_let_go_is_over() {
    let released = in_state(agent(), StateName::Completed);
    assert_eq!(Judged::Clock(Over).holds(Some(&released), &moment(0)), Ok(true));
    assert_eq!(Judged::Clock(Live).holds(Some(&released), &moment(0)), Ok(false));
}

#[test]
fn the_holder_that_is_gone_must_still_be_the_holder() {
    let gone = Judged::Gone(runner(1).incarnation);
    assert_eq!(gone.holds(Some(&agent()), &moment(0)), Ok(true));
    let another = with_lease(agent(), |lease| Lease { incarnation: Incarnation([9; 16]), ..lease });
    assert_eq!(gone.holds(Some(&another), &moment(0)), Ok(false));
    let released = Session { lease: None, ..agent() };
    assert_eq!(gone.holds(Some(&released), &moment(0)), Ok(false));
    assert_eq!(gone.holds(Some(&agent()), &no_wall(0)), Ok(true));
}

#[test]
fn an_idle_session_must_have_stayed_idle() {
    let idle = |standing| Judged::Idle { since: wall(0), standing };
    let now = moment(IDLE_MS + 1);
    assert_eq!(idle(None).holds(Some(&agent()), &now), Ok(true));
    assert_eq!(idle(Some(Over)).holds(Some(&agent()), &now), Ok(true));
    let touched = Session { last_activity_at: wall(1), ..agent() };
    assert_eq!(idle(None).holds(Some(&touched), &now), Ok(false));
    assert_eq!(idle(Some(Over)).holds(Some(&touched), &now), Ok(false));
    assert_eq!(idle(Some(Over)).holds(Some(&agent()), &moment(0)), Ok(false));
}

#[test]
fn nothing_holds_of_a_session_that_is_not_there() {
    let incarnation = lease(&agent()).incarnation;
    let idle = Judged::Idle { since: wall(0), standing: None };
    for judged in [Judged::Clock(Over), Judged::Clock(Live), Judged::Gone(incarnation), idle] {
        assert_eq!(judged.holds(None, &moment(0)), Ok(false));
    }
}

#[test]
fn an_unusable_clock_confirms_nothing_that_it_would_judge() {
    for relied_on in [Live, Over] {
        assert_eq!(Judged::Clock(relied_on).holds(Some(&interactive()), &no_wall(0)), Err(UnusableClock));
    }
    assert_eq!(Judged::Clock(Live).holds(Some(&agent()), &no_wall(0)), Ok(true));
}

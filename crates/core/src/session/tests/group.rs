//! Groups: who takes a place, who waits, and in which order.

use crate::fixture::{
    COUNTERS, RUN_TTL, agent, boot, claim, context, decided, gone, in_state, moment, nothing, recipe,
    refused, rerun, run, run_lease, runner, stored, takeover, written,
};
use crate::id::{Fence, GroupName};
use crate::lease::{Lease, Term};
use crate::refusal::Refusal;
use crate::session::{
    Claim, Command, Context, Full, GroupView, Member, Place, Recipe, Session, StartRun, State, StateName,
    Ticket, decide, has_place,
};

fn web() -> GroupName {
    GroupName::parse("web").unwrap()
}

fn member() -> Session {
    Session { group: Some(web()), ..agent() }
}

fn full() -> Box<Full> {
    Box::new(Full { group: web(), limit: 1, active: Vec::new(), waiting: 0 })
}

/// A look at a group without a place.
fn crowded(ms: u64) -> Context {
    Context { group: GroupView { gone: Vec::new(), full: Some(full()) }, ..context(ms) }
}

fn start(waits: bool) -> Command {
    Command::StartRun(Box::new(StartRun { group: Some(web()), waits, ..run() }))
}

fn place() -> Option<Place> {
    Some(Place { group: web(), gone: Vec::new() })
}

/// What runner 2 has opened, waiting.
fn waiting() -> Session {
    written(&decide(&nothing(), &start(true), &crowded(0)).unwrap()).clone()
}

#[test]
fn whoever_goes_to_work_in_a_group_takes_a_place_and_whoever_is_at_work_keeps_it() {
    let fence = COUNTERS.fence;
    let let_go = |name| Session { lease: None, ..in_state(member(), name) };
    let paused = in_state(member(), StateName::Paused);
    let taking = [
        (member(), takeover(), 15_000),
        (member(), Command::Regrant { fence }, 15_000),
        (paused.clone(), Command::Resume { fence, reason: "back".to_owned() }, 0),
        (let_go(StateName::Pending), Command::Start(claim()), 0),
        (let_go(StateName::Active), Command::Acquire(claim()), 0),
        (let_go(StateName::Pending), Command::StartRun(Box::new(run())), 0),
    ];
    for (session, command, ms) in taking {
        assert_eq!(decided(session.clone(), &command, &context(ms)).place, place(), "{command:?}");
        assert_eq!(refused(session, &command, &crowded(ms)), Refusal::GroupFull(full()), "{command:?}");
    }
    let keeping = [
        (member(), Command::Regrant { fence }, 0),
        (member(), Command::Note { fence, activity: None }, 0),
        (member(), Command::Note { fence, activity: None }, 15_000),
        (member(), Command::Pause { fence, reason: "lunch".to_owned() }, 0),
        (member(), Command::ShutDown { fence }, 0),
        (let_go(StateName::Pending), Command::Acquire(claim()), 0),
        (paused, Command::Cancel { by: None, reason: "enough".to_owned() }, 0),
    ];
    for (session, command, ms) in keeping {
        assert_eq!(decided(session, &command, &crowded(ms)).place, None, "{command:?}");
    }
    assert_eq!(
        decided(member(), &takeover(), &gone(1, 0)).place,
        place(),
        "its place may have been given away"
    );
    assert_eq!(decide(&nothing(), &start(false), &context(0)).unwrap().place, place());
    assert_eq!(decided(agent(), &takeover(), &context(15_000)).place, None, "it is in no group");
}

#[test]
fn a_run_without_a_place_is_refused_or_waits_as_a_session_that_is_held_and_not_yet_begun() {
    assert_eq!(decide(&nothing(), &start(false), &crowded(0)), Err(Refusal::GroupFull(full())));
    let session = waiting();
    assert_eq!((session.state.name(), session.is_queued, session.start_count), (StateName::Pending, true, 0));
    assert_eq!(session.lease.as_ref().unwrap().holder, runner(2).holder);
    assert!(session.is_member());
}

#[test]
fn what_waits_goes_to_work_under_its_fence_once_there_is_a_place() {
    let enter = Command::Enter { fence: Fence(1) };
    assert_eq!(refused(waiting(), &enter, &crowded(5)), Refusal::GroupFull(full()));
    let decision = decided(waiting(), &enter, &context(5));
    let session = written(&decision);
    assert_eq!((session.state.name(), session.is_queued, session.start_count), (StateName::Active, false, 1));
    let Term::Boot { renewed, .. } = session.lease.as_ref().unwrap().term else { unreachable!() };
    assert_eq!((renewed, session.counters.fence, decision.place.clone()), (boot(5), Fence(1), place()));
    let again = decide(&stored(session.clone()), &enter, &context(6));
    assert!(matches!(again, Err(Refusal::Transition { .. })));
}

#[test]
fn what_waited_when_it_was_shut_down_goes_on_by_itself() {
    let let_go = decided(waiting(), &Command::ShutDown { fence: Fence(1) }, &context(5));
    let session = written(&let_go).clone();
    assert_eq!(
        (session.state.name(), session.is_queued, session.is_auto_resumed()),
        (StateName::Pending, false, true)
    );
    assert_eq!(written(&decided(session, &rerun(true), &context(9))).state, State::Active);
}

#[test]
fn what_is_run_again_waits_if_its_run_did_and_is_not_at_work_meanwhile() {
    let waits = |waits| Some(Box::new(Recipe { waits, ..*recipe() }));
    let left = Session { recipe: waits(true), ..member() };
    let session = decided(left, &rerun(false), &Context { gone: Some(runner(1).incarnation), ..crowded(9) });
    let session = written(&session);
    assert_eq!((session.state.name(), session.is_queued), (StateName::Paused, true));
    let refuses = Session { recipe: waits(false), ..member() };
    let lost = Context { gone: Some(runner(1).incarnation), ..crowded(9) };
    assert_eq!(refused(refuses, &rerun(false), &lost), Refusal::GroupFull(full()));
}

#[test]
fn a_start_by_hand_may_join_a_group_and_wait_in_it() {
    let pending = in_state(agent(), StateName::Pending);
    let wish = Claim { group: Some(web()), waits: true, ..*claim() };
    let session = decided(pending.clone(), &Command::Start(Box::new(wish.clone())), &crowded(9));
    assert_eq!((written(&session).group.clone(), written(&session).is_queued), (Some(web()), true));
    let session = decided(pending, &Command::Start(Box::new(wish)), &context(9));
    assert_eq!((session.place.clone(), written(&session).state.clone()), (place(), State::Active));
}

fn at(n: u8, ms: u64) -> Lease {
    run_lease(n, Fence(1), RUN_TTL, ms)
}

#[test]
fn places_are_taken_by_who_is_there_and_given_in_the_order_of_arrival() {
    let (first, second, third) = (at(1, 0), at(2, 0), at(3, 10_000));
    let others = |tickets: [Option<u64>; 3]| {
        [&first, &second, &third]
            .into_iter()
            .zip(tickets)
            .map(|(lease, ticket)| Member { lease, ticket: ticket.map(Ticket) })
            .collect::<Vec<_>>()
    };
    let judge = |limit, tickets, mine: Option<u64>, ms, gone: &[u8]| {
        let gone: Vec<_> = gone.iter().map(|n| runner(*n).incarnation).collect();
        has_place(limit, others(tickets), mine.map(Ticket), (&moment(ms), &gone))
    };
    let all = [None, None, None];
    assert!(!judge(3, all, None, 0, &[]) && judge(4, all, None, 0, &[]));
    // Who is late or gone takes none.
    assert!(judge(2, all, None, 15_000, &[]) && !judge(1, all, None, 15_000, &[]));
    assert!(judge(2, all, None, 0, &[1, 2]) && !judge(2, all, None, 0, &[1]));
    // Of two who wait, the one that came first; nobody overtakes them.
    let queue = [None, Some(4), Some(5)];
    assert!(judge(2, queue, Some(4), 0, &[]) && !judge(2, queue, Some(6), 0, &[]));
    assert!(
        !judge(2, queue, None, 0, &[]) && !judge(3, queue, None, 0, &[]) && judge(4, queue, None, 0, &[])
    );
    assert!(judge(2, queue, Some(6), 0, &[2, 3]));
}

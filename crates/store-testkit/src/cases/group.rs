//! Cases about groups: never more at work than allowed, in their order.

use tenure_core::id::{Fence, Incarnation, Namespace};
use tenure_core::session::{Command, Context, Full, GroupView, SHUTDOWN, State, Ticket};
use tenure_store::{CommitOutcome, GroupFound, GroupRequest, Handle, LimitRequest};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Bench, Held, Target, by_hand, committed, decided, group, regrant, run, slot,
};
use crate::fixture::{TTL, cancel, claimant, find};
use crate::harness::Capability;

const WEB: &str = "web";

fn web() -> GroupRequest {
    GroupRequest { namespace: Namespace::default_name(), name: group(WEB) }
}

async fn limit(bench: &Bench, limit: Option<u32>) -> Option<u32> {
    let request = LimitRequest { group: web(), limit, only_first: false };
    bench.store.limit_group(request).await.expect("an answer")
}

async fn found(bench: &Bench) -> GroupFound {
    bench.store.group(web()).await.expect("an answer")
}

/// The sessions at work, and those that wait, by their ids.
async fn members(bench: &Bench) -> (Vec<String>, Vec<String>) {
    let members = found(bench).await.members;
    let (waiting, active): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.ticket.is_some());
    let ids = |members: Vec<tenure_store::GroupMember>| {
        members.into_iter().map(|member| member.session.id.as_str().to_owned()).collect()
    };
    (ids(active), ids(waiting))
}

fn starting(n: u8, waits: bool) -> Command {
    let mut start = run(&format!("ses_{n}"), Some(&format!("job-{n}")), n);
    (start.group, start.waits) = (Some(group(WEB)), waits);
    Command::StartRun(Box::new(start))
}

/// Commits a decision that is made with this view of the group.
async fn try_with(
    bench: &Bench,
    target: impl Into<Target>,
    command: &Command,
    view: GroupView,
) -> CommitOutcome {
    let target = target.into();
    let found = find(bench.store.as_ref(), &target).await;
    let now = bench.store.now().await.expect("the time");
    let context = Context { now, gone: None, seen: None, group: view };
    let request = decided(&target, &found, command, &context).expect("the rules allow it");
    bench.send(&request).await
}

async fn start(bench: &Bench, n: u8) -> CommitOutcome {
    try_with(bench, slot(&format!("job-{n}")), &starting(n, false), GroupView::default()).await
}

async fn started(bench: &Bench, n: u8) -> Held {
    let done = committed(start(bench, n).await);
    bench.held(done.handle).await
}

/// Begins to wait.
async fn queued(bench: &Bench, n: u8) -> Held {
    let full = Full { group: group(WEB), limit: 0, active: Vec::new(), waiting: 0 };
    let view = GroupView { gone: Vec::new(), full: Some(Box::new(full)) };
    let done = committed(try_with(bench, slot(&format!("job-{n}")), &starting(n, true), view).await);
    bench.held(done.handle).await
}

async fn enter(bench: &Bench, held: Held) -> CommitOutcome {
    try_with(bench, held.handle, &Command::Enter { fence: held.fence }, GroupView::default()).await
}

/// A group has no limit until it gets one, and one that comes first may be kept.
pub async fn a_group_has_the_limit_that_it_was_given(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(found(&bench).await, GroupFound::default());
    let first = |limit| LimitRequest { group: web(), limit, only_first: true };
    assert_eq!(bench.store.limit_group(first(Some(2))).await.expect("an answer"), Some(2));
    assert_eq!(bench.store.limit_group(first(Some(3))).await.expect("an answer"), Some(2));
    assert_eq!((limit(&bench, Some(4)).await, found(&bench).await.limit), (Some(4), Some(4)));
    assert_eq!((limit(&bench, None).await, found(&bench).await.limit), (None, None));
    let other = GroupRequest { namespace: Namespace::parse("other").expect("a name"), name: group(WEB) };
    assert_eq!(bench.store.group(other).await.expect("an answer"), GroupFound::default());
    let bench = if harness.has(Capability::Reopen) { bench.reopen().await } else { bench };
    assert!(found(&bench).await.handle.is_some());
}

/// Only so many are at work; an end, a pause and a shutdown give a place back.
pub async fn a_full_group_takes_nobody_until_somebody_stops(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    limit(&bench, Some(2)).await;
    let (one, two) = (started(&bench, 1).await, started(&bench, 2).await);
    assert_eq!(start(&bench, 3).await, CommitOutcome::Full);
    assert_eq!(members(&bench).await.0, ["ses_1", "ses_2"]);
    bench.commit(one.handle, &cancel()).await;
    let three = started(&bench, 3).await;
    bench.commit(two.handle, &Command::Pause { fence: two.fence, reason: "lunch".to_owned() }).await;
    let four = started(&bench, 4).await;
    let resume = Command::Resume { fence: two.fence, reason: "back".to_owned() };
    assert_eq!(try_with(&bench, two.handle, &resume, GroupView::default()).await, CommitOutcome::Full);
    bench.commit(three.handle, &Command::ShutDown { fence: three.fence }).await;
    committed(try_with(&bench, two.handle, &resume, GroupView::default()).await);
    assert_eq!(members(&bench).await.0, ["ses_2", "ses_4"]);
    assert_eq!(bench.session(three.handle).await.state, State::Paused { reason: SHUTDOWN.to_owned() });
    // More than the limit may be at work once it is lowered, and any number where there is none.
    limit(&bench, Some(1)).await;
    bench.commit(four.handle, &cancel()).await;
    assert_eq!(start(&bench, 5).await, CommitOutcome::Full);
    limit(&bench, None).await;
    started(&bench, 5).await;
}

/// A lease that is over takes no place, and gets none back where it was given away.
pub async fn who_is_late_loses_the_place_and_not_the_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    limit(&bench, Some(1)).await;
    let one = started(&bench, 1).await;
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(start(&bench, 2).await, CommitOutcome::Full);
    bench.renew(one).await;
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(start(&bench, 2).await, CommitOutcome::Full, "it was renewed");
    bench.clock.advance(TTL);
    let two = started(&bench, 2).await;
    let again = regrant(one.fence);
    assert_eq!(try_with(&bench, one.handle, &again, GroupView::default()).await, CommitOutcome::Full);
    bench.commit(two.handle, &cancel()).await;
    committed(try_with(&bench, one.handle, &again, GroupView::default()).await);
    assert_eq!(start(&bench, 3).await, CommitOutcome::Full);
}

/// Who is proven to be gone takes no place; proof that somebody else is gone proves nothing.
pub async fn who_is_gone_takes_no_place(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    limit(&bench, Some(1)).await;
    started(&bench, 1).await;
    let with = |gone: Incarnation| GroupView { gone: vec![gone], full: None };
    let two = starting(2, false);
    let try_two = |view| try_with(&bench, slot("job-2"), &two, view);
    assert_eq!(try_two(with(claimant(9).incarnation)).await, CommitOutcome::Full);
    committed(try_two(with(claimant(1).incarnation)).await);
    assert_eq!(members(&bench).await.0, ["ses_1", "ses_2"]);
}

/// Who waits gets a place in the order of arrival, and nobody overtakes.
pub async fn places_are_given_in_the_order_of_arrival(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    limit(&bench, Some(1)).await;
    let one = started(&bench, 1).await;
    let waiting = [queued(&bench, 2).await, queued(&bench, 3).await, queued(&bench, 4).await];
    assert_eq!(members(&bench).await.1, ["ses_2", "ses_3", "ses_4"]);
    let tickets: Vec<_> = found(&bench).await.members.iter().filter_map(|member| member.ticket).collect();
    assert_eq!(tickets, [Ticket(1), Ticket(2), Ticket(3)]);
    for held in waiting {
        assert_eq!(enter(&bench, held).await, CommitOutcome::Full);
    }
    bench.commit(one.handle, &cancel()).await;
    assert_eq!(start(&bench, 5).await, CommitOutcome::Full, "others wait");
    let [two, three, four] = waiting;
    assert_eq!(enter(&bench, three).await, CommitOutcome::Full, "another one came before");
    committed(enter(&bench, two).await);
    // Whoever gives up is passed over, and a ticket is never given twice.
    bench.commit(three.handle, &cancel()).await;
    assert_eq!(enter(&bench, four).await, CommitOutcome::Full);
    bench.commit(two.handle, &cancel()).await;
    committed(enter(&bench, four).await);
    queued(&bench, 6).await;
    assert_eq!(found(&bench).await.members[1].ticket, Some(Ticket(4)));
}

/// Who waits is woken when somebody leaves or the limit changes, in another instance as well.
pub async fn who_waits_for_a_place_is_woken(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    limit(&bench, Some(1)).await;
    let one = started(&bench, 1).await;
    queued(&bench, 2).await;
    let store = match harness.has(Capability::SecondInstance) {
        true => bench.second().await,
        false => std::sync::Arc::clone(&bench.store),
    };
    let handle: Handle = found(&bench).await.handle.expect("it has members");
    let mut watch = store.watch(handle).await.expect("a watch");
    bench.commit(one.handle, &Command::ShutDown { fence: one.fence }).await;
    bench.wakes(&mut watch).await;
    limit(&bench, Some(2)).await;
    bench.wakes(&mut watch).await;
}

/// A session that is claimed by hand joins a group, and takes a place there when it goes to work.
pub async fn a_claim_by_hand_takes_a_place_when_it_goes_to_work(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    limit(&bench, Some(1)).await;
    let made = bench
        .commit(slot("made"), &crate::fixture::creating(crate::fixture::create("made", Some("made"))))
        .await;
    let claim = |n| tenure_core::session::Claim {
        claimant: by_hand(n),
        ttl: crate::fixture::ttl(TTL),
        group: Some(group(WEB)),
        waits: false,
    };
    // Holding alone is no work.
    bench.commit(made.handle, &Command::Acquire(Box::new(claim(1)))).await;
    let one = started(&bench, 1).await;
    let step = crate::fixture::owner(Fence(1), tenure_core::session::Step::Start);
    assert_eq!(try_with(&bench, made.handle, &step, GroupView::default()).await, CommitOutcome::Full);
    bench.commit(one.handle, &cancel()).await;
    committed(try_with(&bench, made.handle, &step, GroupView::default()).await);
    assert_eq!(members(&bench).await.0, ["made"]);
}

//! Cases about which sessions a sweep should look at, and when.

use tenure_core::limits::AGENT_IDLE_AFTER;
use tenure_core::session::{Command, Create, Expiry, Session, State, StateName};
use tenure_core::time::WallTime;
use tenure_store::{Due, Handle, Postpone};

use crate::Harness;
use crate::fixture::{
    ALMOST_TTL, Bench, Held, TICK, TTL, Target, autonomous, cancel, complete, create, creating, note, pause,
    run, start, start_by_hand, storing, workspace,
};

async fn due(bench: &Bench, limit: usize) -> Vec<Handle> {
    let due = bench.store.due(limit).await.expect("what is due");
    due.into_iter().map(|Due { handle, .. }| handle).collect()
}

/// A session is due once its idle time is over, not before, and is shown as it is.
pub async fn a_session_is_due_once_it_was_idle_too_long(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER);
    assert_eq!(due(&bench, 10).await, []);
    bench.clock.advance(TICK);
    let found = bench.store.due(10).await.expect("what is due");
    assert_eq!(found, [Due { handle: held.handle, session: bench.session(held.handle).await }]);
}

/// What is overdue longest comes first, and no more than asked for.
pub async fn the_longest_overdue_comes_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut expected = Vec::new();
    for number in 0..5 {
        expected.push(bench.hold(&format!("a{number}"), 1).await);
        bench.clock.advance(TTL);
    }
    let first = expected.remove(0);
    bench.commit(first.handle, &note(first.fence, None)).await;
    expected.push(first);
    bench.clock.advance(AGENT_IDLE_AFTER * 2);
    let expected: Vec<_> = expected.into_iter().map(|held| held.handle).collect();
    assert_eq!(due(&bench, 10).await, expected);
    assert_eq!(due(&bench, 2).await, expected[..2]);
}

/// What has ended, and what nothing makes expire, is never due.
pub async fn what_cannot_expire_is_never_due(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.commit(workspace("w"), &autonomous("ses_w", "w", "one", 15)).await;
    for (number, end) in [|held: Held| complete(held.fence), |_| cancel()].into_iter().enumerate() {
        let held = bench.hold(&format!("a{number}"), 1).await;
        bench.commit(held.handle, &end(held)).await;
    }
    bench.clock.advance(AGENT_IDLE_AFTER * 100);
    assert_eq!(due(&bench, 10).await, []);
}

/// A session that may be pending for a while only is due after it, until it is started.
pub async fn a_pending_session_with_a_time_out_is_due(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let expiry = Expiry { pending: Some(TTL), ..Expiry::default() };
    let waiting = |id: &str| creating(Create { expiry, ..create(id, None) });
    let left = bench.commit(Target::New, &waiting("ses_left")).await.handle;
    let started = bench.commit(Target::New, &waiting("ses_started")).await.handle;
    bench.clock.advance(TTL);
    assert_eq!(due(&bench, 10).await, []);
    bench.commit(started, &start_by_hand(1)).await;
    bench.clock.advance(TICK);
    assert_eq!(due(&bench, 10).await, [left]);
    bench.commit(left, &Command::ExpireIdle).await;
    assert_eq!(due(&bench, 10).await, []);
    assert_eq!(bench.session(left).await.state.name(), StateName::Expired);
}

/// A session is due when its own time is over, however busy and held it is.
pub async fn a_session_past_its_time_is_due_though_it_is_held(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let expiry = Expiry { absolute: Some(TTL), ..Expiry::default() };
    let created = creating(Create { expiry, ..create("ses_a", None) });
    let handle = bench.commit(Target::New, &created).await.handle;
    bench.clock.advance(ALMOST_TTL);
    bench.commit(handle, &start_by_hand(1)).await;
    assert_eq!(due(&bench, 10).await, []);
    bench.clock.advance(TICK);
    assert_eq!(due(&bench, 10).await, [handle]);
    bench.commit(handle, &Command::ExpireIdle).await;
    assert_eq!(bench.session(handle).await.state.name(), StateName::Expired);
}

/// A session that was never started waits for as long as it takes.
pub async fn a_pending_session_is_never_due(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let request = bench.prepare(Target::New, &start(run("ses_a", None, 1))).await;
    let started = request.decision.session().expect("a session").clone();
    assert!(started.idle.is_some());
    let pending = Session { state: State::Pending, lease: None, ..started };
    bench.send(&storing(pending)).await;
    bench.clock.advance(AGENT_IDLE_AFTER * 100);
    assert_eq!(due(&bench, 10).await, []);
}

/// A paused session is due like an active one.
pub async fn a_paused_session_is_due(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.clock.advance(AGENT_IDLE_AFTER + TICK);
    assert_eq!(due(&bench, 10).await, [held.handle]);
}

/// A sweep ends what is due, and then it is due no more.
pub async fn what_was_swept_is_not_due(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER + TICK);
    bench.commit(held.handle, &Command::ExpireIdle).await;
    assert_eq!(bench.session(held.handle).await.state.name(), StateName::Expired);
    assert_eq!(due(&bench, 10).await, []);
}

/// A postponed look is not due until then, and the others are.
pub async fn a_postponed_look_is_due_later(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.hold("a", 1).await, bench.hold("b", 2).await);
    bench.clock.advance(AGENT_IDLE_AFTER * 2);
    let before = bench.dump().await;
    postpone(&bench, one, bench.clock.wall().after(TTL)).await;
    assert_eq!(bench.dump().await, before, "only the look is moved");
    assert_eq!(due(&bench, 10).await, [two.handle]);
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(due(&bench, 10).await, [two.handle]);
    bench.clock.advance(TICK);
    assert_eq!(due(&bench, 10).await, [two.handle, one.handle]);
}

async fn postpone(bench: &Bench, held: Held, until: WallTime) {
    let looks = vec![Postpone { handle: held.handle, until }];
    bench.store.postpone(looks).await.expect("it is postponed");
}

/// A commit sets the next look anew, whatever was postponed before.
pub async fn a_commit_sets_the_next_look_anew(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER * 2);
    postpone(&bench, held, bench.clock.wall().after(AGENT_IDLE_AFTER * 50)).await;
    bench.commit(held.handle, &note(held.fence, None)).await;
    bench.clock.advance(AGENT_IDLE_AFTER);
    assert_eq!(due(&bench, 10).await, []);
    bench.clock.advance(TICK);
    assert_eq!(due(&bench, 10).await, [held.handle]);
}

/// Postponing a session that has ended meanwhile, or that is not there, brings nothing back.
pub async fn postponing_what_has_ended_brings_nothing_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.commit(held.handle, &cancel()).await;
    postpone(&bench, held, bench.clock.wall()).await;
    postpone(&bench, Held { handle: Handle(77), ..held }, bench.clock.wall()).await;
    bench.clock.advance(AGENT_IDLE_AFTER * 2);
    assert_eq!(due(&bench, 10).await, []);
}

/// Activity that a sweep finds only by looking does not hide a session from it for ever.
pub async fn an_active_session_is_due_again_once_it_is_idle(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER / 2);
    bench.append(held, 1).await;
    bench.clock.advance(AGENT_IDLE_AFTER + TICK);
    assert_eq!(due(&bench, 10).await, [held.handle]);
}

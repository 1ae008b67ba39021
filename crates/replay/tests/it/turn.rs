//! What one turn comes to.

use std::time::Duration;

use futures_util::future::{join_all, select};
use tenure_core::id::Operation;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Payload};
use tenure_replay::{Instance, Problem};

use crate::fixture::{Recorded, Runs, at, code, completed, id, scheduled, start, text};

#[test]
fn a_turn_asks_for_what_is_awaited_and_ends_with_what_is_returned() {
    let chain = code(|ctx| async move {
        let one = ctx.runs("one").await?;
        let two = ctx.runs("two").await?;
        Ok(Payload([one.0, two.0].concat()))
    });
    let mut run = Recorded::begin(&chain);
    assert_eq!(run.turn(vec![]), [scheduled(1, "one")]);
    assert_eq!(run.turn(vec![completed(1, "a")]), [scheduled(2, "two")]);
    let end = HistoryEvent::ExecutionCompleted { output: text("ab") };
    assert_eq!(run.turn(vec![completed(2, "b")]), [end]);
    assert!(run.instance.has_ended());
}

#[test]
fn everything_that_came_in_is_told_in_one_turn() {
    const MANY: u64 = 1000;
    let fan = code(|ctx| async move {
        let all = join_all((0..MANY).map(|_| ctx.runs("one"))).await;
        Ok(text(&all.into_iter().filter(Result::is_ok).count().to_string()))
    });
    let mut run = Recorded::begin(&fan);
    assert_eq!(run.turn(vec![]).len() as u64, MANY);
    let (first, rest): (Vec<_>, Vec<_>) = (1..=MANY).rev().partition(|op| op % 2 == 0);
    assert_eq!(run.turn(first.into_iter().map(|op| completed(op, "")).collect()), []);
    let end = HistoryEvent::ExecutionCompleted { output: text("1000") };
    assert_eq!(run.turn(rest.into_iter().map(|op| completed(op, "")).collect()), [end]);
}

#[test]
fn the_loser_of_a_race_is_given_up() {
    let race = code(|ctx| async move {
        let timer = ctx.timer(Duration::from_secs(5));
        select(ctx.runs("slow"), timer).await;
        ctx.runs("after").await
    });
    let mut run = Recorded::begin(&race);
    let timer = HistoryEvent::TimerCreated { op: Operation(2), fire_at: at(6000) };
    assert_eq!(run.turn(vec![]), [scheduled(1, "slow"), timer]);
    let given_up = HistoryEvent::TaskCancelled { op: Operation(1) };
    let fired = HistoryEvent::TimerFired { op: Operation(2) };
    assert_eq!(run.turn(vec![fired]), [given_up, scheduled(3, "after")]);
}

#[test]
fn what_is_asked_for_and_given_up_in_one_turn_was_never_asked_for() {
    let fickle = code(|ctx| async move {
        let mut dropped = Box::pin(ctx.runs("dropped"));
        std::future::poll_fn(|task| {
            assert!(dropped.as_mut().poll(task).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(dropped);
        ctx.runs("kept").await
    });
    let mut run = Recorded::begin(&fickle);
    assert_eq!(run.turn(vec![]), [scheduled(2, "kept")]);
    Instance::replay(id(), &fickle, &run.history).unwrap();
}

#[test]
fn an_unawaited_future_asks_for_nothing() {
    let lazy = code(|ctx| async move {
        let _never = ctx.runs("never");
        ctx.runs("one").await
    });
    assert_eq!(Recorded::begin(&lazy).turn(vec![]), [scheduled(1, "one")]);
}

#[test]
fn a_panic_is_a_failure() {
    let panics = code(|ctx| async move {
        ctx.runs("one").await?;
        panic!("no such order");
    });
    let mut run = Recorded::begin(&panics);
    run.turn(vec![]);
    let failure = Failure::new(Cause::Panicked, "panicked: no such order");
    assert_eq!(run.turn(vec![completed(1, "")]), [HistoryEvent::ExecutionFailed { failure }]);
}

#[test]
fn code_that_waits_for_nothing_durable_is_found_out() {
    let stuck = code(|_| async move {
        std::future::pending::<()>().await;
        Ok(Payload::default())
    });
    let mut instance = Instance::begin(id(), &stuck, start());
    assert_eq!(instance.turn(at(1), vec![]), Err(Problem::WaitsForNothing { turn: 1 }));
    assert!(instance.turn(at(2), vec![]).is_err(), "it must not go on");
}

#[test]
fn time_and_chance_are_those_of_the_history() {
    let drawn = code(|ctx| async move {
        let before = (ctx.now(), ctx.random());
        ctx.runs("one").await?;
        Ok(text(&format!("{before:?} {:?}", (ctx.now(), ctx.random()))))
    });
    let mut run = Recorded::begin(&drawn);
    run.turn(vec![]);
    let mut replayed = Instance::replay(id(), &drawn, &run.history).unwrap();
    let ended = run.turn(vec![completed(1, "")]);
    let again = replayed.turn(at(2000), vec![completed(1, "")]).unwrap();
    assert_eq!(again.events[again.asked_from..], ended);
}

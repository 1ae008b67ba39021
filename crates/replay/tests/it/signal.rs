//! Signals: in order, early and late, and not lost.

use futures_util::future::join;
use tenure_core::id::SignalName;
use tenure_core::orchestration::{HistoryEvent, Payload};
use tenure_replay::{Context, Instance, Wait};

use crate::fixture::{Recorded, Runs, code, completed, id, scheduled, signal, start, text};

fn next(ctx: &Context, name: &str) -> Wait {
    ctx.signal(SignalName::parse(name).unwrap())
}

fn ended(output: &str) -> HistoryEvent {
    HistoryEvent::ExecutionCompleted { output: text(output) }
}

#[test]
fn signals_are_taken_in_the_order_in_which_they_came_also_early_ones() {
    let takes = code(|ctx| async move {
        ctx.runs("one").await?;
        let (first, second) = (next(&ctx, "s").await?, next(&ctx, "s").await?);
        let third = next(&ctx, "s").await?;
        Ok(Payload([first.0, second.0, third.0].concat()))
    });
    let mut run = Recorded::begin(&takes);
    assert_eq!(run.turn(vec![signal("s", "a")]), [scheduled(1, "one")]);
    assert_eq!(run.turn(vec![signal("s", "b"), completed(1, "")]), []);
    assert_eq!(run.turn(vec![signal("t", "x"), signal("s", "c")]), [ended("abc")]);
}

#[test]
fn those_who_wait_for_one_name_are_served_in_the_order_in_which_they_asked() {
    let waits = code(|ctx| async move {
        let (one, two) = join(next(&ctx, "s"), next(&ctx, "s")).await;
        Ok(Payload([one?.0, two?.0].concat()))
    });
    let mut run = Recorded::begin(&waits);
    run.turn(vec![]);
    run.turn(vec![signal("s", "a")]);
    assert_eq!(run.turn(vec![signal("s", "b")]), [ended("ab")]);
}

#[test]
fn a_signal_that_was_not_taken_is_there_for_the_next_who_asks() {
    let drops = code(|ctx| async move {
        let waits = next(&ctx, "s");
        futures_util::future::select(ctx.runs("one"), waits).await;
        next(&ctx, "s").await
    });
    let mut run = Recorded::begin(&drops);
    run.turn(vec![]);
    // Both at once: the activity wins, and the signal, which was given to the other wait, comes back.
    assert_eq!(run.turn(vec![signal("s", "a"), completed(1, "")]), [ended("a")]);
}

#[test]
fn signals_are_carried_over_to_the_next_execution() {
    let one = code(|ctx| async move { ctx.runs("one").await });
    let mut run = Recorded::begin(&one);
    run.turn(vec![signal("s", "a"), signal("t", "b")]);
    let carried = run.instance.signals_left();
    assert_eq!(carried.len(), 2);
    let takes = code(|ctx| async move { next(&ctx, "t").await });
    let begins = tenure_core::orchestration::Start { carried, execution: 2, ..start() };
    let mut next = Instance::begin(id(), &takes, begins);
    let turn = next.turn(crate::fixture::at(1), vec![]).unwrap();
    assert_eq!(turn.events[turn.asked_from..], [ended("b")]);
}

//! Wishing an instance to end.

use std::time::Duration;

use tenure_core::id::Operation;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent};
use tenure_replay::Instance;

use crate::fixture::{Recorded, Runs, code, completed, id, scheduled, text};

fn wish() -> HistoryEvent {
    HistoryEvent::CancelRequested { reason: "enough".to_owned(), by: None }
}

#[test]
fn what_is_waited_for_is_interrupted_and_the_instance_ends_as_cancelled() {
    let waits = code(|ctx| async move {
        ctx.timer(Duration::from_secs(60)).await?;
        ctx.runs("never").await
    });
    let mut run = Recorded::begin(&waits);
    run.turn(vec![]);
    let given_up = HistoryEvent::TimerCancelled { op: Operation(1) };
    let ended = HistoryEvent::ExecutionTerminated { reason: "enough".to_owned() };
    assert_eq!(run.turn(vec![wish()]), [given_up, ended]);
    assert!(Instance::replay(id(), &waits, &run.history).unwrap().has_ended());
}

#[test]
fn code_may_tidy_up_after_it_was_interrupted() {
    let tidies = code(|ctx| async move {
        match ctx.runs("work").await {
            Err(failure) if failure.cause == Cause::Cancelled => {
                assert!(ctx.is_cancelled());
                ctx.runs("undo").await?;
                Err(failure)
            }
            other => other,
        }
    });
    let mut run = Recorded::begin(&tidies);
    run.turn(vec![]);
    let given_up = HistoryEvent::TaskCancelled { op: Operation(1) };
    assert_eq!(run.turn(vec![wish()]), [given_up, scheduled(2, "undo")]);
    assert_eq!(run.turn(vec![wish()]), [], "a second wish interrupts nothing");
    let ended = HistoryEvent::ExecutionTerminated { reason: "enough".to_owned() };
    assert_eq!(run.turn(vec![completed(2, "")]), [ended]);
}

#[test]
fn a_wish_that_comes_together_with_a_result_interrupts_what_follows_that() {
    let goes_on = code(|ctx| async move {
        ctx.runs("one").await?;
        ctx.timer(Duration::from_secs(60)).await?;
        ctx.runs("never").await
    });
    let mut run = Recorded::begin(&goes_on);
    run.turn(vec![]);
    let asked = run.turn(vec![completed(1, ""), wish()]);
    let ended = HistoryEvent::ExecutionTerminated { reason: "enough".to_owned() };
    assert_eq!(asked.last(), Some(&ended), "{asked:?}");
    assert!(Instance::replay(id(), &goes_on, &run.history).unwrap().has_ended());

    // The other way round, nobody waits for the result any more.
    let mut run = Recorded::begin(&goes_on);
    run.turn(vec![]);
    let given_up = HistoryEvent::TaskCancelled { op: Operation(1) };
    assert_eq!(run.turn(vec![wish(), completed(1, "")]), [given_up, ended]);
}

#[test]
fn code_that_ends_with_what_it_is_told_before_a_wish_has_ended_well() {
    let ends = code(|ctx| async move { ctx.runs("one").await });
    let mut run = Recorded::begin(&ends);
    run.turn(vec![]);
    let output = text("done");
    assert_eq!(run.turn(vec![completed(1, "done"), wish()]), [HistoryEvent::ExecutionCompleted { output }]);
}

#[test]
fn a_failure_of_its_own_is_one_although_it_was_to_be_cancelled() {
    let fails = code(|ctx| async move {
        let reason = ctx.cancelled().await;
        Err(Failure::new(Cause::Rejected, format!("not now: {reason}")))
    });
    let mut run = Recorded::begin(&fails);
    run.turn(vec![]);
    let failure = Failure::new(Cause::Rejected, "not now: enough");
    assert_eq!(run.turn(vec![wish()]), [HistoryEvent::ExecutionFailed { failure }]);
}

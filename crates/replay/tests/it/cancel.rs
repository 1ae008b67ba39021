//! Wishing an instance to end.

use std::time::Duration;

use tenure_core::id::Operation;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent};
use tenure_replay::Instance;

use crate::fixture::{Recorded, Runs, code, completed, id, scheduled};

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

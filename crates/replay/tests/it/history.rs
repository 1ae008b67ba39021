//! Bringing instances back from histories.

use tenure_core::id::{AffinityKey, Operation, QueueName};
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Payload};
use tenure_core::worker::Affinity;
use tenure_replay::{Instance, Losses, Mismatch, Pending, Problem, Wanted};

use crate::fixture::{Recorded, Runs, at, code, completed, id, scheduled, text, wanted};

#[test]
fn an_instance_goes_on_after_every_turn_as_if_it_had_stayed_in_memory() {
    let chain = code(|ctx| async move {
        let mut all = Vec::new();
        for _ in 0..5 {
            all.extend(ctx.runs("one").await?.0);
        }
        Ok(Payload(all))
    });
    let mut run = Recorded::begin(&chain);
    run.turn(vec![]);
    for op in 1..=5 {
        run.instance = Instance::replay(id(), &chain, &run.history).unwrap();
        run.turn(vec![completed(op, &op.to_string())]);
    }
    let end = HistoryEvent::ExecutionCompleted { output: text("12345") };
    assert_eq!(run.history.last().unwrap().last(), Some(&end));
    assert!(Instance::replay(id(), &chain, &run.history).unwrap().has_ended());
}

#[test]
fn code_that_does_something_else_is_told_what_and_where() {
    let before = code(|ctx| async move {
        ctx.runs("one").await?;
        ctx.runs("two").await
    });
    let after = code(|ctx| async move {
        ctx.runs("one").await?;
        ctx.runs("three").await
    });
    let mut run = Recorded::begin(&before);
    run.turn(vec![]);
    run.turn(vec![completed(1, "")]);
    let found = Instance::replay(id(), &after, &run.history).unwrap_err();
    let mismatch = Mismatch {
        turn: 2,
        action: 1,
        expected: Some(scheduled(2, "two")),
        found: Some(scheduled(2, "three")),
    };
    assert_eq!(found, Problem::Differs(Box::new(mismatch)));
    Instance::replay(id(), &before, &run.history).unwrap();
}

#[test]
fn code_that_ends_early_or_asks_for_more_is_found_too() {
    let two = code(|ctx| async move {
        ctx.runs("one").await?;
        ctx.runs("two").await
    });
    let one = code(|ctx| async move { ctx.runs("one").await });
    let mut long = Recorded::begin(&two);
    long.turn(vec![]);
    long.turn(vec![completed(1, "")]);
    let mut short = Recorded::begin(&one);
    short.turn(vec![]);
    short.turn(vec![completed(1, "")]);
    for (code, history) in [(&one, &long.history), (&two, &short.history)] {
        let found = Instance::replay(id(), code, history).unwrap_err();
        assert!(matches!(found, Problem::Differs(mismatch) if mismatch.turn == 2), "{history:?}");
    }
}

#[test]
fn what_happened_beside_the_code_is_not_told_to_it() {
    let one = code(|ctx| async move { ctx.runs("one").await });
    let mut run = Recorded::begin(&one);
    run.turn(vec![]);
    let failure = Failure::new(Cause::Failed, "busy");
    let retried = HistoryEvent::TaskRetried { op: Operation(1), attempt: 1, failure, due_at: at(9000) };
    run.history.push(vec![retried]);
    run.history.push(vec![HistoryEvent::ExecutionRescued]);
    let mut replayed = Instance::replay(id(), &one, &run.history).unwrap();
    assert!(replayed.turn(at(3000), vec![completed(1, "")]).unwrap().ending.is_some());

    let mut pending = Pending::default();
    run.history.iter().flatten().for_each(|event| pending.apply(event));
    let waits = pending.activities().get(&Operation(1)).unwrap();
    assert_eq!((waits.attempt, waits.rescues, waits.due_at), (2, 0, Some(at(9000))));
    assert_eq!(pending.next_due(), Some(at(9000)));
}

#[test]
fn attempts_that_nobody_survived_are_counted_and_those_that_had_not_begun_are_not() {
    let mut pending = Pending::default();
    let rescue = |pending: &mut Pending| pending.apply(&HistoryEvent::ExecutionRescued);
    let counts = |pending: &Pending| {
        let waits = pending.activities().values();
        waits.map(|waits| (waits.attempt, waits.rescues)).collect::<Vec<_>>()
    };
    pending.apply(&scheduled(1, "one"));
    pending.apply(&scheduled(2, "two"));
    rescue(&mut pending);
    assert_eq!(counts(&pending), [(2, 1), (2, 1)], "either of them may have been it");
    rescue(&mut pending);
    assert_eq!(counts(&pending), [(2, 1), (2, 1)], "neither had begun again");
    pending.apply(&HistoryEvent::TaskStarted { op: Operation(2), attempt: 2 });
    rescue(&mut pending);
    assert_eq!(counts(&pending), [(2, 1), (3, 2)]);
    let failure = Failure::new(Cause::Failed, "busy");
    let op = Operation(2);
    pending.apply(&HistoryEvent::TaskStarted { op, attempt: 3 });
    pending.apply(&HistoryEvent::TaskRetried { op, attempt: 3, failure, due_at: at(9000) });
    rescue(&mut pending);
    assert_eq!(counts(&pending), [(2, 1), (4, 2)], "it waited for its next attempt");
    pending.apply(&HistoryEvent::TaskStarted { op, attempt: 4 });
    rescue(&mut pending);
    assert_eq!(counts(&pending), [(2, 1), (5, 3)]);
}

#[test]
fn who_was_at_the_code_is_counted_until_it_comes_to_the_end_of_a_turn() {
    use HistoryEvent::{ExecutionRescued as Rescued, TurnAttempted as Attempted};
    let counts = |history: &[Vec<HistoryEvent>]| {
        let Losses { rescues, attempts, .. } = Losses::of(history);
        (rescues, attempts)
    };
    let one = code(|ctx| async move { ctx.runs("one").await });
    let mut run = Recorded::begin(&one);
    run.history.push(vec![Rescued]);
    run.history.push(vec![Rescued]);
    assert_eq!(counts(&run.history), (2, 0));
    run.history.push(vec![Attempted]);
    assert_eq!(counts(&run.history), (2, 0), "it is under way");
    run.history.push(vec![Attempted]);
    assert_eq!(counts(&run.history), (2, 0), "nobody is gone");
    run.history.push(vec![Rescued]);
    run.history.push(vec![Rescued]);
    assert_eq!(counts(&run.history), (4, 1), "the last one was not at it");
    run.turn(vec![]);
    assert_eq!(counts(&run.history), (0, 0));
    assert!(Instance::replay(id(), &one, &run.history).is_ok(), "the code is not told");
}

#[test]
fn an_activity_is_not_blamed_for_whoever_was_at_the_code() {
    let mut pending = Pending::default();
    let mut say = |event| {
        pending.apply(&event);
        let waits = pending.activities().get(&Operation(1)).unwrap();
        (waits.attempt, waits.rescues, waits.suspicion())
    };
    say(scheduled(1, "one"));
    assert_eq!(say(HistoryEvent::ExecutionRescued), (2, 1, 1));
    say(HistoryEvent::TaskStarted { op: Operation(1), attempt: 2 });
    say(HistoryEvent::TurnAttempted);
    assert_eq!(say(HistoryEvent::ExecutionRescued), (3, 2, 1));
    say(HistoryEvent::TaskStarted { op: Operation(1), attempt: 3 });
    assert_eq!(say(HistoryEvent::ExecutionRescued), (4, 3, 2), "the code was not run then");
    say(HistoryEvent::TurnAttempted);
    say(HistoryEvent::TurnStarted { at: at(9000) });
    say(HistoryEvent::TaskStarted { op: Operation(1), attempt: 4 });
    assert_eq!(say(HistoryEvent::ExecutionRescued), (5, 4, 3), "it came to the end of a turn");
}

/// What runs elsewhere goes on when the instance's worker is gone, and is lost without its instance noticing.
#[test]
fn attempts_that_ran_elsewhere_are_known_by_their_number() {
    let mut pending = Pending::default();
    let retried = |attempt| {
        let failure = Failure::new(Cause::Failed, "busy");
        HistoryEvent::TaskRetried { op: Operation(1), attempt, failure, due_at: at(9000) }
    };
    let counts = |pending: &Pending| {
        let waits = pending.activities().get(&Operation(1)).unwrap();
        (waits.attempt, waits.rescues)
    };
    pending.apply(&scheduled(1, "one"));
    pending.apply(&HistoryEvent::ExecutionRescued);
    assert_eq!(counts(&pending), (2, 1), "it might have been under way here");
    pending.apply(&retried(1));
    assert_eq!(counts(&pending), (2, 0), "it went on elsewhere");
    pending.apply(&retried(4));
    assert_eq!(counts(&pending), (5, 2), "the second and the third were lost elsewhere");
}

/// R-U: where an activity runs is a part of what it is.
#[test]
fn an_activity_on_another_key_or_in_another_queue_is_another_one() {
    let on = |key: Option<&'static str>, queue: Option<&'static str>| {
        code(move |ctx| async move {
            let affinity =
                key.map(|key| Affinity { key: AffinityKey::parse(key).unwrap(), is_exclusive: false });
            let queue = queue.map(|queue| QueueName::parse(queue).unwrap());
            ctx.activity(Wanted { affinity, queue, ..wanted("one") }).await
        })
    };
    let mut run = Recorded::begin(&on(Some("a"), None));
    run.turn(vec![]);
    let asked = run.history.iter().flatten().find_map(|event| match event {
        HistoryEvent::TaskScheduled(activity) => {
            activity.affinity.as_ref().map(|affinity| affinity.key.as_str())
        }
        _ => None,
    });
    assert_eq!(asked, Some("a"));
    assert!(Instance::replay(id(), &on(Some("a"), None), &run.history).is_ok());
    for (key, queue) in [(Some("b"), None), (None, None), (Some("a"), Some("gpu"))] {
        let found = Instance::replay(id(), &on(key, queue), &run.history).unwrap_err();
        assert!(matches!(found, Problem::Differs(_)), "{key:?}, {queue:?}");
    }
}

#[test]
fn an_execution_that_was_ended_from_outside_is_over_wherever_it_stood() {
    let one = code(|ctx| async move { ctx.runs("one").await });
    let mut run = Recorded::begin(&one);
    run.turn(vec![]);
    let reason = "enough".to_owned();
    run.history[1].push(HistoryEvent::ExecutionTerminated { reason });
    assert!(Instance::replay(id(), &one, &run.history).unwrap().has_ended());
}

#[test]
fn something_that_is_no_history_is_refused() {
    let one = code(|ctx| async move { ctx.runs("one").await });
    let found = Instance::replay(id(), &one, &[]).unwrap_err();
    assert!(matches!(found, Problem::Malformed { .. }));
}

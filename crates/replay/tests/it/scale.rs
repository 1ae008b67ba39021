//! Long histories: what is gone through is gone through once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use tenure_core::id::{Operation, SignalName};
use tenure_core::orchestration::{HistoryEvent, Payload};
use tenure_replay::{Code, Instance, Pending};

use crate::fixture::{Recorded, Runs, at, code, completed, id, signal};

/// So many activities, one after the other, and how often the code was run on.
fn chain(count: u64) -> (Code, Arc<AtomicU64>) {
    let polls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&polls);
    let code = code(move |ctx| {
        let polls = Arc::clone(&counted);
        async move {
            for _ in 0..count {
                polls.fetch_add(1, Ordering::Relaxed);
                ctx.runs("one").await?;
            }
            Ok(Payload::default())
        }
    });
    (code, polls)
}

#[test]
fn a_history_of_a_hundred_thousand_events_is_run_once() {
    for count in [3_333, 33_333] {
        let (chain, polls) = chain(count);
        let mut run = Recorded::begin(&chain);
        run.turn(vec![]);
        (1..count).for_each(|op| drop(run.turn(vec![completed(op, "")])));
        // Three events for each: the turn, what it was told, what it asked for.
        assert_eq!(run.history.iter().map(Vec::len).sum::<usize>() as u64, 3 * count);
        assert_eq!(polls.swap(0, Ordering::Relaxed), count);
        run.instance = Instance::replay(id(), &chain, &run.history).unwrap();
        assert_eq!(polls.load(Ordering::Relaxed), count);
        assert_eq!(Pending::of(&run.history).activities().len(), 1);
        run.turn(vec![completed(count, "")]);
        assert!(run.instance.has_ended());
    }
}

#[test]
fn what_is_waited_for_costs_nothing_when_something_else_happens() {
    const COUNT: u64 = 20_000;
    let name = |text: &str| SignalName::parse(text).unwrap();
    let waits = code(move |ctx| async move {
        let all = (0..COUNT).map(|nth| match nth % 2 {
            0 => ctx.timer_at(at(1_000_000_000 + nth)),
            _ => ctx.signal(name(&format!("s{nth}"))),
        });
        let told = async {
            for _ in 0..COUNT {
                ctx.signal(name("told")).await?;
            }
            Ok(Payload::default())
        };
        let (all, told) = futures_util::future::join(join_all(all), told).await;
        all.into_iter().collect::<Result<Vec<_>, _>>()?;
        told
    });
    let mut run = Recorded::begin(&waits);
    let mut pending = Pending::default();
    run.turn(vec![]);
    // As many signals that nobody wants yet, and then those that somebody waits for, turn by turn.
    run.turn((0..COUNT).map(|_| signal("else", "")).collect());
    (0..COUNT).for_each(|_| drop(run.turn(vec![signal("told", "")])));
    run.history.iter().flatten().for_each(|event| {
        pending.apply(event);
        assert_eq!(pending.under_way(), 0);
    });
    assert_eq!(pending.timers().len() as u64, COUNT / 2);
    assert_eq!(run.instance.signals_left().len() as u64, COUNT);
    for (op, due) in pending.timers().clone() {
        assert_eq!(pending.next_due(), Some(due), "the earliest is the next");
        pending.apply(&HistoryEvent::TimerFired { op });
    }
    assert_eq!(pending.next_due(), None);
}

#[test]
fn what_many_ask_for_and_give_up_in_one_turn_is_looked_through_once() {
    let gives_up = code(|ctx| async move {
        let all: Vec<_> = (0..20_000).map(|_| Box::pin(ctx.runs("one"))).collect();
        let asked = futures_util::future::select_all(all);
        // All of them are asked for, then one is there already.
        let soon = ctx.signal(SignalName::parse("soon").unwrap());
        drop(futures_util::future::select(Box::pin(asked), soon).await);
        ctx.runs("two").await
    });
    let mut run = Recorded::begin(&gives_up);
    let asked = run.turn(vec![signal("soon", "")]);
    assert_eq!(asked, [crate::fixture::scheduled(20_002, "two")]);
    assert_eq!(
        Pending::of(&run.history).activities().keys().copied().collect::<Vec<_>>(),
        [Operation(20_002)]
    );
}

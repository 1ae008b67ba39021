//! Cases about dropping the beginning of a log.

use tenure_core::id::Seq;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, CompactOutcome, CompactRequest, Handle, ReadOutcome,
    ReadRequest,
};

use crate::fixture::{Bench, Held, append, cancel, commit_id, named, pause};
use crate::{Capability, Fault, Harness};

fn read(handle: Handle, after: u64, types: &[&str]) -> ReadRequest {
    let types = types.iter().map(|name| (*name).to_owned()).collect();
    ReadRequest { handle, after: Seq(after), limit: 1000, types }
}

async fn filled(bench: &Bench, appends: &[usize]) -> Held {
    let held = bench.hold("a", 1).await;
    for count in appends {
        bench.append(held, *count).await;
    }
    held
}

/// What is left is what it was, at the positions where it was.
pub async fn what_is_kept_stays_where_it_was(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = filled(&bench, &[3, 1, 10, 2]).await;
    let whole = bench.log(held.handle).await;
    let before = bench.dump().await.sessions.remove(0);
    for from in 1..=whole.len() as u64 + 1 {
        assert_eq!(bench.compact(held.handle, from).await, Seq(from));
        let now = bench.dump().await.sessions.remove(0);
        let kept: Vec<_> = whole.iter().filter(|event| event.seq.0 >= from).cloned().collect();
        assert_eq!((now.earliest, now.events), (Seq(from), kept));
        assert_eq!(
            (now.session, now.counters),
            (before.session.clone(), before.counters),
            "nothing else changed"
        );
        let found = bench.found(held.handle).await;
        assert_eq!((found.head, found.earliest), (Seq(whole.len() as u64), Seq(from)));
    }
}

/// The next events follow the newest one, also when nothing is left of it.
pub async fn positions_go_on_after_compaction(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = filled(&bench, &[5]).await;
    for all in [false, true] {
        let head = bench.found(held.handle).await.head;
        bench.compact(held.handle, if all { head.0 + 1 } else { head.0 }).await;
        let first = head.next();
        assert_eq!(bench.append(held, 2).await, AppendOutcome::Appended { first, last: first.next() });
        let paused = bench.commit(held.handle, &pause(held.fence)).await;
        assert_eq!(paused.head, first.next().next());
        bench.commit(held.handle, &crate::fixture::resume(held.fence)).await;
        bench.dump().await;
    }
}

/// A log never begins earlier again, and never later than after its newest event.
pub async fn a_log_begins_no_later_than_after_its_newest_event(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = filled(&bench, &[6]).await;
    let head = bench.found(held.handle).await.head;
    assert_eq!(bench.compact(held.handle, 4).await, Seq(4));
    let before = bench.dump().await;
    for earlier in [0, 1, 4] {
        assert_eq!(bench.compact(held.handle, earlier).await, Seq(4));
    }
    assert_eq!(bench.dump().await, before);
    assert_eq!(bench.compact(held.handle, u64::MAX).await, head.next());
    assert_eq!(bench.log(held.handle).await, []);
    let nothing = CompactRequest { handle: Handle(77), before: Seq(1) };
    assert_eq!(bench.store.compact(nothing).await.expect("an outcome"), CompactOutcome::NotFound);
}

/// A reader whose next position was dropped is told where the log begins, and gets nothing that it did not ask for.
pub async fn a_reader_is_told_that_its_place_is_gone(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = filled(&bench, &[8]).await;
    let head = bench.found(held.handle).await.head;
    bench.compact(held.handle, 5).await;
    for types in [&[][..], &["note"], &["no.such.type"]] {
        for after in 0..4 {
            let outcome = bench.store.read(read(held.handle, after, types)).await.expect("an outcome");
            assert_eq!(outcome, ReadOutcome::Compacted { earliest: Seq(5) }, "after {after}");
        }
        for after in 4..=head.0 {
            let page = bench.page(read(held.handle, after, types)).await;
            assert!(page.events.iter().all(|event| event.seq.0 > after), "after {after}");
        }
    }
    bench.compact(held.handle, head.0 + 1).await;
    let page = bench.page(read(held.handle, head.0, &[])).await;
    assert_eq!((page.events, page.read_to, page.head), (Vec::new(), head, head));
    let outcome = bench.store.read(read(held.handle, head.0 - 1, &[])).await.expect("an outcome");
    assert_eq!(outcome, ReadOutcome::Compacted { earliest: head.next() });
}

/// Ids are remembered as long as their events.
pub async fn ids_go_with_their_events(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = bench.found(held.handle).await.head.0 + 1;
    let append = |events| AppendRequest { commit_id: commit_id(), events, ..append(held.handle, None, 1) };
    let events = || vec![named("one", "1"), named("two", "2"), named("three", "3")];
    bench.store.append(append(events())).await.expect("an outcome");
    bench.compact(held.handle, at + 1).await;
    let again = bench.store.append(append(events())).await.expect("an outcome");
    let seqs = vec![Seq(at + 3), Seq(at + 1), Seq(at + 2)];
    assert_eq!(again, AppendOutcome::Known { seqs, new: 1 });
    bench.compact(held.handle, at + 4).await;
    let other = bench.store.append(append(vec![named("two", "something else")])).await.expect("an outcome");
    assert_eq!(other, AppendOutcome::Appended { first: Seq(at + 4), last: Seq(at + 4) });
}

/// A session that has ended can be compacted, and neighbours keep theirs.
pub async fn compaction_concerns_one_log(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.hold("a", 1).await, bench.hold("b", 2).await);
    for _ in 0..10 {
        bench.append(one, 2).await;
        bench.append(two, 1).await;
    }
    let theirs = bench.log(two.handle).await;
    bench.commit(one.handle, &cancel()).await;
    bench.compact(one.handle, 12).await;
    assert_eq!(bench.log(two.handle).await, theirs);
    assert_eq!(bench.log(one.handle).await.first().map(|event| event.seq), Some(Seq(12)));
}

/// What was dropped stays dropped, and nothing else is.
pub async fn compaction_outlives_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = filled(&bench, &[4, 4]).await;
    bench.compact(held.handle, 5).await;
    let before = bench.dump().await;
    let bench = bench.reopen().await;
    assert_eq!(bench.dump().await, before);
    bench.append(held, 3).await;
    assert_eq!(bench.log(held.handle).await.len() as u64, bench.found(held.handle).await.head.0 - 4);
}

/// Asked again after a lost answer, it is done once.
pub async fn a_compaction_whose_answer_was_lost_is_asked_again(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = filled(&bench, &[20]).await;
    for (before, fault) in [(4, Fault::BeforeDurable), (8, Fault::AfterDurable), (12, Fault::MidGroup)] {
        bench.inject(fault);
        // Whether this one was kept cannot be told, and need not be.
        drop(bench.store.compact(CompactRequest { handle: held.handle, before: Seq(before) }).await);
        assert_eq!(bench.compact(held.handle, before).await, Seq(before), "{fault:?}");
        bench.dump().await;
    }
}

/// Where an event was, whose id another append gave again since it was dropped, is told rightly or not at all.
pub async fn what_became_of_an_append_of_dropped_events_is_not_made_up(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let after = bench.found(held.handle).await.head;
    let at = after.0 + 1;
    let append =
        |events| AppendRequest { commit_id: commit_id(), events, after, ..append(held.handle, None, 1) };
    bench.store.append(append(vec![named("one", "1")])).await.expect("an outcome");
    let partly_known = append(vec![named("one", "1"), named("two", "2")]);
    let seqs = vec![Seq(at), Seq(at + 1)];
    let outcome = bench.store.append(partly_known.clone()).await.expect("an outcome");
    assert_eq!(outcome, AppendOutcome::Known { seqs: seqs.clone(), new: 1 });
    bench.compact(held.handle, at + 1).await;
    bench.store.append(append(vec![named("one", "1")])).await.expect("an outcome");
    let resolved = bench.store.resolve_append(&partly_known).await.expect("an answer");
    let told = AppendResolution::Known { seqs, new: 1 };
    assert!(resolved == told || resolved == AppendResolution::Untold, "{resolved:?}");
}

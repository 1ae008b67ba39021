//! Cases about appending to logs and reading them.

use tenure_core::id::{Fence, Seq};
use tenure_store::{AppendOutcome, AppendRequest, Handle, LogPage, ReadRequest};

use crate::Harness;
use crate::fixture::{
    Bench, Held, TTL, append, autonomous, cancel, complete, given, pause, resume, takeover, workspace,
    workspace_takeover,
};

fn read(handle: Handle, after: u64, limit: usize, types: &[&str]) -> ReadRequest {
    let types = types.iter().map(|name| (*name).to_owned()).collect();
    ReadRequest { handle, after: Seq(after), limit, types }
}

/// Owner, others and commits share one row of positions without a gap.
pub async fn positions_have_no_gap_across_all_writers(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut head = bench.found(held.handle).await.head;
    for count in 1..=3 {
        head = appended(bench.append(held, count).await, head, count);
        head = appended(bench.append_inbox(held.handle, count).await, head, count);
        let paused = bench.commit(held.handle, &pause(held.fence)).await;
        let resumed = bench.commit(held.handle, &resume(held.fence)).await;
        assert_eq!((paused.head, resumed.head), (head.next(), head.next().next()));
        head = resumed.head;
    }
    assert_eq!(bench.found(held.handle).await.head, head);
    // The dump checks every position on its way.
    assert_eq!(bench.dump().await.sessions[0].events.len() as u64, head.0);
}

fn appended(outcome: AppendOutcome, head: Seq, count: usize) -> Seq {
    let last = Seq(head.0 + count as u64);
    assert_eq!(outcome, AppendOutcome::Appended { first: head.next(), last });
    last
}

/// What is read is what was appended, with its time and its fence.
pub async fn events_are_read_as_they_were_appended(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let head = bench.found(held.handle).await.head;
    let owners = append(held.handle, Some(held.fence), 2);
    let others = append(held.handle, None, 1);
    bench.store.append(owners.clone()).await.expect("an outcome");
    let first_at = bench.clock.wall();
    bench.clock.advance(TTL / 3);
    bench.store.append(others.clone()).await.expect("an outcome");
    let log = bench.page(read(held.handle, head.0, 10, &[])).await.events;
    let said: Vec<_> = log.iter().map(|event| event.data.clone()).collect();
    let appended = owners.events.into_iter().chain(others.events);
    assert_eq!(said, appended.map(|event| event.data).collect::<Vec<_>>());
    let fences: Vec<_> = log.iter().map(|event| event.fence).collect();
    assert_eq!(fences, [Some(held.fence), Some(held.fence), None]);
    let times: Vec<_> = log.iter().map(|event| event.at).collect();
    assert_eq!(times, [first_at, first_at, bench.clock.wall()]);
}

/// The owner's events are activity, no lifecycle write.
pub async fn an_owners_append_is_activity_and_raises_no_revision(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let before = bench.session(held.handle).await;
    bench.clock.advance(TTL / 3);
    bench.append(held, 1).await;
    let mut expected = before;
    expected.last_activity_at = bench.clock.wall();
    assert_eq!(bench.session(held.handle).await, expected);
}

/// Events of others disturb nothing.
pub async fn an_inbox_append_changes_nothing_but_the_log(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let before = bench.session(held.handle).await;
    bench.clock.advance(TTL * 2);
    bench.append_inbox(held.handle, 1).await;
    assert_eq!(bench.session(held.handle).await, before);
}

/// Lateness alone loses nothing: an owner whose lease is over, but nobody else's, still appends.
pub async fn an_owner_that_is_late_still_appends(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL * 2);
    assert!(matches!(bench.append(held, 1).await, AppendOutcome::Appended { .. }));
    bench.clock.reboot();
    assert!(matches!(bench.append(held, 1).await, AppendOutcome::Appended { .. }));
}

/// Once somebody else has the lease, or nobody ever had that fence, an owner's append is refused.
pub async fn an_append_under_another_fence_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let current = bench.held(old.handle).await.fence;
    for fence in [old.fence, Fence(0), current.next()] {
        let outcome = bench.refused_append(append(old.handle, Some(fence), 1)).await;
        assert_eq!(outcome, AppendOutcome::Fenced { current });
    }
}

/// A workspace's former owner is fenced by the session that took its place.
pub async fn an_append_after_a_workspace_takeover_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let old = bench.held(old.handle).await;
    bench.clock.advance(TTL);
    let new = bench.commit(workspace("w"), &workspace_takeover("ses_b", "two")).await;
    let current = bench.held(new.handle).await.fence;
    let outcome = bench.refused_append(append(old.handle, Some(old.fence), 1)).await;
    assert_eq!(outcome, AppendOutcome::Fenced { current });
}

/// A log takes nothing more after the session's end, from anybody.
pub async fn an_append_after_the_end_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for command in [|held: Held| complete(held.fence), |_| cancel()] {
        let held = bench.hold("a", 1).await;
        bench.commit(held.handle, &command(held)).await;
        let others = bench.refused_append(append(held.handle, None, 1)).await;
        assert_eq!(others, AppendOutcome::Ended);
        let current = bench.found(held.handle).await.current.counters.fence;
        let owners = bench.refused_append(append(held.handle, Some(held.fence), 1)).await;
        assert_eq!(owners, AppendOutcome::Fenced { current }, "an ended session has no lease");
    }
}

/// There is no log where nothing is stored.
pub async fn an_append_to_nothing_is_not_found(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for fence in [None, Some(Fence(1))] {
        let outcome = bench.refused_append(append(Handle(77), fence, 1)).await;
        assert_eq!(outcome, AppendOutcome::NotFound);
    }
    let nothing = LogPage { events: Vec::new(), read_to: Seq(0), head: Seq(0) };
    assert_eq!(bench.page(read(Handle(77), 0, 10, &[])).await, nothing);
}

/// Logs of sessions that are written by turns stay apart.
pub async fn neighbours_logs_stay_apart(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.hold("a", 1).await, bench.hold("b", 2).await);
    for round in 0..20 {
        for (held, name) in [(one, "from.one"), (two, "from.two")] {
            let events = vec![given(name, &round.to_string()).into()];
            let fence = (round % 2 == 0).then_some(held.fence);
            let request = AppendRequest { events, ..append(held.handle, fence, 1) };
            bench.store.append(request).await.expect("an outcome");
        }
    }
    for (held, name) in [(one, "from.one"), (two, "from.two")] {
        let log = bench.page(read(held.handle, 0, 100, &[name])).await.events;
        let expected: Vec<_> = (0..20).map(|round| given(name, &round.to_string())).collect();
        assert_eq!(log.into_iter().map(|event| event.data).collect::<Vec<_>>(), expected);
        assert_eq!(bench.log(held.handle).await.len() as u64, bench.found(held.handle).await.head.0);
    }
}

/// Pages of any size follow each other without a gap or a double.
pub async fn reading_in_pages_finds_everything_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for count in [1, 7, 2, 30] {
        bench.append(held, count).await;
    }
    let head = bench.found(held.handle).await.head;
    for limit in [1, 3, 7, 100] {
        let (mut after, mut seen) = (Seq(0), Vec::new());
        while after < head {
            let read = bench.page(read(held.handle, after.0, limit, &[])).await;
            assert!(read.events.len() <= limit && !read.events.is_empty(), "{} events", read.events.len());
            assert_eq!((Some(read.read_to), read.head), (read.events.last().map(|event| event.seq), head));
            assert!(read.read_to > after, "reading goes on");
            after = read.read_to;
            seen.extend(read.events.into_iter().map(|event| event.seq.0));
        }
        assert_eq!(seen, (1..=head.0).collect::<Vec<_>>());
    }
}

/// Reading from the middle of what one append wrote begins right there.
pub async fn reading_begins_after_the_given_position(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 10).await;
    let head = bench.found(held.handle).await.head;
    for after in 0..=head.0 {
        let read = bench.page(read(held.handle, after, 1000, &[])).await;
        let seqs: Vec<_> = read.events.iter().map(|event| event.seq.0).collect();
        assert_eq!(seqs, (after + 1..=head.0).collect::<Vec<_>>());
    }
}

/// At the head there is nothing to read, and beyond it neither.
pub async fn reading_at_and_after_the_head_finds_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let head = bench.found(held.handle).await.head;
    for after in [head.0, head.0 + 5] {
        let read = bench.page(read(held.handle, after, 10, &[])).await;
        assert_eq!((read.events, read.head), (Vec::new(), head));
        assert!(read.read_to.0 <= after, "nothing may be skipped that is yet to come");
        assert!(read.read_to >= head);
    }
}

/// Only events of the types asked for are read, and what was passed over need not be read again.
pub async fn reading_by_type_passes_over_the_others(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 50).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.append(held, 50).await;
    let head = bench.found(held.handle).await.head;
    let (mut after, mut seen, mut pages) = (0, Vec::new(), 0);
    while after < head.0 {
        let read = bench.page(read(held.handle, after, 10, &["state_changed", "lease_granted"])).await;
        assert!(read.read_to.0 > after && read.read_to <= head);
        assert!(read.events.iter().all(|event| event.seq.0 > after && event.seq <= read.read_to));
        after = read.read_to.0;
        pages += 1;
        seen.extend(read.events.into_iter().map(|event| event.data.type_name().to_owned()));
    }
    seen.sort();
    assert_eq!(seen, ["lease_granted", "state_changed", "state_changed"]);
    assert!(pages <= head.0, "reading goes on");
    let none = bench.page(read(held.handle, 0, 10, &["no.such.type"])).await;
    assert_eq!(none.events, Vec::new());
    assert!(none.read_to > Seq(0), "something was looked at");
}

/// With a filter the limit counts what is returned, and nothing wanted is passed over by a full page.
pub async fn a_full_page_by_type_loses_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for round in 0..10 {
        let events = vec![given("even", &round.to_string()).into(), given("odd", &round.to_string()).into()];
        let fence = Some(held.fence);
        let request = AppendRequest { events, ..append(held.handle, fence, 1) };
        bench.store.append(request).await.expect("an outcome");
    }
    let (mut after, mut seen) = (0, 0);
    let head = bench.found(held.handle).await.head.0;
    while after < head {
        let read = bench.page(read(held.handle, after, 3, &["even"])).await;
        assert!(read.events.len() <= 3 && read.read_to.0 > after);
        (after, seen) = (read.read_to.0, seen + read.events.len());
    }
    assert_eq!(seen, 10);
}

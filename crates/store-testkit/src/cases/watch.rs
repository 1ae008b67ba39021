//! Cases about being woken when a session changes.

use std::sync::Arc;

use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::{
    AppendRequest, Changed, Changes, Find, Handle, Head, PurgeOutcome, ReadRequest, Store, StoreError,
};

use crate::fixture::{Bench, Held, append, cancel, named, page, pause, prepare, resume};
use crate::{Capability, Harness};

/// A commit wakes whoever watches the session.
pub async fn a_watch_wakes_on_a_commit(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.wakes(&mut watch).await;
}

/// An append wakes whoever watches the session, whoever appended.
pub async fn a_watch_wakes_on_an_append(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    bench.append(held, 1).await;
    bench.wakes(&mut watch).await;
    bench.append_inbox(held.handle, 1).await;
    bench.wakes(&mut watch).await;
}

/// Everybody who watches is woken; one who stopped is in nobody's way.
pub async fn every_watch_wakes(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut first = bench.store.watch(held.handle).await.expect("a watch");
    let mut second = bench.store.watch(held.handle).await.expect("a watch");
    drop(bench.store.watch(held.handle).await.expect("a watch"));
    bench.append(held, 1).await;
    bench.wakes(&mut first).await;
    bench.wakes(&mut second).await;
    drop(first);
    bench.append(held, 1).await;
    bench.wakes(&mut second).await;
}

/// What another instance writes wakes too, both ways.
pub async fn a_watch_wakes_on_another_instances_writes(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let second = bench.second().await;
    let mut here = bench.store.watch(held.handle).await.expect("a watch");
    let mut there = second.watch(held.handle).await.expect("a watch");
    second.append(append(held.handle, None, 1)).await.expect("an outcome");
    bench.wakes(&mut here).await;
    bench.wakes(&mut there).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    bench.wakes(&mut there).await;
    let request = prepare(second.as_ref(), held.handle, &resume(held.fence)).await;
    second.commit(request).await.expect("an outcome");
    bench.wakes(&mut here).await;
}

/// Reading, then waiting, then reading again misses nothing, however the writes fall in between.
pub async fn a_watch_never_sleeps_through_a_write(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let store = Arc::clone(&bench.store);
    follow(&bench, store).await;
}

/// The same with the writer in another instance.
pub async fn a_watch_never_sleeps_through_another_instances_write(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let writer = bench.second().await;
    follow(&bench, writer).await;
}

/// A writer appends now and then while a reader follows the log to its end.
async fn follow(bench: &Bench, writer: Arc<dyn Store>) {
    const WRITES: u64 = 60;
    let held = bench.hold("a", 1).await;
    let mut read_to = bench.found(held.handle).await.head;
    let end = Seq(read_to.0 + WRITES);
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        for _ in 0..WRITES {
            writer.append(append(held.handle, Some(held.fence), 1)).await.expect("an outcome");
            tokio::task::yield_now().await;
        }
    });
    while read_to < end {
        bench.wakes(&mut watch).await;
        let seen = bench.log(held.handle).await.len() as u64;
        assert!(seen >= read_to.0, "what was read once stays");
        read_to = Seq(seen);
    }
    tasks.join_all().await;
}

/// Followers who take what a watch heard, and read what it did not, have every event once, in order, and see the end.
pub async fn whoever_listens_has_the_whole_log_and_sees_the_end(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let store = Arc::clone(&bench.store);
    listen(&bench, store).await;
}

/// The same where another instance writes in turn.
pub async fn whoever_listens_has_what_another_instance_wrote_in_between(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let second = bench.second().await;
    listen(&bench, second).await;
}

/// What was dropped from a log is not heard any more.
pub async fn what_was_dropped_is_not_heard(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    let before = bench.found(held.handle).await.head;
    bench.append(held, 1).await;
    bench.append(held, 1).await;
    bench.wakes(&mut watch).await;
    bench.compact(held.handle, before.0 + 2).await;
    assert_eq!(watch.heard(before), None);
}

/// Two writers write in turn, in every way, while some listen.
async fn listen(bench: &Bench, other: Arc<dyn Store>) {
    const ROUNDS: usize = 40;
    let held = bench.hold("a", 1).await;
    let mut listeners = tokio::task::JoinSet::new();
    for _ in 0..3 {
        listeners.spawn(listener(Arc::clone(&bench.store), held.handle));
    }
    for round in 0..ROUNDS {
        let writer = if round % 3 == 0 { &other } else { &bench.store };
        write(writer.as_ref(), held, round).await;
        if round % 4 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let end = prepare(other.as_ref(), held.handle, &cancel()).await;
    other.commit(end).await.expect("an outcome");
    let log = bench.log(held.handle).await;
    while let Some(heard) = bench.soon(listeners.join_next()).await {
        assert_eq!(heard.expect("a listener that came to the end"), log);
    }
}

async fn write(store: &dyn Store, held: Held, round: usize) {
    let command = match round % 7 {
        3 => pause(held.fence),
        4 => resume(held.fence),
        5 => {
            let events = vec![named(&format!("id-{}", round / 14), "1"), named(&format!("id-{round}"), "1")];
            let request = AppendRequest { events, ..append(held.handle, None, 1) };
            return store.append(request).await.map(drop).expect("an outcome");
        }
        _ => {
            let request = append(held.handle, Some(held.fence), round % 5 + 1);
            return store.append(request).await.map(drop).expect("an outcome");
        }
    };
    let request = prepare(store, held.handle, &command).await;
    store.commit(request).await.map(drop).expect("an outcome");
}

/// Every event of a session up to its end.
async fn listener(store: Arc<dyn Store>, handle: Handle) -> Vec<Event> {
    let mut log = Vec::new();
    let mut watch = store.watch(handle).await.expect("a watch");
    loop {
        let after = log.last().map_or(Seq(0), |event: &Event| event.seq);
        match watch.heard(after) {
            Some(events) if events.is_empty() => watch.changed().await.expect("the store is open"),
            Some(events) => log.extend(events),
            None => {
                if read_on(store.as_ref(), (handle, after), &mut log).await {
                    return log;
                }
                if log.last().map_or(Seq(0), |event| event.seq) == after {
                    watch.changed().await.expect("the store is open");
                }
            }
        }
    }
}

/// Reads what comes next. Returns whether that is all there will ever be.
async fn read_on(store: &dyn Store, (handle, after): (Handle, Seq), log: &mut Vec<Event>) -> bool {
    let found = store.find(Find::Handle(handle)).await.expect("an answer");
    let request = ReadRequest { handle, after, limit: 1000, types: Vec::new() };
    log.extend(page(store, request).await.events);
    found.current.session.is_some_and(|session| session.is_terminal())
        && log.last().is_some_and(|event| event.seq == found.head)
}

/// Whether a session is among what is told next.
async fn is_told(bench: &Bench, changes: &mut Changes, handle: Handle) -> bool {
    match bench.soon(changes.next()).await.expect("the store is open") {
        Changed::These(these) => these.contains(&handle),
        Changed::Any => true,
    }
}

async fn told(bench: &Bench, changes: &mut Changes, handle: Handle) {
    while !is_told(bench, changes, handle).await {}
}

/// Whatever happens to a session is told to whoever follows all of them: also that it is there, and that it is gone.
pub async fn every_change_is_told_to_whoever_follows_all(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut changes = bench.store.changes().await.expect("a feed");
    let held = bench.hold("a", 1).await;
    told(&bench, &mut changes, held.handle).await;
    bench.append(held, 1).await;
    told(&bench, &mut changes, held.handle).await;
    bench.append_inbox(held.handle, 1).await;
    told(&bench, &mut changes, held.handle).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    told(&bench, &mut changes, held.handle).await;
    let fork = bench.fork(held.handle, 1, "fork").await;
    told(&bench, &mut changes, fork).await;
    bench.commit(held.handle, &cancel()).await;
    told(&bench, &mut changes, held.handle).await;
    assert_eq!(bench.store.purge(held.handle).await.expect("an outcome"), PurgeOutcome::Purged);
    told(&bench, &mut changes, held.handle).await;
}

/// Looking after each telling finds every event of every session, however the writes fall in between.
pub async fn nothing_is_slept_through_by_whoever_follows_all(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let store = Arc::clone(&bench.store);
    follow_all(&bench, store).await;
}

/// The same where another instance writes; the other way round as well.
pub async fn another_instances_changes_are_told_to_whoever_follows_all(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let second = bench.second().await;
    let mut there = second.changes().await.expect("a feed");
    let held = bench.hold("z", 100).await;
    told(&bench, &mut there, held.handle).await;
    drop(there);
    follow_all(&bench, second).await;
}

/// A writer appends to several sessions while a reader looks at what it is told of.
async fn follow_all(bench: &Bench, writer: Arc<dyn Store>) {
    const ROUNDS: u64 = 30;
    let mut changes = bench.store.changes().await.expect("a feed");
    let mut helds = Vec::new();
    for (n, key) in (1..).zip(["a", "b", "c"]) {
        helds.push(bench.hold(key, n).await);
    }
    let mut wanted: std::collections::BTreeMap<Handle, Seq> = std::collections::BTreeMap::new();
    for held in &helds {
        wanted.insert(held.handle, Seq(bench.found(held.handle).await.head.0 + ROUNDS));
    }
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        for _ in 0..ROUNDS {
            for held in &helds {
                let request = append(held.handle, Some(held.fence), 1);
                writer.append(request).await.expect("an outcome");
            }
            tokio::task::yield_now().await;
        }
    });
    while !wanted.is_empty() {
        let these = match bench.soon(changes.next()).await.expect("the store is open") {
            Changed::These(these) => these,
            Changed::Any => heads(bench.store.as_ref()).await.into_iter().map(|head| head.handle).collect(),
        };
        for handle in these {
            let head = bench.found(handle).await.head;
            if wanted.get(&handle) == Some(&head) {
                wanted.remove(&handle);
            }
        }
    }
    tasks.join_all().await;
}

async fn heads(store: &dyn Store) -> Vec<Head> {
    pages_of_heads(store, 1000).await.expect("heads")
}

async fn pages_of_heads(store: &dyn Store, limit: usize) -> Result<Vec<Head>, StoreError> {
    let mut heads: Vec<Head> = Vec::new();
    loop {
        let after = heads.last().map_or(Handle(0), |head| head.handle);
        let page = store.heads(after, limit).await?;
        let is_last = page.len() < limit;
        heads.extend(page);
        if is_last {
            return Ok(heads);
        }
    }
}

/// Heads come by handle, in pages of any size, with what a fork shares.
pub async fn heads_say_where_logs_stand(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut expected = Vec::new();
    for (n, key) in (1..).zip(["a", "b", "c"]) {
        let held = bench.hold(key, n).await;
        bench.append(held, usize::from(n)).await;
        expected.push(held.handle);
    }
    let fork = bench.fork(expected[1], 2, "fork").await;
    expected.push(fork);
    for limit in [1, 2, 4, 1000] {
        let heads = pages_of_heads(bench.store.as_ref(), limit).await.expect("heads");
        assert_eq!(heads.iter().map(|head| head.handle).collect::<Vec<_>>(), expected, "pages of {limit}");
        for head in heads {
            assert_eq!(head.seq, bench.found(head.handle).await.head);
            assert_eq!(head.shared, if head.handle == fork { Seq(2) } else { Seq(0) });
        }
    }
}

//! Folding moves events into chunks, and nobody who reads notices.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::Seq;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Handle, LogStore as _, ReadOutcome, ReadRequest,
    RenewRequest, SessionStore as _, Store,
};
use tenure_store_sqlite::{Depth, FaultPoint, Faults, Limits, SqliteStore};
use tenure_store_testkit::fixture::{Held, append, commit_id, compact, given, named, page};
use tenure_store_testkit::read_all;
use tokio::task::JoinSet;

use crate::support::{Home, hold, small};

const UNFOLDED: &str = "SELECT coalesce(sum(seq - folded), 0) FROM head";
const ROWS: &str = "SELECT count(*) FROM log";

fn note(text: &str) -> EventDraft {
    given("note", text).into()
}

async fn append_all(store: &SqliteStore, handle: Handle, events: Vec<EventDraft>) {
    let request = AppendRequest { commit_id: commit_id(), events, ..append(handle, None, 1) };
    store.append(request).await.unwrap();
}

fn said(events: &[tenure_core::event::Event]) -> Vec<String> {
    let text = |event: &tenure_core::event::Event| match &event.data {
        EventBody::Given { json, .. } => json.clone(),
        other => other.type_name().to_owned(),
    };
    events.iter().map(text).collect()
}

fn is_sound(store: &SqliteStore) {
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}

#[tokio::test]
async fn a_long_tail_is_folded_when_the_writer_has_nothing_else_to_do() {
    let home = Home::new();
    let store = home.folding();
    let held = hold(&store, "a").await;
    for number in 0..40 {
        append_all(&store, held.handle, vec![note(&number.to_string())]).await;
    }
    home.until(UNFOLDED, |unfolded| unfolded < 8);
    let log = read_all(&store, held.handle).await;
    assert_eq!(said(&log)[2..], (0..40).map(|number: i32| number.to_string()).collect::<Vec<_>>());
    is_sound(&store);
}

#[tokio::test]
async fn a_short_tail_is_left_alone() {
    let home = Home::new();
    let store = home.folding();
    let held = hold(&store, "a").await;
    for _ in 0..6 {
        append_all(&store, held.handle, vec![note("1")]).await;
    }
    drop(store);
    assert_eq!(home.number("SELECT count(*) FROM chunk"), 0);
}

#[tokio::test]
async fn dead_rows_are_deleted_and_what_lives_is_not() {
    let home = Home::new();
    let store = home.folding();
    let (busy, quiet) = (hold(&store, "a").await, hold(&store, "b").await);
    for number in 0..200 {
        append_all(&store, busy.handle, vec![note(&number.to_string())]).await;
    }
    // What the busy one has not folded, what the quiet one has, and what is too little for a pass.
    home.until(ROWS, |rows| rows < 8 + 2 + 16 + 8);
    home.until("SELECT next FROM litter", |next| next == 0);
    is_sound(&store);
    assert_eq!(read_all(&store, busy.handle).await.len(), 202);
    assert_eq!(read_all(&store, quiet.handle).await.len(), 2);
}

#[tokio::test]
async fn a_tail_that_is_too_much_for_one_go_is_folded_in_several() {
    let home = Home::new();
    let mut options = home.options();
    options.limits = Limits { fold_rows: 64, fold_bytes: 2000, chunk_bytes: 700, ..options.limits };
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    let text = "x".repeat(150);
    for _ in 0..70 {
        append_all(&store, held.handle, vec![note(&text), note("2")]).await;
    }
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    home.until(UNFOLDED, |unfolded| unfolded < 2 * 64);
    assert!(home.number("SELECT count(*) FROM chunk") > 7);
    is_sound(&store);
    assert_eq!(read_all(&store, held.handle).await.len(), 142);
}

#[tokio::test]
async fn a_row_that_is_too_large_stays_in_the_tail_and_is_read() {
    let home = Home::new();
    let store = home.folding();
    let held = hold(&store, "a").await;
    let huge = "x".repeat(1 << 20);
    for _ in 0..10 {
        append_all(&store, held.handle, vec![note("small")]).await;
    }
    append_all(&store, held.handle, (0..5).map(|_| note(&huge)).collect()).await;
    for _ in 0..20 {
        append_all(&store, held.handle, vec![note("small")]).await;
    }
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    let log = read_all(&store, held.handle).await;
    assert_eq!((log.len(), log.iter().filter(|event| event.data == given("note", &huge)).count()), (37, 5));
    assert!(home.number("SELECT folded FROM head") <= 12);
    is_sound(&store);
}

/// What happens to logs between two looks at them.
#[derive(Debug, Clone)]
enum Happening {
    /// Appends so many events to one of the sessions; some of them are large, some have ids.
    Append(usize, usize, usize),
    /// Reads a page of one of the sessions.
    Page(usize, u64, usize),
    /// Drops the beginning of one of the logs, up to a percentage of it.
    Compact(usize, u64),
    Reopen,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        8 => (0..3_usize, 1..9_usize, 0..4_usize).prop_map(|(to, count, sort)| Happening::Append(to, count, sort)),
        4 => (0..3_usize, 0..400_u64, 1..90_usize).prop_map(|(of, after, limit)| Happening::Page(of, after, limit)),
        1 => (0..3_usize, 0..110_u64).prop_map(|(of, part)| Happening::Compact(of, part)),
        1 => Just(Happening::Reopen),
    ];
    prop::collection::vec(one, 1..150)
}

/// What a log must hold.
#[derive(Debug, Default)]
struct Expected {
    earliest: u64,
    said: Vec<String>,
}

async fn play(happenings: Vec<Happening>) {
    let home = Home::new();
    let mut store = home.folding();
    let (mut sessions, mut expected) = (Vec::new(), Vec::new());
    for key in ["a", "b", "c"] {
        let held = hold(&store, key).await;
        expected.push(Expected { earliest: 1, said: said(&read_all(&store, held.handle).await) });
        sessions.push(held);
    }
    for (number, happening) in happenings.into_iter().enumerate() {
        match happening {
            Happening::Append(to, count, sort) => {
                let text = |n: usize| format!("{number}-{n}{}", "y".repeat(if sort == 1 { 300 } else { 0 }));
                let event = |n: usize| if sort == 2 { named(&text(n), &text(n)) } else { note(&text(n)) };
                append_all(&store, sessions[to].handle, (0..count).map(event).collect()).await;
                expected[to].said.extend((0..count).map(text));
            }
            Happening::Page(of, after, limit) => {
                check_page(&store, sessions[of], &expected[of], (after, limit)).await
            }
            Happening::Compact(of, part) => {
                let log = &mut expected[of];
                let before = (log.said.len() as u64 * part / 100 + 1).max(log.earliest);
                log.earliest = before.min(log.said.len() as u64 + 1);
                assert_eq!(compact(&store, sessions[of].handle, before).await, Seq(log.earliest));
            }
            Happening::Reopen => {
                drop(store);
                store = home.folding();
            }
        }
    }
    for (held, log) in sessions.iter().zip(&expected) {
        check_page(&store, *held, log, (0, 1000)).await;
        let kept = said(&read_all(&store, held.handle).await);
        assert_eq!(kept, log.said[usize::try_from(log.earliest).unwrap() - 1..]);
    }
    is_sound(&store);
}

async fn check_page(store: &SqliteStore, held: Held, log: &Expected, (after, limit): (u64, usize)) {
    let request = ReadRequest { handle: held.handle, after: Seq(after), limit, types: Vec::new() };
    match store.read(request).await.unwrap() {
        ReadOutcome::Compacted { earliest } => {
            assert_eq!(earliest, Seq(log.earliest));
            assert!(after + 1 < log.earliest, "after {after}");
        }
        ReadOutcome::Page(page) => {
            assert!(after + 1 >= log.earliest, "after {after}");
            let rest = log.said.iter().skip(usize::try_from(after).unwrap()).take(limit);
            assert_eq!(
                said(&page.events),
                rest.cloned().collect::<Vec<_>>(),
                "after {after}, at most {limit}"
            );
            assert_eq!(page.head.0, log.said.len() as u64);
        }
    }
}

#[test]
fn whatever_is_folded_and_dropped_every_page_is_what_was_appended() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 40, ..Config::default() });
    let agree = |happenings: Vec<Happening>| {
        runtime.block_on(play(happenings));
        Ok(())
    };
    runner.run(&happenings(), agree).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_beside_a_folding_writer_never_see_a_gap() {
    let home = Home::new();
    let store: Arc<dyn Store> = Arc::new(home.folding());
    let held = hold(store.as_ref(), "a").await;
    let writer = Arc::clone(&store);
    let mut writing = JoinSet::new();
    writing.spawn(async move {
        for _ in 0..400 {
            writer.append(append(held.handle, None, 3)).await.unwrap();
        }
    });
    let other = home.open();
    while writing.try_join_next().is_none() {
        for reader in [store.as_ref(), &other] {
            let whole = read_all(reader, held.handle).await;
            let positions: Vec<_> = whole.iter().map(|event| event.seq.0).collect();
            assert_eq!(positions, (1..=whole.len() as u64).collect::<Vec<_>>());
        }
    }
    assert_eq!(read_all(&other, held.handle).await.len(), 1202);
    is_sound(&other);
}

#[tokio::test]
async fn what_one_instance_leaves_another_folds_and_both_go_on() {
    let home = Home::new();
    let mut options = home.options();
    // It notes what is due, and folds so little at a time that it never gets far.
    options.limits.fold_rows = 8;
    options.faults = Arc::new(NeverTidy);
    let (untidy, tidy) = (SqliteStore::open(options).unwrap(), home.folding());
    let held = hold(&untidy, "a").await;
    for round in 0..30 {
        append_all(&untidy, held.handle, vec![note("1")]).await;
        if round % 10 == 9 {
            append_all(&tidy, held.handle, vec![note("2")]).await;
            // The other one may be trying, in vain, just when this one has time: any request gives it time again.
            while home.number("SELECT count(*) FROM fold_due") > 0 {
                tidy.renew(RenewRequest { handle: held.handle, fence: held.fence }).await.unwrap();
            }
        }
    }
    assert_eq!(home.number("SELECT pos FROM head"), 0, "it is folded whole");
    append_all(&untidy, held.handle, vec![note("3")]).await;
    assert_eq!(read_all(&tidy, held.handle).await.len(), 36);
    is_sound(&tidy);
}

/// Fails whenever something would be tidied up.
#[derive(Debug)]
struct NeverTidy;

impl Faults for NeverTidy {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        match point {
            FaultPoint::Tidy => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_fold_that_fails_changes_nothing_and_is_done_when_there_is_room() {
    let home = Home::new();
    let mut options = home.options();
    options.limits = small(options.limits);
    options.faults = Arc::new(NeverTidy);
    let full = SqliteStore::open(options).unwrap();
    let held = hold(&full, "a").await;
    for _ in 0..50 {
        append_all(&full, held.handle, vec![note("1")]).await;
        assert_eq!(home.number("SELECT folded FROM head"), 0);
    }
    assert!(!full.health().unwrap().troubles.is_empty(), "the doctor knows");
    is_sound(&full);
    drop(full);
    assert_eq!(
        (home.number("SELECT folded FROM head"), home.number("SELECT count(*) FROM fold_due")),
        (0, 1)
    );
    let store = home.folding();
    append_all(&store, held.handle, vec![note("2")]).await;
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    assert_eq!(read_all(&store, held.handle).await.len(), 53);
    is_sound(&store);
}

/// Notes the order in which things are made durable, and stops the writer when it is told to.
#[derive(Debug, Default)]
struct Order {
    seen: Mutex<Vec<FaultPoint>>,
    stops: AtomicBool,
    gate: Mutex<()>,
    reached: tokio::sync::Notify,
}

impl Faults for Order {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        if matches!(point, FaultPoint::BeforeCommit | FaultPoint::Tidy) {
            self.seen.lock().unwrap().push(point);
            if self.stops.swap(false, Ordering::Relaxed) {
                self.reached.notify_one();
                drop(self.gate.lock().unwrap());
            }
        }
        Ok(())
    }
}

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "the lock is what stops the writer")]
async fn nobody_waits_for_a_fold_that_could_be_done_later() {
    let home = Home::new();
    let order = Arc::new(Order::default());
    let mut options = home.options();
    (options.limits.fold_rows, options.limits.group_max) = (1, 1);
    options.faults = Arc::<Order>::clone(&order);
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let held = hold(store.as_ref(), "a").await;
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    let gate = order.gate.lock().unwrap();
    order.stops.store(true, Ordering::Relaxed);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        asking.spawn(async move { store.append(append(held.handle, None, 1)).await.unwrap() });
    }
    order.reached.notified().await;
    order.seen.lock().unwrap().clear();
    drop(gate);
    asking.join_all().await;
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    let seen = order.seen.lock().unwrap().clone();
    let first_tidy = seen.iter().position(|point| *point == FaultPoint::Tidy).unwrap();
    assert_eq!(first_tidy, 19, "one group after the other, each of one: {seen:?}");
}

#[tokio::test]
async fn closing_folds_a_little() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    for _ in 0..8 {
        // Each is a process of its own, so to speak: it has hardly time to be idle.
        let store = home.folding();
        append_all(&store, held.handle, vec![note("1")]).await;
        drop(store);
    }
    assert!(home.number("SELECT folded FROM head") >= 8);
    let store = home.open();
    assert_eq!(read_all(&store, held.handle).await.len(), 10);
    is_sound(&store);
}

#[tokio::test]
async fn an_append_is_resolved_after_it_was_folded() {
    let home = Home::new();
    let store = home.folding();
    let held = hold(&store, "a").await;
    let requests: Vec<_> = (0..80).map(|_| append(held.handle, None, 1)).collect();
    for request in &requests {
        store.append(request.clone()).await.unwrap();
    }
    home.until(UNFOLDED, |unfolded| unfolded < 8);
    let never = AppendRequest { after: Seq(60), ..append(held.handle, None, 1) };
    assert_eq!(store.resolve_append(&never).await.unwrap(), AppendResolution::NotThere);
    for (number, request) in (3..).zip(&requests) {
        let resolved = store.resolve_append(request).await.unwrap();
        let there = AppendResolution::Appended { first: Seq(number), last: Seq(number) };
        // The names of the latest 64 folded ones are kept; of older ones it is not said that they are not there.
        assert!(
            resolved == there || (number < 30 && resolved == AppendResolution::Untold),
            "{number}: {resolved:?}"
        );
    }
}

#[tokio::test]
async fn a_damaged_chunk_is_reported_and_its_neighbours_stay_readable() {
    let home = Home::new();
    let store = home.folding();
    let (held, other) = (hold(&store, "a").await, hold(&store, "b").await);
    for number in 0..100 {
        let text = format!("{number}{}", "x".repeat(50));
        append_all(&store, held.handle, vec![note(&text)]).await;
        append_all(&store, other.handle, vec![note(&text)]).await;
    }
    home.until(UNFOLDED, |unfolded| unfolded < 16);
    let (chunk, first, count): (i64, u64, u64) = {
        let conn = rusqlite::Connection::open(home.db()).unwrap();
        let second =
            "SELECT chunk, first_seq, count FROM chunk WHERE sid = 1 ORDER BY first_seq LIMIT 1 OFFSET 1";
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?.into(), row.get::<_, u32>(2)?.into()))
        };
        let found = conn.query_row(second, [], row).unwrap();
        let flip =
            "UPDATE chunk SET payload = CAST(substr(payload, 1, 20) || x'ff' || substr(payload, 22) AS BLOB)
                    WHERE chunk = ?1";
        assert_eq!(conn.execute(flip, [found.0]).unwrap(), 1);
        found
    };
    let found = store.verify(Depth::Deep).unwrap();
    assert!(found.iter().any(|finding| finding.what.contains(&format!("chunk {chunk} "))), "{found:?}");
    let read = |after: u64, limit: u64| {
        let limit = usize::try_from(limit).unwrap();
        ReadRequest { handle: held.handle, after: Seq(after), limit, types: Vec::new() }
    };
    assert_eq!(page(&store, read(0, first - 1)).await.events.len() as u64, first - 1);
    assert!(store.read(read(first - 1, 1)).await.is_err());
    assert!(!page(&store, read(first + count - 1, 10)).await.events.is_empty());
    assert_eq!(read_all(&store, other.handle).await.len(), 102);
    assert!(matches!(store.append(append(held.handle, None, 1)).await, Ok(AppendOutcome::Appended { .. })));
}

#[tokio::test]
async fn a_damaged_tail_is_left_as_it_is_and_others_are_folded() {
    let home = Home::new();
    let mut options = home.options();
    options.limits.fold_rows = 8;
    options.faults = Arc::new(NeverTidy);
    let store = SqliteStore::open(options).unwrap();
    let (bad, good) = (hold(&store, "a").await, hold(&store, "b").await);
    for _ in 0..8 {
        append_all(&store, bad.handle, vec![note("1")]).await;
        append_all(&store, good.handle, vec![note("1")]).await;
    }
    drop(store);
    let conn = rusqlite::Connection::open(home.db()).unwrap();
    let gone = format!("DELETE FROM log WHERE sid = {} AND first_seq = 5", bad.handle.0);
    assert_eq!(conn.execute(&gone, []).unwrap(), 1);
    drop(conn);
    let store = home.folding();
    append_all(&store, good.handle, vec![note("2")]).await;
    home.until("SELECT count(*) FROM fold_due", |due| due == 0);
    assert_eq!(home.number(&format!("SELECT folded FROM head WHERE sid = {}", bad.handle.0)), 0);
    assert!(home.number(&format!("SELECT folded FROM head WHERE sid = {}", good.handle.0)) >= 10);
}

#[tokio::test]
async fn compaction_of_a_long_log_is_done_in_bounded_parts() {
    let home = Home::new();
    let mut options = home.options();
    options.limits = small(options.limits);
    let store = SqliteStore::open(options).unwrap();
    let held = hold(&store, "a").await;
    let text = "z".repeat(200);
    for number in 0..300 {
        append_all(&store, held.handle, vec![named(&format!("id-{number}"), &format!("{number}{text}"))])
            .await;
    }
    home.until(UNFOLDED, |unfolded| unfolded < 8);
    assert!(home.number("SELECT count(*) FROM chunk") > 64);
    assert_eq!(compact(&store, held.handle, 250).await, Seq(250));
    assert_eq!(home.number("SELECT count(*) FROM event_id"), 300 + 2 - 249);
    is_sound(&store);
    assert_eq!(compact(&store, held.handle, 303).await, Seq(303));
    assert_eq!(home.number("SELECT (SELECT count(*) FROM chunk) + (SELECT count(*) FROM event_id)"), 0);
    is_sound(&store);
    append_all(&store, held.handle, vec![named("id-7", "again")]).await;
    assert_eq!(said(&read_all(&store, held.handle).await), ["again"]);
    is_sound(&store);
}

//! A mixture of everything is killed at any moment, or finds no room.
//!
//! What it was told is there, and nothing is half.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tenure_core::event::{Event, EventBody};
use tenure_core::id::{Namespace, Seq};
use tenure_store::{
    CheckpointRequest, CheckpointStore as _, CheckpointsRequest, Find, Handle, ListedCheckpoint,
    PayloadOutcome, PurgeStore as _, SessionStore as _,
};
use tenure_store_sqlite::{Depth, SqliteStore};
use tenure_store_testkit::fixture::{checkpoint_id, session_id};
use tenure_store_testkit::{Damage, read_all};

use crate::support::{Home, Probe, damage, hold, limit_files, limited_probe};

/// How often it is killed, unless `TENURE_CRASH_KILLS` says otherwise.
const KILLS: u64 = 60;
/// The first seed, unless `TENURE_CRASH_SEED` says otherwise.
const SEED: u64 = 1;
/// After so many kills it goes on with a new store: what is looked at after each one grows with everything that was
/// done.
const KILLS_EACH: u64 = 10;
/// What it does.
const VERBS: [&str; 5] = ["append", "save", "remove", "fork", "compact"];

#[expect(clippy::disallowed_methods, reason = "a failing seed is run again without editing the test")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What was told of everything that was done, and by which line.
#[derive(Debug, Default)]
struct Told {
    /// Events by position.
    appended: BTreeMap<u64, String>,
    /// Checkpoints: where their events are, and how large they are.
    saved: BTreeMap<String, (u64, u64)>,
    removing: BTreeSet<String>,
    removed: BTreeSet<String>,
    /// Forks: where their logs begin, and the last position that they share.
    forked: BTreeMap<String, (u64, u64)>,
    /// Where the log begins at least, and at most.
    compacted: u64,
    compacting: u64,
    full: BTreeSet<String>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u64>().unwrap();
        let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match words[..] {
            ["appended", first, ..] => {
                for (seq, json) in (number(first)..).zip(names(&words[2..])) {
                    assert_eq!(self.appended.insert(seq, json), None, "{line}: told twice");
                }
            }
            ["saved", id, seq, size] => drop(self.saved.insert(id.to_owned(), (number(seq), number(size)))),
            ["removing", ..] => self.removing.extend(names(&words[1..])),
            ["removed", ..] => self.removed.extend(names(&words[1..])),
            ["forked", id, earliest, at] => {
                self.forked.insert(id.to_owned(), (number(earliest), number(at)));
            }
            ["compacting", before] => self.compacting = self.compacting.max(number(before)),
            ["compacted", earliest] => self.compacted = self.compacted.max(number(earliest)),
            ["full", verb] => drop(self.full.insert(verb.to_owned())),
            _ => panic!("{line}"),
        }
    }

    /// Hears everything that a killed process still said. Its last line may be cut off.
    fn hear_out(&mut self, said: &mut Probe) {
        let rest = said.rest();
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        whole.lines().for_each(|line| self.hear(line));
    }

    /// How much of everything was told.
    fn counts(&self) -> [usize; 4] {
        [self.appended.len(), self.saved.len(), self.removed.len(), self.forked.len()]
    }
}

#[tokio::test]
async fn whatever_it_did_when_it_was_killed_is_there_or_never_was() {
    let kills = asked("TENURE_CRASH_KILLS").unwrap_or(KILLS);
    let mut seed = asked("TENURE_CRASH_SEED").unwrap_or(SEED);
    let (mut counts, mut compacted, mut left) = ([0; 4], 0, kills);
    while left > 0 {
        let home = Home::new();
        // By the clock of who is killed this lease is of another boot, and long over: nobody holds the session.
        let held = hold(&home.open(), "a").await;
        let mut told = Told { compacted: 1, ..Told::default() };
        for _ in 0..KILLS_EACH.min(left) {
            killed(&home, seed, &mut told);
            check(&home.open(), held.handle, &told).await;
            seed += 1;
            left -= 1;
        }
        nothing_is_left_over(&home, held.handle).await;
        counts = std::array::from_fn(|at| counts[at] + told.counts()[at]);
        compacted += told.compacted - 1;
    }
    let [appended, saved, removed, forked] = counts.map(|count| count as u64);
    assert!(appended > 5 * kills && saved > kills && forked > kills, "{counts:?}");
    assert!(removed > kills && compacted > kills, "{counts:?}, {compacted} dropped");
}

/// Lets it do something, and kills it at any moment of what comes next.
fn killed(home: &Home, seed: u64, told: &mut Told) {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    random ^= random >> 29;
    let mut mixing = home.probe("mix", &["a", &seed.to_string()]);
    for _ in 0..=random % 24 {
        told.hear(&mixing.says().expect("it goes on until it is killed"));
    }
    for _ in 0..(random >> 24) % 200_000 {
        std::hint::spin_loop();
    }
    mixing.kill();
    told.hear_out(&mut mixing);
}

#[tokio::test]
async fn without_room_nothing_of_it_is_done_and_with_room_everything_again() {
    for (seed, room_kib) in [(1, 0), (2, 100), (3, 600)] {
        let home = Home::new();
        let held = hold(&home.open(), "a").await;
        let mut told = Told { compacted: 1, ..Told::default() };
        let mut mixing = limited_probe(&home, 1 << 20, "mix", &["a", &seed.to_string()]);
        goes_on(&mut mixing, &mut told);
        while told.full.len() < VERBS.len() {
            let wal = std::fs::metadata(home.beside("-wal")).unwrap().len();
            limit_files(&mixing, Some(wal + room_kib * 1024));
            // Where nothing is left to be removed, somebody has to save first.
            for _ in 0..200 {
                told.hear(&mixing.says().expect("it goes on without room"));
            }
            check(&home.open(), held.handle, &told).await;
            limit_files(&mixing, None);
            goes_on(&mut mixing, &mut told);
        }
        mixing.kill();
        told.hear_out(&mut mixing);
        check(&home.open(), held.handle, &told).await;
        nothing_is_left_over(&home, held.handle).await;
    }
}

/// Listens until everything was done once more.
fn goes_on(mixing: &mut Probe, told: &mut Told) {
    let (counts, compacted) = (told.counts(), told.compacted);
    let is_less = |told: &Told| told.counts().iter().zip(counts).any(|(now, before)| *now <= before);
    while is_less(told) || told.compacted <= compacted {
        told.hear(&mixing.says().expect("it goes on with room"));
    }
}

#[tokio::test]
async fn a_flipped_bit_after_a_kill_is_that_payloads_alone() {
    let home = Home::new();
    let held = hold(&home.open(), "a").await;
    let mut told = Told { compacted: 1, ..Told::default() };
    let mut seed = 1_u64;
    let is_damageable =
        |told: &Told| told.saved.iter().any(|(id, saved)| saved.1 > 0 && !told.removing.contains(id));
    while told.saved.len() < 8 || !is_damageable(&told) {
        killed(&home, seed, &mut told);
        seed += 1;
    }
    let store = home.open();
    let listed = checkpoints(&store, held.handle).await;
    let (id, _) = listed.iter().find(|(_, (_, size))| *size > 0).unwrap();
    damage(&home.db(), held.handle, &checkpoint_id(id), Damage::Payload);
    let found = store.verify(Depth::Deep).unwrap();
    assert!(!found.is_empty() && found.iter().all(|finding| finding.what.contains(id)), "{found:?}");
    for other in listed.keys() {
        let request = CheckpointRequest { handle: held.handle, id: checkpoint_id(other) };
        let read = store.read_payload(request).await.unwrap();
        let is_damaged = matches!(read, PayloadOutcome::Damaged { .. });
        assert_eq!(is_damaged, other == id, "{other}: {read:?}");
    }
    assert!(!read_all(&store, held.handle).await.is_empty());
}

/// Looks at everything: what was told is there, what is there is whole, and fits together.
async fn check(store: &SqliteStore, handle: Handle, told: &Told) {
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let log = read_all(store, handle).await;
    let earliest = check_log(&log, told);
    check_checkpoints(store, handle, (&log, told)).await;
    for (id, (begins, at)) in &told.forked {
        let find = Find::Id { namespace: Namespace::default_name(), id: session_id(id) };
        let fork = store.find(find).await.unwrap().handle.unwrap_or_else(|| panic!("{id} is gone"));
        let mut shared = read_all(store, fork).await;
        assert_eq!(shared.pop().map(|event| event.seq), Some(Seq(at + 1)), "{id}");
        assert_eq!(
            positions(&shared),
            (*begins..=*at).collect::<Vec<_>>(),
            "{id} has its parent's beginning"
        );
        for event in &shared {
            is_what_was_told(event, told);
            let same = event.seq.0.checked_sub(earliest).and_then(|at| log.get(usize::try_from(at).unwrap()));
            assert!(same.is_none_or(|same| same == event), "{id}: {event:?} is not its parent's {same:?}");
        }
    }
}

fn positions(log: &[Event]) -> Vec<u64> {
    log.iter().map(|event| event.seq.0).collect()
}

/// The log has everything that was told and not dropped, and no gap. Returns where it begins.
fn check_log(log: &[Event], told: &Told) -> u64 {
    let earliest = log.first().expect("a compaction leaves some").seq.0;
    let beginnings = told.compacted..=told.compacting.max(told.compacted);
    assert!(beginnings.contains(&earliest), "it begins with {earliest}, not one of {beginnings:?}");
    let head = earliest + log.len() as u64 - 1;
    assert_eq!(positions(log), (earliest..=head).collect::<Vec<_>>(), "no gap");
    assert!(told.appended.keys().all(|seq| *seq <= head), "an acknowledged event is gone");
    let mut seen = BTreeSet::new();
    for event in log {
        is_what_was_told(event, told);
        if let EventBody::Given { json, .. } = &event.data {
            assert!(seen.insert(json), "{json} is there twice");
        }
    }
    earliest
}

fn is_what_was_told(event: &Event, told: &Told) {
    if let Some(json) = told.appended.get(&event.seq.0) {
        assert!(matches!(&event.data, EventBody::Given { json: is, .. } if is == json), "{event:?}: {json}");
    }
    if let EventBody::CheckpointCreated { id, size, .. } = &event.data
        && let Some(saved) = told.saved.get(id.as_str())
    {
        assert_eq!((event.seq.0, *size), *saved, "{id}");
    }
}

/// What can be read of the listed checkpoints: where their events are, and their sizes.
async fn checkpoints(store: &SqliteStore, handle: Handle) -> BTreeMap<String, (u64, u64)> {
    let everything = CheckpointsRequest { handle, before: None, limit: 1000, with_files: false };
    let listed = store.list_checkpoints(everything).await.unwrap();
    let named = listed.into_iter().map(|listed| match listed {
        ListedCheckpoint::Readable(one) => (one.id.as_str().to_owned(), (one.seq.0, one.original_size)),
        ListedCheckpoint::Damaged { id, what, .. } => panic!("{id}: {what}"),
    });
    named.collect()
}

/// Each checkpoint has its event, and each event its checkpoint unless that was removed.
async fn check_checkpoints(store: &SqliteStore, handle: Handle, (log, told): (&[Event], &Told)) {
    let listed = checkpoints(store, handle).await;
    for (id, saved) in &told.saved {
        let is = listed.get(id);
        assert!(is == Some(saved) || (is.is_none() && told.removing.contains(id)), "{id}: {is:?}");
    }
    assert!(told.removed.iter().all(|id| !listed.contains_key(id)), "what was removed is there");
    let mut created = BTreeMap::new();
    for event in log {
        if let EventBody::CheckpointCreated { id, size, .. } = &event.data {
            created.insert(id.as_str().to_owned(), (event.seq.0, *size));
            assert!(listed.contains_key(id.as_str()) || told.removing.contains(id.as_str()), "{id} is gone");
        }
    }
    let earliest = log.first().map_or(0, |event| event.seq.0);
    for (id, (seq, size)) in &listed {
        assert!(*seq < earliest || created.get(id) == Some(&(*seq, *size)), "{id} has no event");
        let request = CheckpointRequest { handle, id: checkpoint_id(id) };
        let read = store.read_payload(request).await.unwrap();
        assert!(
            matches!(&read, PayloadOutcome::Payload { bytes, .. } if bytes.len() as u64 == *size),
            "{id}"
        );
    }
}

/// Once everybody who could be at it has given up, only what is shown is stored.
async fn nothing_is_left_over(home: &Home, handle: Handle) {
    // This clock stands far behind that of who was killed.
    home.clock.advance(Duration::from_secs(100 * 365 * 24 * 60 * 60));
    let store = home.open();
    while store.reclaim().await.unwrap() {}
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    let stray = "SELECT (SELECT count(*) FROM payload) - (SELECT count(DISTINCT payload) FROM checkpoint)";
    assert_eq!(home.number(stray), 0, "payloads that are not shown");
    drop(checkpoints(&store, handle).await);
}
